"""What a vault and an index can be like: a clear line and the right code, and nothing harmed."""

import os
import shutil
import stat
from pathlib import Path

import pytest

from tests.cli.conftest import Rag
from tests.cli.vault import ANSWERED_BY, NOTES, QUESTION

READERS = [
    ["search", "x"],
    ["ask", "x"],
    ["chat"],
    ["status"],
    ["check"],
    ["check", "--repair"],
    ["status", "--json"],
]


def contents(folder: Path) -> dict[str, bytes]:
    """What the files of a folder hold."""
    return {str(file): file.read_bytes() for file in folder.rglob("*") if file.is_file()}


@pytest.mark.parametrize("command", READERS)
def test_no_index(rag: Rag, command: list[str]) -> None:
    result = rag(*command)
    assert (result.code, result.out) == (4, "")
    assert result.err == "rag: no index in 'index'; run: rag ingest YOUR-NOTES\n"
    assert not Path("index").exists()


def test_index_is_a_file(rag: Rag, small_vault: Path) -> None:
    Path("index").write_text("mine")
    assert rag("search", "x").code == 4
    for command in (["ingest", small_vault], ["ingest", small_vault, "--rebuild"]):
        result = rag(*command)
        assert result.code == 1
        assert "'index' is a file" in result.err
    assert Path("index").read_text() == "mine"


@pytest.mark.parametrize("name", ["thesis.md", "CURRENT", "generations/a.txt", "vectors.bin"])
def test_folder_that_is_no_index_is_left_alone(rag: Rag, small_vault: Path, name: str) -> None:
    file = Path("index", name)
    file.parent.mkdir(parents=True)
    file.write_text("mine")
    mode = Path("index").stat().st_mode
    for flags in ([], ["--rebuild"]):
        result = rag("ingest", small_vault, *flags)
        assert result.code == 1, result
        assert "left alone" in result.err
    assert rag("search", "x").code == 4
    assert rag("check", "--repair").code == 4
    assert contents(Path("index")) == {f"index/{name}": b"mine"}
    assert Path("index").stat().st_mode == mode


@pytest.mark.parametrize("flags", [[], ["--json"], ["--quiet"], ["--watch"]])
def test_missing_vault(rag: Rag, flags: list[str]) -> None:
    result = rag("ingest", "nowhere", *flags)
    assert (result.code, result.out) == (1, "")
    assert result.err.startswith("rag: the vault 'nowhere' cannot be read (no such file")
    assert not Path("index").exists()


def test_vault_is_a_file(rag: Rag) -> None:
    Path("note.md").write_text("text")
    result = rag("ingest", "note.md")
    assert result.code == 1
    assert "(not a directory)" in result.err


def test_empty_vault(rag: Rag) -> None:
    Path("empty").mkdir()
    result = rag("ingest", "empty")
    assert result.code == 0
    assert result.out.startswith("0 notes, 0 chunks in index: ")
    assert result.err == "no notes in empty: it holds no .md file with text\n"
    assert rag("search", "anything", "--json").json()["results"] == []
    assert rag("search", "anything").err.startswith("nothing found")
    assert rag("ask", "anything").code == 3
    assert rag("status", "--json").json()["notes"] == 0
    assert rag("check").code == 0


@pytest.mark.skipif(os.geteuid() == 0, reason="root reads everything")
def test_unreadable_note(rag: Rag, vault: Path) -> None:
    (vault / ANSWERED_BY).chmod(0)
    result = rag("ingest", vault)
    assert result.code == 0
    assert f"skipped {ANSWERED_BY}: no permission to read it" in result.err


def test_many_skipped_notes_are_counted(rag: Rag, vault: Path) -> None:
    for number in range(13):
        (vault / f"{number:02}.md").write_bytes(b"\0")
    result = rag("ingest", vault)
    assert len(result.err.splitlines()) == 11
    assert result.err.splitlines()[-1] == "skipped 3 more: rag status names them"
    assert rag("status").out.count("skipped    ") == 13
    assert rag("ingest", vault, "--quiet").err == ""


