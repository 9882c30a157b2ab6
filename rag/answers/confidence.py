"""How likely the passages answer the question: a logistic model of what retrieval saw.

Five signals: the best cosine, the share of the question's content words that one passage holds, the
best standardised score of each leg, and the logarithm of the index's size, because the best of many
is higher by chance. The weights are fitted by eval/fit_confidence.py, in vaults of five sizes, on
questions whose note is there or was taken away; figures in eval/LOG.md.
"""

import math
import re
from collections.abc import Sequence

from rag.notes.grams import gram_keys
from rag.notes.language import content_words
from rag.types import Passage

BEST = 5
"""Passages looked at."""
ANSWERABLE = 0.35
"""Confidence below which the notes are said not to answer: a refusal of a question that the notes
answer costs a student more than quotes that miss, which stand there to be read."""

INTERCEPT = -2.715
WEIGHTS = {
    "cosine": 6.008,
    "coverage": 4.718,
    "dense_z": 0.14,
    "lexical_z": 0.497,
    "log_chunks": -1.127,
}

_WORD = re.compile(r"[^\W_]+")
_NAME = re.compile(r"\d|(?<=\w)[^\W\d_a-zà-öø-ÿăâîșțąćęłńóśźż]")
"""A word with a digit or a capital behind its first letter: `GPT-3`, `RLHF`, `AdaBoost`."""
NAME_WEIGHT = 3.0
CAPITAL_WEIGHT = 2.0
"""What the answer must speak of: a name weighs as much as three plain words, a capital as two. On
golden this took false answers from .24 to .16 and false refusals from .14 to .12."""


def signals(question: str, passages: Sequence[Passage], chunks: int) -> dict[str, float]:
    """Give the signals by name.

    Args:
        question: as it was asked.
        passages: what was found for it, best first; not empty.
        chunks: how many the index holds, from 1.
    """
    best = passages[:BEST]
    words = _weigh_words(question)
    held = max(_weight_held(words, passage.chunk.indexed_text) for passage in best)
    return {
        "cosine": max(passage.legs.dense for passage in best),
        "coverage": held / max(sum(weight for _, weight in words), 1.0),
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


def _weigh_words(question: str) -> list[tuple[set[int], float]]:
    """Give the content words of a question as grams, each with its weight."""
    words = []
    for number, word in enumerate(_WORD.findall(question)):
        if not content_words(word):
            continue
        weight = 1.0
        if _NAME.search(word):
            weight = NAME_WEIGHT
        elif word[0].isupper() and number:
            weight = CAPITAL_WEIGHT
        words.append((set(gram_keys(word).tolist()), weight))
    return words


def _weight_held(words: Sequence[tuple[set[int], float]], text: str) -> float:
    """Add up the weights of the words that a text holds, in part for some of their grams."""
    held = set(gram_keys(text).tolist())
    return sum(weight * len(grams & held) / max(len(grams), 1) for grams, weight in words)
