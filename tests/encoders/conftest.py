"""Encoders to test: the embedded one, the same weights in torch, and two tiny models made here."""

from collections.abc import Callable
from pathlib import Path

import pytest
import torch

from rag.encoders import Encoder
from rag.encoders.embedded_encoder import FOLDER, EmbeddedEncoder
from rag.encoders.sentence_transformers_encoder import SentenceTransformersEncoder
from tests.tiny_models import build_tiny_encoder, build_tiny_static


@pytest.fixture(scope="session", autouse=True)
def one_torch_thread() -> None:
    """On a busy machine torch's threads wait for each other: these tests took 29 s, and take 13."""
    torch.set_num_threads(1)


@pytest.fixture(scope="session")
def tiny_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build_tiny_encoder(tmp_path_factory.mktemp("tiny"), {"query": "ask: "})


@pytest.fixture(scope="session")
def static_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build_tiny_static(tmp_path_factory.mktemp("static"))


@pytest.fixture(scope="session")
def embedded() -> EmbeddedEncoder:
    return EmbeddedEncoder(bytewise=False)


@pytest.fixture(scope="session")
def bytewise() -> EmbeddedEncoder:
    """The same with weights in 8 bits, whatever this processor makes of them."""
    return EmbeddedEncoder(bytewise=True)


@pytest.fixture(scope="session")
def embedded_in_torch() -> SentenceTransformersEncoder:
    return SentenceTransformersEncoder(str(FOLDER))


@pytest.fixture(scope="session")
def tiny(tiny_folder: Path) -> SentenceTransformersEncoder:
    return SentenceTransformersEncoder(str(tiny_folder))


@pytest.fixture(scope="session")
def static(static_folder: Path) -> SentenceTransformersEncoder:
    return SentenceTransformersEncoder(str(static_folder))


KINDS = ["embedded", "bytewise", "embedded_in_torch", "tiny", "static"]


@pytest.fixture(scope="session", params=KINDS)
def encoder(request: pytest.FixtureRequest) -> Encoder:
    """Each encoder in turn: what the contract suite runs on."""
    made: Encoder = request.getfixturevalue(request.param)
    return made


@pytest.fixture(scope="session")
def load_again(bytewise: EmbeddedEncoder) -> Callable[[Encoder], Encoder]:
    """Load the same model a second time."""

    def load(encoder: Encoder) -> Encoder:
        if isinstance(encoder, EmbeddedEncoder):
            return EmbeddedEncoder(bytewise=encoder is bytewise)
        return SentenceTransformersEncoder(encoder.name)

    return load
