"""Parse a note into sections, blocks and pieces, each with its lines.

markdown-it-py finds the blocks; this module turns its tokens into ours. It does not interpret what
stands inside a line: that is left to `plain` and to whoever renders the note.

Two rules of CommonMark are off. `html_block`: a `<br>` on a line of its own, as students write it,
would swallow the list or table behind it. `reference`: a link definition is text of the note too.
"""

import re
from collections.abc import Iterator, Sequence
from pathlib import PurePosixPath

from markdown_it import MarkdownIt
from markdown_it.token import Token
from mdit_py_plugins.dollarmath import dollarmath_plugin

from rag.notes.language import detect_language
from rag.notes.lines import LINE_END, Lines
from rag.notes.plain import strip_inline_markup, strip_markup
from rag.notes.properties import find_inline_tags, normalize_tags, read_properties
from rag.types import Block, BlockKind, Document, Note, Piece, Section

DEEPEST = 100
"""Nesting that markdown-it follows; lecture notes reach five, hostile ones thousands."""
LONGEST_PARENT = 120
"""Characters kept of a parent bullet: enough for what it is about."""
LONGEST_LINE = 100_000
"""Characters of one line that are parsed. Rules for links and formulas look back over the line, so
time grows with its square; what is beyond is still indexed, as text."""

_PARSER = (
    MarkdownIt("commonmark", {"maxNesting": DEEPEST})
    .enable(["table", "strikethrough"])
    .disable(["html_block", "reference"])
    .use(dollarmath_plugin, allow_space=True, double_inline=True)
)
_KINDS = {
    "paragraph_open": BlockKind.PARAGRAPH,
    "bullet_list_open": BlockKind.LIST,
    "ordered_list_open": BlockKind.LIST,
    "table_open": BlockKind.TABLE,
    "fence": BlockKind.CODE,
    "code_block": BlockKind.CODE,
    "math_block": BlockKind.MATH,
    "math_block_label": BlockKind.MATH,
    "blockquote_open": BlockKind.QUOTE,
}
_CALLOUT = re.compile(r"[ \t]*>[ \t]*\[!\w+\]")
_RULE = re.compile(r"[ \t]*(?:(?:-[ \t]*){3,}|(?:\*[ \t]*){3,}|(?:_[ \t]*){3,})$")


def parse(note: Note) -> Document:
    """Parse a note. No text makes it fail, and no line with words on it is left out."""
    raw = Lines(note.text)
    properties = read_properties(note.text)
    # Properties become blank lines, so that all line numbers stay those of the file.
    lines = ["" if n <= properties.end_line else text for n, text in enumerate(raw.content(), 1)]
    source = "\n".join(line[:LONGEST_LINE].replace("\0", " ") for line in lines)
    tokens = _PARSER.parse(source)
    body = "\n".join(lines)
    prose = LINE_END.sub("\n", _without_code(tokens, lines))
    return Document(
        path=note.path,
        title=properties.title or PurePosixPath(note.path).stem,
        tags=normalize_tags([*properties.tags, *find_inline_tags(prose)]),
        aliases=properties.aliases,
        language=detect_language(strip_markup(prose) or body),
        text=note.text,
        sections=tuple(_sections(tokens, lines)),
    )


def _sections(tokens: Sequence[Token], lines: Sequence[str]) -> Iterator[Section]:
    headings: list[tuple[int, str]] = []
    blocks: list[Block] = []
    start, done = 1, 0  # the section's first line; the last line that a block or heading holds

    def close() -> Section | None:
        if not blocks and not headings:
            return None
        first = min(start, blocks[0].start_line) if headings and blocks else start
        if not headings:
            first = blocks[0].start_line
        return Section(tuple(text for _, text in headings), first, tuple(blocks))

    for index, token in enumerate(tokens):
        if token.level or token.map is None or token.nesting < 0:
            continue
        first, last = token.map[0] + 1, _last_line(token.map, lines)
        blocks.extend(_uncovered(lines, done + 1, first - 1))
        if token.type == "heading_open":
            if section := close():
                yield section
            level = int(token.tag[1])
            headings = [pair for pair in headings if pair[0] < level]
            text = strip_inline_markup(tokens[index + 1].content).replace("\n", " ")
            headings.append((level, text))
            blocks, start = [], first
        elif kind := _KINDS.get(token.type):
            blocks.append(_block(kind, tokens, index, first, last, lines))
        done = max(done, last)
    blocks.extend(_uncovered(lines, done + 1, len(lines)))
    if section := close():
        yield section


def _block(
    kind: BlockKind, tokens: Sequence[Token], index: int, first: int, last: int, lines: Sequence[str]
) -> Block:
    pieces: tuple[Piece, ...] = (Piece(first, last, 0, ()),)
    if kind is BlockKind.LIST:
        pieces = tuple(_list_pieces(tokens, index, first, last, lines))
    elif kind is BlockKind.TABLE:
        pieces = tuple(_table_pieces(first, last, lines))
    elif kind is BlockKind.QUOTE and _CALLOUT.match(lines[first - 1]):
        kind = BlockKind.CALLOUT
    return Block(kind, first, last, pieces)


def _list_pieces(
    tokens: Sequence[Token], index: int, first: int, last: int, lines: Sequence[str]
) -> Iterator[Piece]:
    """Cut a list at its items, whatever their depth; each knows the items above it."""
    starts: list[tuple[int, int, tuple[str, ...]]] = []
    parents: list[str] = []
    for token in tokens[index:]:
        if token.type == "list_item_open" and token.map:
            line = token.map[0] + 1
            # `- - a` opens two items on one line; the outer one has no words of its own.
            if not starts or starts[-1][0] < line:
                starts.append((line, len(parents), tuple(filter(None, parents))))
            parents.append(strip_markup(lines[line - 1])[:LONGEST_PARENT])
        elif token.type == "list_item_close" and parents:
            parents.pop()
        elif token.level == tokens[index].level and token.nesting < 0:
            break
    starts = starts or [(first, 0, ())]
    ends = [line - 1 for line, _, _ in starts[1:]] + [last]
    for (line, depth, context), end in zip(starts, ends, strict=True):
        yield Piece(first if line == starts[0][0] else line, end, depth, context)


def _table_pieces(first: int, last: int, lines: Sequence[str]) -> Iterator[Piece]:
    """Cut a table at its rows; each row carries the header, the first one holds it."""
    header = strip_markup(lines[first - 1])
    rows = range(first + 2, last + 1)
    if not rows:
        yield Piece(first, last, 0, ())
        return
    yield Piece(first, rows[0], 0, ())
    for row in rows[1:]:
        yield Piece(row, row, 1, (header,))


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
    """Give a token's last line with something on it: markdown-it counts blank ones behind a list."""
    last = min(max(span[1], span[0] + 1), len(lines))
    while last > span[0] + 1 and not lines[last - 1].strip():
        last -= 1
    return last


def _without_code(tokens: Sequence[Token], lines: Sequence[str]) -> str:
    kept = list(lines)
    for token in tokens:
        if token.type in ("fence", "code_block", "math_block") and token.map:
            for number in range(token.map[0], min(token.map[1], len(kept))):
                kept[number] = ""
    return "\n".join(kept)
