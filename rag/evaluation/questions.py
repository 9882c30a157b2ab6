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
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise BadQuestions(
                f"{file.name}, line {number} is not a question ({error})",
                'a line is {"id", "question", "lang", "answerable", "answers", "relevant"}',
            ) from error
    if not questions:
        raise BadQuestions(
            f"{str(file)!r} holds no questions", "write some, one JSON object a line"
        )
    return questions


def _parse(entry: dict[str, object]) -> Question:
    relevant = entry.get("relevant", [])
    answers = entry.get("answers", [])
    if not isinstance(relevant, list) or not isinstance(answers, list):
        raise TypeError("answers and relevant are lists")
    return Question(
        id=str(entry["id"]),
        question=str(entry["question"]),
        language=str(entry["lang"]),
        answerable=bool(entry["answerable"]),
        answers=tuple(map(str, answers)),
        relevant=tuple(
            Relevant(str(place["path"]), str(quote) if (quote := place.get("quote")) else None)
            for place in relevant
        ),
    )
