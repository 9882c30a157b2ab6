"""Questions with their answers, one JSON object a line."""

import json
from dataclasses import dataclass
from pathlib import Path

from rag.errors import BadQuestions


@dataclass(frozen=True, slots=True)
class Relevant:
    """A place in the notes that answers a question."""

    path: str
    quote: str | None
    """If given, only a passage that holds it is relevant; else any passage of the note."""


@dataclass(frozen=True, slots=True)
class Question:
    """A question and what is known about its answer."""

    id: str
    question: str
    language: str
    answerable: bool
    answers: tuple[str, ...]
    relevant: tuple[Relevant, ...]


def load_questions(file: Path) -> list[Question]:
    """Read a question file.

    Raises:
        BadQuestions: it is missing, or a line is not as it should be; names the line.
    """
    try:
        lines = file.read_text(encoding="utf-8-sig").split("\n")
    except (OSError, UnicodeDecodeError) as error:
        raise BadQuestions(
            f"the questions {str(file)!r} cannot be read", "name a JSON Lines file: rag eval FILE"
        ) from error
    questions = []
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        try:
            questions.append(_parse(json.loads(line)))
        except (ValueError, RecursionError) as error:
            raise BadQuestions(
                f"{file.name}, line {number} is not a question ({error})",
                'a line is {"id", "question", "lang", "answerable", "answers", "relevant"}',
            ) from error
    if not questions:
        raise BadQuestions(
            f"{str(file)!r} holds no questions", "write some, one JSON object a line"
        )
    return questions


def _parse(entry: object) -> Question:
    """Make a question of a line; raises ValueError for what it cannot be."""
    if not isinstance(entry, dict):
        raise ValueError("it is no JSON object")  # noqa: TRY004 -- it is the file that is wrong
    answerable = entry.get("answerable")
    if answerable not in (True, False):
        raise ValueError('"answerable" is true or false')
    answers = [_text(answer, "an answer") for answer in _list(entry, "answers")]
    return Question(
        id=_text(entry.get("id"), '"id"'),
        question=_text(entry.get("question"), '"question"'),
        language=_text(entry.get("lang"), '"lang"'),
        answerable=bool(answerable),
        answers=tuple(answers),
        relevant=tuple(_parse_place(place) for place in _list(entry, "relevant")),
    )


def _parse_place(place: object) -> Relevant:
    if not isinstance(place, dict):
        raise ValueError('"relevant" lists places, each with a "path"')  # noqa: TRY004
    quote = place.get("quote")
    return Relevant(_text(place.get("path"), '"path"'), _text(quote, '"quote"') if quote else None)


def _list(entry: dict[str, object], key: str) -> list[object]:
    value = entry.get(key)
    if value is None:
        return []
    if not isinstance(value, list):
        raise ValueError(f'"{key}" is a list')  # noqa: TRY004
    return value


def _text(value: object, name: str) -> str:
    text = str(value) if isinstance(value, (str, int, float)) else ""
    if not text.strip():
        raise ValueError(f"{name} is text")
    text.encode("utf-8")  # half of a surrogate pair is no text: no tokenizer takes it
    return text
