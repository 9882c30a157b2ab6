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


def test_what_is_still_to_be_done_answers_nothing() -> None:
    todo = make_passage("- [ ] read about krill", 0, 0, 0)
    assert signals("What is krill?", [todo], 10)["coverage"] == 0.0
    done = make_passage("- [x] read about krill", 0, 0, 0)
    assert signals("What is krill?", [done], 10)["coverage"] == 1.0


def test_across_languages_signals_have_weights_of_their_own() -> None:
    found = signals("Ce este inima balenei?", [make_passage("krill", 0.5, 0, 0)], 10)
    assert (found["same_language"], found["cosine_across"]) == (0.0, 0.5)
    found = signals("What is the heart of a whale?", [make_passage("krill", 0.5, 0, 0)], 10)
    assert (found["same_language"], found["cosine_across"]) == (1.0, 0.0)


def test_a_name_that_no_passage_has() -> None:
    passage = make_passage("a GPU", 0, 0, 0)
    assert signals("what is GPT-3", [passage], 10)["names_lacking"] > 0.5
    assert signals("what is a GPU", [passage], 10)["names_lacking"] == 0.0


def test_confidence_is_the_logistic_of_the_weighted_signals() -> None:
    passages = [make_passage("krill", 0.5, 3.0, 4.0)]
    logit = INTERCEPT + (
        (WEIGHTS["cosine"] + WEIGHTS["first_cosine"]) * 0.5
        + (WEIGHTS["coverage"] + WEIGHTS["first_coverage"]) * 1.0
        + WEIGHTS["dense_z"] * 3.0
        + WEIGHTS["lexical_z"] * 4.0
        + WEIGHTS["log_chunks"] * math.log(50)
        + WEIGHTS["same_language"]
    )
    expected = 1 / (1 + math.exp(-logit))
    assert confidence("What is krill?", passages, 50) == pytest.approx(expected)


def test_without_passages_there_is_no_confidence() -> None:
    assert confidence("What is krill?", [], 0) == 0.0
