import hashlib
import os
from collections.abc import Iterable
from pathlib import Path

import pytest

from rag.errors import NoVault
from rag.index.freshness import RACY_NS, Changes, compare, find_differences
from rag.index.tables import FileState, NoteRow
from rag.types import Skipped
from tests.index.ingesting import write_notes

NOW_NS = 1_700_000_000_000_000_000
LONG_AGO_NS = NOW_NS - 3600 * 10**9


@pytest.fixture
def vault(tmp_path: Path) -> Path:
    write_notes(tmp_path, {"a.md": "alpha", "b/c.md": "gamma"})
    for path in tmp_path.rglob("*.md"):
        os.utime(path, ns=(LONG_AGO_NS, LONG_AGO_NS))
    return tmp_path


def remembered(vault: Path, paths: Iterable[str] = ("a.md", "b/c.md")) -> dict[str, NoteRow]:
    rows = {}
    for path in paths:
        status, content = (vault / path).stat(), (vault / path).read_bytes()
        state = FileState(status.st_size, status.st_mtime_ns, hashlib.sha256(content).digest())
        rows[path] = NoteRow(path, state, "en", 0, 1)
    return rows


def changes(vault: Path, notes: dict[str, NoteRow], started_ns: int = NOW_NS) -> Changes:
    return compare(vault, notes, started_ns, without=None)


def rewrite(file: Path, text: str) -> None:
    """Change a file behind its size and time."""
    modified_ns = file.stat().st_mtime_ns
    file.write_text(text, encoding="utf-8")
    os.utime(file, ns=(modified_ns, modified_ns))


def test_a_first_ingest(vault: Path) -> None:
    found = changes(vault, {})
    assert [file.path for file in found.found] == ["a.md", "b/c.md"]
    assert found.suspects == {"a.md", "b/c.md"}
    assert not found.unchanged
    assert not found.removed


def test_nothing_changed(vault: Path) -> None:
    notes = remembered(vault)
    found = changes(vault, notes)
    assert found.unchanged == {path: note.state for path, note in notes.items()}
    assert not found.suspects
    assert not found.removed


def test_an_old_file_of_equal_size_and_time_is_not_read(vault: Path) -> None:
    notes = remembered(vault)
    rewrite(vault / "a.md", "ALPHA")
    assert not changes(vault, notes).suspects


def test_a_file_as_young_as_the_ingest_is_read(vault: Path) -> None:
    notes = remembered(vault)
    rewrite(vault / "a.md", "ALPHA")
    assert changes(vault, notes, LONG_AGO_NS + RACY_NS).suspects == {"a.md"}
    assert changes(vault, notes, LONG_AGO_NS - 1).suspects == {"a.md"}
    assert not changes(vault, notes, LONG_AGO_NS + RACY_NS + 1).suspects


def test_a_touched_file_is_unchanged_with_its_new_time(vault: Path) -> None:
    notes = remembered(vault)
    os.utime(vault / "a.md", ns=(NOW_NS, NOW_NS))
    found = changes(vault, notes)
    assert not found.suspects
    assert found.unchanged["a.md"].modified_ns == NOW_NS
    assert found.unchanged["a.md"].digest == notes["a.md"].state.digest


def test_edited_added_and_removed(vault: Path) -> None:
    notes = remembered(vault)
    write_notes(vault, {"a.md": "alpha and more", "new.md": "delta"})
    (vault / "b" / "c.md").unlink()
    found = changes(vault, notes)
    assert found.suspects == {"a.md", "new.md"}
    assert found.removed == {"b/c.md"}


def test_renamed(vault: Path) -> None:
    notes = remembered(vault)
    (vault / "a.md").rename(vault / "z.md")
    found = changes(vault, notes)
    assert found.suspects == {"z.md"}
    assert found.removed == {"a.md"}


def test_a_note_that_became_unreadable(vault: Path) -> None:
    notes = remembered(vault)
    (vault / "a.md").unlink()
    (vault / "a.md").symlink_to(vault / "nowhere")
    found = changes(vault, notes)
    assert [item.path for item in found.skipped] == ["a.md"]
    assert found.removed == {"a.md"}


def test_a_folder_that_is_left_out(vault: Path) -> None:
    found = compare(vault, {}, NOW_NS, without=vault / "b")
    assert found.suspects == {"a.md"}


def test_what_an_ingest_would_treat_otherwise(vault: Path) -> None:
    write_notes(vault, {"bad.md": "", "worse.md": ""})
    notes = remembered(vault)
    skipped = [Skipped("bad.md", "it is empty"), Skipped("worse.md", "it is empty")]

    def differences() -> set[str]:
        return find_differences(vault, changes(vault, notes), skipped)

    assert differences() == set()
    # One is mended, one is bad in another way, one is gone, one is new, one turned bad.
    write_notes(vault, {"bad.md": "good now"})
    assert differences() == {"bad.md"}
    (vault / "worse.md").write_bytes(b"\xff")
    assert differences() == {"bad.md", "worse.md"}
    (vault / "b" / "c.md").unlink()
    write_notes(vault, {"new.md": "new"})
    (vault / "a.md").write_bytes(b"")
    assert differences() == {"bad.md", "worse.md", "b/c.md", "new.md", "a.md"}
    (vault / "bad.md").unlink()
    assert "bad.md" in differences()


def test_no_vault(tmp_path: Path) -> None:
    with pytest.raises(NoVault):
        changes(tmp_path / "missing", {})
