"""When the notes do not answer."""

import pytest

from rag.answers.refusal import count_shown, says_unknown, write_refusal
from rag.notes.language import LANGUAGES
from tests.answers.scripted import make_passage

PASSAGES = [
    make_passage("a", path="b/one.md"),
    make_passage("b", path="b/one.md"),
    make_passage("c", path="two.md"),
    make_passage("d", path="three.md"),
    make_passage("e", path="four.md"),
]


def test_the_nearest_notes_are_named_once_each() -> None:
    assert write_refusal("en", PASSAGES) == (
        "Your notes do not answer this question. The nearest notes are: b/one.md, two.md, three.md."
    )
    assert write_refusal("ro", PASSAGES[:1]) == (
        "Notițele tale nu răspund la această întrebare. Cele mai apropiate notițe sunt: b/one.md."
    )
    assert write_refusal("pl", []) == "Twoje notatki nie odpowiadają na to pytanie."


def test_every_language_has_its_own() -> None:
    refusals = {write_refusal(language, PASSAGES) for language in LANGUAGES}
    assert len(refusals) == len(LANGUAGES)
    assert write_refusal("xx", []) == "Your notes do not answer this question."


def test_names_of_notes_are_inert() -> None:
    refusal = write_refusal("en", [make_passage("a", path="![x](http:\n<img src=x>.md")])
    assert refusal.endswith("are: ! [x] (http: < img src=x>.md.")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("NOT_IN_NOTES", True),
        ("**NOT_IN_NOTES**.", True),
        ("`NOT\\_IN\\_NOTES`", True),
        ("not_in_notes", True),
        ("I cannot say: NOT IN NOTES", True),
        ("It is not in notes of mine.", False),
        ("Not in notes", False),
        ("NOT_IN_", False),
        ("", False),
    ],
)
def test_says_unknown(text: str, expected: bool) -> None:  # noqa: FBT001
    assert says_unknown(text) == expected


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("", ""),
        (" \n**", ""),  # what stands before that word, perhaps
        ("N", ""),
        ("**NOT_IN", ""),
        ("NOTES", "NOTES"),
        ("Bees dance", "Bees dance"),
        ("Bees dance. NOT", "Bees dance. "),
        ("Bees dance. NOT\\_IN\\_NOTE", "Bees dance. "),
        ("Bees dance in", "Bees dance i"),
        ("Bees do n", "Bees do "),
        ("Bees do not", "Bees do "),
        ("Bees do not fly", "Bees do not fly"),
    ],
)
def test_count_shown(text: str, shown: str) -> None:
    assert text[: count_shown(text)] == shown
