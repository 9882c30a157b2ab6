"""Figures of rankings, against values worked out by hand."""

import math

import pytest

from rag.evaluation.metrics import find_relevant, measure, percentile
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
    ("quote", "text"),
    [
        ("one two three", "zero one\n  two\r\nthree four"),  # wrapped, and ended as on Windows
        ("one\r\ntwo", "one\ntwo"),
        ("ą ș ã", "a\u0328 s\u0326 a\u0303"),  # letters and marks apart, as macOS may write them
        ("a\u0328", "ą"),
    ],
)
def test_a_quote_is_found_however_its_lines_and_letters_are_written(quote: str, text: str) -> None:
    passage = make_passage(1, "\u0105.md", text)
    assert find_relevant(ask(Relevant("a\u0328.md", quote)), [passage]) == [1]


@pytest.mark.parametrize("quote", ["onetwo", "One two", "one, two", "ona two"])
def test_a_quote_in_other_words_is_not_found(quote: str) -> None:
    assert find_relevant(ask(Relevant("a.md", quote)), PASSAGES) == [0]


# A worked example: five questions, the ranks of their relevant places, and by hand
# recall@k = 1 if one of them is k or better, RR = 1 / best,
# nDCG@10 = sum of 1 / log2(rank + 1) over the best sum that as many places could reach:
# log2(2) = 1, log2(3) = 1.5849625, log2(4) = 2, log2(5) = 2.3219281, log2(11) = 3.4594316.
WORKED = {
    # Found first: all ones.
    (1,): (1, 1, 1, 1, 1),
    # Second: 1 / 1.5849625.
    (2,): (0, 1, 1, 0.5, 0.6309298),
    # First and third: (1 + 1 / 2) / (1 + 1 / 1.5849625) = 1.5 / 1.6309298.
    (3, 1): (1, 1, 1, 1, 0.9197208),
    # Tenth of two, the other nowhere: (1 / 3.4594316) / 1.6309298.
    (10, 0): (0, 0, 1, 0.1, 0.1772393),
    # Nowhere.
    (0,): (0, 0, 0, 0, 0),
}


def test_worked_example() -> None:
    names = ("recall@1", "recall@5", "recall@10", "mrr", "ndcg@10")
    for figures, expected in zip(measure(list(WORKED)), WORKED.values(), strict=True):
        for name, value in zip(names, expected, strict=True):
            assert figures[name] == pytest.approx(value, abs=1e-6), (name, expected)


@pytest.mark.parametrize(
    ("ranks", "expected"),
    [
        ((4, 2), 1 / 2),
        ((0, 5), 1 / 5),
        ((), 0),
    ],
)
def test_reciprocal_rank(ranks: tuple[int, ...], expected: float) -> None:
    assert measure([ranks])[0]["mrr"] == pytest.approx(expected, abs=1e-12)


@pytest.mark.parametrize(
    ("ranks", "expected"),
    [
        # Both places stand in the first passage: no other order could be better.
        ((1, 1), 1.0),
        # Two in the second passage, one nowhere: 1 / log2(3) of at best 1 + 1 / log2(3).
        ((2, 2, 0), (1 / math.log2(3)) / (1 + 1 / math.log2(3))),
        ((), 0.0),
        # Twelve places, ten of them first: ten is all that can be found.
        ((*range(1, 11), 0, 0), 1.0),
    ],
)
def test_ndcg(ranks: tuple[int, ...], expected: float) -> None:
    assert measure([ranks])[0]["ndcg@10"] == pytest.approx(expected, abs=1e-12)


def test_a_question_without_places_does_not_shift_the_others() -> None:
    assert [figures["mrr"] for figures in measure([(), (2,), (0,), (1,)])] == [0, 0.5, 0, 1]
    assert measure([]) == []


@pytest.mark.parametrize(
    ("share", "expected"), [(0.5, 2.0), (0.75, 3.0), (0.95, 4.0), (0.01, 1.0), (1.0, 4.0)]
)
def test_percentile(share: float, expected: float) -> None:
    assert percentile([4.0, 1.0, 3.0, 2.0], share) == expected


def test_percentile_of_nothing() -> None:
    assert percentile([], 0.5) == 0
