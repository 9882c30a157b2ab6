"""Approximate search: what it finds is right, and it finds nearly all, with any filter."""

from pathlib import Path

import faiss
import numpy as np
import pytest
from numpy.typing import NDArray

from rag.index import lists
from rag.index.dense import DenseLeg

DIMENSION, SIZE, EXACT = 32, 20_000, 1_000
Vectors = NDArray[np.float32]


def to_unit(vectors: NDArray[np.float64]) -> Vectors:
    unit: Vectors = (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32)
    return unit


def clustered(count: int, seed: int = 3) -> Vectors:
    """Vectors around 200 topics, which lie off the origin."""
    source = np.random.default_rng(seed)
    topics = np.random.default_rng(1).normal(0.2, 1, (200, DIMENSION))
    return to_unit(topics[source.integers(200, size=count)] + source.normal(0, 0.8, (count, 32)))


def build(vectors: Vectors) -> DenseLeg:
    return DenseLeg.build(len(vectors), DIMENSION, vectors.__getitem__, exact=EXACT)


@pytest.fixture(scope="module")
def vectors() -> Vectors:
    return clustered(SIZE)


@pytest.fixture(scope="module")
def leg(vectors: Vectors) -> DenseLeg:
    return build(vectors)


QUESTIONS = clustered(100, seed=9)


def recall(leg: DenseLeg, vectors: Vectors, count: int, allowed: NDArray[np.bool_] | None) -> float:
    """Give the share of the true nearest that is found; what is found is seen to be allowed."""
    found = 0
    for question in QUESTIONS:
        rows, cosines = leg.nearest(question, count, allowed)
        assert len(rows) == count
        assert len(set(rows.tolist())) == count
        assert (np.diff(cosines) <= 0).all()
        plain = vectors @ question
        np.testing.assert_allclose(cosines, plain[rows], atol=2e-3)
        if allowed is not None:
            assert allowed[rows].all()
            plain = np.where(allowed, plain, -2)
        found += len(set(rows.tolist()) & set(np.argsort(-plain)[:count].tolist()))
    return found / count / len(QUESTIONS)


def test_it_is_chosen_by_size(vectors: Vectors) -> None:
    assert build(vectors[:EXACT]).lists is None
    lists_of_more = build(vectors[: EXACT + 1]).lists
    assert lists_of_more is not None
    assert lists_of_more.nlist == lists.count_lists(EXACT + 1)


@pytest.mark.parametrize("count", [10, 200])
def test_nearly_all_of_the_nearest_are_found(leg: DenseLeg, vectors: Vectors, count: int) -> None:
    assert leg.lists is not None
    assert leg.lists.nprobe < leg.lists.nlist / 2
    assert recall(leg, vectors, count, None) >= 0.95


@pytest.mark.parametrize("share", [0.5, 0.1, 0.01, 0.001])
def test_a_filter_gives_as_many_as_there_are(leg: DenseLeg, vectors: Vectors, share: float) -> None:
    allowed = np.random.default_rng(4).random(SIZE) < share
    assert recall(leg, vectors, min(10, int(allowed.sum())), allowed) >= 0.95


def test_a_filter_that_allows_one_topic_far_from_the_question(
    leg: DenseLeg, vectors: Vectors
) -> None:
    """All that is allowed lies in lists that the question would not look into."""
    far = np.argsort(vectors @ QUESTIONS[0])[:300]
    allowed = np.zeros(SIZE, dtype=bool)
    allowed[far] = True
    rows, _ = leg.nearest(QUESTIONS[0], 300, allowed)
    assert sorted(rows.tolist()) == sorted(far.tolist())


def test_all_can_be_had(leg: DenseLeg, vectors: Vectors) -> None:
    rows, _ = leg.nearest(QUESTIONS[0], 2 * SIZE, None)
    assert sorted(rows.tolist()) == list(range(SIZE))


def test_spread_and_vectors(leg: DenseLeg, vectors: Vectors) -> None:
    for question in QUESTIONS[:5]:
        plain = vectors.astype(np.float64) @ question.astype(np.float64)
        np.testing.assert_allclose(leg.spread(question), (plain.mean(), plain.std()), atol=1e-6)
    rows = np.array([7, 0, SIZE - 1, 7])
    half = vectors[rows].astype(np.float16).astype(np.float32)
    np.testing.assert_array_equal(leg.vectors(rows), half)
    np.testing.assert_allclose(leg.cosines(QUESTIONS[0], rows), half @ QUESTIONS[0], rtol=1e-5)


