"""`rag chat` with questions from a pipe."""

from io import StringIO
from pathlib import Path

import pytest

from tests.cli.conftest import Rag
from tests.cli.vault import QUESTION

HELLO = "ask a question; /reset forgets the ones before, an empty line or Ctrl-D ends"


@pytest.mark.parametrize("lines", ["", "\n", "\x1b\x00\n", f"  \r\n{QUESTION}"])
def test_nothing_asked(
    rag: Rag, small_index: Path, monkeypatch: pytest.MonkeyPatch, lines: str
) -> None:
    monkeypatch.setattr("sys.stdin", StringIO(lines))
    result = rag("chat", "--index", small_index)
    assert (result.code, result.out, result.err) == (0, "", f"{HELLO}\n")


def test_follow_up(rag: Rag, small_index: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", StringIO(f"{QUESTION}\nAnd why?\n/reset\nAnd why?\n"))
    result = rag("chat", "--index", small_index)
    assert result.code == 0
    told = result.err.splitlines()
    assert told[0] == HELLO
    assert told.count(f"understood as: {QUESTION} And why?") == 1
    assert sum(line.startswith("no language model") for line in told) == 1
    assert result.out.count("absorbs red and blue light") >= 1


def test_options_are_those_of_ask(
    rag: Rag, small_index: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stdin", StringIO(f"{QUESTION}\n"))
    result = rag("chat", "--index", small_index, "-k", "1", "--tag", "geografia", "--lang", "ro")
    assert result.out.startswith("Notițele tale nu răspund la această întrebare.")
    assert "Wisła.md" in result.out


def test_sources_and_save(
    rag: Rag, small_index: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    file = tmp_path / "chat.md"
    lines = f"/sources\n{QUESTION}\n/sources\n/save {file}\n/save {file}\n/what\n"
    monkeypatch.setattr("sys.stdin", StringIO(lines))
    result = rag("chat", "--index", small_index)
    assert result.code == 0
    assert f"1 answer saved in '{file}'" in result.err
    assert f"'{file}' is there already: name a new file" in result.err
    assert "there is /sources, /save FILE.md and /reset" in result.err
    saved = file.read_text(encoding="utf-8")
    assert saved.startswith(f"## {QUESTION}\n\n")
    assert "absorbs red and blue light" in saved
    assert "\n- [1] " in saved
