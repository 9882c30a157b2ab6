"""Find the passages for a question: each leg proposes, the best are read again, all are fused.

The nearest chunks and those with most of the question's grams are fused (`rag.retrieval.fusion`);
the best of them are looked at word by word (`rag.retrieval.features`) and fused again; what they
embed comes along (`rag.retrieval.embeds`).
"""

from collections.abc import Callable, Sequence
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from rag.encoders import Encoder
from rag.index import Index, Mask, Rows
from rag.notes.terms import NAME_EMPHASIS, Term, find_terms, weigh_grams
from rag.retrieval.diversity import copies_last, crowding
from rag.retrieval.embeds import bring_embedded
from rag.retrieval.features import HEADING, above_language, share_of_words
from rag.retrieval.fusion import fuse
from rag.types import Chunk, Filters, Legs, Mode, Passage

CANDIDATES = 200
"""Chunks that each leg may propose; with 50 no figure on eval/'s sets changes by more than .002."""
READ = 40
"""Chunks that are read word by word. With 50, 100 and all of them the figures are the same, with 20
golden recall@5 falls by .02; each costs 0.1 ms."""
NAMED = 10
"""Chunks that are read besides: those with most of the question's names. `VIF` is two grams of a
long question's forty, and of little weight among them."""
LEAST_MASS = 1e-9
"""Of a question without words, whose scores are all zero."""


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
        index = self.index
        allowed = index.allowed(filters or Filters())
        if not question.strip():
            return self._list(count, allowed)
        terms = find_terms(question)
        keys, weights = weigh_grams(terms)
        lexical = index.lexical_scores(keys, weights)
        if not len(lexical) or (allowed is not None and not allowed.any()):
            return []
        rarities = index.rarity(keys)
        # Beside the BM25 of a chunk of mean length that holds every gram once.
        shares = lexical.astype(np.float64) / max(float(weights @ rarities), LEAST_MASS)
        lexical_z = _standardise(lexical, float(lexical.mean()), float(lexical.std()))
        rows = _best(lexical, max(count, CANDIDATES), allowed)
        if mode is Mode.LEXICAL:
            dense = np.zeros(len(rows), np.float32)
            dense_z = np.zeros(len(rows))
        else:
            if vector is None:
                vector = self.encoder.encode_questions([question])[0]
            nearest, _ = index.nearest(vector, max(count, CANDIDATES), allowed)
            rows = nearest if mode is Mode.DENSE else np.union1d(rows, nearest)
            dense = index.cosines(vector, rows)
            dense_z = _standardise(dense, *index.cosine_spread(vector))
        known = float(shares.max())
        grams = above_language(shares, index.languages)[rows]
        first = fuse(mode, dense_z, grams, np.zeros(len(rows)), known).score
        # Equal scores keep the order of the notes, so that the same index answers the same.
        kept = np.lexsort((rows, -first))[: max(count, READ)]
        if mode is not Mode.DENSE:
            kept = np.union1d(kept, self._find_named(terms, rows))
        kept = kept[np.argsort(rows[kept])]
        chunks = index.chunks(rows[kept].tolist())
        words = np.zeros(len(kept))
        if mode is not Mode.DENSE:
            # A word is as rare as its rarest gram.
            rarest = np.array([rarities[np.searchsorted(keys, term.grams)].max() for term in terms])
            words = share_of_words(terms, rarest, [chunk.indexed_text for chunk in chunks])
            words += HEADING * share_of_words(terms, rarest, [_heading(chunk) for chunk in chunks])
        parts = fuse(mode, dense_z[kept], grams[kept], words, known)
        crowded = crowding(chunks, parts.score)
        scores = parts.score - crowded
        order = np.argsort(-scores, kind="stable")
        chosen = copies_last([chunks[place].indexed_text for place in order], count)
        passages = [
            Passage(
                chunk=chunks[place],
                rank=rank,
                score=float(scores[place]),
                legs=Legs(
                    dense=float(dense[kept[place]]),
                    lexical=float(lexical[rows[kept[place]]]),
                    dense_z=float(dense_z[kept[place]]),
                    lexical_z=float(lexical_z[rows[kept[place]]]),
                    nearness=float(parts.dense[place]),
                    grams=float(parts.grams[place]),
                    words=float(parts.words[place]),
                    crowding=float(crowded[place]),
                ),
            )
            for rank, place in enumerate(order[chosen], start=1)
        ]
        return bring_embedded(passages, index, count, allowed)

    def _find_named(self, terms: Sequence[Term], rows: Rows) -> NDArray[np.int64]:
        """Give the places in `rows` of the NAMED chunks with most of the question's names."""
        names, _ = weigh_grams([term for term in terms if term.emphasis == NAME_EMPHASIS])
        if not len(names):
            return np.empty(0, np.int64)
        scores = self.index.lexical_scores(names, np.ones(len(names)))[rows]
        return _best(scores, NAMED, None)

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


def _heading(chunk: Chunk) -> str:
    return chunk.headings[-1] if chunk.headings else chunk.title


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
