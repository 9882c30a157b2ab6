"""How likely the passages answer the question: a logistic model of what retrieval saw.

The signals are the best cosine, the share of the question's content words that one passage holds,
both of the first passage alone, the standardised scores of both legs, the share of the question's
names that no passage has, and whether the first passage is in the question's language: across
languages letters say little and cosines are lower. The logarithm of the index's size corrects them,
because the best of many is higher by chance. What is still to be done (`- [ ] ...`) answers nothing
and is left out. The weights are fitted by eval/fit_confidence.py; figures in eval/LOG.md.
"""

import math
import re
from collections.abc import Sequence

import numpy as np

from rag.notes.grams import gram_keys
from rag.notes.language import detect_language
from rag.notes.terms import FUNCTION_WEIGHT, NAME_EMPHASIS, Term, find_terms
from rag.types import Passage

BEST = 5
"""Passages looked at."""
ANSWERABLE = 0.3
"""Confidence below which the notes are said not to answer: a refusal of a question that the notes
answer costs a student more than quotes that miss, which stand there to be read."""

INTERCEPT = -4.234
WEIGHTS = {
    "cosine": 0.999,
    "coverage": 1.117,
    "dense_z": 0.115,
    "lexical_z": 0.343,
    "log_chunks": -0.887,
    "first_coverage": 4.823,
    "first_cosine": 4.171,
    "same_language": 0.851,
    "cosine_across": 8.038,
    "coverage_across": -1.914,
    "names_lacking": -1.315,
}

_TODO = re.compile(r"^[ \t>]*[-*+] \[ \] [^\n]*$", re.MULTILINE)


def signals(question: str, passages: Sequence[Passage], chunks: int) -> dict[str, float]:
    """Give the signals by name.

    Args:
        question: as it was asked.
        passages: what was found for it, best first; not empty.
        chunks: how many the index holds, from 1.
    """
    best = passages[:BEST]
    words = [term for term in find_terms(question) if term.weight > FUNCTION_WEIGHT]
    held = [_share_held(words, _done(passage)) for passage in best]
    names = [term for term in words if term.emphasis == NAME_EMPHASIS]
    lacking = 0.0
    if names:
        lacking = 1 - max(_share_held(names, passage.chunk.indexed_text) for passage in best)
    language = detect_language(question, best[0].chunk.language)
    is_same = float(best[0].chunk.language == language)
    coverage, cosine = max(held), max(passage.legs.dense for passage in best)
    return {
        "cosine": cosine,
        "coverage": coverage,
        "dense_z": max(passage.legs.dense_z for passage in best),
        "lexical_z": max(passage.legs.lexical_z for passage in best),
        "log_chunks": math.log(chunks),
        "first_coverage": held[0],
        "first_cosine": best[0].legs.dense,
        "same_language": is_same,
        "cosine_across": (1 - is_same) * cosine,
        "coverage_across": (1 - is_same) * coverage,
        "names_lacking": lacking,
    }


def _done(passage: Passage) -> str:
    """Give what a passage says, without what is still to be done."""
    text = passage.chunk.text
    if "[ ]" not in text:
        return passage.chunk.indexed_text
    return "\n".join((passage.chunk.title, *passage.chunk.headings, _TODO.sub("", text)))


def confidence(question: str, passages: Sequence[Passage], chunks: int) -> float:
    """Give the probability that the passages answer the question, 0 to 1; 0 without passages."""
    if not passages:
        return 0.0
    found = signals(question, passages, chunks)
    logit = INTERCEPT + sum(weight * found[name] for name, weight in WEIGHTS.items())
    return 1 / (1 + math.exp(-logit))


def _share_held(words: Sequence[Term], text: str) -> float:
    """Give the share of the words that a text holds, names above all; in part for some grams."""
    held = gram_keys(text)
    found = sum(word.emphasis * np.isin(word.grams, held).mean() for word in words)
    return float(found / max(sum(word.emphasis for word in words), 1.0))