def test_save_and_load(leg: DenseLeg, tmp_path: Path) -> None:
    assert sorted(leg.save(tmp_path)) == sorted(tmp_path.iterdir())
    loaded = DenseLeg.load(tmp_path)
    assert len(loaded) == SIZE
    allowed = np.arange(SIZE) % 3 == 0
    for question in QUESTIONS[:10]:
        for mask in (None, allowed):
            before, after = leg.nearest(question, 20, mask), loaded.nearest(question, 20, mask)
            np.testing.assert_array_equal(before[0], after[0])
            np.testing.assert_array_equal(before[1], after[1])


def test_an_update_keeps_the_lists(leg: DenseLeg, vectors: Vectors, tmp_path: Path) -> None:
    """Two thousand vectors go, as many come, and the others move up."""
    leg.save(tmp_path)
    old = DenseLeg.load(tmp_path)
    moved = np.arange(SIZE) - 2_000
    moved[:2_000] = -1
    changed = np.concatenate([vectors[2_000:], clustered(2_000, seed=11)])
    new = DenseLeg.build(
        SIZE, DIMENSION, changed.__getitem__, previous=old, moved=moved, exact=EXACT
    )
    assert old.lists is not None
    assert new.lists is not None
    centroids = [faiss.downcast_index(one.quantizer) for one in (old.lists, new.lists)]
    np.testing.assert_array_equal(*(one.reconstruct_n(0, one.ntotal) for one in centroids))
    np.testing.assert_array_equal(
        lists.lists_of(new.lists)[:-2_000], lists.lists_of(old.lists)[2_000:]
    )
    assert recall(new, changed, 10, None) >= 0.95


def test_lists_are_made_anew_when_they_no_longer_fit(leg: DenseLeg, vectors: Vectors) -> None:
    assert leg.lists is not None
    few = vectors[: SIZE // 4]
    moved = np.where(np.arange(SIZE) < len(few), np.arange(SIZE), -1)
    smaller = DenseLeg.build(
        len(few), DIMENSION, few.__getitem__, previous=leg, moved=moved, exact=EXACT
    )
    assert smaller.lists is not None
    assert smaller.lists.nlist == leg.lists.nlist // 2
    # And below the bound all vectors are compared again, in single precision.
    few, moved = vectors[:EXACT], np.where(np.arange(SIZE) < EXACT, np.arange(SIZE), -1)
    exact = DenseLeg.build(
        EXACT, DIMENSION, few.__getitem__, previous=leg, moved=moved, exact=EXACT
    )
    assert exact.lists is None
    np.testing.assert_array_equal(exact.vectors(np.arange(EXACT)), few)


def test_an_exact_index_grows_into_lists(vectors: Vectors) -> None:
    small = build(vectors[:EXACT])
    grown = DenseLeg.build(
        SIZE,
        DIMENSION,
        vectors.__getitem__,
        previous=small,
        moved=np.arange(EXACT),
        exact=EXACT,
    )
    assert recall(grown, vectors, 10, None) >= 0.95


@pytest.mark.skipif(faiss.get_num_gpus() > 0, reason="there is a GPU")
def test_without_a_gpu_nothing_is_copied() -> None:
    index = faiss.IndexFlatIP(2)
    assert lists.on_gpu(index) is index


@pytest.mark.skipif(not faiss.get_num_gpus(), reason="no GPU that FAISS can use")
@pytest.mark.parametrize("size", [EXACT, SIZE])
def test_a_gpu_finds_the_same(vectors: Vectors, size: int) -> None:
    leg = build(vectors[:size])
    for question in QUESTIONS[:1]:
        leg.nearest(question, 10, None)  # the first one is answered on the CPU
    everything = np.ones(size, dtype=bool)  # and so is what is filtered
    for question in QUESTIONS:
        (rows, cosines), (plain_rows, plain) = (
            leg.nearest(question, 10, mask) for mask in (None, everything)
        )
        np.testing.assert_allclose(cosines, plain, atol=2e-3)
        assert len(set(rows.tolist()) & set(plain_rows.tolist())) >= 9
