import sqlite3
import stat
from contextlib import closing
from pathlib import Path

import pytest

from rag.index.tables import FILE, FileState, TableReader, TableWriter
from rag.types import Chunk, Document, Skipped

STATE = FileState(10, 20, b"digest")


def note(path: str, *texts: str, title: str = "title") -> tuple[Document, list[Chunk], list[bytes]]:
    document = Document(path, title, ("ml/llm", "exam"), (), "ro", "", ())
    chunks = [
        Chunk(
            path, title, ("A", "B"), line, line + 1, text, f"{title}\n{text}", document.tags, "pl"
        )
        for line, text in enumerate(texts, start=1)
    ]
    return document, chunks, [text.encode("utf-8", "replace")[:20] for text in texts]


def written(folder: Path) -> TableReader:
    with closing(TableWriter(folder)) as tables:
        for path, texts in (("a.md", ("one", "two")), ("b.md", ("three",)), ("c.md", ())):
            document, chunks, keys = note(path, *texts)
            tables.add_note(document, STATE, chunks, keys)
        tables.add_skipped([Skipped("x.md", "it is empty"), Skipped("x.md", "twice")])
        tables.finish()
    return TableReader(folder)


def test_what_was_written_is_read(tmp_path: Path) -> None:
    tables = written(tmp_path)
    _, chunks, _ = note("a.md", "one", "two")
    assert tables.chunks([1, 0, 1]) == [chunks[1], chunks[0], chunks[1]]
    assert tables.chunks([]) == []
    rows = {path: (row.first_row, row.chunks) for path, row in tables.notes().items()}
    assert rows == {"a.md": (0, 2), "b.md": (2, 1), "c.md": (3, 0)}
    assert {(row.state, row.language) for row in tables.notes().values()} == {(STATE, "ro")}
    assert tables.tags() == dict.fromkeys(("a.md", "b.md", "c.md"), ("ml/llm", "exam"))
    assert tables.chunk_languages() == ["pl"] * 3
    assert tables.vector_keys() == [b"one", b"two", b"three"]
    assert tables.skipped() == (Skipped("x.md", "it is empty"), Skipped("x.md", "twice"))


def test_what_is_embedded(tmp_path: Path) -> None:
    with closing(TableWriter(tmp_path)) as tables:
        document, chunks, keys = note("a.md", "one", "three")
        tables.add_note(document, STATE, chunks, keys)
        assert tables.indexed_texts([1, 0]) == ["title\nthree", "title\none"]
        assert tables.indexed_lengths() == [9, 11]
        assert tables.vector_keys() == [b"one", b"three"]


def test_a_copied_note_equals_the_first(tmp_path: Path) -> None:
    old = written(tmp_path)
    later = FileState(10, 99, b"digest")
    (tmp_path / "next").mkdir()
    with closing(TableWriter(tmp_path / "next", old)) as tables:
        tables.copy_note(old.notes()["b.md"], later)
        tables.copy_note(old.notes()["a.md"], later)
        tables.finish()
    fresh = TableReader(tmp_path / "next")
    assert fresh.chunks(range(3)) == old.chunks([2, 0, 1])
    assert fresh.vector_keys() == [b"three", b"one", b"two"]
    assert {(row.path, row.first_row, row.state) for row in fresh.notes().values()} == {
        ("b.md", 0, later),
        ("a.md", 1, later),
    }


def test_any_text_can_be_kept(tmp_path: Path) -> None:
    text = "\ud83d lone \0 nul \U0001f600 ș '; DROP TABLE notes; --"
    with closing(TableWriter(tmp_path)) as tables:
        document, chunks, keys = note('it\'s "a".md', text, title="\udc00")
        tables.add_note(document, FileState(0, 2**70, b""), chunks, keys)
        tables.add_skipped([Skipped("\udcff.md", "\udcff")])
        tables.finish()
    (chunk,) = TableReader(tmp_path).chunks([0])
    assert chunk.text == text.replace("\ud83d", "?")
    assert chunk.title == "?"
    assert chunk.path == 'it\'s "a".md'
    assert TableReader(tmp_path).skipped() == (Skipped("?.md", "?"),)


def test_nothing_unfinished_is_read(tmp_path: Path) -> None:
    with closing(TableWriter(tmp_path)) as tables:
        document, chunks, keys = note("a.md", "one")
        tables.add_note(document, STATE, chunks, keys)
    assert stat.S_IMODE((tmp_path / FILE).stat().st_mode) == 0o600
    assert TableReader(tmp_path).notes() == {}


def test_a_file_that_is_no_database(tmp_path: Path) -> None:
    with pytest.raises(sqlite3.Error):
        TableReader(tmp_path)
    (tmp_path / FILE).write_bytes(b"something else entirely" * 100)
    with pytest.raises(sqlite3.Error):
        TableReader(tmp_path)


def test_a_reader_cannot_write(tmp_path: Path) -> None:
    tables = written(tmp_path)
    with pytest.raises(sqlite3.OperationalError, match="readonly"):
        tables._database.execute("DELETE FROM notes")


def test_sorting_leaves_nothing_in_tmp(tmp_path: Path) -> None:
    tables = written(tmp_path)
    assert tables._database.execute("PRAGMA temp_store").fetchone() == (2,)
