"""What is a citation mark, and what only looks like one."""

import pytest

from rag.answers.marks import (
    Mark,
    blank_marks,
    clean_marks,
    find_marks,
    quiet_footnotes,
    quiet_marks,
)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Plain words.", "Plain words."),
        ("One [1]. Two [2][3].", "One [1]. Two [2][3]."),
        ("Both [1, 2] and [1;3] and [2 , 3].", "Both [1][2] and [1][3] and [2][3]."),
        ("Twice [1, 1].", "Twice [1]."),
        # The numbers of passages that do not exist are made up.
        ("Made up [7]. Nought [0]. Huge [999].", "Made up. Nought. Huge."),
        ("Half made up [1, 7].", "Half made up [1]."),
        ("Across a line\n[4]", "Across a line\n"),
        ("Cut off [1] [2, ", "Cut off [1]"),
        # Other ways in which models write marks.
        ("All [1-3]. Some [2–3].", "All [1][2][3]. Some [2][3]."),
        ("Doubled [[2]] and 【1】 and 【3†notes】.", "Doubled [2] and [1] and [3]."),
        # No marks: intervals, years, ranges that go backwards, words.
        ("In [0, 1] or [1, 0].", "In [0, 1] or [1, 0]."),
        ("Vaswani [2017], [10-2], [a], [x, y], [ ], []", "Vaswani [2017], [10-2], [a], [x, y], [ ], []"),
        # Code and formulas have indexes.
        ("`x[1]` and ``a[9] ` b[0]`` [2]", "`x[1]` and ``a[9] ` b[0]`` [2]"),
        ("Tick ` alone [9] and ` here", "Tick ` alone [9] and ` here"),
        ("```python\nx[9]\n```\nText [9]", "```python\nx[9]\n```\nText"),
        ("- ~~~\n  y[8]\n  ~~~\n- [8] z", "- ~~~\n  y[8]\n  ~~~\n- z"),
        ("```\nx[9]", "```\nx"),
        ("$x[9]$ and $$\ny[9]\n$$ but $5 [9] and $6 [9]", "$x[9]$ and $$\ny[9]\n$$ but $5 and $6"),
    ],
)  # fmt: skip
def test_clean_marks(text: str, expected: str) -> None:
    assert clean_marks(text, 3) == expected


def test_clean_marks_twice_changes_nothing() -> None:
    once = clean_marks("A [1-3], b [[2]] c [9] `d[9]`.", 3)
    assert clean_marks(once, 3) == once


def test_marks_side_by_side_are_one() -> None:
    assert find_marks("Ab [1][2] [3], c [1]. `d[4]`") == [
        Mark(3, 13, (1, 2, 3)),
        Mark(17, 20, (1,)),
    ]


def test_blank_marks_keeps_places() -> None:
    text = "Ab [1][2], c [1]."
    blank = blank_marks(text, find_marks(text))
    assert blank == "Ab       , c    ."
    assert len(blank) == len(text)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("as Smith showed [1], also [2, 3]", "as Smith showed (1), also (2, 3)"),
        ("[[1]] is a note", "(1) is a note"),
        ("`x[1]` and $y[2]$ stay", "`x[1]` and $y[2]$ stay"),
        ("```\nx[1]\n```", "```\nx[1]\n```"),
        ("in [0, 1]; - [x] done; [link](a.md); [^1]", "in [0, 1]; - [x] done; [link](a.md); [^1]"),
    ],
)
def test_quiet_marks(text: str, expected: str) -> None:
    assert quiet_marks(text) == expected


def test_quiet_footnotes() -> None:
    assert quiet_footnotes("word[^1] and[^long-name]") == "word(^1) and(^long-name)"
