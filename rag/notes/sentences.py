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
from rag.notes.plain import TABLE_RULE, looks_like_heading

_HEADING = re.compile(r"[ ]{0,3}#{1,6}(?:[ \t]|$)")
_FENCE = re.compile(r"[ \t>]*+(?:(?:[-*+]|\d{1,9}[.)])[ \t]++)?(`{3,}+|~{3,}+)([^`]*+)$")
_FORMULA = re.compile(r"[ \t>]*+\$\$")
_SILENT = re.compile(
    r"[ \t>]*+(?:(?:[-*+]|\d{1,9}[.)])[ \t]++)?"
    r"(?:[=*_~-]{3,}+|(?:[-*_][ \t]*+){3,}+"  # a rule
    r"|(?:!\[\[[^\]\n]*+\]\][ \t]*+)++|(?:!\[[^\]\n]*+\]\([^)\n]*+\)(?:\{[^{}\n]*+\})?[ \t]*+)++"
    r"|(?:</?[A-Za-z][^<>\n]*+>[ \t]*+)++"  # HTML
    r"|(?:#[\w/-]++[ \t]*+)++"  # tags
    r"|#\+\w++|:{3,}+[^\n]*+|\+\+\+[^\n]*+)?$"  # what frames a quote, a div or a cell
)
_UNDERLINE = re.compile(r"[ ]{0,3}(?:=+|-+)[ \t]*$")
_MARKER = re.compile(
    r"[ \t]*+(?:>[ \t]*+)*+"
    r"(?:\[![\w-]++(?:\|[^\]\n]{0,60}+)?\][-+]?[ \t]*+)?"
    r"(?:(?:[-*+]|\d{1,9}[.)])(?:[ \t]++|$)(?:\[[^\]\n]\][ \t]++)?|-(?=[^\W\d_])|:[ \t]++)?"
    r"(?:\[\^[^\[\]\s]{1,100}+\]:[ \t]*+)?"
    r"(?:<br[ \t]{0,9}+/?>[ \t]*+)*+"
)
_FIELD = re.compile(r"[^\n:]{1,100}+::")
"""A term and what it means, one line each: `GRU:: ...`."""
_LABEL = re.compile(r"(?:\*\*|__)?[^\s:=–—][^:=–—\n]{0,60}?(?::[ \t*_]| [–—=-] )")
"""`Term: ...` or `Term – ...`; where lines that follow one another begin so, each is its own."""
_BREAK = ("  ", "\\")
"""How a line ends that Markdown does not join with the next."""
_IN_ROW = re.compile(r"`[^`\n]*+`|\$[^$\n]*+\$")
"""What may hold a bar in running text."""
_ROW = re.compile(r"[^|\s][ \t]{1,9}+\|[ \t]")
_TAIL = re.compile(r"(?:<br[ \t]{0,9}/?>|[ \t]\^[\w-]{1,60}|[ \t|])$")
_TAIL_LENGTH = 70
_LINE_BREAK = re.compile(r"`[^`\n]{1,300}+`|(?P<br><br[ \t]{0,9}+/?>)", re.IGNORECASE)
_END = re.compile(r"([.!?…]{1,8}+)[\"”»’')*_=]{0,6}+\s++(?=[\"“„«‘'(*_=\[<`]{0,6}+([\w$\\]))")
_ABBREVIATION = re.compile(
    r"(?:\b(?:[A-Za-zĄ-ž]|ex|np|etc|dr|prof|mgr|inż|ing|nr|fig|eq|tab|vs|cf|al|ca|ok|tzn|tzw|tj|itd"
    r"|itp|m\.in|i\sin|min|max|str|pag|pág|p|pp|cap|sec|approx|resp|sr|sra|d\.ex|i\.e|e\.g|aprox|wg"
    r"|por|zob|hab|pok|godz|rys|tys|mln|mld|obs|ref|św)"
    r"|(?<![\w.,-])\d{1,2})$",  # a short number may count; one with decimals, or a year, ends
    re.IGNORECASE,
)
_ABBREVIATION_LENGTH = 12
_BEFORE_NUMBER = re.compile(r"\b[a-zà-ž]{1,4}$")
"""`pok. 214`: what stands between a short word and a number is more often a shortening."""
_WORD = re.compile(r"\w")

_Stretch = tuple[int, int]
"""Places from and to."""


@dataclass(frozen=True, slots=True)
class Sentence:
    """A stretch of a note that can be quoted."""

    text: str
    """The note's own characters."""
    start: int
    """Of its first character in the text that was cut."""
    start_line: int
    end_line: int


def split_sentences(text: str, first_line: int) -> list[Sentence]:
    """Cut text that begins at `first_line` of a note."""
    hidden = find_hidden(text)
    lines = Lines(blank(text, hidden))
    return [
        Sentence(
            text[start:end],
            start,
            first_line + lines.line_of(start) - 1,
            first_line + lines.line_of(end - 1) - 1,
        )
        for start, end in _around(hidden, lines.text, _stretches(lines))
        if _WORD.search(text, start, end)
    ]


