"""Mistakes that people make when they type. Case and diacritics the tokenizer removes anyway."""

import numpy as np

WORDS_PER_TYPO = 8
SHORTEST = 4
"""Letters of a word that gets a typo: in a shorter one it makes another word."""


def add_typos(text: str, rng: np.random.Generator) -> str:
    """Put about one typo in eight words: two letters swapped, one dropped, doubled or changed."""
    words = text.split(" ")
    places = [place for place, word in enumerate(words) if len(word) >= SHORTEST]
    if not places:
        return text
    count = max(1, round(len(words) / WORDS_PER_TYPO))
    for place in rng.choice(places, min(count, len(places)), replace=False):
        words[place] = misspell(words[place], rng)
    return " ".join(words)


def misspell(word: str, rng: np.random.Generator) -> str:
    """Change a word of two letters or more by one typo; its first letter stays."""
    place = int(rng.integers(1, len(word)))
    before, letter, after = word[:place], word[place], word[place + 1 :]
    match rng.integers(4):
        case 0:
            return before[:-1] + letter + before[-1] + after
        case 1:
            return before + after
        case 2:
            return before + letter * 2 + after
        case _:
            return before + "abcdefghijklmnopqrstuvwxyz"[rng.integers(26)] + after


def key_words(text: str, rng: np.random.Generator) -> str:
    """Keep some of the longer words, in their order, as people type into a search box."""
    words = text.split(" ")
    long = [place for place, word in enumerate(words) if len(word) >= SHORTEST]
    if len(long) < 3:
        return text
    kept = rng.choice(long, max(2, round(len(long) * rng.uniform(0.4, 0.8))), replace=False)
    return " ".join(words[place].strip(".,;:!?()") for place in sorted(kept.tolist()))
