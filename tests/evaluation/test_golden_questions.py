"""The golden questions hold together, and with the sample notes that they ask about.

Beside the keys that the loader reads, each line has `kinds`: what makes the question hard, or how it
was typed. Where a kind can be seen in the words themselves, it is looked for there.
"""

import json
from collections import Counter
from collections.abc import Callable
from functools import cache
from pathlib import Path

import pytest

from rag.evaluation.questions import Question, load_questions
from rag.notes.folding import fold
from rag.notes.language import content_words, detect_language

ROOT = Path(__file__).parents[2]
FILE = ROOT / "eval" / "questions.jsonl"
NOTES = ROOT / "notes"
LANGUAGES = ("en", "pl", "pt", "ro")
PAIRS = {(asked, told) for asked in LANGUAGES for told in LANGUAGES if asked != told}
UNANSWERED = {"near-miss", "absent-topic", "off-topic"}
"""Why the notes do not answer: a note has the topic but not the fact, the course has it but no note,
or it is no matter of the course."""
ANSWERED = {
    "acronym",
    "caps",
    "code",
    "comparison",
    "count",
    "date",
    "definition",
    "fact",
    "formula",
    "inflected",
    "list",
    "long",
    "name",
    "no-diacritics",
    "number",
    "paraphrase",
    "short",
    "table",
    "typo",
    "yes-no",
}

QUESTIONS = load_questions(FILE)


@cache
def read_note(path: str) -> str:
    return (NOTES / path).read_bytes().decode("utf-8-sig")


@cache
def note_language(path: str) -> str:
    return detect_language(read_note(path))


def read_kinds() -> dict[str, list[str]]:
    lines = FILE.read_text(encoding="utf-8").splitlines()
    return {entry["id"]: entry["kinds"] for entry in map(json.loads, lines)}


def spaced(text: str) -> str:
    """Fold as answers are compared: letters alike, spaces alike."""
    return " ".join(fold(text).split())


def test_ids_and_questions_are_unique() -> None:
    assert len({question.id for question in QUESTIONS}) == len(QUESTIONS)
    assert len({spaced(question.question) for question in QUESTIONS}) == len(QUESTIONS)


def test_every_quote_stands_in_its_note() -> None:
    for question in QUESTIONS:
        for place in question.relevant:
            assert place.quote, question.id
            assert place.quote in read_note(place.path), (question.id, place.quote)


def test_an_answerable_question_has_places_and_an_answer_in_one_of_them() -> None:
    for question in QUESTIONS:
        if question.answerable:
            quotes = [spaced(place.quote or "") for place in question.relevant]
            assert any(
                spaced(answer) in quote for answer in question.answers for quote in quotes
            ), question.id


def test_an_unanswerable_question_has_neither_places_nor_answers() -> None:
    for question in QUESTIONS:
        if not question.answerable:
            assert not question.relevant, question.id
            assert not question.answers, question.id


def test_each_language_has_its_share() -> None:
    assert {question.language for question in QUESTIONS} == set(LANGUAGES)
    answerable = Counter(question.language for question in QUESTIONS if question.answerable)
    unanswerable = Counter(question.language for question in QUESTIONS if not question.answerable)
    # A question weighs at most 2 points of a language's recall, and 3 of all false answers.
    assert min(answerable[language] for language in LANGUAGES) >= 50
    assert min(unanswerable[language] for language in LANGUAGES) >= 8
    assert unanswerable.total() >= 35


def test_every_pair_of_languages_is_asked_across() -> None:
    across = Counter(
        (question.language, told)
        for question in QUESTIONS
        if (languages := {note_language(place.path) for place in question.relevant})
        and question.language not in languages
        for told in languages
    )
    assert set(across) == PAIRS
    assert min(across.values()) >= 4
    assert across.total() >= 45


def test_every_note_is_asked_about() -> None:
    asked = {place.path for question in QUESTIONS for place in question.relevant}
    assert asked == {note.relative_to(NOTES).as_posix() for note in NOTES.rglob("*.md")}


def test_kinds_are_known_and_say_why_nothing_answers() -> None:
    kinds = read_kinds()
    for question in QUESTIONS:
        named = set(kinds[question.id])
        assert named, question.id
        assert named <= ANSWERED | UNANSWERED, question.id
        assert len(named & UNANSWERED) == (not question.answerable), question.id
    counts = Counter(kind for named in kinds.values() for kind in named)
    assert min(counts[kind] for kind in ANSWERED | UNANSWERED) >= 5
    # Those that look as if a note answered are what a refusal is hard on.
    assert counts["near-miss"] > counts["absent-topic"] + counts["off-topic"]


def _shares_no_content_word(question: Question) -> bool:
    told = {word for place in question.relevant for word in content_words(place.quote or "")}
    return not told & set(content_words(question.question))


@pytest.mark.parametrize(
    ("kind", "shows"),
    [
        ("caps", lambda question: question.question.isupper()),
        ("no-diacritics", lambda question: question.question.isascii()),
        ("short", lambda question: len(question.question.split()) <= 4),
        ("long", lambda question: len(question.question.split()) >= 30),
        ("paraphrase", _shares_no_content_word),
    ],
)
def test_a_kind_shows_in_the_words(kind: str, shows: Callable[[Question], bool]) -> None:
    kinds = read_kinds()
    for question in QUESTIONS:
        if kind in kinds[question.id]:
            assert shows(question), question.id
