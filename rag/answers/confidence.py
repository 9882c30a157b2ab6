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

from rag.notes.grams import gram_keys
from rag.notes.language import content_words, detect_language
from rag.notes.terms import CAPITAL_EMPHASIS, NAME_EMPHASIS
from rag.types import Passage

BEST = 5
"""Passages looked at."""
ANSWERABLE = 0.3
"""Confidence below which the notes are said not to answer: a refusal of a question that the notes
answer costs a student more than quotes that miss, which stand there to be read."""

INTERCEPT = -4.254
WEIGHTS = {
    "cosine": 1.046,
    "coverage": 1.057,
    "dense_z": 0.125,
    "lexical_z": 0.344,
    "log_chunks": -0.888,
    "first_coverage": 4.905,
    "first_cosine": 4.018,
    "same_language": 0.866,
    "cosine_across": 8.055,
    "coverage_across": -1.981,
    "names_lacking": -1.312,
}

_WORD = re.compile(r"[^\W_]+")
_NAME = re.compile(r"\d|(?<=\w)[^\W\d_a-zà-öø-ÿăâîșțąćęłńóśźż]")
"""A word with a digit or a capital behind its first letter: `GPT-3`, `RLHF`, `AdaBoost`."""
_TODO = re.compile(r"^[ \t>]*[-*+] \[ \] [^\n]*$", re.MULTILINE)


def signals(question: str, passages: Sequence[Passage], chunks: int) -> dict[str, float]:
    """Give the signals by name.

    Args:
        question: as it was asked.
        passages: what was found for it, best first; not empty.
        chunks: how many the index holds, from 1.
    """
    best = passages[:BEST]
    words = _weigh_words(question)
    total = max(sum(weight for _, weight in words), 1.0)
    held = [_weight_held(words, _done(passage)) / total for passage in best]
    names = [(grams, weight) for grams, weight in words if weight == NAME_EMPHASIS]
    lacking = 0.0
    if names:
        most = max(_weight_held(names, passage.chunk.indexed_text) for passage in best)
        lacking = 1 - most / (NAME_EMPHASIS * len(names))
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


def _weigh_words(question: str) -> list[tuple[set[int], float]]:
    """Give the content words of a question as grams, each with its weight."""
    words = []
    for number, word in enumerate(_WORD.findall(question)):
        if not content_words(word):
            continue
        weight = 1.0
        if _NAME.search(word):
            weight = NAME_EMPHASIS
        elif word[0].isupper() and number:
            weight = CAPITAL_EMPHASIS
        words.append((set(gram_keys(word).tolist()), weight))
    return words


def _weight_held(words: Sequence[tuple[set[int], float]], text: str) -> float:
    """Add up the weights of the words that a text holds, in part for some of their grams."""
    held = set(gram_keys(text).tolist())
    return sum(weight * len(grams & held) / max(len(grams), 1) for grams, weight in words)
