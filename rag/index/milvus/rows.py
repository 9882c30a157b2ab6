"""The rows of chunks: inserted with their vectors, counted in the statistics, and taken out."""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from rag.encoders import Encoder
from rag.index.milvus.server import PAGE, Row, Server
from rag.index.milvus.state import Statistics, to_axes, to_sparse
from rag.index.workshop import BATCH
from rag.types import Chunk

_NO_GRAMS = {0: 1e-9}
"""Of a chunk without letters: Milvus takes no vector without numbers."""


@dataclass(frozen=True, slots=True)
class WaitingChunk:
    """A chunk that is not yet inserted."""

    id: int
    note: int
    """The number of its note."""
    chunk: Chunk
    key: str
    """Of its vector, in hexadecimal digits."""


class ChunkRows:
    """The rows of one collection, for its one writer."""

    def __init__(
        self, server: Server, sources: Sequence[str], statistics: Statistics, mean_length: float
    ) -> None:
        """Take where to write.

        Args:
            server: where the collections are.
            sources: the collection that is written, and others whose vectors may be taken.
            statistics: of the chunks that are there; kept in step.
            mean_length: of a chunk, in 4-grams; 0 where the first chunks are to decide.
        """
        self._server = server
        self._sources = sources
        self._collection = sources[0]
        self.statistics = statistics
        self.mean_length = mean_length

    def insert(
        self,
        waiting: Sequence[WaitingChunk],
        open_encoder: Callable[[], Encoder],
        step: Callable[[int, int], None],
    ) -> int:
        """Insert chunks, their vectors computed where nobody has them.

        Args:
            waiting: the chunks.
            open_encoder: gives the encoder, when first needed.
            step: called with how many texts are embedded, and of how many.

        Returns:
            How many texts were embedded.
        """
        if not self.mean_length:
            lengths = [to_axes(one.chunk.indexed_text)[1] for one in waiting]
            self.mean_length = max(float(np.mean(lengths)), 1.0)
        known = self._known_vectors({one.key for one in waiting})
        self._insert([one for one in waiting if one.key in known], known)
        missing: dict[str, list[WaitingChunk]] = {}
        for one in waiting:
            if one.key not in known:
                missing.setdefault(one.key, []).append(one)
        # Texts of one length share a batch without padding.
        todo = sorted(missing.values(), key=lambda same: -len(same[0].chunk.indexed_text))
        for start in range(0, len(todo), BATCH):
            step(start, len(todo))
            part = todo[start : start + BATCH]
            texts = [same[0].chunk.indexed_text for same in part]
            vectors = open_encoder().encode_passages(texts)
            found = {same[0].key: vector for same, vector in zip(part, vectors, strict=True)}
            self._insert([one for same in part for one in same], found)
        if todo:
            step(len(todo), len(todo))
        return len(todo)

    def subtract(self, notes: Sequence[int]) -> None:
        """Take the chunks of notes that are gone out of the statistics; the rows stay."""
        page: list[Row] = []
        rows = self._server.select(self._collection, "note", notes, ["vector", "grams"])
        for row in rows:
            page.append(row)
            if len(page) == PAGE:
                self._take_away(page)
                page = []
        self._take_away(page)

    def _known_vectors(self, keys: set[str]) -> dict[str, NDArray[np.float32]]:
        known: dict[str, NDArray[np.float32]] = {}
        for collection in filter(self._server.has, self._sources):
            wanted = sorted(keys - known.keys())
            rows = self._server.select(collection, "vector_key", wanted, ["vector_key", "vector"])
            known |= {row["vector_key"]: np.array(row["vector"], np.float32) for row in rows}
        return known

    def _insert(
        self, chunks: Sequence[WaitingChunk], vectors: dict[str, NDArray[np.float32]]
    ) -> None:
        if not chunks:
            return
        rows = [_row(one, vectors[one.key], self.mean_length) for one in chunks]
        self._server.insert(self._collection, rows)
        self.statistics.add(
            np.array([vectors[one.key] for one in chunks]), [row["grams"] for row in rows]
        )

    def _take_away(self, rows: Sequence[Row]) -> None:
        if rows:
            vectors = np.array([row["vector"] for row in rows], np.float32)
            self.statistics.add(vectors, [row["grams"] for row in rows], -1)


def _row(one: WaitingChunk, vector: NDArray[np.float32], mean_length: float) -> Row:
    chunk = one.chunk
    return {
        "id": one.id,
        "note": one.note,
        "vector_key": one.key,
        "headings": _storable(json.dumps(chunk.headings, ensure_ascii=False)),
        "text": _storable(chunk.text),
        "indexed_text": _storable(chunk.indexed_text),
        "start_line": chunk.start_line,
        "end_line": chunk.end_line,
        "vector": vector,
        "grams": to_sparse(chunk.indexed_text, mean_length) or _NO_GRAMS,
    }


def _storable(text: str) -> str:
    """Replace lone surrogates, which a UTF-16 note may hold and UTF-8 cannot."""
    return text.encode("utf-8", "replace").decode("utf-8")
