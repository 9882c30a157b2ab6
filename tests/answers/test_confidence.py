"""The signals, worked out by hand, and what follows from them."""

import math

import pytest

from rag.answers.confidence import INTERCEPT, WEIGHTS, confidence, signals
from rag.types import Chunk, Legs, Passage


def make_passage(text: str, dense: float, dense_z: float, lexical_z: float) -> Passage:
    chunk = Chunk("a.md", "a", (), 1, 1, text, text, (), "en")
    return Passage(chunk, 1, 1.0, Legs(dense, 2.0, dense_z, lexical_z))


def test_the_best_of_each_leg_counts() -> None:
    passages = [make_passage("x", 0.5, 1.0, 4.0), make_passage("y", 0.25, 3.0, 2.0)]
    found = signals("What is krill?", passages, 100)
    assert found["cosine"] == 0.5
    assert found["dense_z"] == 3.0
    assert found["lexical_z"] == 4.0
    assert found["log_chunks"] == pytest.approx(math.log(100))


@pytest.mark.parametrize(
    ("question", "text", "expected"),
    [
        ("What is krill?", "whales eat krill", 1.0),
        ("What is krill?", "what is this", 0.0),
        # A name weighs three times a plain word: 3 of 3 + 1.
        ("what does GPU need", "a GPU", 3 / 4),
        # A capital that does not open the question weighs two.
        ("where did Darwin sail", "Darwin", 2 / 3),
        # `eggs` gives _egg eggs ggs_, of which `egg` has _egg.
        ("which eggs", "an egg", 1 / 3),
        ("what is it", "anything", 0.0),
    ],
)
def test_the_share_of_content_words(question: str, text: str, expected: float) -> None:
    found = signals(question, [make_passage(text, 0, 0, 0)], 10)
    assert found["coverage"] == pytest.approx(expected)


def test_words_must_stand_in_one_passage() -> None:
    passages = [make_passage("krill", 0, 0, 0), make_passage("whales", 0, 0, 0)]
    assert signals("krill whales", passages, 10)["coverage"] == pytest.approx(0.5)


def test_confidence_is_the_logistic_of_the_weighted_signals() -> None:
    passages = [make_passage("krill", 0.5, 3.0, 4.0)]
    logit = INTERCEPT + (
        WEIGHTS["cosine"] * 0.5
        + WEIGHTS["coverage"] * 1.0
        + WEIGHTS["dense_z"] * 3.0
        + WEIGHTS["lexical_z"] * 4.0
        + WEIGHTS["log_chunks"] * math.log(50)
    )
    expected = 1 / (1 + math.exp(-logit))
    assert confidence("What is krill?", passages, 50) == pytest.approx(expected)


def test_without_passages_there_is_no_confidence() -> None:
    assert confidence("What is krill?", [], 0) == 0.0
