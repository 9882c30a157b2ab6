"""`rag log`: what was asked, unless nothing is to be kept of it."""

from io import StringIO
from pathlib import Path

import pytest

from tests.cli import shapes
from tests.cli.conftest import Rag
from tests.cli.vault import ANSWERED_BY, QUESTION, UNANSWERED, write_notes

ENTRY = shapes.ASK | {"number": int, "at": str, "understood": str, "passages": [{"path": str}]}


@pytest.fixture
def file(index: Path) -> Path:
    """Where the log of `index` is kept."""
    return index.with_name("index.log.sqlite")


def test_nothing_asked_yet(rag: Rag, index: Path, file: Path) -> None:
    assert rag("log", "--index", index).err == "nothing was asked yet, or nothing kept of it\n"
    assert rag("log", "--index", index, "--json").json()["entries"] == []
    assert rag("log", "--index", index, "--clear").code == 0
    assert not file.exists()


def test_questions_are_listed_and_shown(rag: Rag, index: Path) -> None:
    shown = rag("ask", f"{QUESTION} -sugar", "--index", index)
    rag("ask", UNANSWERED, "--index", index, "--json")
    lines = rag("log", "--index", index).out.splitlines()
    assert [line.split(maxsplit=3)[0] for line in lines] == ["2", "1"]
    assert lines[0].endswith(f"  {UNANSWERED} (not answered)")
    assert lines[1].endswith(f"  {QUESTION} -sugar")
    assert rag("log", "--index", index, "-n", "1").out.splitlines() == lines[:1]
    entry = rag("log", "1", "--index", index).out
    first, second, rest = entry.split("\n", 2)
    assert first.endswith(f"  {QUESTION} -sugar")
    assert second == f"understood as: {QUESTION}"
    assert rest.strip() == shown.out.strip()
    assert f"[1] {ANSWERED_BY}:7" in rest


def test_as_json(rag: Rag, index: Path) -> None:
    rag("ask", QUESTION, "--index", index)
    entry = rag("log", "1", "--index", index, "--json").json()
    shapes.assert_shape(entry, ENTRY | {"schema": int})
    assert entry["question"] == QUESTION
    [same] = rag("log", "--index", index, "--json").json()["entries"]
    assert same == {key: value for key, value in entry.items() if key != "schema"}


def test_a_chat_is_kept_as_it_was_typed(
    rag: Rag, index: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stdin", StringIO(f"{QUESTION}\nAnd why?\n/sources\n"))
    rag("chat", "--index", index)
    entries = rag("log", "--index", index, "--json").json()["entries"]
    assert [entry["question"] for entry in entries] == ["And why?", QUESTION]
    assert entries[0]["understood"] == f"{QUESTION} And why?"


def test_nothing_is_kept_where_nobody_wants_it(
    rag: Rag, index: Path, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stdin", StringIO(f"{QUESTION}\n"))
    rag("chat", "--index", index, "--no-log")
    rag("ask", QUESTION, "--index", index, "--no-log")
    monkeypatch.setenv("RAG_LOG", "false")
    rag("ask", QUESTION, "--index", index)
    assert not file.exists()


def test_an_answer_is_given_where_the_log_cannot_be_written(
    rag: Rag, index: Path, file: Path
) -> None:
    usual = rag("ask", QUESTION, "--index", index, "--no-log")
    file.mkdir()
    result = rag("ask", QUESTION, "--index", index)
    assert (result.code, result.out) == (0, usual.out)
    told = result.err.removeprefix(usual.err)
    assert told.startswith("not in the log: the questions in ")
    assert told.count("\n") == 1
    assert rag("log", "--index", index).code == 1


def test_clearing(rag: Rag, index: Path, file: Path) -> None:
    rag("ask", QUESTION, "--index", index)
    assert rag("log", "--index", index, "--clear").err == "the log is empty\n"
    assert not file.exists()


@pytest.mark.parametrize(
    ("arguments", "code", "problem"),
    [
        (["7"], 1, "there is no entry 7 in the log; see which there are: rag log"),
        (["0"], 2, "not in the range"),
        (["9" * 30], 2, "not in the range"),
        (["-n", "9" * 30], 2, "not in the range"),
        (["1", "--clear"], 2, "name an entry, or --clear"),
        (
            ["--index", "milvus+http://127.0.0.1:1/x"],
            1,
            "nothing is kept beside an index on Milvus",
        ),
    ],
)
def test_wrong_usage(rag: Rag, arguments: list[str], code: int, problem: str) -> None:
    result = rag("log", *arguments)
    assert (result.code, result.out) == (code, "")
    assert problem in result.err


def test_beside_an_index_in_the_vault_nothing_is_kept_and_the_log_says_why(
    rag: Rag, tmp_path: Path
) -> None:
    vault = write_notes(tmp_path / "vault")
    before = {*vault.rglob("*")}
    place = ("--index", vault / ".index")
    rag("ingest", vault, *place)
    usual = rag("ask", QUESTION, *place, "--no-log")
    assert rag("ask", QUESTION, *place) == usual
    assert {path for path in vault.rglob("*") if ".index" not in path.parts} == before
    result = rag("log", *place)
    assert (result.code, result.err.count("\n")) == (1, 1)
    assert "the index lies in the vault, where nothing is written" in result.err
