"""The tiny decoder, built once for all tests here."""

from pathlib import Path

import pytest

from tests.tiny_decoder import build_tiny_decoder


@pytest.fixture(scope="session")
def tiny_decoder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build_tiny_decoder(tmp_path_factory.mktemp("models") / "tiny")
