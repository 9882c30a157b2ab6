"""Figures of rankings, against values worked out by hand."""

import math

import pytest

from rag.evaluation.metrics import find_relevant, ndcg, percentile, recall, reciprocal_rank
from rag.evaluation.questions import Question, Relevant
from rag.types import Chunk, Legs, Passage


def make_passage(rank: int, path: str, text: str) -> Passage:
    chunk = Chunk(path, path, (), 1, 1, text, text, (), "en")
    return Passage(chunk, rank, -rank, Legs(0, 0, 0, 0))


def ask(*relevant: Relevant) -> Question:
    return Question("q", "?", "en", answerable=True, answers=("a",), relevant=relevant)


PASSAGES = [
    make_passage(1, "a.md", "one two"),
    make_passage(2, "b.md", "three four"),
    make_passage(3, "a.md", "five six"),
]


def test_a_place_counts_at_the_first_passage_that_holds_it() -> None:
    question = ask(Relevant("a.md", None), Relevant("a.md", "five"), Relevant("c.md", None))
    assert find_relevant(question, PASSAGES) == [1, 3, 0]


def test_a_quote_must_stand_in_the_passage() -> None:
    assert find_relevant(ask(Relevant("b.md", "one")), PASSAGES) == [0]


@pytest.mark.parametrize(
    ("ranks", "depth", "expected"),
    [([1], 1, 1), ([2], 1, 0), ([0, 2], 5, 1), ([6], 5, 0), ([0], 10, 0), ([], 10, 0)],
)
def test_recall(ranks: list[int], depth: int, expected: float) -> None:
    assert recall(ranks, depth) == expected


@pytest.mark.parametrize(
    ("ranks", "expected"), [([4, 2], 1 / 2), ([0, 5], 1 / 5), ([0], 0), ([], 0)]
)
def test_reciprocal_rank(ranks: list[int], expected: float) -> None:
    assert reciprocal_rank(ranks) == pytest.approx(expected, abs=1e-12)


@pytest.mark.parametrize(
    ("ranks", "expected"),
    [
        ([1], 1.0),
        ([2], 1 / math.log2(3)),
        # Gains 1 / log2(2) and 1 / log2(4) of at best 1 / log2(2) + 1 / log2(3).
        ([1, 3], (1 + 0.5) / (1 + 1 / math.log2(3))),
        ([11], 0.0),
        # Both places stand in the first passage: no other order could be better.
        ([1, 1], 1.0),
        # Two in the second passage, one nowhere: 1 / log2(3) of at best 1 + 1 / log2(3).
        ([2, 2, 0], (1 / math.log2(3)) / (1 + 1 / math.log2(3))),
        ([0, 0], 0.0),
        ([], 0.0),
    ],
)
def test_ndcg(ranks: list[int], expected: float) -> None:
    assert ndcg(ranks, 10) == pytest.approx(expected, abs=1e-12)


@pytest.mark.parametrize(
    ("share", "expected"), [(0.5, 2.0), (0.75, 3.0), (0.95, 4.0), (0.01, 1.0), (1.0, 4.0)]
)
def test_percentile(share: float, expected: float) -> None:
    assert percentile([4.0, 1.0, 3.0, 2.0], share) == expected


def test_percentile_of_nothing() -> None:
    assert percentile([], 0.5) == 0
