"""Find the passages for a question: a dense and a lexical leg, standardised and added.

Each leg's score is turned into standard deviations above its mean over all chunks of the index, and
the two are weighted and added (a convex combination; Bruch, Gai and Ingber 2023, "An Analysis of
Fusion Functions for Hybrid Retrieval"). Reciprocal ranks throw away how sure a leg is, and measured
up to 20 points worse: eval/LOG.md.
"""

from collections.abc import Callable
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from rag.encoders import Encoder
from rag.index import Index, Mask
from rag.types import Filters, Legs, Mode, Passage

LEXICAL_WEIGHT = 0.5
"""Share of the lexical leg in hybrid mode; see eval/LOG.md."""
CANDIDATES = 200
"""Chunks that each leg may propose; beyond, no fused order on eval/'s sets changes."""


class Retriever:
    """Finds passages in one index."""

    def __init__(self, index: Index, open_encoder: Callable[[], Encoder]) -> None:
        """Take an index and what opens the encoder that made it; the lexical mode opens none."""
        self.index = index
        self._open_encoder = open_encoder

    @cached_property
    def encoder(self) -> Encoder:
        """The encoder, loaded when first needed."""
        return self._open_encoder()

    def search(
        self,
        question: str,
        count: int,
        *,
        mode: Mode = Mode.HYBRID,
        filters: Filters | None = None,
        vector: NDArray[np.float32] | None = None,
    ) -> list[Passage]:
        """Find the passages for a question, best first.

        Args:
            question: in any language; if it is empty, the first chunks that the filters allow are
                given, in the order of the notes.
            count: how many at most; fewer come back only where fewer are allowed or match.
            mode: which legs rank.
            filters: which chunks may be found.
            vector: the question's embedding of shape [dimension], if it is known already.

        Raises:
            NoModel: the encoder cannot be had.
        """
        allowed = self.index.allowed(filters or Filters())
        if not question.strip():
            return self._list(count, allowed)
        lexical = self.index.lexical_scores(question)
        if not len(lexical) or (allowed is not None and not allowed.any()):
            return []
        mean, deviation = float(lexical.mean()), float(lexical.std())
        candidates = _best(lexical, max(count, CANDIDATES), allowed)
        if mode is Mode.LEXICAL:
            dense = np.zeros(len(candidates), np.float32)
            dense_z = np.zeros(len(candidates))
        else:
            if vector is None:
                vector = self.encoder.encode_questions([question])[0]
            nearest, _ = self.index.nearest(vector, max(count, CANDIDATES), allowed)
            candidates = nearest if mode is Mode.DENSE else np.union1d(candidates, nearest)
            dense = self.index.cosines(vector, candidates)
            dense_z = _standardise(dense, *self.index.cosine_spread(vector))
        lexical = lexical[candidates]
        lexical_z = _standardise(lexical, mean, deviation)
        weight = {Mode.LEXICAL: 1.0, Mode.DENSE: 0.0, Mode.HYBRID: LEXICAL_WEIGHT}[mode]
        scores = weight * lexical_z + (1 - weight) * dense_z
        # Equal scores keep the order of the notes, so that the same index answers the same.
        order = np.lexsort((candidates, -scores))[:count]
        chunks = self.index.chunks([int(candidates[place]) for place in order])
        return [
            Passage(
                chunk=chunk,
                rank=rank,
                score=float(scores[place]),
                legs=Legs(
                    dense=float(dense[place]),
                    lexical=float(lexical[place]),
                    dense_z=float(dense_z[place]),
                    lexical_z=float(lexical_z[place]),
                    dense_weight=1 - weight,
                    lexical_weight=weight,
                ),
            )
            for rank, (place, chunk) in enumerate(zip(order, chunks, strict=True), start=1)
        ]

    def _list(self, count: int, allowed: Mask | None) -> list[Passage]:
        """Give the first chunks that are allowed."""
        rows = range(count) if allowed is None else np.flatnonzero(allowed)[:count].tolist()
        size = self.index.info.chunks
        chunks = self.index.chunks([row for row in rows if row < size])
        nothing = Legs(dense=0.0, lexical=0.0, dense_z=0.0, lexical_z=0.0)
        return [
            Passage(chunk=chunk, rank=rank, score=0.0, legs=nothing)
            for rank, chunk in enumerate(chunks, start=1)
        ]


def _best(scores: NDArray[np.float32], count: int, allowed: Mask | None) -> NDArray[np.int64]:
    """Give the rows of the best scores above zero, in any order."""
    if allowed is not None:
        scores = np.where(allowed, scores, np.float32(0))
    count = min(count, len(scores))
    rows = np.argpartition(-scores, count - 1)[:count]
    return rows[scores[rows] > 0].astype(np.int64)


def _standardise(scores: NDArray[np.float32], mean: float, deviation: float) -> NDArray[np.float64]:
    if deviation < np.finfo(np.float32).eps:
        return np.zeros(len(scores))
    return (scores.astype(np.float64) - mean) / deviation
