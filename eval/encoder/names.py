"""Made-up names, acronyms and numbers, to be carried through whatever language stands around them.

Questions about an encyclopaedia or about notes turn on names that no training text has. A name that
is put at the same place into a sentence and its translation teaches the student to keep it, and
gives every piece of the vocabulary some practice.
"""

import re

import numpy as np
from tokenizers import Tokenizer

LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
LEAST_LETTERS = 3
"""Of the first piece of a name; of the others one less."""


class NameMaker:
    """Makes names out of the pieces of a vocabulary.

    Args:
        tokenizer: WordPiece, with `##` before a piece that continues a word.
    """

    def __init__(self, tokenizer: Tokenizer) -> None:
        pieces = sorted(tokenizer.get_vocab())
        first = re.compile(rf"[a-z]{{{LEAST_LETTERS},}}")
        other = re.compile(rf"##[a-z]{{{LEAST_LETTERS - 1},}}")
        self._first = [piece for piece in pieces if first.fullmatch(piece)]
        self._other = [piece[2:] for piece in pieces if other.fullmatch(piece)]

    def make(self, rng: np.random.Generator) -> str:
        """Make a name of one or two words, an acronym, a year or another number."""
        kind = rng.random()
        if kind < 0.55:
            return " ".join(self._word(rng) for _ in range(rng.integers(1, 3)))
        if kind < 0.75:
            return "".join(
                LETTERS[place] for place in rng.integers(len(LETTERS), size=rng.integers(2, 6))
            )
        return str(rng.integers(1000, 2030) if kind < 0.9 else rng.integers(2, 100_000))

    def _word(self, rng: np.random.Generator) -> str:
        word = self._first[rng.integers(len(self._first))]
        for _ in range(rng.integers(3)):
            if self._other:
                word += self._other[rng.integers(len(self._other))]
        return word.capitalize()


def insert(text: str, name: str, where: float) -> str:
    """Put a name between two words of a text, at a share of its length from 0 to 1."""
    words = text.split(" ")
    words.insert(round(where * len(words)), name)
    return " ".join(words)
