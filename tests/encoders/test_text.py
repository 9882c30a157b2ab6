from hypothesis import given
from hypothesis import strategies as st

from rag.encoders.text import SLICE, first_line, make_encodable, slices


def test_what_can_be_encoded_stays_as_it_is() -> None:
    assert make_encodable("ăâîșț łódź ção 😀 \0") == "ăâîșț łódź ção 😀 \0"


def test_each_lone_surrogate_becomes_a_question_mark() -> None:
    assert make_encodable("a\ud800\udc00b\udfff") == "a??b?"


@given(st.text(st.characters(codec=None)))  # None: surrogates too
def test_anything_becomes_encodable(text: str) -> None:
    assert len(make_encodable(text).encode()) >= 0


def test_a_short_text_is_one_slice() -> None:
    assert list(slices("")) == [""]
    assert list(slices("a" * SLICE)) == ["a" * SLICE]


def test_cuts_fall_before_white_space() -> None:
    text = "a" * (SLICE - 3) + " bcdef"
    assert list(slices(text)) == ["a" * (SLICE - 3), " bcdef"]


def test_without_white_space_cuts_fall_anywhere() -> None:
    assert [len(part) for part in slices("a" * (2 * SLICE + 1))] == [SLICE, SLICE, 1]


def test_white_space_alone_comes_to_an_end() -> None:
    text = " " * (3 * SLICE)
    assert "".join(slices(text)) == text


def test_first_line_of_an_error() -> None:
    assert first_line(ValueError("\n one\ntwo")) == "one"
    assert first_line(ValueError()) == "ValueError"
    assert len(first_line(ValueError("x" * 5_000))) == 200
