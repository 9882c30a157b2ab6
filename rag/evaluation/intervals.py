"""How sure a figure is, given how many questions it stands on."""

from statistics import NormalDist

import numpy as np
from numpy.typing import NDArray

CONFIDENCE = 0.95
RESAMPLES = 10_000
"""The usual number for percentile intervals: their ends then move by about a hundredth of their
width between seeds."""
SEED = 0
BLOCK = 1_000
"""Resamples drawn at once: 8 kB each for a thousand distinct differences."""

Interval = tuple[float, float]


def bootstrap_interval(differences: NDArray[np.float64]) -> Interval:
    """Give the percentile bootstrap interval of the mean of paired differences.

    Efron and Tibshirani 1993, "An Introduction to the Bootstrap", chapter 13. Questions are drawn
    with replacement. How often each distinct difference is drawn has a multinomial distribution, so
    that is drawn instead: most questions have the same difference, none.

    Args:
        differences: one a question, shape [questions], at least one.
    """
    values, counts = np.unique(differences, return_counts=True)
    generator = np.random.default_rng(SEED)
    shares = counts / len(differences)
    means = np.concatenate(
        [
            generator.multinomial(len(differences), shares, size=BLOCK) @ values / len(differences)
            for _ in range(RESAMPLES // BLOCK)
        ]
    )
    tail = (1 - CONFIDENCE) / 2
    low, high = np.quantile(means, [tail, 1 - tail])
    return float(low), float(high)


def wilson_interval(share: float, count: int) -> Interval:
    """Give the score interval of a share of `count` questions (Wilson 1927).

    Near 0 and 1, where good figures are, it holds what it promises (Brown, Cai and DasGupta 2001).
    """
    z = NormalDist().inv_cdf((1 + CONFIDENCE) / 2)
    middle = share + z * z / (2 * count)
    reach = z * ((share * (1 - share) + z * z / (4 * count)) / count) ** 0.5
    scale = 1 + z * z / count
    # It holds the share and stays between 0 and 1, both of which rounding would break at the ends.
    low, high = (middle - reach) / scale, (middle + reach) / scale
    return max(0.0, min(share, low)), min(1.0, max(share, high))
