"""What keeps the first passages from all saying the same.

Chunks of one note compete with each other, and copies of a passage in two notes take one place.
"""

from collections import Counter
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from rag.notes.grams import Keys, gram_keys
from rag.types import Chunk

CROWDING = 0.25
"""What each better passage of the same note takes off a score. Twice as much costs golden, where
notes have many sections on one subject, .01 in recall@5, and so does a limit of two or three
passages a note; this costs nothing and gives up to .003 elsewhere (eval/LOG.md)."""
SAME = 0.7
"""Share of two passages' grams in both from which one is a copy of the other. Real copies have
0.88; the nearest others are overlapping chunks of one note, with 0.52."""

Floats = NDArray[np.float64]


def crowding(chunks: Sequence[Chunk], scores: Floats) -> Floats:
    """Give what better passages of the same note take off each score, >= 0; shape [chunks]."""
    taken = np.zeros(len(chunks))
    better: Counter[str] = Counter()
    for place in np.argsort(-scores, kind="stable"):
        path = chunks[place].path
        taken[place] = CROWDING * better[path]
        better[path] += 1
    return taken


def copies_last(texts: Sequence[str], count: int) -> list[int]:
    """Choose the first `count` texts that are no copies of better ones; then copies, if need be.

    Args:
        texts: best first.
        count: how many at most.

    Returns:
        Their places in `texts`.
    """
    kept: list[tuple[int, Keys]] = []
    copies = []
    for place, text in enumerate(texts):
        if len(kept) == count:
            break
        grams = np.unique(gram_keys(text))
        if any(_are_same(grams, other) for _, other in kept):
            copies.append(place)
        else:
            kept.append((place, grams))
    return ([place for place, _ in kept] + copies)[:count]


def _are_same(one: Keys, other: Keys) -> bool:
    # Lengths first: it is cheaper, and settles most.
    fewer, more = sorted((len(one), len(other)))
    if fewer < SAME * more:
        return False
    shared = len(np.intersect1d(one, other, assume_unique=True))
    return shared >= SAME * (fewer + more - shared)
