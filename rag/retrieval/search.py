"""Find the passages for a question: each leg proposes, the best are read again, all are fused.

The nearest chunks and those with most of the question's grams are fused (`rag.retrieval.fusion`);
the best of them are looked at word by word (`rag.retrieval.features`) and fused again; what they
embed comes along (`rag.retrieval.embeds`).
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Self

import numpy as np
from numpy.typing import NDArray

from rag.encoders import Encoder
from rag.index import Index, Mask, Rows
from rag.notes.grams import Keys
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


Places = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class _Words:
    """A question as the lexical leg sees it."""

    terms: Sequence[Term]
    keys: Keys
    """The distinct grams of all terms, ascending; shape [grams], as the next two."""
    weights: NDArray[np.float64]
    rarities: NDArray[np.float64]

    @classmethod
    def of(cls, question: str, index: Index) -> Self:
        terms = find_terms(question)
        keys, weights = weigh_grams(terms)
        return cls(terms, keys, weights, index.rarity(keys))

    def find_in(self, chunks: Sequence[Chunk], mode: Mode) -> NDArray[np.float64]:
        """Give the share of the words in each chunk and in the heading above it; shape [chunks]."""
        if mode is Mode.DENSE:
            return np.zeros(len(chunks))
        # A word is as rare as its rarest gram.
        rarest = np.array(
            [self.rarities[np.searchsorted(self.keys, term.grams)].max() for term in self.terms]
        )
        headings = [chunk.headings[-1] if chunk.headings else chunk.title for chunk in chunks]
        texts = [chunk.indexed_text for chunk in chunks]
        said, above = (share_of_words(self.terms, rarest, some) for some in (texts, headings))
        return said + HEADING * above


@dataclass(frozen=True, slots=True)
class _Found:
    """What the legs say of some chunks; all of shape [chunks]."""

    rows: Rows
    dense: NDArray[np.float32]
    dense_z: NDArray[np.float64]
    lexical: NDArray[np.float32]
    lexical_z: NDArray[np.float64]
    grams: NDArray[np.float64]
    """Shares of the question's grams, above the mean of the chunk's language."""
    known: float
    """The best such share of all chunks in the index."""

    def take(self, places: Places) -> "_Found":
        """Give some of them."""
        return _Found(
            self.rows[places],
            self.dense[places],
            self.dense_z[places],
            self.lexical[places],
            self.lexical_z[places],
            self.grams[places],
            self.known,
        )


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
        if allowed is not None and not allowed.any():
            return []
        words = _Words.of(question, self.index)
        found = self._propose(question, words, max(count, CANDIDATES), mode, allowed, vector)
        if found is None:
            return []
        best = found.take(self._choose(found, words, max(count, READ), mode))
        chunks = self.index.chunks(best.rows.tolist())
        parts = fuse(mode, best.dense_z, best.grams, words.find_in(chunks, mode), found.known)
        crowded = crowding(chunks, parts.score)
        order = np.argsort(crowded - parts.score, kind="stable")
        chosen = copies_last([chunks[place].indexed_text for place in order], count)
        passages = [
            Passage(
                chunk=chunks[place],
                rank=rank,
                score=float(parts.score[place] - crowded[place]),
                legs=Legs(
                    dense=float(best.dense[place]),
                    lexical=float(best.lexical[place]),
                    dense_z=float(best.dense_z[place]),
                    lexical_z=float(best.lexical_z[place]),
                    nearness=float(parts.dense[place]),
                    grams=float(parts.grams[place]),
                    words=float(parts.words[place]),
                    crowding=float(crowded[place]),
                ),
            )
            for rank, place in enumerate(order[chosen], start=1)
        ]
        return bring_embedded(passages, self.index, count, allowed)

    def _propose(
        self,
        question: str,
        words: "_Words",
        count: int,
        mode: Mode,
        allowed: Mask | None,
        vector: NDArray[np.float32] | None,
    ) -> "_Found | None":
        """Give what the legs propose, `count` chunks each, in the order of the notes."""
        index = self.index
        lexical = index.lexical_scores(words.keys, words.weights)
        if not len(lexical):
            return None
        # Beside the BM25 of a chunk of mean length that holds every gram once.
        mass = max(float(words.weights @ words.rarities), LEAST_MASS)
        shares = lexical.astype(np.float64) / mass
        rows = np.sort(_best(lexical, count, allowed))
        if mode is Mode.LEXICAL:
            dense = np.zeros(len(rows), np.float32)
            dense_z = np.zeros(len(rows))
        else:
            if vector is None:
                vector = self.encoder.encode_questions([question])[0]
            nearest, _ = index.nearest(vector, count, allowed)
            rows = np.sort(nearest) if mode is Mode.DENSE else np.union1d(rows, nearest)
            dense = index.cosines(vector, rows)
            dense_z = _standardise(dense, *index.cosine_spread(vector))
        lexical_z = _standardise(lexical[rows], float(lexical.mean()), float(lexical.std()))
        grams = above_language(shares, index.languages)[rows]
        return _Found(rows, dense, dense_z, lexical[rows], lexical_z, grams, float(shares.max()))

    def _choose(self, found: "_Found", words: "_Words", count: int, mode: Mode) -> Places:
        """Give the places of those that are worth reading, in the order of the notes.

        Equal scores keep that order, so that the same index answers the same.
        """
        scores = fuse(
            mode, found.dense_z, found.grams, np.zeros(len(found.rows)), found.known
        ).score
        best = np.argsort(-scores, kind="stable")[:count]
        names, _ = weigh_grams([term for term in words.terms if term.emphasis == NAME_EMPHASIS])
        if mode is Mode.DENSE or not len(names):
            return np.sort(best)
        named = self.index.lexical_scores(names, np.ones(len(names)))[found.rows]
        return np.union1d(best, _best(named, NAMED, None))

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
