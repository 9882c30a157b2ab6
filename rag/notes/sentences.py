"""Cut the shown text of a chunk into sentences, each a stretch of the note with its lines.

A bullet, a table row and a line of a quote each begin a sentence of their own. Left out are
headings, table headers, pictures, comments, and code and formulas on lines of their own. What is
given is the note's own characters, from the first letter to the last, so that it can be found in
the note again. Every pattern is bounded or possessive, so that time grows with the text and not
with its square.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from rag.notes.hidden import Spans, blank, find_hidden
from rag.notes.lines import Lines
from rag.notes.plain import TABLE_RULE

_HEADING = re.compile(r"[ ]{0,3}#{1,6}(?:[ \t]|$)")
_FENCE = re.compile(r"[ \t>]*+(?:(?:[-*+]|\d{1,9}[.)])[ \t]++)?(`{3,}+|~{3,}+)([^`]*+)$")
_FORMULA = re.compile(r"[ \t>]*+\$\$")
_SILENT = re.compile(
    r"[ \t>]*+(?:(?:[-*+]|\d{1,9}[.)])[ \t]++)?"
    r"(?:[=*_~-]{3,}+|(?:[-*_][ \t]*+){3,}+"  # a rule
    r"|(?:!\[\[[^\]\n]*+\]\][ \t]*+)++|(?:!\[[^\]\n]*+\]\([^)\n]*+\)[ \t]*+)++"  # pictures
    r"|(?:#[\w/-]++[ \t]*+)++)?$"  # tags
)
_MARKER = re.compile(
    r"[ \t]*+(?:>[ \t]*+)*+"
    r"(?:\[![\w-]++(?:\|[^\]\n]{0,60}+)?\][-+]?[ \t]*+)?"
    r"(?:(?:[-*+]|\d{1,9}[.)])(?:[ \t]++|$)(?:\[[^\]\n]\][ \t]++)?|-(?=[^\W\d_])|:[ \t]++)?"
    r"(?:\[\^[^\[\]\s]{1,100}+\]:[ \t]*+)?"
    r"(?:<br[ \t]{0,9}+/?>[ \t]*+)*+"
)
_FIELD = re.compile(r"[^\n:]{1,100}+::")
"""A term and what it means, one line each: `GRU:: ...`."""
_IN_ROW = re.compile(r"`[^`\n]*+`|\$[^$\n]*+\$")
"""What may hold a bar in running text."""
_ROW = re.compile(r"[^|]++[ \t]\|[ \t][^|]")
_TAIL = re.compile(r"(?:<br[ \t]{0,9}/?>|[ \t]\^[\w-]{1,60}|[ \t|])$")
_TAIL_LENGTH = 70
_END = re.compile(r"[.!?…]{1,8}+[\"”»’')*_=]{0,6}+\s++(?=[\"“„«‘'(*_=\[]{0,6}+[\w$\\])")
_ABBREVIATION = re.compile(
    r"(?:\b(?:[A-Za-zĄ-ž]|ex|np|etc|dr|prof|mgr|inż|ing|nr|fig|eq|tab|vs|cf|al|ca|ok|tzn|tzw|tj|itd"
    r"|itp|m\.in|min|max|str|pag|pág|p|pp|cap|sec|approx|resp|sr|sra|d\.ex|i\.e|e\.g|aprox|wg|por"
    r"|hab)\.|\d\.)[\"”»’')*_=]*\s+$",
    re.IGNORECASE,
)
_ABBREVIATION_LENGTH = 24
_WORD = re.compile(r"\w")

_Stretch = tuple[int, int, bool]
"""Places from and to, and whether it is an item."""


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
    hidden = find_hidden(text)
    lines = Lines(blank(text, hidden))
    return [
        Sentence(
            text[start:end],
            first_line + lines.line_of(start) - 1,
            first_line + lines.line_of(end - 1) - 1,
            is_item,
        )
        for start, end, is_item in _around(hidden, lines.text, _stretches(lines))
        if _WORD.search(text, start, end)
    ]


def _stretches(lines: Lines) -> Iterator[_Stretch]:
    text = lines.text
    opened: _Stretch | None = None  # a paragraph or item that may go on on the next line
    content = lines.content()
    for number, (line, is_prose) in enumerate(
        zip(content, _prose_lines(content), strict=True), start=1
    ):
        start, stop = lines.start(number), lines.start(number) + len(line)
        marker = _MARKER.match(line)
        begins = marker.end() if marker else 0
        is_row = is_prose and _is_row(line[begins:])
        is_item = bool(line[:begins].strip(" \t:")) or bool(_FIELD.match(line))
        if opened and is_prose and not is_row and not is_item:
            opened = (opened[0], stop, opened[2])
            continue
        if opened:
            yield from _cut(text, *opened)
            opened = None
        if is_row:
            bar = len(line) - len(line.lstrip(" \t>|"))
            yield from _trimmed(text, start + max(bar, begins), stop, True)
        elif is_prose:
            opened = (start + begins, stop, is_item)
    if opened:
        yield from _cut(text, *opened)


def _is_row(line: str) -> bool:
    return line.startswith("|") or ("|" in line and bool(_ROW.search(_IN_ROW.sub("", line))))


def _prose_lines(lines: Sequence[str]) -> Iterator[bool]:
    """Say of each line whether it can be quoted: no code, formula, heading, rule or blank."""
    fence = _fence_before(lines)
    in_formula = False
    for line, following in zip(lines, [*lines[1:], ""], strict=True):
        if match := _FENCE.match(line):
            if not fence:
                fence = match[1]
            elif match[1].startswith(fence) and not match[2].strip():
                fence = ""
            yield False
        elif fence:
            yield False
        elif in_formula or _FORMULA.match(line):
            # A `$$` that opens and closes on one line opens nothing.
            in_formula ^= line.count("$$") % 2 == 1
            yield False
        else:
            header = "|" in line and TABLE_RULE.match(following)
            yield not (
                _HEADING.match(line) or _SILENT.match(line) or TABLE_RULE.match(line) or header
            )


def _fence_before(lines: Sequence[str]) -> str:
    """Give the fence in which the text begins: a chunk may be the end of a long block of code."""
    fences = [(number, match) for number, line in enumerate(lines) if (match := _FENCE.match(line))]
    if len(fences) % 2 == 0:
        return ""
    last, match = fences[-1]
    is_end = not match[2].strip() and not any(line.strip() for line in lines[last + 1 :])
    return match[1] if is_end else ""


def _cut(text: str, start: int, end: int, is_item: bool) -> Iterator[_Stretch]:  # noqa: FBT001
    begin = start
    for match in _END.finditer(text, start, end):
        tail = text[max(start, match.end() - _ABBREVIATION_LENGTH) : match.end()]
        if _ABBREVIATION.search(tail):
            continue
        yield from _trimmed(text, begin, match.end(), is_item)
        begin, is_item = match.end(), False
    yield from _trimmed(text, begin, end, is_item)


def _trimmed(text: str, start: int, end: int, is_item: bool) -> Iterator[_Stretch]:  # noqa: FBT001
    """Take blanks off both ends, and bars, line breaks and a block's name off the last."""
    while start < end and text[start].isspace():
        start += 1
    while start < end:
        if text[end - 1].isspace():
            end -= 1
        elif tail := _TAIL.search(text, max(start, end - _TAIL_LENGTH), end):
            end = tail.start()
        else:
            yield start, end, is_item
            return


def _around(hidden: Spans, text: str, stretches: Iterable[_Stretch]) -> Iterator[_Stretch]:
    """Cut stretches where something hidden stands in them: what is quoted must not show it."""
    places = iter([*hidden, (len(text) + 1, len(text) + 1)])
    start, end = next(places)
    for begin, stop, is_item in stretches:
        while end <= begin:
            start, end = next(places)
        while start < stop:
            yield from _trimmed(text, begin, start, is_item)
            begin, is_item = end, False
            start, end = next(places)
        yield from _trimmed(text, begin, stop, is_item)