def test_index_inside_the_vault(rag: Rag, vault: Path) -> None:
    first = rag("ingest", vault, "--index", vault / "index", "--json").json()
    (vault / "index/README.md").write_text("# About this index\n")
    second = rag("ingest", vault, "--index", vault / "index", "--json").json()
    assert first["notes"] == second["notes"] == second["unchanged"] == len(NOTES)


@pytest.mark.parametrize("where", [".", ".."])
def test_index_around_the_vault(rag: Rag, vault: Path, where: str) -> None:
    folder = vault / where
    before = contents(folder)
    assert rag("ingest", vault, "--index", folder, "--rebuild").code == 1
    assert contents(folder) == before


def test_vault_is_only_read(rag: Rag, vault: Path) -> None:
    def state() -> list[tuple[str, os.stat_result]]:
        return sorted(
            (str(path), os.stat_result((*path.stat()[:7], 0, *path.stat()[8:])))
            for path in (vault, *vault.rglob("*"))
        )

    before, texts = state(), contents(vault)
    rag("ingest", vault)
    rag("search", QUESTION)
    rag("ask", QUESTION)
    rag("check", "--repair")
    assert (state(), contents(vault)) == (before, texts)


def test_index_is_private(rag: Rag, vault: Path) -> None:
    before = os.umask(0)
    try:
        rag("ingest", vault)
    finally:
        os.umask(before)
    for path in (Path("index"), *Path("index").rglob("*")):
        assert stat.S_IMODE(path.stat().st_mode) == (0o700 if path.is_dir() else 0o600), path


def test_another_vault_is_told(rag: Rag, vault: Path, index: Path, small_vault: Path) -> None:
    result = rag("ingest", vault, "--index", index)
    assert f"this index held the notes of {small_vault.resolve()}" in result.err
    assert (result.code, len(result.err.splitlines())) == (0, 1)


def test_vault_that_lost_all_notes_keeps_its_index(rag: Rag, vault: Path) -> None:
    rag("ingest", vault)
    shutil.rmtree(vault)
    vault.mkdir()
    assert rag("ingest", vault).code == 1
    assert rag("search", QUESTION, "--json").json()["results"]
    answer = rag("ask", QUESTION, "--json").json()
    assert answer["behind"] == len(NOTES)
    assert {citation["status"] for citation in answer["citations"]} <= {"stale"}


def test_vault_that_is_gone_is_told_when_asked(rag: Rag, vault: Path) -> None:
    rag("ingest", vault)
    shutil.rmtree(vault)
    assert rag("status", "--json").json()["behind"] == len(NOTES)
    result = rag("ask", QUESTION)
    assert "(the note changed: run rag ingest)" in result.out
    assert f"{len(NOTES)} notes changed since the last rag ingest" in result.err


def test_other_encoder_needs_a_rebuild(rag: Rag, small_vault: Path, index: Path) -> None:
    result = rag("ingest", small_vault, "--index", index, "--encoder", "other/one")
    assert result.code == 4
    assert "made with the encoder 'embedded'" in result.err
    assert "--rebuild" in result.err


def test_questions_that_cannot_be_read(rag: Rag, small_index: Path) -> None:
    assert rag("eval", "--index", small_index).code == 1
    file = Path("questions.jsonl")
    for content in (b"", b"\xff", b"[]\n", b"{}\n", b"{", b'{"id": 1}\n'):
        file.write_bytes(content)
        result = rag("eval", file, "--index", small_index)
        assert (result.code, result.out) == (1, "")
        assert "questions" in result.err


def test_details_are_checked_before_the_work(rag: Rag, small_index: Path) -> None:
    file = Path("questions.jsonl")
    line = '{"id": "1", "question": "x", "lang": "en", "answerable": false}\n'
    file.write_text(line)
    for details, problem in ((file, "write over the questions"), ("no/where", "cannot be written")):
        result = rag("eval", file, "--index", small_index, "--details", details)
        assert (result.code, problem in result.err) == (2, True), result
    assert file.read_text() == line


def test_folder_that_is_gone(rag: Rag, empty_folder: Path, small_vault: Path) -> None:
    empty_folder.rmdir()
    for command in (["search", "x"], ["status"], ["ingest"], ["ingest", small_vault]):
        assert rag(*command).code in (1, 4)
