"""The seam to embedding models: texts in, unit vectors out."""

from collections.abc import Sequence
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

Vectors = NDArray[np.float32]
"""Shape [texts, dimension], rows of length 1, so that an inner product is a cosine."""


class Encoder(Protocol):
    """Turns questions and passages into vectors of one space."""

    @property
    def name(self) -> str:
        """As the user writes it: `embedded`, or a sentence-transformers name or folder."""

    @property
    def fingerprint(self) -> str:
        """Equal only for encoders that give equal vectors; the index remembers it."""

    @property
    def dimension(self) -> int:
        """Numbers in a vector."""

    @property
    def max_tokens(self) -> int:
        """Tokens of a passage that are read, special ones not counted; the rest is cut off."""

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        """Count each text's tokens, special ones not counted, uncut."""

    def encode_passages(self, texts: Sequence[str]) -> Vectors:
        """Embed passages, in the order given; `[0, dimension]` for no texts."""

    def encode_questions(self, texts: Sequence[str]) -> Vectors:
        """Embed questions, in the order given; `[0, dimension]` for no texts."""
