"""An encoder without a model: hashed words, so that texts that share words are near each other.

It keeps the whole contract of `rag.encoders.Encoder`, is the same in every process, and counts what
it embedded.
"""

import re
import zlib
from collections.abc import Sequence

import numpy as np

from rag.encoders import Vectors

_WORD = re.compile(r"\w+")


class FakeEncoder:
    """Each word adds 1 or -1 at a place that follows from its checksum; rows have length 1."""

    def __init__(self, name: str = "fake", *, dimension: int = 32, max_tokens: int = 40) -> None:
        self.name = name
        self.dimension = dimension
        self.max_tokens = max_tokens
        self.passages_embedded = 0
        self.questions_embedded = 0

    @property
    def fingerprint(self) -> str:
        return f"{self.name}-{self.dimension}-{self.max_tokens}"

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        return [len(_WORD.findall(text)) for text in texts]

    def encode_passages(self, texts: Sequence[str]) -> Vectors:
        self.passages_embedded += len(texts)
        return self._embed(texts)

    def encode_questions(self, texts: Sequence[str]) -> Vectors:
        self.questions_embedded += len(texts)
        return self._embed(texts)

    def _embed(self, texts: Sequence[str]) -> Vectors:
        vectors = np.zeros((len(texts), self.dimension), np.float32)
        # What all texts share: no row is zero, and no two texts are quite unlike.
        vectors[:, 0] = 1
        for vector, text in zip(vectors, texts, strict=True):
            for word in _WORD.findall(text.casefold())[: self.max_tokens]:
                checksum = zlib.crc32(word.encode())
                place = 1 + checksum % (self.dimension - 1)
                vector[place] += 1 if checksum & 1 << 16 else -1
        lengths: Vectors = np.linalg.norm(vectors, axis=1, keepdims=True)
        return vectors / lengths
