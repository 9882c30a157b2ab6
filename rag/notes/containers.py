"""Cut lists, quotes, footnotes and tables into pieces, each with what it needs to be understood."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from markdown_it.token import Token

from rag.notes.lines import last_inked
from rag.notes.plain import TABLE_RULE, shorten, strip_markup
from rag.types import Piece

LONGEST_PARENT = 120
"""Characters kept of a parent bullet: enough for what it is about."""
MOST_PARENTS = 4
"""Parents kept of a piece, the nearest."""
LONGEST_LINE = 10_000
"""Characters of a line that the parser sees: what a block is shows at its lines' beginnings."""

_CALLOUT = re.compile(r">[ \t]*+\[![\w-]+")
_CONTAINERS = ("list_item_open", "blockquote_open")
_CONTAINER_ENDS = ("list_item_close", "blockquote_close", "dd_close")


@dataclass(frozen=True, slots=True)
class _Start:
    """Where a piece begins; it ends before the next one."""

    line: int
    depth: int
    context: tuple[str, ...]


def is_callout(line: str) -> bool:
    """Say whether a line opens a callout, `> [!tip] Title`."""
    return bool(_CALLOUT.search(line))


def find_table(lines: Sequence[str], first: int, last: int) -> int | None:
    """Find the header of a table among lines first to last, all of one paragraph."""
    for number in range(first, last):
        if "|" in lines[number - 1] and TABLE_RULE.match(lines[number][:LONGEST_LINE]):
            return number
    return None


def cut_table(lines: Sequence[str], table: int, last: int) -> tuple[Piece, ...]:
    """Cut a table whose header is line `table` at its rows."""
    return _pieces([_Start(table, 0, ()), *_rows(lines, table, last, 1, ())], last)


def cut_container(
    tokens: Sequence[Token], index: int, lines: Sequence[str], above: int = 0
) -> tuple[Piece, ...]:
    """Cut the list, quote or footnote that begins with a token.

    Its parts are items, paragraphs and rows, whatever their depth. Each knows the items above it,
    the term that it defines, the title of the callout that it is in, and the line `above` (0: none)
    that refers to all of it.
    """
    container = tokens[index]
    assert container.map is not None
    walk = _Walk(lines, container.map[0] + 1, above)
    for token in map(tokens.__getitem__, range(index, len(tokens))):
        if token.nesting >= 0:
            walk.enter(token)
        else:
            walk.leave(token)
            if token.level == container.level:
                break
    return _pieces(walk.starts, last_inked(container.map, lines))


def _pieces(starts: Sequence[_Start], last: int) -> tuple[Piece, ...]:
    ends = [start.line - 1 for start in starts[1:]] + [last]
    return tuple(
        Piece(start.line, end, start.depth, start.context)
        for start, end in zip(starts, ends, strict=True)
    )


class _Parents:
    """The items and callouts that a piece stands in; their text is read only where one is asked."""

    def __init__(self, lines: Sequence[str]) -> None:
        self._lines = lines
        self._numbers: list[int] = []
        self._texts: dict[int, str] = {}

    def __len__(self) -> int:
        return len(self._numbers)

    def push(self, line: int) -> None:
        self._numbers.append(line)

    def pop(self) -> None:
        self._numbers.pop()

    def nearest(self) -> tuple[str, ...]:
        # The items of `- - a` begin on one line.
        numbers = dict.fromkeys(number for number in self._numbers if number)
        return tuple(filter(None, map(self._text, numbers)))[-MOST_PARENTS:]

    def _text(self, line: int) -> str:
        if line not in self._texts:
            text = strip_markup(self._lines[line - 1][:LONGEST_LINE])
            self._texts[line] = shorten(text, LONGEST_PARENT)
        return self._texts[line]


class _Walk:
    """Goes through the tokens of a container and notes where its parts begin."""

    def __init__(self, lines: Sequence[str], first: int, above: int) -> None:
        self._lines = lines
        self._parents = _Parents(lines)
        if above:
            self._parents.push(above)
        self.starts = [_Start(first, 0, self._parents.nearest())]
        self._term = 0
        """The line of the term that is being defined."""
        self._is_glued = False
        """Whether what begins now stays with what stands before it."""

    def enter(self, token: Token) -> None:
        if not token.map or token.type == "inline" or token.type.endswith("list_open"):
            return
        if token.type == "dd_open":
            # Its lines are those of its parts; the first stays with the term.
            self._is_glued = self.starts[-1].line == self._term
            self._parents.push(self._term)
            return
        line, last = token.map[0] + 1, last_inked(token.map, self._lines)
        self._begin(line)
        if token.type == "dt_open":
            self._term = line
        elif token.type in _CONTAINERS:
            # A plain quote says nothing of its parts.
            is_named = token.type == "list_item_open" or is_callout(self._lines[line - 1])
            self._parents.push(line if is_named else 0)
        elif token.type == "paragraph_open" and (table := find_table(self._lines, line, last)):
            self._begin(table)
            context = self._parents.nearest()
            self.starts += _rows(self._lines, table, last, len(self._parents) + 1, context)

    def leave(self, token: Token) -> None:
        if token.type in _CONTAINER_ENDS:
            self._parents.pop()

    def _begin(self, line: int) -> None:
        # Several may begin on one line: an item, its paragraph, an item in it.
        if line > self.starts[-1].line and not self._is_glued:
            self.starts.append(_Start(line, len(self._parents), self._parents.nearest()))
        self._is_glued = False


def _rows(
    lines: Sequence[str], table: int, last: int, depth: int, context: tuple[str, ...]
) -> Iterator[_Start]:
    """Find where the rows of a table begin; each carries the header, with which the first stays."""
    header = shorten(strip_markup(lines[table - 1][:LONGEST_LINE]), 2 * LONGEST_PARENT)
    for row in range(table + 3, last + 1):
        yield _Start(row, depth, (*context, header))
