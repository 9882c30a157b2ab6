"""`rag ask --fresh`: what changed since the last ingest is read first, if it is little."""

from io import StringIO
from pathlib import Path

import pytest

from rag import wire
from tests.cli.conftest import Rag
from tests.cli.vault import write_notes

QUESTION = "Where does a quokka live?"
NOTE = "# Quokkas\n\nA quokka lives on Rottnest Island.\n"


@pytest.fixture
def changing(rag: Rag, tmp_path: Path) -> Path:
    """A vault of the test's own, with its index in `ix`."""
    vault = write_notes(tmp_path / "vault")
    rag("ingest", vault, "--index", "ix")
    return vault


def test_changed_notes_are_read_first(rag: Rag, changing: Path) -> None:
    (changing / "quokka.md").write_text(NOTE, encoding="utf-8")
    stale = rag("ask", QUESTION, "--index", "ix")
    assert "Rottnest" not in stale.out
    assert "1 note changed since the last rag ingest" in stale.err
    fresh = rag("ask", QUESTION, "--index", "ix", "--fresh")
    assert fresh.code == 0
    assert "Rottnest Island" in fresh.out
    assert "changed" not in fresh.err
    (changing / "quokka.md").unlink()
    assert "Rottnest" not in rag("ask", QUESTION, "--index", "ix", "--fresh").out


def test_too_many_are_left_to_an_ingest(rag: Rag, changing: Path) -> None:
    for number in range(wire.MOST_FRESH + 1):
        (changing / f"quokka {number}.md").write_text(NOTE, encoding="utf-8")
    result = rag("ask", QUESTION, "--index", "ix", "--fresh")
    assert "Rottnest" not in result.out
    assert "21 notes changed, too many to ingest now: run rag ingest" in result.err


def test_a_chat_begins_fresh_too(rag: Rag, changing: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (changing / "quokka.md").write_text(NOTE, encoding="utf-8")
    monkeypatch.setattr("sys.stdin", StringIO(f"{QUESTION}\n"))
    assert "Rottnest Island" in rag("chat", "--index", "ix", "--fresh").out
