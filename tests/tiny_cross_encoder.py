"""A cross-encoder of random weights, small enough to build in a test, in the files of a real one."""

from pathlib import Path

import torch
from transformers import BertConfig, BertForSequenceClassification, PreTrainedTokenizerFast

from tests.encoders.conftest import letter_tokenizer


def build_tiny_cross_encoder(folder: Path, labels: int = 1) -> Path:
    """Save a BERT of width 16 that reads 32 tokens of a pair; the same weights every time.

    Args:
        folder: where to; it is made.
        labels: how many scores it gives for a pair.
    """
    tokenizer = letter_tokenizer()
    config = BertConfig(
        vocab_size=tokenizer.get_vocab_size(),
        hidden_size=16,
        num_hidden_layers=2,
        num_attention_heads=2,
        intermediate_size=32,
        max_position_embeddings=64,
        initializer_range=1.0,  # at the usual 0.02 all scores are alike
    )
    config.num_labels = labels
    torch.manual_seed(0)
    BertForSequenceClassification(config).save_pretrained(folder)
    PreTrainedTokenizerFast(  # type: ignore[no-untyped-call]
        tokenizer_object=tokenizer,
        unk_token="[UNK]",
        pad_token="[PAD]",
        cls_token="[CLS]",
        sep_token="[SEP]",
        model_max_length=32,
    ).save_pretrained(folder)
    return folder
