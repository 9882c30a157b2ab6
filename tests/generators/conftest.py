"""The tiny decoder, built once for all tests here."""

from collections.abc import Iterator
from pathlib import Path

import pytest
import torch

from tests.tiny_decoder import build_tiny_decoder


@pytest.fixture(scope="session")
def tiny_decoder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build_tiny_decoder(tmp_path_factory.mktemp("models") / "tiny")


@pytest.fixture(autouse=True, scope="module")
def one_core() -> Iterator[None]:
    """To share a matrix of 32 rows among cores takes longer than to multiply it."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)
