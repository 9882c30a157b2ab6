"""Parse a note into sections, blocks and pieces, each with its lines.

markdown-it-py finds the blocks; this module turns its tokens into ours. What stands inside a line
is not parsed (rules for it look back over the line, so time would grow with its square): that is
left to `plain` and to whoever renders the note.

Where notes differ from CommonMark: `html_block` is off, because a `<br>` on a line of its own, as
students write it, would swallow the list or table behind it; `reference` is off, because a link's
definition is text of the note too; tables are found here, without a token for each of their cells;
and a paragraph that stands on a `---` is a heading only if it looks like one.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath

from markdown_it import MarkdownIt
from markdown_it.token import Token
from mdit_py_plugins.dollarmath import dollarmath_plugin

from rag.notes.language import detect_language
from rag.notes.lines import LINE_END, Lines
from rag.notes.plain import (
    TABLE_RULE,
    looks_like_heading,
    shorten,
    strip_inline_markup,
    strip_markup,
)
from rag.notes.properties import find_inline_tags, normalize_tags, read_properties
from rag.notes.readable import Readable
from rag.types import Block, BlockKind, Document, Note, Piece, Section

DEEPEST = 100
"""Nesting that markdown-it follows; lecture notes reach five, hostile ones thousands."""
LONGEST_PARENT = 120
"""Characters kept of a parent bullet: enough for what it is about."""
MOST_PARENTS = 4
"""Parents kept of a piece, the nearest."""
LONGEST_LINE = 10_000
"""Characters of a line that the parser sees: what a block is shows at its lines' beginnings."""
LONGEST_SAMPLE = 20_000
"""Characters of a note from which its language is told."""

_PARSER = (
    MarkdownIt("commonmark", {"maxNesting": DEEPEST})
    .disable(["html_block", "reference", "inline", "text_join"])
    .use(dollarmath_plugin)
)
_CODE = ("fence", "code_block", "math_block", "math_block_label")
_KINDS = {
    "paragraph_open": BlockKind.PARAGRAPH,
    "bullet_list_open": BlockKind.LIST,
    "ordered_list_open": BlockKind.LIST,
    "fence": BlockKind.CODE,
    "code_block": BlockKind.CODE,
    "math_block": BlockKind.MATH,
    "math_block_label": BlockKind.MATH,
    "blockquote_open": BlockKind.QUOTE,
}
_CONTAINERS = ("list_item_open", "blockquote_open")
_CONTAINER_ENDS = ("list_item_close", "blockquote_close")
_CALLOUT = re.compile(r">[ \t]*+\[![\w-]+")
_RULE = re.compile(r"[ \t]*+(?:(?:-[ \t]*+){3,}+|(?:\*[ \t]*+){3,}+|(?:_[ \t]*+){3,}+)$")
_UNDERLINES = ("-", "=")


def parse(note: Note) -> Document:
    """Parse a note. No text makes it fail, and no line with words on it is left out."""
    properties = read_properties(note.text)
    lines = _visible_lines(note.text)
    tokens = _PARSER.parse("\n".join(line[:LONGEST_LINE].replace("\0", " ") for line in lines))
    prose = LINE_END.sub("\n", _without_code(tokens, lines)).strip()
    sample = strip_markup(prose[:LONGEST_SAMPLE]) or "\n".join(lines).strip()[:LONGEST_SAMPLE]
    return Document(
        path=note.path,
        title=properties.title or PurePosixPath(note.path).stem,
        tags=normalize_tags([*properties.tags, *find_inline_tags(prose)]),
        aliases=properties.aliases,
        language=detect_language(sample),
        text=note.text,
        sections=tuple(_sections(tokens, lines)),
    )


def _visible_lines(text: str) -> tuple[str, ...]:
    """Give the lines with what is hidden left out, none missing: their numbers are the file's."""
    note = Readable(text)
    if not note.hidden:
        return note.lines.content()
    # Blanks before what stands behind a comment would make code of it.
    return tuple(
        line[: len(own) - len(own.lstrip())] + line.lstrip()
        for own, line in zip(Lines(text).content(), note.lines.content(), strict=True)
    )


def _sections(tokens: Sequence[Token], lines: Sequence[str]) -> Iterator[Section]:
    headings: list[tuple[int, str]] = []
    blocks: list[Block] = []
    start, done = 1, 0  # the section's first line; the last line that a block or heading holds

    def close() -> Section | None:
        if not blocks and not headings:
            return None
        first = start if headings else blocks[0].start_line
        return Section(tuple(text for _, text in headings), first, tuple(blocks))

    for index, token in enumerate(tokens):
        if token.level or token.map is None or token.nesting < 0:
            continue
        first, last = token.map[0] + 1, _last_line(token.map, lines)
        blocks.extend(_uncovered(lines, done + 1, first - 1))
        if token.type == "heading_open" and _is_paragraph(token, first, last, lines):
            blocks.extend(_blocks(BlockKind.PARAGRAPH, tokens, index, first, last - 1, lines))
        elif token.type == "heading_open":
            if section := close():
                yield section
            level = int(token.tag[1])
            headings = [pair for pair in headings if pair[0] < level]
            headings.append((level, strip_inline_markup(tokens[index + 1].content)))
            blocks, start = [], first
        elif kind := _KINDS.get(token.type):
            blocks.extend(_blocks(kind, tokens, index, first, last, lines))
        done = max(done, last)
    blocks.extend(_uncovered(lines, done + 1, len(lines)))
    if section := close():
        yield section


