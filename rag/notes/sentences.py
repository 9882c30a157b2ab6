"""Cut the shown text of a chunk into sentences, each a stretch of the note with its lines.

A bullet, a table row and a line of a callout each count as sentences of their own; headings, code
and formulas on lines of their own are left out. What is given is the note's own characters, from
the first letter to the last, so that it can be found in the note again.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from rag.notes.lines import Lines

_HEADING = re.compile(r"[ ]{0,3}#{1,6}(?:[ \t]|$)")
_FENCE = re.compile(r"[ \t>]*(```|~~~)")
_FORMULA = re.compile(r"[ \t>]*\$\$")
_RULE = re.compile(r"[ \t]*(?:\|?(?:[ \t]*:?-+:?[ \t]*\|)*[ \t]*:?-{2,}:?[ \t]*\|?|[=*_-]{3,})[ \t]*$")
_MARKER = re.compile(
    r"[ \t]*(?:>[ \t]*)*"
    r"(?:\[!\w+\][-+]?[ \t]*)?"
    r"(?:(?:[-*+]|\d{1,9}[.)])[ \t]+(?:\[[ xX/-]\][ \t]+)?|-(?=[^\W\d_]))?"
    r"(?:<br\s*/?>[ \t]*)*"
)
_ROW = re.compile(r"[ \t]*\|.*\|[ \t]*$|[^|\n]+\|[^|\n]+\|")
_TAIL = re.compile(r"(?:[ \t]+\^[\w-]+|<br\s*/?>|[ \t|])+$")
_END = re.compile(r"[.!?…]+[\"”»’')*_=]*\s+(?=[\"“„«‘'(*_=\[]*[\w$\\])")
_ABBREVIATION = re.compile(
    r"(?:\b(?:[A-Za-zĄ-ž]|ex|np|etc|dr|prof|mgr|inż|ing|nr|fig|eq|tab|vs|cf|al|ca|ok|tzn|tzw|tj|itd"
    r"|itp|m\.in|min|max|str|pag|pág|p|pp|cap|sec|approx|resp|sr|sra|d\.ex|i\.e|e\.g|aprox|wg|por"
    r"|hab)\.|\d\.)[\"”»’')*_=]*\s+$",
    re.IGNORECASE,
)
_WORD = re.compile(r"\w")


@dataclass(frozen=True, slots=True)
class Sentence:
    """A stretch of a note that can be quoted."""

    text: str
    """The note's own characters."""
    start_line: int
    end_line: int
    is_item: bool
    """Whether it is a bullet or a table row: it wants a line of its own."""


def split_sentences(text: str, first_line: int) -> list[Sentence]:
    """Cut text that begins at `first_line` of a note."""
    lines = Lines(text)
    return [
        Sentence(
            text[start:end],
            first_line + lines.line_of(start) - 1,
            first_line + lines.line_of(end - 1) - 1,
            is_item,
        )
        for start, end, is_item in _stretches(lines)
        if _WORD.search(text, start, end)
    ]


def _stretches(lines: Lines) -> Iterator[tuple[int, int, bool]]:
    text = lines.text
    open_from, open_to = -1, -1  # a paragraph that goes over several lines
    for number, (line, is_prose) in enumerate(
        zip(lines.content(), _prose_lines(lines.content()), strict=True), start=1
    ):
        start, stop = lines.start(number), lines.start(number) + len(line)
        marker = _MARKER.match(line)
        begins = start + (marker.end() if marker else 0)
        is_row = bool(_ROW.match(line))
        is_plain = is_prose and not is_row and not (marker and marker[0].strip())
        if is_plain and open_from >= 0:
            open_to = stop
            continue
        if open_from >= 0:
            yield from _cut(text, open_from, open_to, is_item=False)
            open_from = -1
        if is_plain:
            open_from, open_to = begins, stop
        elif is_prose and is_row:
            yield from _trimmed(text, start + len(line) - len(line.lstrip(" \t|")), stop, True)
        elif is_prose:
            # What follows a bullet on the next line is read as a paragraph of its own.
            yield from _cut(text, begins, stop, is_item=True)
    if open_from >= 0:
        yield from _cut(text, open_from, open_to, is_item=False)


def _prose_lines(lines: Sequence[str]) -> Iterator[bool]:
    """Say of each line whether it can be quoted: no code, formula, heading, rule or blank."""
    fence = ""
    in_formula = False
    for line in lines:
        if match := _FENCE.match(line):
            fence = "" if fence == match[1] else fence or match[1]
            yield False
        elif not fence and _FORMULA.match(line):
            # A `$$` that opens and closes on one line opens nothing.
            in_formula = in_formula != (line.count("$$") % 2 == 1)
            yield False
        else:
            skip = _HEADING.match(line) or _RULE.match(line) or not line.strip()
            yield not (fence or in_formula or skip)


def _cut(text: str, start: int, end: int, *, is_item: bool) -> Iterator[tuple[int, int, bool]]:
    stretch = text[start:end]
    begin = 0
    for match in _END.finditer(stretch):
        if _ABBREVIATION.search(stretch[max(0, match.end() - 24) : match.end()]):
            continue
        yield from _trimmed(text, start + begin, start + match.end(), is_item)
        begin, is_item = match.end(), False
    yield from _trimmed(text, start + begin, end, is_item)


def _trimmed(text: str, start: int, end: int, is_item: bool) -> Iterator[tuple[int, int, bool]]:
    piece = text[start:end]
    piece = piece[: len(piece.rstrip())]
    if tail := _TAIL.search(piece):
        piece = piece[: tail.start()]
    lead = len(piece) - len(piece.lstrip())
    if piece.strip():
        yield start + lead, start + len(piece), is_item
