"""SQLite files beside an index, for what cannot be made again from the notes.

    INDEX.feedback.sqlite    what readers thought of answers
    INDEX.log.sqlite         what was asked, and what was answered

Not in the index's folder: that one may be deleted at any time. Readable by their owner only, and
never in the vault, where nothing is written.
"""

import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from rag.errors import RagError

SECONDS = 5.0
"""That a process waits while another one writes."""
_NO_LINK = getattr(os, "O_NOFOLLOW", 0)


class Sidecar:
    """One such file. Every call opens it anew, so any thread may call."""

    def __init__(
        self, index: Path, vault: Path | None, *, ending: str, holding: str, tables: str
    ) -> None:
        """Name the file; nothing is opened yet.

        Args:
            index: the folder of the index.
            vault: in which nothing may be written.
            ending: of the file's name.
            holding: what is in it, in the plural, for messages.
            tables: SQL that makes its tables where they are missing.

        Raises:
            RagError: the index lies in the vault.
        """
        folder = index.resolve()
        self.file = folder.with_name(f"{folder.name or 'index'}{ending}")
        self._holding = holding
        self._tables = tables
        if vault and self.file.is_relative_to(vault.resolve()):
            raise RagError(
                f"{holding} cannot be kept: the index lies in the vault, where nothing is written",
                "name an index outside of it: --index DIR",
            )

    @contextmanager
    def open(self, *, writing: bool) -> Iterator[sqlite3.Connection]:
        """Open the file for one transaction; to write, it is made where it is missing.

        Raises:
            RagError: it cannot be read or written, is damaged, or is a link.
        """
        with self._told():
            flags = os.O_RDWR | os.O_CREAT if writing else os.O_RDONLY
            # SQLite gives its journal the same rights as the file.
            os.close(os.open(self.file, flags | _NO_LINK, 0o600))
            # What a killed process left half done is mended by the next one that may write.
            may_write = writing or os.access(self.file, os.W_OK)
            address = f"{self.file.as_uri()}?mode={'rw' if may_write else 'ro'}"
            with closing(sqlite3.connect(address, uri=True, timeout=SECONDS)) as database, database:
                database.execute("PRAGMA temp_store = MEMORY")
                database.execute(self._tables)
                yield database

    def remove(self) -> None:
        """Remove the file, if it is there: deleted rows would leave their words in it.

        Raises:
            RagError: it cannot be removed.
        """
        with self._told():
            # First the journal: one without its file would be played back into the next.
            for file in (self.file.with_name(f"{self.file.name}-journal"), self.file):
                file.unlink(missing_ok=True)

    @contextmanager
    def _told(self) -> Iterator[None]:
        try:
            yield
        except (OSError, sqlite3.Error) as error:
            reason = (getattr(error, "strerror", None) or str(error)).lower()
            raise RagError(
                f"the {self._holding} in {str(self.file)!r} cannot be kept or read ({reason})",
                "free some space, or move that file away to begin anew",
            ) from error


def storable(text: str) -> str:
    """Replace lone surrogates, which a model may write and SQLite cannot hold."""
    return text.encode("utf-8", "replace").decode("utf-8")