def _is_paragraph(token: Token, first: int, last: int, lines: Sequence[str]) -> bool:
    """Say whether a heading is text on a rule, its author having left out the line between them."""
    return token.markup in _UNDERLINES and (
        last - first > 1 or not looks_like_heading(lines[first - 1])
    )


def _blocks(
    kind: BlockKind,
    tokens: Sequence[Token],
    index: int,
    first: int,
    last: int,
    lines: Sequence[str],
) -> Iterator[Block]:
    """Make the block of a token, or the two of a paragraph that ends in a table."""
    if kind is BlockKind.PARAGRAPH:
        table = _table_line(lines, first, last) or last + 1
        if table > first:
            yield Block(kind, first, table - 1, (Piece(first, table - 1, 0, ()),))
        if table <= last:
            starts = [_Start(table, 0, ()), *_rows(lines, table, last, 1, ())]
            yield Block(BlockKind.TABLE, table, last, _pieces(starts, last))
    elif kind in (BlockKind.LIST, BlockKind.QUOTE):
        if _CALLOUT.search(lines[first - 1]):
            kind = BlockKind.CALLOUT
        yield Block(kind, first, last, _pieces(_container_starts(tokens, index, lines), last))
    else:
        yield Block(kind, first, last, (Piece(first, last, 0, ()),))


@dataclass(frozen=True, slots=True)
class _Start:
    """Where a piece begins; it ends before the next one."""

    line: int
    depth: int
    context: tuple[str, ...]


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


def _container_starts(tokens: Sequence[Token], index: int, lines: Sequence[str]) -> list[_Start]:
    """Find where the parts of a list or quote begin: items, paragraphs, rows, whatever their depth.

    Each knows the items above it, and the title of the callout that it is in.
    """
    container = tokens[index]
    assert container.map is not None
    starts = [_Start(container.map[0] + 1, 0, ())]
    parents = _Parents(lines)

    def begin(line: int) -> None:
        # Several may begin on one line: an item, its paragraph, an item in it.
        if line > starts[-1].line:
            starts.append(_Start(line, len(parents), parents.nearest()))

    for token in map(tokens.__getitem__, range(index, len(tokens))):
        if token.nesting < 0:
            if token.type in _CONTAINER_ENDS:
                parents.pop()
            if token.level == container.level:
                break
        elif not token.map or token.type == "inline" or token.type.endswith("list_open"):
            continue
        else:
            line, last = token.map[0] + 1, _last_line(token.map, lines)
            begin(line)
            if token.type in _CONTAINERS:
                # A plain quote says nothing of its parts.
                is_named = token.type == "list_item_open" or _CALLOUT.search(lines[line - 1])
                parents.push(line if is_named else 0)
            elif token.type == "paragraph_open" and (table := _table_line(lines, line, last)):
                begin(table)
                starts += _rows(lines, table, last, len(parents) + 1, parents.nearest())
    return starts


def _table_line(lines: Sequence[str], first: int, last: int) -> int | None:
    """Find the header of a table among lines first to last, all of one paragraph."""
    for number in range(first, last):
        if "|" in lines[number - 1] and TABLE_RULE.match(lines[number][:LONGEST_LINE]):
            return number
    return None


def _rows(
    lines: Sequence[str], table: int, last: int, depth: int, context: tuple[str, ...]
) -> Iterator[_Start]:
    """Find where the rows of a table begin; each carries the header, with which the first stays."""
    header = shorten(strip_markup(lines[table - 1][:LONGEST_LINE]), 2 * LONGEST_PARENT)
    for row in range(table + 3, last + 1):
        yield _Start(row, depth, (*context, header))


def _uncovered(lines: Sequence[str], first: int, last: int) -> Iterator[Block]:
    """Make paragraphs of lines that no token holds, so that nothing of a note is lost."""
    start = 0
    for number in range(first, last + 2):
        words = number <= last and lines[number - 1].strip() and not _RULE.match(lines[number - 1])
        if words and not start:
            start = number
        elif not words and start:
            piece = Piece(start, number - 1, 0, ())
            yield Block(BlockKind.PARAGRAPH, start, number - 1, (piece,))
            start = 0


def _last_line(span: Sequence[int], lines: Sequence[str]) -> int:
    """Give a token's last line with something on it: markdown-it counts blank ones behind it."""
    last = min(max(span[1], span[0] + 1), len(lines))
    while last > span[0] + 1 and not lines[last - 1].strip():
        last -= 1
    return last


def _without_code(tokens: Sequence[Token], lines: Sequence[str]) -> str:
    kept = list(lines)
    for token in tokens:
        if token.type in _CODE and token.map:
            for number in range(token.map[0], min(token.map[1], len(kept))):
                kept[number] = ""
    return "\n".join(kept)
