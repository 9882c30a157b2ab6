"""The seam to what is stored: chunks, their vectors and the lexical leg, for reading.

`LocalIndex` (SQLite, FAISS and memory-mapped arrays in one folder) is what `rag ingest` builds.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from rag.encoders import Vectors
from rag.index.tables import NoteRow
from rag.notes.grams import Keys
from rag.types import Chunk, Filters, Notice, Skipped, Unmatched

Mask = NDArray[np.bool_]
"""Which chunks are allowed; shape [chunks]."""
Rows = NDArray[np.int64]
"""Chunks by their place in the index, from 0."""


@dataclass(frozen=True, slots=True)
class IndexInfo:
    """What an index says of itself."""

    vault: str
    """The folder that was indexed, absolute."""
    notes: int
    chunks: int
    languages: dict[str, int]
    """Notes by language."""
    encoder: str
    fingerprint: str
    dimension: int
    skipped: tuple[Skipped, ...]
    notices: tuple[Notice, ...]
    updated_at: str
    """ISO 8601, UTC."""
    size: int
    """Bytes on disk."""


class Index(Protocol):
    """A complete, unchanging state of an index."""

    @property
    def info(self) -> IndexInfo:
        """What it holds and what made it."""

    def allowed(self, filters: Filters) -> Mask | None:
        """Say which chunks a filter allows; None allows all."""

    def unmatched(self, filters: Filters) -> list[Unmatched]:
        """Give the names and phrases to which no chunk answers, whatever the others say."""

    def nearest(
        self, vector: NDArray[np.float32], count: int, allowed: Mask | None
    ) -> tuple[Rows, NDArray[np.float32]]:
        """Find the chunks nearest to a unit vector, best first, with their cosines."""

    def cosines(self, vector: NDArray[np.float32], rows: Rows) -> NDArray[np.float32]:
        """Give the cosines of a unit vector with some chunks, in their order."""

    def cosine_spread(self, vector: NDArray[np.float32]) -> tuple[float, float]:
        """Give mean and standard deviation of a unit vector's cosines with all chunks."""

    def lexical_scores(self, keys: Keys, weights: NDArray[np.float64]) -> NDArray[np.float32]:
        """Give each chunk's BM25 for weighted, distinct 4-grams; shape [chunks]."""

    def rarity(self, keys: Keys) -> NDArray[np.float64]:
        """Give the idf of some 4-grams, in their order; > 0."""

    @property
    def languages(self) -> NDArray[np.int64]:
        """The language of each chunk, as a number from 0; shape [chunks]."""

    def note_rows(self) -> Mapping[str, range]:
        """Give the rows of each note's chunks, by its path."""

    def chunks(self, rows: Sequence[int]) -> list[Chunk]:
        """Read chunks, in the order asked for."""


class Catalogue(Protocol):
    """What an index says of its notes, beside what a search asks of it."""

    def notes(self) -> Mapping[str, NoteRow]:
        """Give all notes, by path and in the order of their rows."""

    def tags(self) -> Mapping[str, tuple[str, ...]]:
        """Give the tags of all notes, by path."""

    def vectors(self, rows: Rows) -> Vectors:
        """Give the vectors of some chunks, in their order; shape [rows, dimension]."""
