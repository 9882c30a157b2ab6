"""A sentence that no source holds is found, and left out where that is asked for."""

import pytest

from rag.page.support import find_unsupported, keep_supported, unsupported_numbers
from tests.answered import make_answer, make_citation

MIXED = (
    "The first one is well supported [1]. The second one has no mark. The third one is wrong [2]."
)
CITATIONS = (make_citation(1), make_citation(2, "unsupported"))


def test_sentences_without_support() -> None:
    answer = make_answer(MIXED, CITATIONS)
    assert find_unsupported(answer) == [
        "The second one has no mark.",
        "The third one is wrong",
    ]
    assert unsupported_numbers(answer) == {2}


def test_a_number_that_supports_elsewhere_is_not_wrong() -> None:
    citations = (make_citation(1), make_citation(1, "unsupported", "Another line."))
    assert unsupported_numbers(make_answer("A sentence [1].", citations)) == frozenset()


@pytest.mark.parametrize("kind", ["extractive", "none"])
def test_quotes_need_no_look(kind: str) -> None:
    assert find_unsupported(make_answer("Words of a note without a mark.", kind=kind)) == []


def test_a_few_words_state_nothing() -> None:
    assert (
        find_unsupported(make_answer("In short: The claim is well supported [1].", CITATIONS)) == []
    )


def test_strict_leaves_out_what_is_not_supported() -> None:
    kept = keep_supported(make_answer(MIXED, CITATIONS))
    assert kept.text == "The first one is well supported [1]."
    assert [citation.number for citation in kept.citations] == [1]
    assert not kept.abstained


def test_strict_refuses_where_nothing_is_left() -> None:
    kept = keep_supported(make_answer("The third one is all wrong [2].", CITATIONS))
    assert kept.abstained
    assert kept.text.startswith("Your notes do not answer this question.")
    assert kept.citations == ()


def test_strict_changes_nothing_else() -> None:
    answer = make_answer("The first one is well supported [1].", CITATIONS)
    assert keep_supported(answer) is answer
