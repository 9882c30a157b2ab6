"""The index of one machine: a generation, opened for reading."""

import sqlite3
from collections import Counter
from collections.abc import Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import Self

import numpy as np
from numpy.typing import NDArray

from rag.encoders import Vectors
from rag.errors import DamagedIndex
from rag.index import IndexInfo, Mask, Rows, generations
from rag.index.dense import DenseLeg
from rag.index.filtering import ChunkFilter
from rag.index.generations import REBUILD, Manifest
from rag.index.lexical import LexicalLeg
from rag.index.tables import NoteRow, TableReader
from rag.notes.grams import Keys
from rag.types import Chunk, Filters, Unmatched

TRIES = 10
"""A writer may replace and remove a generation while it is being opened; the next one is there."""


class LocalIndex:
    """Everything of one generation; later ingests do not change it.

    The parts are there for the next ingest, which copies from them.
    """

    def __init__(
        self,
        manifest: Manifest,
        tables: TableReader,
        dense: DenseLeg,
        lexical: LexicalLeg,
        size: int,
    ) -> None:
        self.manifest = manifest
        self.tables = tables
        self.dense = dense
        self.lexical = lexical
        self._size = size

    @classmethod
    def open(cls, folder: Path) -> Self:
        """Open the generation that answers, every file compared with its checksum first.

        Raises:
            NoIndex: nothing was ingested yet.
            DamagedIndex, UnreadableIndex, OtherIndex: it cannot be used.
        """
        for _ in range(TRIES):
            name = generations.live_name(folder)
            try:
                return cls._open(folder)
            except DamagedIndex:
                if generations.live_name(folder) == name:
                    raise
        raise DamagedIndex("the index changes faster than it can be opened", "try again")

    @classmethod
    def _open(cls, folder: Path) -> Self:
        generation, manifest = generations.read_manifest(folder)
        generations.verify(generation, manifest)
        try:
            tables = TableReader(generation)
            dense = DenseLeg.load(generation)
            lexical = LexicalLeg.load(generation)
        except OSError as error:
            raise generations.unreadable("the index", error) from error
        except (ValueError, RuntimeError, sqlite3.Error) as error:
            # FAISS and SQLite do not say whether the file or the system is to blame.
            generations.verify(generation, manifest)
            raise DamagedIndex(f"the index cannot be opened: {error}", REBUILD) from error
        if not len(dense) == len(lexical.lengths) == manifest.chunks:
            raise DamagedIndex("the parts of the index do not belong together", REBUILD)
        return cls(manifest, tables, dense, lexical, generations.folder_size(folder))

    @cached_property
    def info(self) -> IndexInfo:
        """What it holds and what made it."""
        manifest = self.manifest
        return IndexInfo(
            vault=manifest.vault,
            notes=manifest.notes,
            chunks=manifest.chunks,
            languages=dict(Counter(note.language for note in self.notes().values()).most_common()),
            encoder=manifest.encoder,
            fingerprint=manifest.fingerprint,
            dimension=manifest.dimension,
            skipped=self.tables.skipped(),
            notices=self.tables.notices(),
            updated_at=manifest.updated_at,
            size=self._size,
        )

    @cached_property
    def _filter(self) -> ChunkFilter:
        return ChunkFilter(self.tables, len(self.dense), self.lexical.holding)

    def notes(self) -> dict[str, NoteRow]:
        """Read all notes, by path."""
        return self.tables.notes()

    def tags(self) -> dict[str, tuple[str, ...]]:
        """Read the tags of all notes, by path."""
        return self.tables.tags()

    def vectors(self, rows: Rows) -> Vectors:
        """Give the vectors of some chunks, in their order; shape [rows, dimension]."""
        return self.dense.vectors(rows)

    def allowed(self, filters: Filters) -> Mask | None:
        """Say which chunks a filter allows; None allows all."""
        return self._filter.allowed(filters) if filters else None

    def unmatched(self, filters: Filters) -> list[Unmatched]:
        """Give the names and phrases to which no chunk answers, whatever the others say."""
        return self._filter.unmatched(filters)

    def nearest(
        self, vector: NDArray[np.float32], count: int, allowed: Mask | None
    ) -> tuple[Rows, NDArray[np.float32]]:
        """Find the chunks nearest to a unit vector, best first, with their cosines."""
        return self.dense.nearest(vector, count, allowed)

    def cosines(self, vector: NDArray[np.float32], rows: Rows) -> NDArray[np.float32]:
        """Give the cosines of a unit vector with some chunks, in their order."""
        return self.dense.cosines(vector, rows)

    def cosine_spread(self, vector: NDArray[np.float32]) -> tuple[float, float]:
        """Give mean and standard deviation of a unit vector's cosines with all chunks."""
        return self.dense.spread(vector)

    def lexical_scores(self, keys: Keys, weights: NDArray[np.float64]) -> NDArray[np.float32]:
        """Give each chunk's BM25 for weighted, distinct 4-grams; shape [chunks]."""
        return self.lexical.scores(keys, weights)

    def rarity(self, keys: Keys) -> NDArray[np.float64]:
        """Give the idf of some 4-grams, in their order; > 0."""
        return self.lexical.rarity(keys)

    @cached_property
    def languages(self) -> NDArray[np.int64]:
        """The language of each chunk, as a number from 0; shape [chunks]."""
        numbers: dict[str, int] = {}
        return np.array(
            [numbers.setdefault(code, len(numbers)) for code in self.tables.chunk_languages()],
            np.int64,
        )

    def note_rows(self) -> Mapping[str, range]:
        """Give the rows of each note's chunks, by its path."""
        return {
            path: range(note.first_row, note.first_row + note.chunks)
            for path, note in self.notes().items()
        }

    def chunks(self, rows: Sequence[int]) -> list[Chunk]:
        """Read chunks, in the order asked for."""
        return self.tables.chunks(rows)
