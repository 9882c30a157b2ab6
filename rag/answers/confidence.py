"""How likely the passages answer the question: a logistic model of what retrieval saw.

Five signals: the best cosine, the share of the question's content words that one passage holds, the
best standardised score of each leg, and the logarithm of the index's size, because the best of many
is higher by chance. The weights are fitted by eval/fit_confidence.py, in vaults of five sizes, on
questions whose note is there or was taken away; figures in eval/LOG.md.
"""

import math
from collections.abc import Sequence

from rag.notes.grams import gram_keys
from rag.notes.language import content_words
from rag.types import Passage

BEST = 5
"""Passages looked at."""
ANSWERABLE = 0.35
"""Confidence below which the notes are said not to answer: a refusal of a question that the notes
answer costs a student more than quotes that miss, which stand there to be read."""

INTERCEPT = -3.517
WEIGHTS = {
    "cosine": 5.602,
    "coverage": 4.455,
    "dense_z": 0.192,
    "lexical_z": 0.541,
    "log_chunks": -0.951,
}


def signals(question: str, passages: Sequence[Passage], chunks: int) -> dict[str, float]:
    """Give the signals by name.

    Args:
        question: as it was asked.
        passages: what was found for it, best first; not empty.
        chunks: how many the index holds, from 1.
    """
    best = passages[:BEST]
    wanted = set(gram_keys(" ".join(content_words(question))).tolist())
    held = max(
        len(wanted.intersection(gram_keys(passage.chunk.indexed_text).tolist())) for passage in best
    )
    return {
        "cosine": max(passage.legs.dense for passage in best),
        "coverage": held / max(len(wanted), 1),
        "dense_z": max(passage.legs.dense_z for passage in best),
        "lexical_z": max(passage.legs.lexical_z for passage in best),
        "log_chunks": math.log(chunks),
    }


def confidence(question: str, passages: Sequence[Passage], chunks: int) -> float:
    """Give the probability that the passages answer the question, 0 to 1; 0 without passages."""
    if not passages:
        return 0.0
    found = signals(question, passages, chunks)
    logit = INTERCEPT + sum(WEIGHTS[name] * value for name, value in found.items())
    return 1 / (1 + math.exp(-logit))
