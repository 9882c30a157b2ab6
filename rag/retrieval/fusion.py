"""How the legs are added up: dense deviations, plus what grams and words say.

    score = DENSE * dense_z + (GRAMS * grams + WORDS * words) / (KNOWN + known)

The dense leg counts in standard deviations above its mean over all chunks, as in a convex
combination (Bruch, Gai and Ingber 2023, "An Analysis of Fusion Functions for Hybrid Retrieval").
The lexical leg counts by the share of the question that a chunk holds: its BM25 beside that of a
chunk of mean length that holds every gram once (their "theoretical" scaling). `known` is the best
such share of all chunks. With KNOWN at 0 a question of which the notes know two grams would weigh
them like a whole match, as standardised scores do; without the division, cognates would count for
little in a question from another language. Between the two is best, for all sets: eval/LOG.md.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from rag.types import Mode

DENSE = 0.5
GRAMS = 3.0
WORDS = 2.5
"""Fitted on halves of the questions, beside 0.5 of dense: 2.6 to 3.1 and 1.3 to 1.9, where each
question counts by the probability of its passage; these are round figures with a better rank 1. For
grams 2 to 4 and words 2 to 4 the mean reciprocal rank differs by less than .003. Only their ratio
orders; their size keeps the scale for which the extractive answers were tuned."""
KNOWN = 0.3
"""From 0.15 to 0.6 the mean reciprocal rank differs by .001."""

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Parts:
    """What each part adds to the score of some chunks; each of shape [chunks]."""

    dense: Floats
    grams: Floats
    words: Floats

    @property
    def score(self) -> Floats:
        """The sum."""
        total: Floats = self.dense + self.grams + self.words
        return total


def fuse(mode: Mode, dense_z: Floats, grams: Floats, words: Floats, known: float) -> Parts:
    """Weigh the legs.

    Args:
        mode: which legs rank; the others add 0.
        dense_z: cosines in standard deviations above the mean over all chunks.
        grams: shares of the question's grams, above the mean of the chunk's language.
        words: shares of the question's words.
        known: the best share of the question's grams of all chunks, >= 0.
    """
    nothing = np.zeros(len(grams))
    ranks_lexical = mode is not Mode.DENSE
    return Parts(
        dense=DENSE * dense_z if mode is not Mode.LEXICAL else nothing,
        grams=GRAMS / (KNOWN + known) * grams if ranks_lexical else nothing,
        words=WORDS / (KNOWN + known) * words if ranks_lexical else nothing,
    )
