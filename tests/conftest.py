"""A small vault in four languages and its index, made once for all tests that only read them."""

import os
from pathlib import Path

import pytest

from rag import wire
from rag.config import Settings
from tests.cli.vault import write_notes

# `auto` asks the Ollama of this machine, if one runs; here nobody listens.
os.environ["OLLAMA_HOST"] = "127.0.0.1:1"


@pytest.fixture(scope="session")
def small_vault(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Notes that tests read and never change."""
    return write_notes(tmp_path_factory.mktemp("small") / "vault")


@pytest.fixture(scope="session")
def small_index(small_vault: Path) -> Path:
    """The index of `small_vault`, made with the embedded encoder."""
    folder = small_vault.parent / "index"
    settings = Settings(vault=str(small_vault), index=str(folder))
    wire.ingest(settings, rebuild=False, progress=lambda stage, done, total: None)
    return folder
