"""The SQLite file of a generation: its notes, its chunks, and what was skipped.

Chunks are numbered from 0 in the order of (path, line): their row in the FAISS index and in the
lexical leg. Two ingests of the same notes make the same numbers.
"""

import json
import sqlite3
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from rag.types import Chunk, Document, Notice, Skipped

FILE = "notes.sqlite"
_SCHEMA = """
CREATE TABLE notes (
    path TEXT PRIMARY KEY,
    title TEXT NOT NULL,
    tags TEXT NOT NULL,
    language TEXT NOT NULL,
    problems TEXT NOT NULL,
    size INTEGER NOT NULL,
    modified_ns INTEGER NOT NULL,
    digest BLOB NOT NULL,
    first_row INTEGER NOT NULL,
    chunks INTEGER NOT NULL
) WITHOUT ROWID;
CREATE TABLE chunks (
    row INTEGER PRIMARY KEY,
    path TEXT NOT NULL,
    headings TEXT NOT NULL,
    start_line INTEGER NOT NULL,
    end_line INTEGER NOT NULL,
    text TEXT NOT NULL,
    indexed_text TEXT NOT NULL,
    language TEXT NOT NULL,
    vector_key BLOB NOT NULL
);
CREATE TABLE skipped (path TEXT NOT NULL, reason TEXT NOT NULL);
"""
_NO_TEMPORARY_FILES = "PRAGMA temp_store = MEMORY"
"""SQLite would put what it sorts into /tmp, where others may look."""
_LATEST_NS = 2**63 - 1
"""The largest number that SQLite keeps, in the year 2262; file systems go further."""
_CHUNK_COLUMNS = """chunks.row, chunks.path, notes.title, headings, start_line, end_line, text,
    indexed_text, notes.tags, chunks.language"""


@dataclass(frozen=True, slots=True)
class FileState:
    """What is remembered of a note's file, to know whether it changed."""

    size: int
    """In bytes."""
    modified_ns: int
    digest: bytes
    """SHA-256 of its bytes."""


@dataclass(frozen=True, slots=True)
class NoteRow:
    """A note as it was indexed."""

    path: str
    state: FileState
    language: str
    first_row: int
    """The row of its first chunk; the others follow."""
    chunks: int


class TableWriter:
    """Fills the tables of a new generation, note after note in the order of paths."""

    def __init__(self, folder: Path, previous: "TableReader | None" = None) -> None:
        """Make the tables; `previous` is the generation to copy from, if any."""
        (folder / FILE).touch(mode=0o600)
        uri = (folder / FILE).resolve().as_uri()
        self._database = sqlite3.connect(uri, uri=True, isolation_level=None)
        self._database.execute(_NO_TEMPORARY_FILES)
        # Nobody reads the file before it is whole and synced: a journal would only cost time.
        self._database.execute("PRAGMA journal_mode = OFF")
        self._database.execute("PRAGMA synchronous = OFF")
        self._database.executescript(_SCHEMA)
        if previous:
            self._database.execute("ATTACH ? AS previous", (previous.uri,))
        self._database.execute("BEGIN")
        self.rows = 0
        self.notes = 0

    def add_note(
        self,
        document: Document,
        state: FileState,
        chunks: Sequence[Chunk],
        keys: Sequence[bytes],
    ) -> None:
        """Add a note that was read, with its chunks and their vectors' keys."""
        tags = json.dumps(document.tags, ensure_ascii=False)
        note = NoteRow(document.path, state, document.language, self.rows, len(chunks))
        problems = json.dumps(document.problems, ensure_ascii=False)
        self._insert_note(note, document.title, tags, problems)
        self._database.executemany(
            "INSERT INTO chunks VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (
                (
                    self.rows + number,
                    chunk.path,
                    _storable(json.dumps(chunk.headings, ensure_ascii=False)),
                    chunk.start_line,
                    chunk.end_line,
                    _storable(chunk.text),
                    _storable(chunk.indexed_text),
                    chunk.language,
                    key,
                )
                for number, (chunk, key) in enumerate(zip(chunks, keys, strict=True))
            ),
        )
        self.rows += len(chunks)

    def copy_note(self, note: NoteRow, state: FileState) -> None:
        """Add a note as the last generation has it; its file may have been touched since."""
        self._database.execute(
            """INSERT INTO notes SELECT path, title, tags, language, problems, ?, ?, digest, ?,
            chunks FROM previous.notes WHERE path = ?""",
            (state.size, min(state.modified_ns, _LATEST_NS), self.rows, note.path),
        )
        self._database.execute(
            """INSERT INTO chunks SELECT row + ?, path, headings, start_line, end_line, text,
            indexed_text, language, vector_key FROM previous.chunks WHERE row >= ? AND row < ?""",
            (self.rows - note.first_row, note.first_row, note.first_row + note.chunks),
        )
        self.notes += 1
        self.rows += note.chunks

    def _insert_note(self, note: NoteRow, title: str, tags: str, problems: str) -> None:
        self._database.execute(
            "INSERT INTO notes VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (
                note.path,
                _storable(title),
                _storable(tags),
                note.language,
                _storable(problems),
                note.state.size,
                min(note.state.modified_ns, _LATEST_NS),
                note.state.digest,
                note.first_row,
                note.chunks,
            ),
        )
        self.notes += 1

    def add_skipped(self, skipped: Iterable[Skipped]) -> None:
        """Add the files that were not indexed, with the reasons."""
        self._database.executemany(
            "INSERT INTO skipped VALUES (?, ?)",
            ((_storable(item.path), _storable(item.reason)) for item in skipped),
        )

    def notices(self) -> tuple[Notice, ...]:
        """Give what could not be read of the notes as its author meant it."""
        return _notices(self._database)

    def vector_keys(self) -> list[bytes]:
        """Give the keys of all chunks, in the order of rows."""
        return _vector_keys(self._database)

    def indexed_texts(self, rows: Sequence[int]) -> list[str]:
        """Read what is embedded of some chunks, in the order asked for."""
        return _indexed_texts(self._database, rows)

    def indexed_lengths(self) -> list[int]:
        """Give the characters of what is embedded of each chunk, in the order of rows."""
        query = "SELECT length(indexed_text) FROM chunks ORDER BY row"
        return [length for (length,) in self._database.execute(query)]

    def finish(self) -> None:
        """Write everything out; nothing may be added any more."""
        self._database.execute("COMMIT")
        self._database.close()

    def close(self) -> None:
        """Let go of the file, finished or not."""
        self._database.close()


