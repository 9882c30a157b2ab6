import numpy as np
import pytest

from rag.retrieval.fusion import DENSE, GRAMS, KNOWN, WORDS, fuse
from rag.types import Mode

Z = np.array([1.0, -2.0])
SHARES = np.array([0.3, 0.6])
NEAR = np.array([0.0, 0.9])


def test_both_legs() -> None:
    # known 0.7 makes the divisor 1.
    parts = fuse(Mode.HYBRID, Z, SHARES, NEAR, 1 - KNOWN)
    np.testing.assert_allclose(parts.dense, [DENSE, -2 * DENSE])
    np.testing.assert_allclose(parts.grams, [0.3 * GRAMS, 0.6 * GRAMS])
    np.testing.assert_allclose(parts.words, [0, 0.9 * WORDS])
    np.testing.assert_allclose(
        parts.score, [DENSE + 0.3 * GRAMS, -2 * DENSE + 0.6 * GRAMS + 0.9 * WORDS]
    )


@pytest.mark.parametrize(("mode", "silent"), [(Mode.DENSE, "grams"), (Mode.LEXICAL, "dense")])
def test_a_leg_that_does_not_rank_adds_nothing(mode: Mode, silent: str) -> None:
    parts = fuse(mode, Z, SHARES, NEAR, 0.5)
    assert not getattr(parts, silent).any()
    assert parts.words.any() == (mode is Mode.LEXICAL)
    assert parts.dense.any() == (mode is Mode.DENSE)


def test_a_match_counts_less_where_others_match_better() -> None:
    little, much = (fuse(Mode.HYBRID, Z, SHARES, NEAR, known) for known in (0.6, 1.2))
    assert (much.grams < little.grams).all()
    # But not in proportion: twice the best share does not halve what a share is worth.
    assert (much.grams > little.grams / 2).all()
