import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rag.notes.cutting import (
    AT_CLAUSE,
    AT_LINE,
    AT_SENTENCE,
    AT_WORD,
    IN_SPAN,
    IN_WORD,
    PART,
    cut_text,
)


def _parts(text: str) -> list[tuple[str, float]]:
    return [(text[part.start : part.end], part.cut) for part in cut_text(text)]


def test_a_short_text_is_one_part() -> None:
    assert _parts("a b. c") == [("a b. c", 0.0)]
    assert _parts("") == []


def test_cut_between_sentences_where_there_are_some() -> None:
    one, two, three = "One " * 20 + "end. ", "Two " * 20 + "end! ", "Three " * 10 + "end"
    assert _parts(one + two + three) == [(one, 0.0), (two, AT_SENTENCE), (three, AT_SENTENCE)]


def test_cut_between_lines_first() -> None:
    line = "word. " * 15 + "\n"
    assert _parts(line * 2) == [(line, 0.0), (line, AT_LINE)]
    assert _parts(line.replace("\n", "\r\n") * 2)[1][1] == AT_LINE
    assert _parts(line.replace("\n", "\r") * 2)[1][1] == AT_LINE


def test_cut_between_clauses_then_words_then_letters() -> None:
    clause = "word " * 20 + "end, "
    assert _parts(clause * 2) == [(clause, 0.0), (clause, AT_CLAUSE)]
    assert [cut for _, cut in _parts("word " * 40)] == [0.0, AT_WORD]
    assert _parts("x" * (2 * PART + 1)) == [
        ("x" * PART, 0.0),
        ("x" * PART, IN_WORD),
        ("x", IN_WORD),
    ]


def test_a_cut_inside_a_formula_or_code_costs_more() -> None:
    before = "word " * 20
    for mark in "$`":
        (_, first), (part, cut) = _parts(f"{before} {mark}aaaaaaaaaa, bbbbbbbbbbbbbbbbb{mark}")
        assert (first, part[:3], cut) == (0.0, "bbb", AT_CLAUSE + IN_SPAN)
    # At the end of the line the formula ends, closed or not.
    assert _parts(f"{before} $aaaaa\n{before}")[1][1] == AT_LINE


@settings(max_examples=100, deadline=None)
@given(st.one_of(st.text(max_size=500), st.text(st.sampled_from("a. ,;:?!\n\r\t$`"), max_size=800)))
def test_joined_the_parts_are_the_text(text: str) -> None:
    parts = list(cut_text(text))
    assert "".join(text[part.start : part.end] for part in parts) == text
    assert all(0 < part.end - part.start <= PART for part in parts)
    assert all(0 <= part.cut <= IN_WORD + IN_SPAN for part in parts)


@pytest.mark.parametrize("period", ["x", "a ", "a. ", "\n", " ", "a\n\n", "$ "])
def test_time_grows_with_the_text_and_not_with_its_square(period: str) -> None:
    began = time.process_time()
    list(cut_text(period * (300_000 // len(period))))
    assert time.process_time() - began < 10
