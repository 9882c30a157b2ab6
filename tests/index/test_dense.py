from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from rag.index.dense import BLOCK, DenseLeg

DIMENSION = 16


def unit_vectors(count: int, seed: int = 5) -> NDArray[np.float32]:
    # Off the origin, so that the mean cosine is not just zero.
    vectors = np.random.default_rng(seed).normal(0.3, 1, (count, DIMENSION))
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    unit: NDArray[np.float32] = (vectors / lengths).astype(np.float32)
    return unit


def leg_of(vectors: NDArray[np.float32]) -> DenseLeg:
    return DenseLeg.build(len(vectors), vectors.shape[1], vectors.__getitem__)


def test_the_nearest_come_first_with_their_cosines() -> None:
    leg = leg_of(np.eye(3, dtype=np.float32))
    rows, cosines = leg.nearest(np.array([0.6, 0, 0.8], np.float32), 2, None)
    assert rows.tolist() == [2, 0]
    np.testing.assert_allclose(cosines, [0.8, 0.6], rtol=1e-6)


def test_the_nearest_are_those_of_all_cosines() -> None:
    vectors, question = unit_vectors(50), unit_vectors(1, seed=9)[0]
    rows, cosines = leg_of(vectors).nearest(question, 10, None)
    plain = vectors @ question
    assert rows.tolist() == np.argsort(-plain)[:10].tolist()
    np.testing.assert_allclose(cosines, plain[rows], rtol=1e-5)


def test_more_vectors_than_are_read_at_once() -> None:
    vectors, question = unit_vectors(2 * BLOCK + 5), unit_vectors(1, seed=9)[0]
    leg = leg_of(vectors)
    rows, _ = leg.nearest(question, 10, None)
    plain = vectors.astype(np.float64) @ question.astype(np.float64)
    assert rows.tolist() == np.argsort(-plain)[:10].tolist()
    np.testing.assert_allclose(leg.spread(question), (plain.mean(), plain.std()), atol=1e-6)


def test_a_filter_is_kept_and_filled() -> None:
    vectors, question = unit_vectors(50), unit_vectors(1, seed=9)[0]
    allowed = np.zeros(50, dtype=bool)
    allowed[[3, 11, 12, 40, 49]] = True
    rows, _ = leg_of(vectors).nearest(question, 10, allowed)
    plain = np.where(allowed, vectors @ question, -2)
    assert rows.tolist() == np.argsort(-plain)[:5].tolist()
    rows, _ = leg_of(vectors).nearest(question, 2, allowed)
    assert rows.tolist() == np.argsort(-plain)[:2].tolist()


@pytest.mark.parametrize(
    ("stored", "allowed", "count", "found"),
    [(0, None, 5, 0), (3, None, 5, 3), (3, [False] * 3, 5, 0), (3, [True] * 3, 2, 2)],
)
def test_how_many_are_found(
    stored: int, allowed: list[bool] | None, count: int, found: int
) -> None:
    leg = leg_of(unit_vectors(stored))
    mask = None if allowed is None else np.array(allowed)
    rows, cosines = leg.nearest(unit_vectors(1)[0], count, mask)
    assert len(rows) == len(cosines) == found


def test_spread_is_mean_and_deviation_of_all_cosines() -> None:
    vectors = unit_vectors(500)
    leg = leg_of(vectors)
    for question in unit_vectors(5, seed=9):
        plain = vectors.astype(np.float64) @ question.astype(np.float64)
        np.testing.assert_allclose(leg.spread(question), (plain.mean(), plain.std()), atol=1e-6)


def test_spread_by_hand() -> None:
    # Cosines 0.6 and 0.8: mean 0.7, deviation 0.1.
    leg = leg_of(np.eye(2, dtype=np.float32))
    np.testing.assert_allclose(leg.spread(np.array([0.6, 0.8], np.float32)), (0.7, 0.1), atol=1e-7)


def test_spread_without_vectors_or_difference() -> None:
    question = unit_vectors(1)[0]
    assert leg_of(unit_vectors(0)).spread(question) == (0, 0)
    mean, deviation = leg_of(np.tile(question, (9, 1))).spread(question)
    assert mean == pytest.approx(1)
    assert deviation == pytest.approx(0, abs=1e-3)


def test_cosines_and_vectors_keep_the_order_asked_for() -> None:
    vectors, question = unit_vectors(20), unit_vectors(1, seed=9)[0]
    leg = leg_of(vectors)
    rows = np.array([7, 0, 19, 7])
    np.testing.assert_array_equal(leg.vectors(rows), vectors[rows])
    np.testing.assert_allclose(leg.cosines(question, rows), vectors[rows] @ question, rtol=1e-6)
    assert leg.cosines(question, np.empty(0, np.int64)).shape == (0,)


@pytest.mark.parametrize("count", [0, 30])
def test_save_and_load(tmp_path: Path, count: int) -> None:
    leg, question = leg_of(unit_vectors(count)), unit_vectors(1, seed=9)[0]
    files = leg.save(tmp_path)
    assert sorted(tmp_path.iterdir()) == sorted(files)
    loaded = DenseLeg.load(tmp_path)
    assert len(loaded) == count
    assert (
        loaded.nearest(question, 5, None)[0].tolist() == leg.nearest(question, 5, None)[0].tolist()
    )
    assert loaded.spread(question) == leg.spread(question)


def test_what_was_not_saved_is_not_loaded(tmp_path: Path) -> None:
    files = leg_of(unit_vectors(3)).save(tmp_path)
    for file in files:
        content = file.read_bytes()
        file.write_bytes(content[:10])
        with pytest.raises((OSError, ValueError, RuntimeError)):
            DenseLeg.load(tmp_path)
        file.unlink()
        with pytest.raises((OSError, ValueError, RuntimeError)):
            DenseLeg.load(tmp_path)
        file.write_bytes(content)
