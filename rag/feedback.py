"""What readers thought of answers, kept on this machine beside the index.

    INDEX.feedback.sqlite      one row an answer, readable by its owner only

Not in the index's folder: that one may be deleted at any time, and holds nothing that cannot be
made again. It is written out as JSON Lines, for evaluation or for preference tuning.
"""

import json
import os
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from rag.errors import RagError
from rag.types import Answer

ENDING = ".feedback.sqlite"
SCHEMA = 1
"""Of a line of the export: keys may be added, never renamed."""
SECONDS = 5.0
"""That a tab waits while another one writes."""
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
    """The verdicts of one index. Every call opens the file anew, so any thread may call."""

    def __init__(self, index: Path, vault: Path | None) -> None:
        """Take the folder of the index, and the vault, in which nothing may be written.

        Raises:
            RagError: the index lies in the vault.
        """
        folder = index.resolve()
        self.file = folder.with_name(f"{folder.name or 'index'}{ENDING}")
        if vault and self.file.is_relative_to(vault.resolve()):
            raise RagError(
                "verdicts cannot be kept: the index lies in the vault, where nothing is written",
                "name an index outside of it: --index DIR",
            )

    def put(self, identity: str, answer: Answer, verdict: Verdict) -> None:
        """Keep what a reader thinks of an answer, in place of what was thought of it before.

        Args:
            identity: of the answer; any text.
            answer: what was judged.
            verdict: one that says nothing takes back what was kept.

        Raises:
            RagError: it cannot be written.
        """
        with self._open() as database:
            database.execute("DELETE FROM verdicts WHERE id = ?", (identity,))
            if verdict:
                row = (
                    identity,
                    datetime.now(UTC).isoformat(timespec="seconds"),
                    verdict.verdict,
                    json.dumps(verdict.wrong_citations),
                    _storable(json.dumps(_as_object(answer), ensure_ascii=False)),
                )
                database.execute("INSERT INTO verdicts VALUES (?, ?, ?, ?, ?)", row)

    def export(self) -> Iterator[dict[str, Any]]:
        """Give all verdicts, oldest first: question, passages, answer, verdict.

        Raises:
            RagError: they cannot be read.
        """
        if not self.file.exists():
            return
        with self._open() as database:
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

    @contextmanager
    def _open(self) -> Iterator[sqlite3.Connection]:
        try:
            # SQLite gives its journal the same rights as the file.
            os.close(os.open(self.file, os.O_RDWR | os.O_CREAT | _NO_LINK, 0o600))
            with closing(sqlite3.connect(self.file, timeout=SECONDS)) as database, database:
                database.execute("PRAGMA temp_store = MEMORY")
                database.execute(_TABLES)
                yield database
        except (OSError, sqlite3.Error) as error:
            reason = (getattr(error, "strerror", None) or str(error)).lower()
            raise RagError(
                f"the verdicts in {str(self.file)!r} cannot be kept or read ({reason})",
                "free some space, or move that file away to begin anew",
            ) from error


_NO_LINK = getattr(os, "O_NOFOLLOW", 0)


def _as_object(answer: Answer) -> dict[str, Any]:
    return {
        "question": answer.question,
        "language": answer.language,
        "passages": [
            {
                "rank": passage.rank,
                "score": passage.score,
                "path": passage.chunk.path,
                "title": passage.chunk.title,
                "headings": list(passage.chunk.headings),
                "start_line": passage.chunk.start_line,
                "end_line": passage.chunk.end_line,
                "text": passage.chunk.text,
                "language": passage.chunk.language,
            }
            for passage in answer.passages
        ],
        "answer": answer.text,
        "abstained": answer.abstained,
        "confidence": answer.confidence,
        "citations": _as_objects(answer.citations),
        "generator": {"kind": answer.generator_kind, "model": answer.generator_model},
    }


def _as_objects(citations: Sequence[Any]) -> list[dict[str, Any]]:
    return [asdict(citation) | {"status": str(citation.status)} for citation in citations]


def _storable(text: str) -> str:
    """Replace lone surrogates, which a model may write and SQLite cannot hold."""
    return text.encode("utf-8", "replace").decode("utf-8")
