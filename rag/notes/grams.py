"""Character 4-grams within words: what the lexical leg and the sentence ranking compare.

A word with its two borders gives its 4-grams (`rețea`: `_ret rete etea tea_`), so that inflection
and lost diacritics cost a few grams instead of the whole word.
"""

import re

import numpy as np
from numpy.typing import NDArray

from rag.notes.folding import fold

GRAM = 4
_BITS = 16
"""Bits of a character in a gram's key; characters beyond the Basic Multilingual Plane lose some."""
_APART = re.compile(r"[\W_]+")

Keys = NDArray[np.uint64]


def gram_keys(text: str) -> Keys:
    """Give the grams of a text, in order and with repeats, as numbers."""
    return keys_of_words(fold_words(text))


def fold_words(text: str) -> str:
    """Give the folded words of a text, with one space between two."""
    return _APART.sub(" ", fold(text)).strip()


def keys_of_words(words: str) -> Keys:
    """Give the grams of what `fold_words` gave; more of it may be joined with a space."""
    words = f" {words} "
    codes = np.frombuffer(words.encode("utf-32-le", "replace"), dtype=np.uint32).astype(np.uint64)
    codes &= np.uint64((1 << _BITS) - 1)
    if len(codes) < GRAM - 1:
        return np.empty(0, dtype=np.uint64)
    codes = np.append(codes, np.uint64(ord(" ")))
    keys = np.zeros(len(codes) - GRAM + 1, dtype=np.uint64)
    for place in range(GRAM):
        keys |= codes[place : place + len(keys)] << np.uint64(_BITS * (GRAM - 1 - place))
    letter = codes != ord(" ")
    first, second, third = (letter[place : place + len(keys)] for place in range(GRAM - 1))
    # A gram may begin and end with a border but hold none; a word of one letter is `_a__`.
    alone = second & ~first & ~third
    keys[alone] = keys[alone] >> np.uint64(_BITS) << np.uint64(_BITS) | np.uint64(ord(" "))
    found: Keys = keys[second & third | alone]
    return found


def begins_word(keys: Keys) -> NDArray[np.bool_]:
    """Say of each gram whether it is the first of its word: each word has one with that border."""
    first: NDArray[np.bool_] = keys >> np.uint64(_BITS * (GRAM - 1)) == np.uint64(ord(" "))
    return first
