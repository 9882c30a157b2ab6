"""Question files, good and bad."""

import json
from pathlib import Path

import pytest

from rag.errors import BadQuestions
from rag.evaluation.questions import Question, Relevant, load_questions

LINE = {
    "id": "ro-1",
    "question": "Ce este un token?",
    "lang": "ro",
    "answerable": True,
    "answers": ["o bucată de text"],
    "relevant": [{"path": "a.md", "quote": "Un token este o bucată de text."}, {"path": "b.md"}],
}


def test_a_question_is_read_whole(tmp_path: Path) -> None:
    file = tmp_path / "questions.jsonl"
    file.write_text(f"\ufeff{json.dumps(LINE)}\n\n", encoding="utf-8")
    assert load_questions(file) == [
        Question(
            id="ro-1",
            question="Ce este un token?",
            language="ro",
            answerable=True,
            answers=("o bucată de text",),
            relevant=(
                Relevant("a.md", "Un token este o bucată de text."),
                Relevant("b.md", None),
            ),
        )
    ]


@pytest.mark.parametrize(
    "line",
    [
        "{",
        "[]",
        '"text"',
        json.dumps({key: value for key, value in LINE.items() if key != "lang"}),
        json.dumps(LINE | {"relevant": "a.md"}),
        json.dumps(LINE | {"relevant": [{"quote": "no path"}]}),
        json.dumps(LINE | {"relevant": ["a.md"]}),
        json.dumps(LINE | {"answers": "a text"}),
        json.dumps(LINE | {"answers": [None]}),
        json.dumps(LINE | {"answerable": "no"}),
        json.dumps({key: value for key, value in LINE.items() if key != "answerable"}),
        json.dumps(LINE | {"question": " "}),
        json.dumps(LINE | {"question": "half a pair: \ud83d"}),
        json.dumps(LINE | {"id": {}}),
        "[" * 100_000,
    ],
)
def test_a_bad_line_is_named(tmp_path: Path, line: str) -> None:
    file = tmp_path / "questions.jsonl"
    file.write_text(f"{json.dumps(LINE)}\n{line}\n", encoding="utf-8")
    with pytest.raises(BadQuestions, match="line 2"):
        load_questions(file)


def test_what_is_left_out_is_empty(tmp_path: Path) -> None:
    file = tmp_path / "questions.jsonl"
    line = {"id": 7, "question": "Why?", "lang": "en", "answerable": False, "relevant": None}
    file.write_text(json.dumps(line), encoding="utf-8")
    assert load_questions(file) == [
        Question("7", "Why?", "en", answerable=False, answers=(), relevant=())
    ]


@pytest.mark.parametrize("content", [None, b"", b"\n\n", b"\xff\xfe\x00"])
def test_a_file_without_questions_is_said(tmp_path: Path, content: bytes | None) -> None:
    file = tmp_path / "questions.jsonl"
    if content is not None:
        file.write_bytes(content)
    with pytest.raises(BadQuestions):
        load_questions(file)