def _stretches(lines: Lines) -> Iterator[_Stretch]:
    text = lines.text
    opened: _Stretch | None = None  # a paragraph or item that may go on on the next line
    was_label = was_field = False
    content = lines.content()
    for number, (line, is_prose) in enumerate(
        zip(content, _prose_lines(content), strict=True), start=1
    ):
        start, stop = lines.start(number), lines.start(number) + len(line)
        marker = _MARKER.match(line)
        begins = marker.end() if marker else 0
        is_row = is_prose and _is_row(line[begins:])
        is_field = bool(_FIELD.match(line))
        is_item = is_field or bool(line[:begins].strip(" \t:"))
        is_label = bool(_LABEL.match(line))
        goes_on = is_prose and not (is_row or is_item or was_field or (was_label and is_label))
        was_label, was_field = is_label, is_field
        if opened and goes_on and not text.endswith(_BREAK, opened[0], opened[1]):
            opened = (opened[0], stop)
            continue
        if opened:
            yield from _cut(text, *opened)
            opened = None
        if is_row:
            bar = len(line) - len(line.lstrip(" \t>|"))
            yield from _trimmed(text, start + max(bar, begins), stop)
        elif is_prose:
            opened = (start + begins, stop)
    if opened:
        yield from _cut(text, *opened)


def _is_row(line: str) -> bool:
    return line.startswith("|") or ("|" in line and bool(_ROW.search(_IN_ROW.sub("", line))))


def _prose_lines(lines: Sequence[str]) -> Iterator[bool]:
    """Say of each line whether it can be quoted: no code, formula, heading, rule or blank."""
    fence = _fence_before(lines)
    in_formula = False
    before = ""
    for line, following in zip(lines, [*lines[1:], ""], strict=True):
        if match := _FENCE.match(line):
            if not fence:
                fence = match[1]
            elif _closes(match, fence):
                fence = ""
            yield False
        elif fence:
            yield False
        elif in_formula or _FORMULA.match(line):
            # A `$$` that opens and closes on one line opens nothing.
            in_formula ^= line.count("$$") % 2 == 1
            yield False
        else:
            is_heading = _HEADING.match(line) or (
                not before.strip() and _UNDERLINE.match(following) and looks_like_heading(line)
            )
            in_table = TABLE_RULE.match(line) or ("|" in line and TABLE_RULE.match(following))
            yield not (is_heading or in_table or _SILENT.match(line))
        before = line


def _fence_before(lines: Sequence[str]) -> str:
    """Give the fence in which the text begins: a chunk may be the end of a long block of code."""
    fence = ""
    for line in lines:
        if match := _FENCE.match(line):
            if not fence:
                fence = match[1]
            elif _closes(match, fence):
                fence = ""
    if not fence:
        return ""
    last = next(line for line in reversed(lines) if line.strip())
    match = _FENCE.match(last)
    return fence if match and _closes(match, fence) else ""


def _closes(match: re.Match[str], fence: str) -> bool:
    return match[1].startswith(fence) and not match[2].strip()


def _cut(text: str, start: int, end: int) -> Iterator[_Stretch]:
    for found in _LINE_BREAK.finditer(text, start, end):
        if found["br"]:
            yield from _cut_at_ends(text, start, found.start())
            start = found.end()
    yield from _cut_at_ends(text, start, end)


def _cut_at_ends(text: str, start: int, end: int) -> Iterator[_Stretch]:
    begin = start
    for match in _END.finditer(text, start, end):
        if _is_end(match, text[max(start, match.start() - _ABBREVIATION_LENGTH) : match.start()]):
            yield from _trimmed(text, begin, match.end())
            begin = match.end()
    yield from _trimmed(text, begin, end)


def _is_end(match: re.Match[str], before: str) -> bool:
    """Say whether a sentence ends at a full stop, question mark or the like."""
    mark, following = match[1], match[2]
    if mark == ".":
        number = following.isdigit() and _BEFORE_NUMBER.search(before)
        return not (number or _ABBREVIATION.search(before))
    return not (following.islower() and mark.endswith(("...", "…")))


def _trimmed(text: str, start: int, end: int) -> Iterator[_Stretch]:
    """Take blanks off both ends, and bars, line breaks and a block's name off the last."""
    while start < end and text[start].isspace():
        start += 1
    while start < end:
        if text[end - 1].isspace():
            end -= 1
        elif tail := _TAIL.search(text, max(start, end - _TAIL_LENGTH), end):
            end = tail.start()
        else:
            yield start, end
            return


def _around(hidden: Spans, text: str, stretches: Iterable[_Stretch]) -> Iterator[_Stretch]:
    """Cut stretches where something hidden stands in them: what is quoted must not show it."""
    places = iter([*hidden, (len(text) + 1, len(text) + 1)])
    start, end = next(places)
    for begin, stop in stretches:
        while end <= begin:
            start, end = next(places)
        while start < stop:
            yield from _trimmed(text, begin, start)
            begin = end
            start, end = next(places)
        yield from _trimmed(text, begin, stop)
