"""Encoders and rerankers of random weights, small enough to build in a test, in the files of real
ones; the same weights every time."""

from collections.abc import Mapping
from pathlib import Path

import torch
from sentence_transformers import SentenceTransformer
from sentence_transformers.models import Pooling, StaticEmbedding, Transformer
from tokenizers import Tokenizer, normalizers, pre_tokenizers, processors
from tokenizers.models import WordPiece
from transformers import (
    BertConfig,
    BertForSequenceClassification,
    BertModel,
    PreTrainedTokenizerFast,
)

SPECIAL = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
LETTERS = "abcdefghijklmnopqrstuvwxyz"


def build_tiny_encoder(folder: Path, prompts: Mapping[str, str]) -> Path:
    """Save a BERT of width 16 that reads 32 tokens, with the prompts that its files are to say."""
    tokenizer = letter_tokenizer()
    bert = BertModel(tiny_config(tokenizer))
    bert.save_pretrained(folder / "bert")
    save_tokenizer(tokenizer, folder / "bert")
    modules = [Transformer(str(folder / "bert")), Pooling(16, "mean")]
    model = SentenceTransformer(modules=modules, device="cpu", prompts=dict(prompts))
    model.save(str(folder / "model"))
    return folder / "model"


def build_tiny_static(folder: Path) -> Path:
    """Save a bag of token vectors, which has no limit of its own and no vector for no tokens."""
    torch.manual_seed(1)
    module = StaticEmbedding(letter_tokenizer(), embedding_dim=24)
    SentenceTransformer(modules=[module], device="cpu").save(str(folder))
    return folder


def build_tiny_cross_encoder(folder: Path, labels: int = 1) -> Path:
    """Save a BERT of width 16 that reads 32 tokens of a pair.

    Args:
        folder: where to; it is made.
        labels: how many scores it gives for a pair.
    """
    tokenizer = letter_tokenizer()
    config = tiny_config(tokenizer, spread=1.0)  # at the usual 0.02 all scores are alike
    config.num_labels = labels
    BertForSequenceClassification(config).save_pretrained(folder)
    save_tokenizer(tokenizer, folder)
    return folder


def letter_tokenizer() -> Tokenizer:
    """Each letter a token, each other sign unknown; two special tokens around a text."""
    pieces = [*SPECIAL, *LETTERS, *(f"##{letter}" for letter in LETTERS), ":"]
    vocabulary = {piece: number for number, piece in enumerate(pieces)}
    tokenizer = Tokenizer(WordPiece(vocabulary, unk_token="[UNK]"))
    tokenizer.normalizer = normalizers.Lowercase()
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    tokenizer.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]", special_tokens=[("[CLS]", 2), ("[SEP]", 3)]
    )
    return tokenizer


def tiny_config(
    tokenizer: Tokenizer, *, width: int = 16, positions: int = 64, spread: float = 0.02
) -> BertConfig:
    """Describe a BERT of two layers and two heads; the next weights drawn are the same each time.

    Args:
        tokenizer: its vocabulary.
        width: of its vectors.
        positions: tokens that it can read.
        spread: of its weights, as a standard deviation.
    """
    torch.manual_seed(0)
    return BertConfig(
        vocab_size=tokenizer.get_vocab_size(),
        hidden_size=width,
        num_hidden_layers=2,
        num_attention_heads=2,
        intermediate_size=2 * width,
        max_position_embeddings=positions,
        initializer_range=spread,
    )


def save_tokenizer(tokenizer: Tokenizer, folder: Path) -> None:
    """Save a tokenizer that cuts at 32 tokens."""
    PreTrainedTokenizerFast(  # type: ignore[no-untyped-call]
        tokenizer_object=tokenizer,
        unk_token="[UNK]",
        pad_token="[PAD]",
        cls_token="[CLS]",
        sep_token="[SEP]",
        mask_token="[MASK]",
        model_max_length=32,
    ).save_pretrained(folder)
