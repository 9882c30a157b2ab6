"""What a reader of a text does not see: comments, and pictures stored as text.

`%%` comments (Obsidian) and `<!-- -->` are hidden wherever they stand but in code. Where one is not
closed, nothing is hidden: a stray mark must not swallow the rest of a note. What Logseq keeps out
of sight is hidden too.
"""

import re
from bisect import bisect_right
from collections.abc import Sequence

from rag.notes import logseq

Spans = Sequence[tuple[int, int]]
"""Places from and to, in order, none overlapping another."""

DATA = re.compile(r"data:[\w/+.-]{1,60}(?:;[\w=-]{1,40}){0,3};base64,[A-Za-z0-9+/=]+")
"""A picture pasted as text: megabytes in which no word stands."""
LONGEST_CODE = 1_000
"""Characters of a line in which inline code must close."""

_LINE_START = r"(?:^|(?<=\r))"
_MARK = re.compile(
    _LINE_START + r"[ \t>]*+(?:(?:[-*+]|\d{1,9}[.)])[ \t]++)*+(?P<fence>`{3,}+(?![^\r\n]*`)|~{3,}+)"
    rf"|{_LINE_START}(?P<logseq>{logseq.HIDDEN})"
    r"|(?P<ticks>`++)|(?P<comment>%%|<!--)|" + DATA.pattern,
    re.MULTILINE,
)
_HINTS = ("%%", "<!--", ";base64,", *logseq.HINTS)
_CLOSES = {"%%": "%%", "<!--": "-->"}
_FENCE_END = {
    mark: re.compile(_LINE_START + rf"[ \t>]*+({mark}{{3,}}+)[ \t]*+(?=[\r\n]|\Z)", re.MULTILINE)
    for mark in "`~"
}
_CODE_ENDS = {ticks: re.compile(rf"(?<!`)`{{{ticks}}}(?!`)") for ticks in (1, 2, 3)}
_LINE_END = re.compile(r"[\r\n]")
_INK = re.compile(r"[^\r\n]+")


def find_hidden(text: str) -> Spans:
    """Find comments, data and Logseq's own lines outside code, in a text without properties."""
    if not any(hint in text for hint in _HINTS):
        return []
    return _scan(text)[0]


def find_code(text: str) -> Spans:
    """Find code, fenced and within lines, its fences and ticks included."""
    if "`" not in text and "~~~" not in text:
        return []
    return _scan(text)[1]


def _scan(text: str) -> tuple[list[tuple[int, int]], list[tuple[int, int]]]:
    hidden: list[tuple[int, int]] = []
    code: list[tuple[int, int]] = []
    unclosed: set[str] = set()
    place = 0
    while match := _MARK.search(text, place):
        place = match.end()
        if match["fence"]:
            place = _fence_end(text, match["fence"], place)
            code.append((match.start("fence"), place))
        elif match["ticks"]:
            place = _code_end(text, match["ticks"], place)
            if place > match.end():
                code.append((match.start(), place))
        elif mark := match["comment"]:
            close = -1 if mark in unclosed else text.find(_CLOSES[mark], place)
            if close < 0:
                unclosed.add(mark)
            else:
                place = close + len(_CLOSES[mark])
                hidden.append((match.start(), place))
        else:
            hidden.append((match.start(), place))
    return hidden, code


def blank(text: str, spans: Spans) -> str:
    """Replace what stands at `spans` by spaces; line ends stay."""
    parts: list[str] = []
    done = 0
    for start, end in spans:
        parts += text[done:start], _INK.sub(_blanks, text[start:end])
        done = end
    return "".join((*parts, text[done:])) if parts else text


def _blanks(match: re.Match[str]) -> str:
    return " " * (match.end() - match.start())


def span_at(spans: Spans, place: int) -> tuple[int, int] | None:
    """Give the span in which a character stands, if there is one."""
    index = bisect_right(spans, place, key=lambda span: span[0]) - 1
    return spans[index] if index >= 0 and place < spans[index][1] else None


def _fence_end(text: str, fence: str, place: int) -> int:
    for match in _FENCE_END[fence[0]].finditer(text, place):
        if len(match[1]) >= len(fence):
            return match.end()
    return len(text)


def _code_end(text: str, ticks: str, place: int) -> int:
    line_end = _LINE_END.search(text, place, place + LONGEST_CODE)
    stop = line_end.start() if line_end else min(place + LONGEST_CODE, len(text))
    close = _CODE_ENDS.get(len(ticks))
    match = close.search(text, place, stop) if close else None
    return match.end() if match else place
