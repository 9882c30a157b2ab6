"""What is drawn how often: read from `mix.toml`, applied to pairs."""

import tomllib
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from eval.encoder.pairs import Pairs

DEFAULT = Path(__file__).with_name("mix.toml")

MOST_WORDS = 25
"""A pair is drawn in proportion to the square root of its English words, up to this many: labels of
buttons are many, and a sentence teaches more."""


@dataclass(frozen=True, slots=True)
class Mix:
    """The mix; see the comments in `mix.toml`."""

    languages: dict[str, float]
    english: float
    passage: float
    question: float
    exponent: float
    most: int
    weights: tuple[tuple[str, float], ...]
    question_mark: float

    def source_weight(self, source: str) -> float:
        """Give the weight of the first pattern that fits.

        Raises:
            ValueError: none fits.
        """
        for pattern, weight in self.weights:
            if fnmatchcase(source, pattern):
                return weight
        raise ValueError(f"no pattern of the mix fits the source {source!r}: add one, say `*`")


def read_mix(path: Path = DEFAULT) -> Mix:
    """Read a mix.

    Raises:
        KeyError, TypeError: something is missing, or unknown.
    """
    content = tomllib.loads(path.read_text(encoding="utf-8"))
    sources = dict(content["sources"])
    weights = tuple((str(pattern), float(weight)) for pattern, weight in sources.pop("weights"))
    total = sum(content["languages"].values())
    languages = {code: share / total for code, share in content["languages"].items()}
    return Mix(languages=languages, weights=weights, **content["examples"], **sources)


def pair_chances(pairs: Pairs, mix: Mix) -> NDArray[np.float64]:
    """Give the chance of each pair to be drawn: shape [pairs], sum 1."""
    counts = np.bincount(pairs.source, minlength=len(pairs.sources))
    weights = np.array([mix.source_weight(source) for source in pairs.sources])
    words = np.array([min(len(sentence.split()), MOST_WORDS) for sentence in pairs.english])
    each = weights * np.maximum(counts, 1) ** (mix.exponent - 1)
    chances = each[pairs.source] * np.sqrt(words)
    questions = np.array([sentence.endswith("?") for sentence in pairs.english])
    chances[questions] *= mix.question_mark
    total: float = chances.sum()
    return np.asarray(chances / total, dtype=np.float64)
