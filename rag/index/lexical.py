"""The lexical leg: BM25 over folded character 4-grams, in any language without knowing which.

A word with its two borders gives its 4-grams (`rețea`: `_ret rete etea tea_`), so inflection and
lost diacritics cost a few grams instead of the whole word. Scores are Okapi BM25 (Robertson and
Zaragoza 2009) with the always-positive idf ln(1 + (N - n + 0.5) / (n + 0.5)).

The postings are plain arrays in memory-mapped files: a question of eight words has forty grams,
each in a good part of the chunks, and SQLite's FTS5 would walk them row by row (eval/LOG.md). They
are updated without the texts: postings of chunks that stay are renumbered.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Self

import numpy as np
from numpy.typing import NDArray

from rag.index.arrays import map_array, write_array
from rag.notes.grams import Keys, gram_keys

K1, B = 1.2, 0.75
"""The usual values; k1 0.8 to 2 and b 0.5 to 0.9 differ by less than a point (eval/LOG.md)."""
MOST_COUNTED = 255
"""Beyond this a repeated gram adds nothing that BM25 can see."""

BLOCK = 4_096
"""Chunks whose postings are sorted at once: some 100 MB at five hundred grams each."""

FILE = "lexical-{}.bin"
KINDS = {"grams": "u8", "ends": "i8", "rows": "u4", "counts": "u1", "lengths": "u4"}
"""The fields of a leg, with the type of their numbers."""

Scores = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class LexicalLeg:
    """Postings of all chunks, gram after gram."""

    grams: Keys
    """The distinct grams, ascending; shape [grams]."""
    ends: NDArray[np.int64]
    """Gram i's postings are those from ends[i] to ends[i + 1]; shape [grams + 1]."""
    rows: NDArray[np.uint32]
    """The chunk of each posting, ascending within a gram; shape [postings]."""
    counts: NDArray[np.uint8]
    """How often it stands there; shape [postings]."""
    lengths: NDArray[np.uint32]
    """Grams in each chunk; shape [chunks]."""

    @classmethod
    def empty(cls) -> Self:
        """Make a leg without chunks."""
        return cls(
            grams=np.empty(0, np.uint64),
            ends=np.zeros(1, np.int64),
            rows=np.empty(0, np.uint32),
            counts=np.empty(0, np.uint8),
            lengths=np.empty(0, np.uint32),
        )

    def updated(
        self, moved: NDArray[np.int64], added: Iterable[tuple[int, str]], size: int
    ) -> "LexicalLeg":
        """Give the leg of a new set of chunks.

        Args:
            moved: for each chunk of this leg, its row in the new one, ascending, or -1 if it is
                gone.
            added: rows and indexed texts of the chunks that are new.
            size: how many chunks the new leg has; `moved` and `added` name each row once.
        """
        leg = _renumber(self, moved, size)
        rest = iter(added)
        while some := list(islice(rest, BLOCK)):
            leg = _join(leg, some)
        return leg

    def scores(self, keys: Keys, weights: NDArray[np.float64]) -> Scores:
        """Score every chunk for a question's distinct grams; shape [chunks], >= 0."""
        scores = np.zeros(len(self.lengths), np.float32)
        if not len(scores) or not len(keys):
            return scores
        mean = max(float(self.lengths.mean()), 1.0)
        norms = (K1 * (1 - B + B * self.lengths / mean)).astype(np.float32)
        gains = (weights * self.rarity(keys) * (K1 + 1)).astype(np.float32)
        begins, ends = self._spans(keys)
        for gain, begin, end in zip(gains, begins, ends, strict=True):
            rows, counts = self.rows[begin:end], self.counts[begin:end].astype(np.float32)
            scores[rows] += gain * counts / (counts + norms[rows])
        return scores

    def rarity(self, keys: Keys) -> NDArray[np.float64]:
        """Give the idf of grams, in their order; > 0, the most for those that no chunk holds."""
        begins, ends = self._spans(keys)
        held = ends - begins
        idf: NDArray[np.float64] = np.log1p((len(self.lengths) - held + 0.5) / (held + 0.5))
        return idf

    def holding(self, keys: Keys) -> NDArray[np.int64]:
        """Give the chunks that hold all of some grams, of which there is one at least."""
        begins, ends = self._spans(keys)
        postings = [self.rows[begin:end] for begin, end in zip(begins, ends, strict=True)]
        postings.sort(key=len)
        rows = postings[0].astype(np.int64)
        for others in postings[1:]:
            if not len(rows):
                break
            found = np.minimum(np.searchsorted(others, rows), len(others) - 1)
            rows = rows[others[found] == rows]
        return rows

    def _spans(self, keys: Keys) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Give where each gram's postings begin and end; at one place if it has none."""
        if not len(self.grams):
            return np.zeros(len(keys), np.int64), np.zeros(len(keys), np.int64)
        places = np.minimum(np.searchsorted(self.grams, keys), len(self.grams) - 1)
        held = self.grams[places] == keys
        return self.ends[places], np.where(held, self.ends[places + 1], self.ends[places])

    def save(self, folder: Path) -> list[Path]:
        """Write one file a field; gives the files."""
        for name in KINDS:
            write_array(folder / FILE.format(name), getattr(self, name))
        return [folder / FILE.format(name) for name in KINDS]

    @classmethod
    def load(cls, folder: Path) -> Self:
        """Open what `save` wrote, memory-mapped.

        Raises:
            OSError, ValueError: a file is missing or not an array.
        """
        return cls(
            **{name: map_array(folder / FILE.format(name), kind) for name, kind in KINDS.items()}
        )


