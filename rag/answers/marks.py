"""The `[n]` marks of an answer: finding them, and keeping apart what only looks like one.

`[1]` in code or in a formula is an index, `[0, 1]` an interval, and a `[1]` that stands in a note
is the note's own: notes lose these brackets before a generator sees them.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

CODE = (
    r"(?P<fence>^[ \t>]*(?:(?:[-*+]|\d{1,9}[.)])[ \t]+)*(?P<ticks>`{3,}|~{3,})[^\n`]*\n"
    r"(?:.*?\n)??[ \t>]*(?P=ticks)[`~]*[ \t\r]*$)"
    r"|(?<![\\`])(?P<tick>`+)(?!`)[^\n]*?(?<!`)(?P=tick)(?!`)"
)
"""Fenced code with its fences, and code within a line; one without an end is none."""
FORMULA = (
    r"(?<!\\)\$\$.{1,2000}?\$\$"
    # As in Pandoc: no space inside, no digit behind, so that "$5 and $6" is money.
    r"|(?<![\\$])\$(?=[^\s$])[^$\n]{1,500}?(?<![\s\\])\$(?![\d$])"
)
FLAGS = re.MULTILINE | re.DOTALL

_ASIDE = re.compile(rf"{CODE}|{FORMULA}", FLAGS)
_NUMBERS = r"\d{1,3}(?:\s*[,;–-]\s*\d{1,3})*"
_MARK = re.compile(rf"\[\[({_NUMBERS})\]\](?!\()|\[({_NUMBERS})\]|【(\d{{1,3}})[^【】\n]{{0,40}}】")
_GROUP = re.compile(r"(?:\[\d{1,3}\]\s*)*\[\d{1,3}\]")
_CUT_OFF = re.compile(r"\s*\[[\d,; -]*$")
_SEPARATOR = re.compile(r"\s*[,;]\s*")
_RANGE = re.compile(r"\s*[–-]\s*")
_FOOTNOTE = re.compile(r"\[(\^[^\[\]\s]{1,60})\]")
LONGEST_RANGE = 20
"""Passages that `[1-9]` may name; beyond, it is no range of passages."""


@dataclass(frozen=True, slots=True)
class Mark:
    """One or more `[n]` in a row."""

    start: int
    end: int
    numbers: tuple[int, ...]


def clean_marks(text: str, passages: int) -> str:
    """Write all marks as `[1][2]`, without numbers of passages that do not exist.

    Marks also come as `[1, 2]`, `[1-3]`, `[[1]]` and `【1】`; one that the model had no room to end
    goes too.
    """
    text = _CUT_OFF.sub("", text)
    parts, done = [], 0
    for match in _marks(text):
        numbers = _read(match)
        if numbers is None:
            continue
        kept = "".join(f"[{number}]" for number in numbers if 1 <= number <= passages)
        before = text[done : match.start()]
        parts.append(before + kept if kept else before.rstrip(" \t"))
        done = match.end()
    return "".join(parts) + text[done:]


def find_marks(text: str) -> list[Mark]:
    """Find the marks of a text that `clean_marks` wrote; those side by side are one."""
    asides = [match.span() for match in _ASIDE.finditer(text)]
    marks: list[Mark] = []
    for match in _GROUP.finditer(text):
        if any(start <= match.start() < end for start, end in asides):
            continue
        numbers = dict.fromkeys(int(number) for number in re.findall(r"\d+", match[0]))
        marks.append(Mark(match.start(), match.end(), tuple(numbers)))
    return marks


def blank_marks(text: str, marks: Sequence[Mark]) -> str:
    """Write spaces over marks, so that every other character keeps its place."""
    for mark in marks:
        text = text[: mark.start] + " " * (mark.end - mark.start) + text[mark.end :]
    return text


def quiet_marks(text: str) -> str:
    """Turn what looks like a mark in a note into `(1)`; code and formulas stay as they are."""
    parts, done = [], 0
    for match in _marks(text):
        if _read(match) is None:
            continue
        parts.append(f"{text[done : match.start()]}({match[0].strip('[]【】')})")
        done = match.end()
    return "".join(parts) + text[done:]


def quiet_footnotes(text: str) -> str:
    """Turn `[^1]` into `(^1)`."""
    return _FOOTNOTE.sub(r"(\1)", text)


def _marks(text: str) -> Iterator[re.Match[str]]:
    asides = [match.span() for match in _ASIDE.finditer(text)]
    for match in _MARK.finditer(text):
        if not any(start <= match.start() < end for start, end in asides):
            yield match


def _read(match: re.Match[str]) -> tuple[int, ...] | None:
    """Give the numbers of a mark; None where it is something else."""
    numbers: list[int] = []
    parts = _SEPARATOR.split(match[1] or match[2] or match[3])
    for part in parts:
        first, *last = (int(number) for number in _RANGE.split(part))
        if not last:
            numbers.append(first)
        elif len(last) == 1 and first <= last[0] < first + LONGEST_RANGE:
            numbers += range(first, last[0] + 1)
        else:
            return None
    if len(numbers) > 1 and 0 in numbers:
        return None  # `[0, 1]`: an interval
    return tuple(dict.fromkeys(numbers))
