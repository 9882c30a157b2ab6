"""Unit vectors that lie as those of the embedded encoder do, in any number.

A chunk is a topic, a narrower one within it, and something of its own, each drawn from a normal
distribution with the spectrum that the encoder's vectors of 1,900 passages of XQuAD, PoQuAD, SQuAD
in Portuguese and FaQuAD have. There the nearest other passage has a cosine of .46 / .69 / .91 (5th,
50th and 95th percentile), and the best passage for a question one of .44 / .62 / .79.
"""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

DIMENSION = 384
TOPIC, NARROWER, OWN = 0.4, 0.25, 0.35
"""Shares of a chunk's variance."""
CHUNKS_PER_TOPIC, CHUNKS_PER_NARROWER = 50, 6
LIKENESS = 0.64
"""Of a question with the chunk that it is made from."""
_BLOCK = 65_536

Vectors = NDArray[np.float32]


def _spectrum() -> NDArray[np.float32]:
    """Give the standard deviation along each axis; fits singular values 0, 10, 50, 100 and 200."""
    return (1 / (1 + np.arange(DIMENSION) / 20) ** 0.9).astype(np.float32)


def _draw(source: np.random.Generator, count: int) -> Vectors:
    drawn = source.standard_normal((count, DIMENSION), np.float32) * _spectrum()
    scaled: Vectors = drawn / np.sqrt((_spectrum() ** 2).sum())
    return scaled


def _to_unit(vectors: Vectors) -> Vectors:
    unit: Vectors = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    return unit


def make_chunks(file: Path, count: int) -> Vectors:
    """Write so many vectors to a file; gives them memory-mapped, shape [count, 384]."""
    source = np.random.default_rng(1)
    topics = _draw(source, max(1, count // CHUNKS_PER_TOPIC))
    narrower = _draw(source, max(1, count // CHUNKS_PER_NARROWER))
    topic_of = source.integers(len(topics), size=len(narrower))
    chunks = np.memmap(file, np.float32, "w+", shape=(count, DIMENSION))
    for start in range(0, count, _BLOCK):
        size = min(_BLOCK, count - start)
        which = source.integers(len(narrower), size=size)
        chunks[start : start + size] = _to_unit(
            TOPIC**0.5 * topics[topic_of[which]]
            + NARROWER**0.5 * narrower[which]
            + OWN**0.5 * _draw(source, size)
        )
    return chunks


def make_questions(chunks: Vectors, count: int) -> Vectors:
    """Make questions that each are about one of the chunks; shape [count, 384]."""
    source = np.random.default_rng(2)
    about = chunks[np.sort(source.choice(len(chunks), count, replace=False))]
    return _to_unit(LIKENESS * about + (1 - LIKENESS**2) ** 0.5 * _draw(source, count))
