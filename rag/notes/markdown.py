"""Parse a note into sections, blocks and pieces, each with its lines.

markdown-it-py finds the blocks; this module turns its tokens into ours. What stands inside a line
is not parsed (rules for it look back over the line, so time would grow with its square): that is
left to `plain` and to whoever renders the note; what stands inside a list, quote or table, to
`containers`.

Where notes differ from CommonMark: `html_block` is off, because a `<br>` on a line of its own, as
students write it, would swallow the list or table behind it; `reference` is off, because a link's
definition is text of the note too; tables are found here, without a token for each of their cells;
and a paragraph that stands on a `---` is a heading only if it looks like one.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import PurePosixPath

from markdown_it import MarkdownIt
from markdown_it.token import Token
from mdit_py_plugins.deflist import deflist_plugin
from mdit_py_plugins.dollarmath import dollarmath_plugin
from mdit_py_plugins.footnote import footnote_plugin

from rag.notes.containers import LONGEST_LINE, cut_container, cut_table, find_table, is_callout
from rag.notes.footnotes import Footnote, find_footnotes
from rag.notes.language import detect_language
from rag.notes.lines import LINE_END, Lines, last_inked
from rag.notes.plain import looks_like_heading, strip_inline_markup, strip_markup
from rag.notes.properties import find_inline_tags, normalize_tags, read_properties
from rag.notes.readable import Readable
from rag.types import Block, BlockKind, Document, Note, Piece, Section

DEEPEST = 100
"""Nesting that markdown-it follows; lecture notes reach five, hostile ones thousands."""
LONGEST_SAMPLE = 20_000
"""Characters of a note from which its language is told."""

_PARSER = (
    MarkdownIt("commonmark", {"maxNesting": DEEPEST})
    .use(dollarmath_plugin)
    .use(footnote_plugin)
    .use(deflist_plugin)
    .disable(["html_block", "reference", "inline", "text_join", "footnote_tail"])
)
_CODE = ("fence", "code_block", "math_block", "math_block_label")
_KINDS = {
    "paragraph_open": BlockKind.PARAGRAPH,
    "heading_open": BlockKind.PARAGRAPH,
    "bullet_list_open": BlockKind.LIST,
    "ordered_list_open": BlockKind.LIST,
    "fence": BlockKind.CODE,
    "code_block": BlockKind.CODE,
    "math_block": BlockKind.MATH,
    "math_block_label": BlockKind.MATH,
    "blockquote_open": BlockKind.QUOTE,
    "dl_open": BlockKind.LIST,
    "footnote_reference_open": BlockKind.FOOTNOTE,
}
_CONTAINERS = (BlockKind.LIST, BlockKind.QUOTE, BlockKind.FOOTNOTE)
_RULE = re.compile(r"[ \t]*+(?:(?:-[ \t]*+){3,}+|(?:\*[ \t]*+){3,}+|(?:_[ \t]*+){3,}+)$")
_UNDERLINES = ("-", "=")


def parse(note: Note) -> Document:
    """Parse a note. No text makes it fail, and no line with words on it is left out."""
    properties = read_properties(note.text)
    lines = _visible_lines(note.text)
    tokens = _PARSER.parse("\n".join(line[:LONGEST_LINE].replace("\0", " ") for line in lines))
    footnotes = find_footnotes(tokens, lines)
    prose = LINE_END.sub("\n", _without_code(tokens, lines)).strip()
    sample = strip_markup(prose[:LONGEST_SAMPLE]) or "\n".join(lines).strip()[:LONGEST_SAMPLE]
    return Document(
        path=note.path,
        title=properties.title or PurePosixPath(note.path).stem,
        tags=normalize_tags([*properties.tags, *find_inline_tags(prose)]),
        aliases=properties.aliases,
        language=detect_language(sample),
        text=note.text,
        sections=tuple(_sections(tokens, lines, footnotes)),
        footnotes={label: note.text for label, note in footnotes.items()},
        problems=(properties.problem,) if properties.problem else (),
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


def _sections(
    tokens: Sequence[Token], lines: Sequence[str], footnotes: Mapping[str, Footnote]
) -> Iterator[Section]:
    headings: list[tuple[int, str]] = []
    blocks: list[Block] = []
    start, done = 1, 0  # the section's first line; the last line that a block or heading holds

    def close() -> Iterator[Section]:
        if blocks or headings:
            first = start if headings else blocks[0].start_line
            yield Section(tuple(text for _, text in headings), first, tuple(blocks))

    for index, token in enumerate(tokens):
        if token.level or token.map is None or token.nesting < 0:
            continue
        first, last = token.map[0] + 1, last_inked(token.map, lines)
        blocks.extend(_uncovered(lines, done + 1, first - 1))
        if token.type == "heading_open" and not _is_paragraph(token, first, last, lines):
            yield from close()
            level = int(token.tag[1])
            headings = [pair for pair in headings if pair[0] < level]
            headings.append((level, strip_inline_markup(tokens[index + 1].content)))
            blocks, start = [], first
        else:
            blocks.extend(_blocks(tokens, index, lines, footnotes))
        done = max(done, last)
    blocks.extend(_uncovered(lines, done + 1, len(lines)))
    yield from close()


def _is_paragraph(token: Token, first: int, last: int, lines: Sequence[str]) -> bool:
    """Say whether a heading is text on a rule, its author having left out the line between them."""
    return token.markup in _UNDERLINES and (
        last - first > 1 or not looks_like_heading(lines[first - 1])
    )


def _blocks(
    tokens: Sequence[Token],
    index: int,
    lines: Sequence[str],
    footnotes: Mapping[str, Footnote],
) -> Iterator[Block]:
    """Make the block of a token, or the two of a paragraph that ends in a table."""
    token = tokens[index]
    kind = _KINDS.get(token.type)
    if kind is None or token.map is None:
        return
    first, last = token.map[0] + 1, last_inked(token.map, lines)
    if token.type == "heading_open":  # text on a rule
        last -= 1
    if kind is BlockKind.PARAGRAPH:
        table = find_table(lines, first, last) or last + 1
        if table > first:
            yield Block(kind, first, table - 1, (Piece(first, table - 1, 0, ()),))
        if table <= last:
            yield Block(BlockKind.TABLE, table, last, cut_table(lines, table, last))
    elif kind in _CONTAINERS:
        if is_callout(lines[first - 1]):
            kind = BlockKind.CALLOUT
        footnote = footnotes.get(token.meta.get("label", ""))
        above = footnote.reference if footnote else 0
        yield Block(kind, first, last, cut_container(tokens, index, lines, above))
    else:
        yield Block(kind, first, last, (Piece(first, last, 0, ()),))


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


def _without_code(tokens: Sequence[Token], lines: Sequence[str]) -> str:
    kept = list(lines)
    for token in tokens:
        if token.type in _CODE and token.map:
            for number in range(token.map[0], min(token.map[1], len(kept))):
                kept[number] = ""
    return "\n".join(kept)
