import time

import pytest

from rag.notes.plain import (
    LONGEST_EMPHASIS,
    TABLE_RULE,
    looks_like_heading,
    shorten,
    strip_inline_markup,
    strip_markup,
)
from tests.notes.fixture_files import parameters


@pytest.mark.parametrize(("text", "expected"), parameters("plain"))
def test_strip_markup(text: str, expected: str) -> None:
    assert strip_markup(text) == expected


@pytest.mark.parametrize(("text", "expected"), parameters("plain"))
def test_line_ends_change_nothing(text: str, expected: str) -> None:
    assert strip_markup(text.replace("\n", "\r\n")) == expected
    assert strip_markup(text.replace("\n", "\r")) == expected


def test_a_heading_keeps_its_number() -> None:
    assert strip_inline_markup("1. *What* is `x`?") == "1. What is x?"
    assert strip_inline_markup("> 2 - 1") == "> 2 - 1"


def test_nothing_is_left_of_nothing() -> None:
    assert strip_markup("") == ""
    assert strip_markup("---\n\n```\n```\n| --- | --- |\n>\n- \n") == ""


def test_a_long_stretch_keeps_its_stars() -> None:
    within = "x" * LONGEST_EMPHASIS
    assert strip_markup(f"**{within}**") == within
    assert strip_markup(f"**{within}x**") == f"**{within}x**"


def test_signs_of_private_use_are_blanks() -> None:
    assert strip_markup("a\ue000b \ue001c `d`") == "a b c d"


@pytest.mark.parametrize(
    "line", ["|---|---|", "| :-- | --: |", "--- | ---", "|-|", "  > |---|", "-|-", "|---"]
)
def test_table_rule(line: str) -> None:
    assert TABLE_RULE.match(line)


@pytest.mark.parametrize("line", ["---", "- - -", "| a |", "|", "", "a | b", "--- | x", "| |"])
def test_no_table_rule(line: str) -> None:
    assert not TABLE_RULE.match(line)


@pytest.mark.parametrize(
    ("text", "most", "expected"),
    [
        ("one two", 7, "one two"),
        ("one two", 6, "one…"),
        ("one two three", 9, "one two…"),
        ("abcdefgh", 4, "abc…"),
        ("a", 1, "a"),
        ("ab", 1, "…"),
    ],
)
def test_shorten(text: str, most: int, expected: str) -> None:
    assert shorten(text, most) == expected


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("Title", True),
        (" What is it? ", True),
        ("x" * 80, True),
        ("x" * 81, False),
        ("A sentence.", False),
        ("It goes on,", False),
        ("As follows:", False),
    ],
)
def test_looks_like_heading(line: str, *, expected: bool) -> None:
    assert looks_like_heading(line) is expected


PERIODS = (
    "[ * ** _ __ $ ` < ( ! | \\ == ~~ ^ > # - : . %% [[ ![[ ]( []( [^ ^[ <! $$ <br <br> ' ^a'"
    " **a *a_ _a `a $a [a <a [[a|b ![a]( - [ 1. |a ~~a ==a `` ``` a</ \\* [a](b <a"
).split(" ")


@pytest.mark.parametrize("period", [*PERIODS, " ", "\t", "\n", "\n ", "> ", "**a ", "_a ", "a \n"])
def test_time_grows_with_the_text_and_not_with_its_square(period: str) -> None:
    text = period * (30_000 // len(period))
    began = time.process_time()
    strip_markup(text)
    strip_markup("a" + text + "b")
    # Some 0.05 s, at worst 1 s; what goes back over the text takes minutes.
    assert time.process_time() - began < 10
