"""Encoders to test: the embedded one, the same weights in torch, and two tiny models made here."""

from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from sentence_transformers import SentenceTransformer
from sentence_transformers.models import Pooling, StaticEmbedding, Transformer
from tokenizers import Tokenizer, normalizers, pre_tokenizers, processors
from tokenizers.models import WordPiece
from transformers import BertConfig, BertModel, PreTrainedTokenizerFast

from rag.encoders import Encoder
from rag.encoders.embedded_encoder import FOLDER, EmbeddedEncoder
from rag.encoders.sentence_transformers_encoder import SentenceTransformersEncoder

SPECIAL = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
LETTERS = "abcdefghijklmnopqrstuvwxyz"


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


@pytest.fixture(scope="session", autouse=True)
def one_torch_thread() -> None:
    """On a busy machine torch's threads wait for each other: these tests took 29 s, and take 13."""
    torch.set_num_threads(1)


@pytest.fixture(scope="session")
def tiny_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A random BERT of width 16 that reads 32 tokens, with a prompt for questions."""
    folder = tmp_path_factory.mktemp("tiny")
    tokenizer = letter_tokenizer()
    config = BertConfig(
        vocab_size=tokenizer.get_vocab_size(),
        hidden_size=16,
        num_hidden_layers=2,
        num_attention_heads=2,
        intermediate_size=32,
        max_position_embeddings=64,
    )
    torch.manual_seed(0)
    BertModel(config).save_pretrained(folder / "bert")
    PreTrainedTokenizerFast(  # type: ignore[no-untyped-call]
        tokenizer_object=tokenizer,
        unk_token="[UNK]",
        pad_token="[PAD]",
        cls_token="[CLS]",
        sep_token="[SEP]",
        mask_token="[MASK]",
        model_max_length=32,
    ).save_pretrained(folder / "bert")
    modules = [Transformer(str(folder / "bert")), Pooling(16, "mean")]
    model = SentenceTransformer(modules=modules, device="cpu", prompts={"query": "ask: "})
    model.save(str(folder / "model"))
    return folder / "model"


@pytest.fixture(scope="session")
def static_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A random bag of token vectors, which has no limit of its own and no vector for no tokens."""
    folder = tmp_path_factory.mktemp("static")
    torch.manual_seed(1)
    module = StaticEmbedding(letter_tokenizer(), embedding_dim=24)
    SentenceTransformer(modules=[module], device="cpu").save(str(folder))
    return folder


@pytest.fixture(scope="session")
def embedded() -> EmbeddedEncoder:
    return EmbeddedEncoder()


@pytest.fixture(scope="session")
def embedded_in_torch() -> SentenceTransformersEncoder:
    return SentenceTransformersEncoder(str(FOLDER))


@pytest.fixture(scope="session")
def tiny(tiny_folder: Path) -> SentenceTransformersEncoder:
    return SentenceTransformersEncoder(str(tiny_folder))


@pytest.fixture(scope="session")
def static(static_folder: Path) -> SentenceTransformersEncoder:
    return SentenceTransformersEncoder(str(static_folder))


KINDS = ["embedded", "embedded_in_torch", "tiny", "static"]


@pytest.fixture(scope="session", params=KINDS)
def encoder(request: pytest.FixtureRequest) -> Encoder:
    """Each encoder in turn: what the contract suite runs on."""
    made: Encoder = request.getfixturevalue(request.param)
    return made


@pytest.fixture(scope="session")
def load_again(tiny_folder: Path, static_folder: Path) -> Callable[[Encoder], Encoder]:
    """Load the same model a second time."""

    def load(encoder: Encoder) -> Encoder:
        if isinstance(encoder, EmbeddedEncoder):
            return EmbeddedEncoder()
        return SentenceTransformersEncoder(encoder.name)

    return load
