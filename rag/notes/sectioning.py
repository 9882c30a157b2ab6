"""Arrange the sections of a document for cutting: which stand alone, and which are cut together.

Headings without text under them are indexed together as an outline. A section that is very short
says little alone; it joins its neighbours under the same heading.
"""

from collections.abc import Iterator, Sequence
from itertools import zip_longest

from rag.notes.plain import strip_markup
from rag.notes.readable import Readable
from rag.notes.spans import CountTokens
from rag.types import Block, BlockKind, Piece, Section

LEAST_OUTLINE = 4
"""Words of headings without text that make a chunk; a lone `To do` helps nobody."""
LONGEST_SILENT = 500
"""Characters of a section that are looked through for words before it counts as having some."""
SHORT = 40
"""Tokens of a section, heading included, below which it is very short."""
ROOM = 2 / 3
"""Share of a chunk's tokens that joined sections may fill: title and headings want the rest."""
LONGEST_WORD = 8
"""Characters a token, about the most; a section with more is no short one's neighbour."""


def with_outlines(
    sections: Sequence[Section], note: Readable, least_words: int
) -> Iterator[Section]:
    """Put headings that follow one another without text under them into sections of their own."""
    outline: list[Section] = []
    for section, following in zip_longest(sections, sections[1:]):
        silent = _says_nothing(section, note)
        if outline and not (silent and outline[0].headings[:-1] == section.headings[:-1]):
            yield from _outline(outline, least_words)
            outline = []
        if not silent:
            yield section
        elif section.headings and not (following and _is_above(section, following)):
            outline.append(section)
        # The first heading of a note is often its name, and nothing that it says.
        if (
            least_words
            and section is sections[0]
            and following
            and not _says_nothing(following, note)
        ):
            outline = []
    yield from _outline(outline, least_words)


def _is_above(section: Section, following: Section) -> bool:
    above = section.headings
    return len(following.headings) > len(above) and following.headings[: len(above)] == above


def _outline(sections: Sequence[Section], least_words: int) -> Iterator[Section]:
    if sum(len(section.headings[-1].split()) for section in sections) < max(1, least_words):
        return
    lines = [section.start_line for section in sections]
    pieces = tuple(Piece(line, line, 0, ()) for line in lines)
    block = Block(BlockKind.HEADING, lines[0], lines[-1], pieces)
    yield Section(sections[0].headings[:-1], lines[0], (block,))


def _says_nothing(section: Section, note: Readable) -> bool:
    """Say whether there is nothing to index under a heading, or but a nameless picture."""
    places = [note.lines.places(block.start_line, block.end_line) for block in section.blocks]
    length = sum(end - start for start, end in places)
    return length <= LONGEST_SILENT and not any(note.words(*place) for place in places)


def join_short(
    sections: Sequence[Section], note: Readable, count_tokens: CountTokens, max_tokens: int
) -> list[Section]:
    """Join very short sections with their neighbours, so far as one chunk holds them.

    Sections are neighbours if they follow one another under the same heading, or if the first is
    the heading that the second stands under. A joined section is of the heading that is above all.
    """
    sizes = _sizes(sections, note, count_tokens, max_tokens)
    joined: list[Section] = []
    group: list[Section] = []
    total = 0
    for section, following, size in zip_longest(sections, sections[1:], sizes):
        fits = total + size <= ROOM * max_tokens and min(total, size) < SHORT
        # What stands above others belongs to them rather than to what is before it.
        is_above = following and _is_above(section, following)
        if group and fits and not is_above and _may_join(group, section):
            group.append(section)
            total += size
            continue
        joined.extend(_join(group))
        group, total = [section], size
    joined.extend(_join(group))
    return joined


def _sizes(
    sections: Sequence[Section], note: Readable, count_tokens: CountTokens, max_tokens: int
) -> list[int]:
    """Give the tokens of the sections that may be joined; of others, more than a chunk holds."""
    texts = []
    for section in sections:
        end = section.blocks[-1].end_line if section.blocks else section.start_line
        texts.append(note.lines.between(section.start_line, end))
    may_be_short = [len(text) <= SHORT * LONGEST_WORD for text in texts]
    sizes = [max_tokens + 1] * len(texts)
    counted = [
        place
        for place, text in enumerate(texts)
        if len(text) <= LONGEST_WORD * max_tokens and any(may_be_short[max(place - 1, 0) : place + 2])
    ]
    counts = count_tokens([strip_markup(texts[place]) for place in counted]) if counted else []
    for place, count in zip(counted, counts, strict=True):
        sizes[place] = count
    return sizes


def _may_join(group: Sequence[Section], section: Section) -> bool:
    if not section.headings or (
        section.blocks and section.blocks[0].start_line == section.start_line
    ):
        return False  # it has no heading of its own
    parent, first = section.headings[:-1], group[0].headings
    return parent in ((first, first[:-1]) if len(group) == 1 else (group[1].headings[:-1],))


def _join(group: Sequence[Section]) -> Iterator[Section]:
    if len(group) < 2:  # noqa: PLR2004
        yield from group
        return
    first = group[0]
    is_above = len(group[1].headings) > len(first.headings)
    blocks = list(first.blocks) if is_above else [_heading(first), *first.blocks]
    for section in group[1:]:
        blocks += _heading(section), *section.blocks
    yield Section(group[1].headings[:-1], first.start_line, tuple(blocks))


def _heading(section: Section) -> Block:
    last = section.blocks[0].start_line - 1 if section.blocks else section.start_line
    piece = Piece(section.start_line, max(section.start_line, last), 0, ())
    return Block(BlockKind.HEADING, piece.start_line, piece.end_line, (piece,))
