"""An index on a Milvus server, opened for reading."""

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import Self

import numpy as np
from numpy.typing import NDArray

from rag.encoders import Vectors
from rag.errors import DamagedIndex, OtherIndex, UnreadableIndex
from rag.index import IndexInfo, Mask, Rows, generations
from rag.index.filtering import ChunkFilter
from rag.index.generations import REBUILD, Manifest
from rag.index.milvus.server import MOST_FOUND, Row, Server
from rag.index.milvus.state import State, axes_of, notices, unpack
from rag.index.tables import NoteRow
from rag.notes.grams import Keys
from rag.types import Chunk, Filters, Unmatched

_CHUNK = ["id", "note", "headings", "start_line", "end_line", "text", "indexed_text"]


class MilvusIndex:
    """One state of an index on a server; satisfies `rag.index.Index`.

    Rows are counted as in an index of one machine, in the order of path and line, so that filters
    and equal scores come out alike.
    """

    def __init__(self, server: Server, state: State) -> None:
        self.manifest: Manifest = state.manifest
        self.state = state
        self._server = server
        counts = [len(note.languages) for note in state.notes]
        self._starts = np.concatenate([[0], np.cumsum(counts)]).astype(np.int64)
        self._ids = np.concatenate(
            [np.empty(0, np.int64)]
            + [note.first + np.arange(len(note.languages)) for note in state.notes]
        )
        self._order = np.argsort(self._ids)

    @classmethod
    def open(cls, server: Server) -> Self:
        """Open the state that answers.

        Raises:
            NoIndex: nothing was ingested yet.
            DamagedIndex, OtherIndex, UnreadableIndex: it cannot be used.
        """
        try:
            state = unpack(server.read_state())
        except (ValueError, TypeError, KeyError) as error:
            raise DamagedIndex("the state of the index cannot be read", REBUILD) from error
        if state.manifest.format != generations.FORMAT:
            raise OtherIndex(
                f"the index has format {state.manifest.format}, this rag reads "
                f"{generations.FORMAT}",
                REBUILD,
            )
        return cls(server, state)

    @cached_property
    def info(self) -> IndexInfo:
        """What it holds and what made it; its size is that of texts and vectors."""
        manifest, notes = self.manifest, self.state.notes
        return IndexInfo(
            vault=manifest.vault,
            notes=manifest.notes,
            chunks=manifest.chunks,
            languages=dict(Counter(note.language for note in notes).most_common()),
            encoder=manifest.encoder,
            fingerprint=manifest.fingerprint,
            dimension=manifest.dimension,
            skipped=self.state.skipped,
            notices=notices(notes),
            updated_at=manifest.updated_at,
            size=sum(note.size for note in notes) + 4 * manifest.dimension * manifest.chunks,
        )

    def notes(self) -> dict[str, NoteRow]:
        """Give all notes, by path."""
        return {
            note.path: NoteRow(note.path, note.state, note.language, start, len(note.languages))
            for note, start in zip(self.state.notes, self._starts.tolist(), strict=False)
        }

    def tags(self) -> dict[str, tuple[str, ...]]:
        """Give the tags of all notes, by path."""
        return {note.path: note.tags for note in self.state.notes}

    def chunk_languages(self) -> list[str]:
        """Give the languages of all chunks, in the order of rows."""
        return [language for note in self.state.notes for language in note.languages]

    def indexed_texts(self, rows: Sequence[int]) -> list[str]:
        """Read what is embedded of some chunks, in the order asked for."""
        found = self._read(np.asarray(rows, np.int64), ["id", "indexed_text"])
        return [str(row["indexed_text"]) for row in found]

    @cached_property
    def _filter(self) -> ChunkFilter:
        return ChunkFilter(self, len(self._ids), self._holding)

    def allowed(self, filters: Filters) -> Mask | None:
        """Say which chunks a filter allows; None allows all."""
        return self._filter.allowed(filters) if filters else None

    def unmatched(self, filters: Filters) -> list[Unmatched]:
        """Give the names and phrases to which no chunk answers, whatever the others say."""
        return self._filter.unmatched(filters)

    def _holding(self, keys: Keys) -> Rows:
        """Find the chunks that hold the rarest of some 4-grams; all, if more than a server gives.

        Those that hold all of them are among these.
        """
        held = self.state.statistics.held(keys)
        rarest = int(held.argmin())
        if not held[rarest]:
            return np.empty(0, np.int64)
        if held[rarest] > MOST_FOUND:
            return np.arange(len(self._ids))
        vector = {int(axes_of(keys)[rarest]): 1.0}
        rows, _ = self._search("grams", vector, int(held[rarest]), self._expression(None))
        return np.sort(rows)

    def nearest(
        self, vector: NDArray[np.float32], count: int, allowed: Mask | None
    ) -> tuple[Rows, NDArray[np.float32]]:
        """Find the chunks nearest to a unit vector, best first, with their cosines."""
        count = min(count, len(self._ids) if allowed is None else int(allowed.sum()))
        if not count:
            return np.empty(0, np.int64), np.empty(0, np.float32)
        return self._search("vector", vector, count, self._expression(allowed))

    def cosines(self, vector: NDArray[np.float32], rows: Rows) -> NDArray[np.float32]:
        """Give the cosines of a unit vector with some chunks, in their order."""
        return self.vectors(rows) @ vector

    def vectors(self, rows: Rows) -> Vectors:
        """Give the vectors of some chunks, in their order; shape [rows, dimension]."""
        found = [row["vector"] for row in self._read(rows, ["id", "vector"])]
        return np.array(found, np.float32).reshape(-1, self.manifest.dimension)

    def cosine_spread(self, vector: NDArray[np.float32]) -> tuple[float, float]:
        """Give mean and standard deviation of a unit vector's cosines with all chunks."""
        statistics, size = self.state.statistics, max(len(self._ids), 1)
        mean = float(vector @ statistics.total) / size
        square = float(vector @ statistics.products @ vector) / size
        return mean, max(square - mean**2, 0.0) ** 0.5

    def lexical_scores(self, keys: Keys, weights: NDArray[np.float64]) -> NDArray[np.float32]:
        """Give each chunk's BM25 for weighted, distinct 4-grams; shape [chunks].

        A server gives no more than some thousand chunks. All that it does not give are taken to
        have the same score, with which the sum over all chunks, known beforehand, comes out right.
        """
        size = len(self._ids)
        scores = np.zeros(size, np.float32)
        vector, total = self.state.statistics.query(keys, weights, size)
        if not vector:
            return scores
        rows, found = self._search("grams", vector, MOST_FOUND, self._expression(None))
        if len(rows) == MOST_FOUND < size:
            rest = (total - float(found.sum())) / (size - len(rows))
            scores[:] = np.clip(rest, 0, found[-1])
        scores[rows] = found
        return scores

    def rarity(self, keys: Keys) -> NDArray[np.float64]:
        """Give the idf of some 4-grams, in their order; > 0."""
        return self.state.statistics.rarity(keys, len(self._ids))

    @cached_property
    def languages(self) -> NDArray[np.int64]:
        """The language of each chunk, as a number from 0; shape [chunks]."""
        numbers: dict[str, int] = {}
        return np.array(
            [numbers.setdefault(code, len(numbers)) for code in self.chunk_languages()], np.int64
        )

    def note_rows(self) -> Mapping[str, range]:
        """Give the rows of each note's chunks, by its path."""
        return {
            path: range(note.first_row, note.first_row + note.chunks)
            for path, note in self.notes().items()
        }

    def chunks(self, rows: Sequence[int]) -> list[Chunk]:
        """Read chunks, in the order asked for."""
        wanted = np.asarray(rows, np.int64)
        notes = np.searchsorted(self._starts, wanted, "right") - 1
        chunks = []
        for number, row, found in zip(notes, wanted, self._read(wanted, _CHUNK), strict=True):
            note = self.state.notes[number]
            chunks.append(
                Chunk(
                    path=note.path,
                    title=note.title,
                    headings=tuple(json.loads(found["headings"])),
                    start_line=found["start_line"],
                    end_line=found["end_line"],
                    text=found["text"],
                    indexed_text=found["indexed_text"],
                    tags=note.tags,
                    language=note.languages[row - self._starts[number]],
                )
            )
        return chunks

    def count_missing(self) -> int:
        """Count the chunks that the state names and the server does not have."""
        rows = self._server.walk(self.state.collection, self._expression(None), ["id"])
        return len(set(self._ids.tolist()) - {int(row["id"]) for row in rows})

    def _search(
        self, field: str, vector: object, count: int, only: str
    ) -> tuple[Rows, NDArray[np.float32]]:
        found = self._server.search(self.state.collection, field, vector, count, only)
        ids = np.array([number for number, _ in found], np.int64)
        scores = np.array([score for _, score in found], np.float32)
        rows = self._order[np.searchsorted(self._ids, ids, sorter=self._order)]
        order = np.lexsort((rows, -scores))
        return rows[order], scores[order]

    def _read(self, rows: Rows, wanted: list[str]) -> list[Row]:
        ids = self._ids[rows].tolist()
        found = {
            row["id"]: row
            for row in self._server.select(self.state.collection, "id", sorted(set(ids)), wanted)
        }
        if not found.keys() >= set(ids):
            raise UnreadableIndex("the index was replaced twice while it was open", "try again")
        return [found[number] for number in ids]

    def _expression(self, allowed: Mask | None) -> str:
        """Say to Milvus which rows may be found, by whole notes where it can be."""
        live = f"note < {self.state.next_number}"
        if self.state.dead:
            live += f" and note not in {list(self.state.dead)}"
        if allowed is None:
            return live
        notes, rows, excluded = [], [], []
        for note, start in zip(self.state.notes, self._starts.tolist(), strict=False):
            of_note = allowed[start : start + len(note.languages)]
            if of_note.all():
                notes.append(note.number)
            else:
                excluded.append(note.number)
                rows.extend((note.first + np.flatnonzero(of_note)).tolist())
        if not rows and len(excluded) < len(notes):
            return f"{live} and note not in {excluded}" if excluded else live
        parts = [f"note in {notes}"] * bool(notes) + [f"id in {rows}"] * bool(rows)
        return " or ".join(parts)
