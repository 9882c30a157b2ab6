"""What was asked and what was answered, kept on this machine beside the index."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from rag.schema import as_object
from rag.sidecar import Sidecar, storable
from rag.types import Answer

_TABLES = """
CREATE TABLE IF NOT EXISTS entries (
    number INTEGER PRIMARY KEY,
    at TEXT NOT NULL,
    answer TEXT NOT NULL
)
"""


@dataclass(frozen=True, slots=True)
class Entry:
    """A question and its answer."""

    number: int
    """From 1 on, in the order in which they were asked."""
    at: datetime
    """When it was answered, in UTC."""
    answer: dict[str, Any]
    """As `rag ask --json` gives it, but for the text of its passages: what a note said once is kept
    only where it was quoted. `understood` is the question with what it leaned on."""


class History:
    """The log of one index."""

    def __init__(self, index: Path, vault: Path | None) -> None:
        """Take the folder of the index, and the vault, in which nothing may be written.

        Raises:
            RagError: the index lies in the vault.
        """
        self._sidecar = Sidecar(
            index, vault, ending=".log.sqlite", holding="questions", tables=_TABLES
        )
        self.file = self._sidecar.file

    def put(self, question: str, answer: Answer) -> None:
        """Keep a question, as it was typed, and its answer.

        Raises:
            RagError: it cannot be written.
        """
        value = as_object(answer) | {"question": question, "understood": answer.question}
        for passage in value["passages"]:
            del passage["text"]
        row = (
            datetime.now(UTC).isoformat(timespec="seconds"),
            storable(json.dumps(value, ensure_ascii=False)),
        )
        with self._sidecar.open(writing=True) as database:
            database.execute("INSERT INTO entries (at, answer) VALUES (?, ?)", row)

    def latest(self, count: int) -> list[Entry]:
        """Give the last entries, newest first.

        Raises:
            RagError: they cannot be read.
        """
        return self._read("SELECT * FROM entries ORDER BY number DESC LIMIT ?", (count,))

    def get(self, number: int) -> Entry | None:
        """Give one entry, if there is one of this number.

        Raises:
            RagError: it cannot be read.
        """
        return next(iter(self._read("SELECT * FROM entries WHERE number = ?", (number,))), None)

    def clear(self) -> None:
        """Forget all entries.

        Raises:
            RagError: they cannot be removed.
        """
        self._sidecar.remove()

    def _read(self, query: str, values: Sequence[int]) -> list[Entry]:
        if not self.file.exists():
            return []
        with self._sidecar.open(writing=False) as database:
            rows = database.execute(query, values).fetchall()
        return [
            Entry(number, datetime.fromisoformat(at), json.loads(answer))
            for number, at, answer in rows
        ]
