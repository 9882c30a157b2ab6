"""What a question is about: its words, and what each weighs when notes are searched for it.

A function word says little, and in a vault of several languages it only draws chunks of the
question's own. A name (`RLHF`, `GPT-3`, `AdaBoost`) says most: it is spelled alike in every
language, and a passage without it seldom answers.
"""

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from rag.notes.grams import Keys, gram_keys
from rag.notes.language import content_words

FUNCTION_WEIGHT = 0.2
"""Of a function word, beside 1. From 0.5 to 0 the fused figures move by less than a point; 1 costs
two to eight across languages in a vault of several (eval/LOG.md)."""
NAME_EMPHASIS = 3.0
CAPITAL_EMPHASIS = 2.0
"""Of a word with a digit or a capital behind its first letter, and of one with a capital that does
not begin the question; the weights that the refusal of questions was fitted with (eval/LOG.md)."""

_WORD = re.compile(r"[^\W_](?:[^\W_]|[\u0300-\u036f])*")
"""Letters and digits; a mark may stand behind its letter."""
_PARTS = re.compile(r"^[^\W\d_]{2,}(?=\d+$)|(?<=[^\W\d_]{2})\d+$")
"""Of `gpt2`, which notes write as `GPT-2`."""


@dataclass(frozen=True, slots=True, eq=False)
class Term:
    """A word of a question."""

    grams: Keys
    """Its distinct grams, ascending; at least one."""
    weight: float
    """1, or FUNCTION_WEIGHT."""
    emphasis: float
    """1, CAPITAL_EMPHASIS or NAME_EMPHASIS."""


def find_terms(question: str) -> list[Term]:
    """Give the words of a question, in order, each once."""
    terms: dict[bytes, Term] = {}
    for number, word in enumerate(_WORD.findall(unicodedata.normalize("NFKC", question))):
        for part in (word, *_PARTS.findall(word)):
            grams = np.unique(gram_keys(part))
            if not len(grams):
                continue
            term = _weigh(part, grams, is_first=number == 0)
            known = terms.get(grams.tobytes())
            if known is None or known.emphasis < term.emphasis:
                terms[grams.tobytes()] = term
    return list(terms.values())


def _weigh(word: str, grams: Keys, *, is_first: bool) -> Term:
    if not content_words(word):
        return Term(grams, FUNCTION_WEIGHT, 1.0)
    if any(c.isdigit() for c in word) or any(c.isupper() for c in word[1:]):
        return Term(grams, 1.0, NAME_EMPHASIS)
    return Term(grams, 1.0, CAPITAL_EMPHASIS if word[0].isupper() and not is_first else 1.0)


def weigh_grams(terms: Sequence[Term]) -> tuple[Keys, NDArray[np.float64]]:
    """Give the distinct grams of words, ascending, with the greatest weight that each has."""
    if not terms:
        return np.empty(0, np.uint64), np.empty(0)
    keys, places = np.unique(np.concatenate([term.grams for term in terms]), return_inverse=True)
    weights = np.zeros(len(keys))
    each = [np.full(len(term.grams), term.weight) for term in terms]
    np.maximum.at(weights, places, np.concatenate(each))
    return keys, weights