def _renumber(leg: LexicalLeg, moved: NDArray[np.int64], size: int) -> LexicalLeg:
    """Give a leg without the chunks that are gone, the others at their new rows."""
    kept = moved >= 0
    lengths = np.zeros(size, np.uint32)
    lengths[moved[kept]] = leg.lengths[kept]
    stays = kept[leg.rows]
    ends = np.append(0, np.cumsum(stays, dtype=np.int64))[leg.ends]
    alive = np.diff(ends) > 0
    return LexicalLeg(
        grams=leg.grams[alive],
        ends=np.append(0, ends[1:][alive]),
        rows=moved.astype(np.uint32)[leg.rows[stays]],
        counts=leg.counts[stays],
        lengths=lengths,
    )


def _join(leg: LexicalLeg, added: Sequence[tuple[int, str]]) -> LexicalLeg:
    """Give a leg with the postings of more chunks; their rows it has already, empty."""
    lengths = leg.lengths.copy()
    parts = []
    for row, text in added:
        keys = gram_keys(text)
        lengths[row] = len(keys)
        distinct, counts = np.unique(keys, return_counts=True)
        capped = np.minimum(counts, MOST_COUNTED).astype(np.uint8)
        parts.append((distinct, np.full(len(distinct), row, np.uint32), capped))
    new_grams, new_rows, new_counts = (np.concatenate(part) for part in zip(*parts, strict=True))
    order = np.lexsort((new_rows, new_grams))
    new_grams, new_rows, new_counts = new_grams[order], new_rows[order], new_counts[order]

    grams = np.union1d(leg.grams, new_grams)
    old_places, new_places = (np.searchsorted(grams, some) for some in (leg.grams, new_grams))
    sizes = np.bincount(new_places, minlength=len(grams))
    sizes[old_places] += np.diff(leg.ends)
    # One number a posting, ascending: its gram's place before its row.
    old_keys = np.repeat(old_places * len(lengths), np.diff(leg.ends)) + leg.rows
    before = np.searchsorted(old_keys, new_places * len(lengths) + new_rows)
    return LexicalLeg(
        grams=grams,
        ends=np.append(0, np.cumsum(sizes)),
        rows=np.insert(leg.rows, before, new_rows),
        counts=np.insert(leg.counts, before, new_counts),
        lengths=lengths,
    )
