import time

import pytest

from rag.notes.sentences import Sentence, split_sentences
from tests.notes.fixture_files import parameters
from tests.notes.test_plain import PERIODS


def _draw(sentence: Sentence) -> str:
    lines = f"{sentence.start_line}-{sentence.end_line}"
    if sentence.start_line == sentence.end_line:
        lines = str(sentence.start_line)
    text = sentence.text.replace("\n", "⏎")
    return f"{lines} {text}"


@pytest.mark.parametrize(("text", "expected"), parameters("sentences"))
def test_split_sentences(text: str, expected: str) -> None:
    assert "\n".join(map(_draw, split_sentences(text, 1))) == expected


@pytest.mark.parametrize(("text", "expected"), parameters("sentences"))
@pytest.mark.parametrize("line_end", ["\r\n", "\r"])
def test_line_ends_change_nothing(text: str, expected: str, line_end: str) -> None:
    sentences = split_sentences(text.replace("\n", line_end), 1)
    assert "\n".join(map(_draw, sentences)).replace("\r⏎", "⏎").replace("\r", "⏎") == expected


def test_lines_are_those_of_the_note() -> None:
    assert split_sentences("One.\n\nTwo\nthree.", 40) == [
        Sentence("One.", 0, 40, 40),
        Sentence("Two\nthree.", 6, 42, 43),
    ]


@pytest.mark.parametrize(
    "period", [*PERIODS, " ", "\t", "\n", ". ", ".", "a. A", "... ", "?! ", '."']
)
def test_time_grows_with_the_text_and_not_with_its_square(period: str) -> None:
    text = period * (30_000 // len(period))
    began = time.process_time()
    split_sentences(text, 1)
    split_sentences("a" + text + "b", 1)
    # Some 0.05 s, at worst 1 s; what goes back over the text takes minutes.
    assert time.process_time() - began < 10
