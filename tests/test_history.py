"""What was asked is kept beside the index, for its owner's eyes, until it is cleared."""

import os
import stat
from datetime import UTC, datetime
from pathlib import Path

import pytest

from rag.cli.commands import run
from rag.errors import RagError
from rag.history import History
from tests.answered import make_answer, make_citation


@pytest.fixture
def history(tmp_path: Path) -> History:
    return History(tmp_path / "index", None)


def test_entries_are_given_newest_first(history: History) -> None:
    assert history.latest(5) == []
    assert not history.file.exists()
    for question in ("one", "two", "three"):
        history.put(question, make_answer(question=f"The whole of {question}"))
    entries = history.latest(2)
    assert [(entry.number, entry.answer["question"]) for entry in entries] == [
        (3, "three"),
        (2, "two"),
    ]
    assert entries[0].answer["understood"] == "The whole of three"
    assert abs((datetime.now(UTC) - entries[0].at).total_seconds()) < 3600
    assert history.get(3) == entries[0]
    assert history.get(4) is None


def test_an_entry_holds_the_answer_and_of_the_notes_only_what_was_quoted(history: History) -> None:
    history.put("Why? \udcff", make_answer("It does [1]. Ünï \ud800", (make_citation(1),)))
    [entry] = history.latest(1)
    assert (entry.answer["question"], entry.answer["answer"]) == ("Why? ?", "It does [1]. Ünï ?")
    assert entry.answer["citations"][0]["quote"] == "One line."
    assert [passage["path"] for passage in entry.answer["passages"]] == ["a.md", "b.md"]
    assert b"Another line." not in history.file.read_bytes()


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such rights")
def test_only_the_owner_may_read_it(history: History) -> None:
    history.put("Why?", make_answer())
    assert stat.S_IMODE(history.file.stat().st_mode) == 0o600


def test_clearing_leaves_nothing_behind(history: History) -> None:
    history.clear()
    history.put("Why?", make_answer())
    history.clear()
    assert list(history.file.parent.iterdir()) == []
    assert history.latest(5) == []
    history.put("Why?", make_answer())
    assert [entry.number for entry in history.latest(5)] == [1]


def test_a_damaged_file_is_one_line_and_can_be_cleared(history: History) -> None:
    history.file.write_bytes(b"not a database, but long enough to look at it" * 40)
    with pytest.raises(RagError, match="move that file away"):
        history.latest(5)
    with pytest.raises(RagError, match="move that file away"):
        history.put("Why?", make_answer())
    history.clear()
    history.put("Why?", make_answer())


def test_it_survives_an_ingest(small_vault: Path, history: History) -> None:
    place = ["--index", str(history.file.with_name("index")), "--quiet"]
    assert run(["ingest", str(small_vault), *place]) == 0
    history.put("Why?", make_answer())
    assert run(["ingest", str(small_vault), *place, "--rebuild"]) == 0
    assert len(history.latest(5)) == 1


def test_nothing_is_written_in_the_vault(tmp_path: Path) -> None:
    with pytest.raises(RagError, match="lies in the vault"):
        History(tmp_path / "vault" / ".index", tmp_path / "vault")
