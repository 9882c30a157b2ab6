"""What readers thought of answers, kept on this machine beside the index: one row an answer.

It is written out as JSON Lines, for evaluation or for preference tuning.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from rag.schema import SCHEMA, as_object
from rag.sidecar import Sidecar, storable
from rag.types import Answer

_TABLES = """
CREATE TABLE IF NOT EXISTS verdicts (
    id TEXT PRIMARY KEY,
    at TEXT NOT NULL,
    verdict TEXT NOT NULL,
    wrong_citations TEXT NOT NULL,
    answer TEXT NOT NULL
)
"""
UP, DOWN, NEITHER = "up", "down", ""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a reader thought of an answer."""

    verdict: str = NEITHER
    """`up`, `down`, or empty where only citations were judged."""
    wrong_citations: tuple[int, ...] = ()
    """The `[n]` that do not say what the answer says."""

    def __bool__(self) -> bool:
        return bool(self.verdict or self.wrong_citations)


class Feedback:
    """The verdicts of one index."""

    def __init__(self, index: Path, vault: Path | None) -> None:
        """Take the folder of the index, and the vault, in which nothing may be written.

        Raises:
            RagError: the index lies in the vault.
        """
        self._sidecar = Sidecar(
            index, vault, ending=".feedback.sqlite", holding="verdicts", tables=_TABLES
        )
        self.file = self._sidecar.file

    def put(self, identity: str, answer: Answer, verdict: Verdict) -> None:
        """Keep what a reader thinks of an answer, in place of what was thought of it before.

        Args:
            identity: of the answer; any text.
            answer: what was judged.
            verdict: one that says nothing takes back what was kept.

        Raises:
            RagError: it cannot be written.
        """
        with self._sidecar.open(writing=True) as database:
            database.execute("DELETE FROM verdicts WHERE id = ?", (identity,))
            if verdict:
                row = (
                    identity,
                    datetime.now(UTC).isoformat(timespec="seconds"),
                    verdict.verdict,
                    json.dumps(verdict.wrong_citations),
                    storable(json.dumps(as_object(answer), ensure_ascii=False)),
                )
                database.execute("INSERT INTO verdicts VALUES (?, ?, ?, ?, ?)", row)

    def export(self) -> Iterator[dict[str, Any]]:
        """Give all verdicts, oldest first: question, passages, answer, verdict.

        Raises:
            RagError: they cannot be read.
        """
        if not self.file.exists():
            return
        with self._sidecar.open(writing=False) as database:
            rows = database.execute(
                "SELECT id, at, verdict, wrong_citations, answer FROM verdicts ORDER BY at, id"
            ).fetchall()
        for identity, at, verdict, wrong, answer in rows:
            yield {
                "schema": SCHEMA,
                "id": identity,
                "at": at,
                **json.loads(answer),
                "verdict": verdict or None,
                "wrong_citations": json.loads(wrong),
            }

    def count(self) -> dict[str, int]:
        """Count answers by verdict, under `up`, `down`, and `wrong` for a wrong citation."""
        counts = {UP: 0, DOWN: 0, "wrong": 0}
        for row in self.export():
            if row["verdict"]:
                counts[row["verdict"]] += 1
            counts["wrong"] += bool(row["wrong_citations"])
        return counts
