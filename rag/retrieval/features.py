"""What the lexical leg sees in a chunk: the question's grams, and its words near one another.

Both are shares of the question, so a question whose words the notes do not know (because it is in
another language) weighs the lexical leg down by itself.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from rag.notes.grams import begins_word, fold_words, keys_of_words
from rag.notes.terms import Term

FEW_CHUNKS = 10
"""A language's mean is taken as if as many chunks more had the mean of all: a lone German note has
no mean of its own."""
NEAR = 7
"""Words to either side within which the words of a question count together. 4 and 15 measured as
well; the whole passage half a point to a point worse (eval/LOG.md)."""
HEADING = 0.15
"""What the question's words weigh in the heading above a chunk, beside its text, which begins with
the heading too. Figures in eval/LOG.md."""

Floats = NDArray[np.float64]


def above_language(shares: Floats, languages: NDArray[np.int64]) -> Floats:
    """Subtract from each chunk's score the mean over the chunks in its language.

    Chunks in the question's own language share its word endings and small words, whatever they
    speak of; those in another language would drown under them.

    Args:
        shares: shape [chunks].
        languages: of each chunk, as a number from 0; shape [chunks].
    """
    sizes = np.bincount(languages)
    sums = np.bincount(languages, shares)
    means = (sums + FEW_CHUNKS * shares.mean()) / (sizes + FEW_CHUNKS)
    above: Floats = shares - means[languages]
    return above


def share_of_words(terms: Sequence[Term], rarities: Floats, texts: Sequence[str]) -> Floats:
    """Say how much of a question stands within a few words of each text.

    A word of the question is found as well as its grams are found in one word of the text: the
    square of their share, so that an inflection counts almost whole and scattered grams next to
    nothing. Each is weighed by its rarity and its emphasis.

    Args:
        terms: the question's words; shape [terms].
        rarities: of each, > 0; shape [terms].
        texts: shape [texts].

    Returns:
        Of each text, >= 0; 1 where all words stand together and none has emphasis. Shape [texts].
    """
    if not terms:
        return np.zeros(len(texts))
    folded = [fold_words(text) for text in texts]
    lengths = np.array([words.count(" ") + 1 if words else 0 for words in folded], np.int64)
    found = _find(terms, keys_of_words(" ".join(filter(None, folded))), int(lengths.sum()))
    # NEAR empty places part two texts, so that no window reaches into both.
    text_of_word = np.repeat(np.arange(len(texts)), lengths)
    places = np.arange(len(text_of_word)) + NEAR * (text_of_word + 1)
    spread = np.zeros((len(terms), len(text_of_word) + NEAR * (len(texts) + 2)), np.float32)
    spread[:, places] = found**2
    weights = rarities * [term.weight for term in terms]
    windows = _greatest_of(2 * NEAR + 1, spread)[:, places - NEAR]
    gains = (weights * [term.emphasis for term in terms]) @ windows
    best = np.zeros(len(texts))
    np.maximum.at(best, text_of_word, gains)
    share: Floats = best / weights.sum()
    return share


def _greatest_of(size: int, values: NDArray[np.float32]) -> NDArray[np.float32]:
    """Give the greatest of each `size` neighbours in a row, found by doubling."""
    reach = 1
    while reach < size:
        step = min(reach, size - reach)
        values = np.maximum(values[:, :-step], values[:, step:])
        reach += step
    return values


def _find(terms: Sequence[Term], keys: NDArray[np.uint64], words: int) -> NDArray[np.float32]:
    """Give the share of each term's grams that each word of a text holds; shape [terms, words]."""
    found = np.zeros((len(terms), words), np.float32)
    word_of_key = np.cumsum(begins_word(keys)) - 1
    wanted = np.unique(np.concatenate([term.grams for term in terms]))
    places = np.minimum(np.searchsorted(wanted, keys), len(wanted) - 1)
    hits = wanted[places] == keys
    # A gram twice in one word is still one of the term's.
    pairs = np.unique(word_of_key[hits] * len(wanted) + places[hits])
    word_of_hit, place_of_hit = np.divmod(pairs, len(wanted))
    for number, term in enumerate(terms):
        own = np.isin(wanted, term.grams, assume_unique=True)[place_of_hit]
        found[number] = np.bincount(word_of_hit[own], minlength=words) / len(term.grams)
    return found
