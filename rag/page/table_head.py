"""Give the rows of a long table their header back.

A long table is cut between its rows. A passage from its middle holds rows alone, which are no table
in Markdown; the header stands in what was indexed, in the line above them.
"""

import re
from itertools import pairwise

from rag.types import Chunk

_CELL_END = re.compile(r"(?<!\\)\|")
_DELIMITERS = re.compile(r"[\s|:-]+")


def add_head(chunk: Chunk) -> tuple[str, int]:
    """Give the text of a chunk, and the count of lines that were put before it: 0 or 2."""
    first, _, rest = chunk.text.partition("\n")
    if not first.startswith("|") or _DELIMITERS.fullmatch(rest.partition("\n")[0] or "x"):
        return chunk.text, 0
    width = _count_cells(first)
    letters = _letters(first)
    for head, row in pairwise(chunk.indexed_text.splitlines()):
        if _letters(row) == letters and _count_cells(f"|{head}|") == width:
            return f"|{head}|\n|{'---|' * width}\n{chunk.text}", 2
    return chunk.text, 0


def _count_cells(row: str) -> int:
    return len(_CELL_END.findall(row.strip().strip("|"))) + 1


def _letters(text: str) -> str:
    """Give what markup leaves as it is."""
    return "".join(filter(str.isalnum, text))
