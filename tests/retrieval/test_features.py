import numpy as np
import pytest

from rag.notes.terms import CAPITAL_EMPHASIS, FUNCTION_WEIGHT, NAME_EMPHASIS, find_terms
from rag.retrieval.features import FEW_CHUNKS, NEAR, above_language, share_of_words


def shares(question: str, *texts: str, rarities: list[float] | None = None) -> list[float]:
    terms = find_terms(question)
    rare = np.array(rarities or [1.0] * len(terms))
    return [round(share, 6) for share in share_of_words(terms, rare, texts)]


def test_words_found_whole_and_in_part() -> None:
    # retea: _ret rete etea tea_; of these retele (_ret rete etel tele ele_) has two: (2/4)^2.
    assert shares("retea", "o rețea", "rețele", "nimic", "") == [1, 0.25, 0, 0]


def test_scattered_grams_do_not_count() -> None:
    # Three quarters of the grams, but one in each of three words.
    assert shares("retea", "rez crete gantea") == [1 / 16]


def test_words_are_weighed_by_their_rarity() -> None:
    assert shares("alpha omega", "alpha", "omega", rarities=[3, 1]) == [0.75, 0.25]


def test_function_words_count_little() -> None:
    # `the` 0.2 of 1.2.
    assert shares("the alpha", "the", "alpha") == [
        round(FUNCTION_WEIGHT / (1 + FUNCTION_WEIGHT), 6),
        round(1 / (1 + FUNCTION_WEIGHT), 6),
    ]


def test_names_count_more() -> None:
    assert shares("about alpha Omega", "alpha", "omega")[1] == pytest.approx(
        CAPITAL_EMPHASIS * shares("about alpha omega", "omega")[0], abs=1e-5
    )
    assert shares("RLHF", "rlhf") == [NAME_EMPHASIS]


def test_words_count_together_where_they_stand_near() -> None:
    # A window reaches NEAR words to either side of the word at its middle.
    gap = ["word"] * (2 * NEAR - 1)
    near = " ".join(["alpha", *gap, "omega"])
    far = " ".join(["alpha", *gap, "word", "omega"])
    assert shares("alpha omega", near, far) == [1, 0.5]


def test_no_window_reaches_into_the_next_text() -> None:
    assert shares("alpha omega", "alpha", "omega", "", "alpha omega") == [0.5, 0.5, 0, 1]


def test_a_repeated_gram_counts_once() -> None:
    # banana: _ban bana anan nana ana_; anananana has three of them.
    assert shares("banana", "anananana") == [round((3 / 5) ** 2, 6)]


@pytest.mark.parametrize("question", ["", "?!", " "])
def test_a_question_without_words(question: str) -> None:
    assert shares(question, "some text") == [0]


def test_no_texts() -> None:
    assert shares("alpha") == []


def test_scores_above_those_of_their_language() -> None:
    # Twenty chunks of a language with 0.4, twenty with 0.1: the mean of all is 0.25.
    scores = np.array([0.4] * 20 + [0.1] * 20)
    languages = np.array([0] * 20 + [1] * 20)
    above = above_language(scores, languages)
    first = (20 * 0.4 + FEW_CHUNKS * 0.25) / (20 + FEW_CHUNKS)
    np.testing.assert_allclose(above[:20], 0.4 - first)
    np.testing.assert_allclose(above[20:], 0.1 - (20 * 0.1 + FEW_CHUNKS * 0.25) / 30)


def test_one_language_keeps_the_distances() -> None:
    above = above_language(np.array([0.5, 0.2, 0.2]), np.zeros(3, np.int64))
    np.testing.assert_allclose(above, [0.2, -0.1, -0.1])
