"""How likely the passages answer the question: a logistic model of what retrieval saw.

Four signals of the best passages: the cosine, the standardised scores of both legs, and the share
of the question's grams that they hold. The weights were fitted by eval/fit_confidence.py on
questions whose note was there or had been taken away; figures in eval/LOG.md.
"""

import math
from collections.abc import Sequence

from rag.notes.grams import gram_keys
from rag.types import Passage

BEST = 5
"""Passages looked at."""
ANSWERABLE = 0.5
"""Confidence below which the notes are said not to answer."""

INTERCEPT = 0.0
WEIGHTS = {"cosine": 1.0, "dense_z": 0.0, "lexical_z": 0.0, "coverage": 0.0}


def signals(question: str, passages: Sequence[Passage]) -> dict[str, float]:
    """Give the signals, each about -1 to 10; all 0 without passages."""
    best = passages[:BEST]
    if not best:
        return dict.fromkeys(WEIGHTS, 0.0)
    wanted = set(gram_keys(question).tolist())
    covered = max(
        len(wanted.intersection(gram_keys(passage.chunk.indexed_text).tolist())) for passage in best
    )
    return {
        "cosine": max(passage.legs.dense for passage in best),
        "dense_z": max(passage.legs.dense_z for passage in best),
        "lexical_z": max(passage.legs.lexical_z for passage in best),
        "coverage": covered / max(len(wanted), 1),
    }


def confidence(question: str, passages: Sequence[Passage]) -> float:
    """Give the probability that the passages answer the question, 0 to 1; 0 without passages."""
    if not passages:
        return 0.0
    found = signals(question, passages)
    logit = INTERCEPT + sum(WEIGHTS[name] * value for name, value in found.items())
    return 1 / (1 + math.exp(-logit))
