"""A small vault and its index, and the process that forks ingests, started once for all tests."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.index.forking import Forker, open_forker
from tests.index.ingesting import NOTES, age, ingest_notes, write_notes


@pytest.fixture
def vault(tmp_path: Path) -> Path:
    write_notes(tmp_path / "vault", NOTES)
    age(tmp_path / "vault")
    return tmp_path / "vault"


@pytest.fixture
def folder(tmp_path: Path, vault: Path) -> Path:
    """An index of the vault."""
    ingest_notes(vault, tmp_path / "index")
    return tmp_path / "index"


@pytest.fixture(scope="session")
def forker() -> Iterator[Forker]:
    with open_forker() as forker:
        yield forker
