"""Vectors that were computed once, kept by what was embedded.

The key is a hash of the encoder's fingerprint and the text, so a note that is renamed, moved or
edited elsewhere costs nothing again, and an ingest that was killed goes on where it was. This file
is only ever a shortcut: any damage to it costs time, never an answer. SQLite checks a page's form
but not its content, hence a checksum a row.
"""

import hashlib
import shutil
import sqlite3
import zlib
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from pathlib import Path

import numpy as np

from rag.encoders import Vectors

_SCHEMA = """
CREATE TABLE IF NOT EXISTS vectors (
    key BLOB PRIMARY KEY, value BLOB NOT NULL, check_sum INTEGER NOT NULL
) WITHOUT ROWID
"""
_MOST_VARIABLES = 500
"""Keys asked for in one statement; SQLite allows 999 in its oldest builds."""


def vector_key(fingerprint: str, text: str) -> bytes:
    """Give the key of an embedded text: 20 bytes."""
    content = f"{fingerprint}\0{text}".encode("utf-8", "surrogatepass")
    return hashlib.sha256(content).digest()[:20]


class VectorStore:
    """The vectors of one index, for its one writer."""

    def __init__(self, file: Path, dimension: int) -> None:
        """Open the store; one that is damaged is thrown away and begun anew."""
        self._file = file
        self._dimension = dimension
        try:
            self._database = self._open()
        except sqlite3.DatabaseError as error:
            if _is_full(error):
                raise
            discard(file)
            self._database = self._open()

    def _open(self) -> sqlite3.Connection:
        if self._file.is_dir():
            raise sqlite3.DatabaseError("a folder stands in its place")
        self._file.touch(mode=0o600)
        self._file.chmod(0o600)
        database = sqlite3.connect(self._file, isolation_level=None)
        try:
            database.execute("PRAGMA auto_vacuum = FULL")
            # A rollback journal: one file while nothing is written, and FULL syncs each commit.
            database.execute("PRAGMA journal_mode = TRUNCATE")
            database.execute("PRAGMA synchronous = FULL")
            database.execute(_SCHEMA)
            problems = database.execute("PRAGMA quick_check(1)").fetchone()
            if problems != ("ok",):
                raise sqlite3.DatabaseError(str(problems))
        except BaseException:
            database.close()
            raise
        return database

    def get(self, keys: Iterable[bytes]) -> dict[bytes, Vectors]:
        """Give the vectors that are there and sound, each of shape [dimension]."""
        found = {}
        for part in batches(keys, _MOST_VARIABLES):
            marks = ",".join("?" * len(part))
            query = f"SELECT key, value, check_sum FROM vectors WHERE key IN ({marks})"  # noqa: S608
            for key, value, check_sum in self._database.execute(query, part):
                if _check_sum(key, value) == check_sum and len(value) == 4 * self._dimension:
                    found[bytes(key)] = np.frombuffer(value, dtype="<f4")
        return found

    def known(self, keys: Iterable[bytes]) -> set[bytes]:
        """Say which keys have a sound vector."""
        known: set[bytes] = set()
        for part in batches(keys, _MOST_VARIABLES):
            known.update(self.get(part))
        return known

    def put(self, keys: Sequence[bytes], vectors: Vectors) -> None:
        """Keep vectors of shape [keys, dimension]; they are on disk when this returns."""
        rows = []
        for key, vector in zip(keys, vectors, strict=True):
            value = vector.astype("<f4").tobytes()
            rows.append((key, value, _check_sum(key, value)))
        self._database.execute("BEGIN")
        try:
            self._database.executemany("INSERT OR REPLACE INTO vectors VALUES (?, ?, ?)", rows)
            self._database.execute("COMMIT")
        except BaseException:
            if self._database.in_transaction:
                self._database.execute("ROLLBACK")
            raise

    def keep_only(self, keys: Iterable[bytes]) -> None:
        """Forget the vectors of texts that no note has any more."""
        self._database.execute("CREATE TEMP TABLE wanted (key BLOB PRIMARY KEY) WITHOUT ROWID")
        self._database.executemany(
            "INSERT OR IGNORE INTO wanted VALUES (?)", ((key,) for key in keys)
        )
        self._database.execute("DELETE FROM vectors WHERE key NOT IN (SELECT key FROM wanted)")
        self._database.execute("DROP TABLE wanted")

    def close(self) -> None:
        """Let go of the file."""
        self._database.close()


def batches(keys: Iterable[bytes], size: int) -> Iterator[list[bytes]]:
    """Cut a stream into lists of at most `size`."""
    stream = iter(keys)
    while part := list(islice(stream, size)):
        yield part


def discard(file: Path) -> None:
    """Remove a store and what SQLite may have left beside it."""
    for path in (file, *file.parent.glob(f"{file.name}-*")):
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        else:
            path.unlink(missing_ok=True)


def _check_sum(key: bytes, value: bytes) -> int:
    return zlib.crc32(value, zlib.crc32(key))


def _is_full(error: sqlite3.Error) -> bool:
    return error.sqlite_errorcode in (sqlite3.SQLITE_FULL, sqlite3.SQLITE_READONLY)