class TableReader:
    """Reads the tables of a published generation, which never change."""

    def __init__(self, folder: Path) -> None:
        """Open the tables.

        Raises:
            sqlite3.Error: the file is missing or not a database.
        """
        self.uri = (folder / FILE).resolve().as_uri() + "?mode=ro&immutable=1"
        # Streamlit runs each visitor in a thread; the statements here are short and read only.
        self._database = sqlite3.connect(self.uri, uri=True, check_same_thread=False)
        self._database.execute(_NO_TEMPORARY_FILES)
        self._database.execute("SELECT count(*) FROM sqlite_schema").fetchone()

    def chunks(self, rows: Sequence[int]) -> list[Chunk]:
        """Read chunks, in the order asked for."""
        query = f"SELECT {_CHUNK_COLUMNS} FROM chunks JOIN notes USING (path) WHERE row = ?"  # noqa: S608
        read = self._database.cursor()
        return [_chunk(read.execute(query, (int(row),)).fetchone()) for row in rows]

    def notes(self) -> dict[str, NoteRow]:
        """Read all notes, by path."""
        query = """SELECT path, size, modified_ns, digest, language, first_row, chunks FROM notes
            ORDER BY first_row"""
        return {
            path: NoteRow(path, FileState(size, modified_ns, digest), language, first_row, chunks)
            for path, size, modified_ns, digest, language, first_row, chunks in (
                self._database.execute(query)
            )
        }

    def tags(self) -> dict[str, tuple[str, ...]]:
        """Read the tags of all notes, by path."""
        query = "SELECT path, tags FROM notes"
        return {path: tuple(json.loads(tags)) for path, tags in self._database.execute(query)}

    def chunk_languages(self) -> list[str]:
        """Read the languages of all chunks, in the order of rows."""
        query = "SELECT language FROM chunks ORDER BY row"
        return [language for (language,) in self._database.execute(query)]

    def indexed_texts(self, rows: Sequence[int]) -> list[str]:
        """Read what is embedded of some chunks, in the order asked for."""
        return _indexed_texts(self._database, rows)

    def vector_keys(self) -> list[bytes]:
        """Give the keys of all chunks, in the order of rows."""
        return _vector_keys(self._database)

    def skipped(self) -> tuple[Skipped, ...]:
        """Read the files that were not indexed."""
        query = "SELECT path, reason FROM skipped ORDER BY path"
        return tuple(Skipped(path, reason) for path, reason in self._database.execute(query))

    def notices(self) -> tuple[Notice, ...]:
        """Read what could not be read of the notes as its author meant it."""
        return _notices(self._database)

    def close(self) -> None:
        """Let go of the file."""
        self._database.close()


def _vector_keys(database: sqlite3.Connection) -> list[bytes]:
    return [key for (key,) in database.execute("SELECT vector_key FROM chunks ORDER BY row")]


def _notices(database: sqlite3.Connection) -> tuple[Notice, ...]:
    query = "SELECT path, problems FROM notes WHERE problems != '[]' ORDER BY path"
    return tuple(
        Notice(path, problem)
        for path, problems in database.execute(query)
        for problem in json.loads(problems)
    )


def _indexed_texts(database: sqlite3.Connection, rows: Sequence[int]) -> list[str]:
    read = database.cursor()
    query = "SELECT indexed_text FROM chunks WHERE row = ?"
    return [str(read.execute(query, (row,)).fetchone()[0]) for row in rows]


def _chunk(columns: Sequence[object]) -> Chunk:
    row, path, title, headings, start_line, end_line, text, indexed_text, tags, language = columns
    del row
    return Chunk(
        path=str(path),
        title=str(title),
        headings=tuple(json.loads(str(headings))),
        start_line=int(str(start_line)),
        end_line=int(str(end_line)),
        text=str(text),
        indexed_text=str(indexed_text),
        tags=tuple(json.loads(str(tags))),
        language=str(language),
    )


def _storable(text: str) -> str:
    """Replace lone surrogates, which a UTF-16 note may hold and SQLite cannot."""
    return text.encode("utf-8", "replace").decode("utf-8")
