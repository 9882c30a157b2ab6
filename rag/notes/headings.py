"""Tell under which headings a line of a chunk stands: of short sections several share a chunk."""

import re

from rag.notes.hidden import blank, find_code
from rag.notes.lines import Lines
from rag.notes.plain import strip_inline_markup
from rag.types import Chunk

_HEADING = re.compile(r"[ ]{0,3}(#{1,6})[ \t]+(\S[^\n]{0,300}?)[ \t]*#*[ \t]*$")


def headings_at(chunk: Chunk, line: int) -> tuple[str, ...]:
    """Give the headings of a line, outermost first: the chunk's, and those within it.

    Args:
        chunk: a chunk.
        line: of its note, from 1; one that is not the chunk's has the chunk's headings.
    """
    if not chunk.start_line <= line <= chunk.end_line or "#" not in chunk.text:
        return chunk.headings
    within: list[tuple[int, str]] = []
    lines = Lines(blank(chunk.text, find_code(chunk.text))).content()
    for text in lines[: line - chunk.start_line + 1]:
        if match := _HEADING.match(text):
            level = len(match[1])
            within = [heading for heading in within if heading[0] < level]
            within.append((level, strip_inline_markup(match[2])))
    names = tuple(name for _, name in within)
    # A chunk that begins with its section's heading shows it.
    is_own = names and chunk.headings and names[0] == chunk.headings[-1]
    return chunk.headings + (names[1:] if is_own else names)
