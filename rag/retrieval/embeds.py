"""What the passages that were found embed: `![[note#heading]]` stands for text of another note.

The text is found where it really stands, in the index, when a passage that embeds it is found: so
it is cited at its own lines, and no note has to be indexed again because another one changed.
"""

import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from rag.index import Index, Mask
from rag.notes.links import Link, find_links, find_target
from rag.types import Chunk, Legs, Passage

DEEPEST = 3
"""Embeds in embeds that are followed; Obsidian shows five."""
FEW_WORDS = 40
"""Of a passage that is about what it embeds, as many as a short section has. A daily note that
embeds one thing among ten others is found for the others."""
MOST_ROWS = 2
"""Chunks of one embed. Where a whole note is embedded, the part that answers is found by itself."""


def bring_embedded(
    passages: Sequence[Passage], index: Index, count: int, allowed: Mask | None
) -> list[Passage]:
    """Put what passages embed behind them, if it was not found by itself.

    A passage that has few words of its own was found for where it leads, and what it embeds stands
    right behind it; what a longer one embeds stands behind all that was found.

    Args:
        passages: that were found, best first.
        index: in which they were found.
        count: how many come back at most.
        allowed: which chunks may be found; None: all.
    """
    there = {(passage.chunk.path, passage.chunk.start_line) for passage in passages}
    near: list[Passage] = []
    last: list[Passage] = []
    for passage in passages:
        near.append(passage)
        is_long = len(passage.chunk.text.split()) > FEW_WORDS
        if is_long and len(passages) >= count:
            continue  # what it embeds would stand behind the last place
        brought = last if is_long else near
        rows = find_embedded(passage.chunk, index)
        for row in rows if allowed is None else [row for row in rows if allowed[row]]:
            (chunk,) = index.chunks([row])
            place = (chunk.path, chunk.start_line)
            if place not in there:
                there.add(place)
                brought.append(
                    Passage(
                        chunk=chunk,
                        rank=0,
                        score=passage.score,
                        legs=Legs(dense=0.0, lexical=0.0, dense_z=0.0, lexical_z=0.0),
                        embedded_in=passage.chunk.path,
                    )
                )
    return [
        replace(passage, rank=rank) for rank, passage in enumerate([*near, *last][:count], start=1)
    ]


def find_embedded(chunk: Chunk, index: Index) -> list[int]:
    """Find the rows of the chunks that a chunk embeds, in its order, those in embeds behind them.

    None twice, so that notes which embed each other end; a note or heading that is not there gives
    none.
    """
    if "![[" not in chunk.text and "{{embed" not in chunk.text:
        return []
    found: dict[int, None] = {}
    _follow(chunk, index, index.note_rows(), found, DEEPEST)
    return list(found)


def _follow(
    chunk: Chunk, index: Index, notes: Mapping[str, range], found: dict[int, None], depth: int
) -> None:
    for link in find_links(chunk.text):
        if not link.is_embed or link.is_picture:
            continue
        path = find_target(link.target, notes, chunk.path)
        for row, embedded in _matching(link, notes[path], index) if path else ():
            if row not in found and embedded.text != chunk.text:
                found[row] = None
                if depth > 1:
                    _follow(embedded, index, notes, found, depth - 1)


def _matching(link: Link, rows: range, index: Index) -> Iterator[tuple[int, Chunk]]:
    wanted = _comparable(link.heading)
    count = 0
    for row, chunk in zip(rows, index.chunks(rows), strict=True):
        if wanted:
            is_meant = wanted in map(_comparable, chunk.headings) or _heads(wanted, chunk.text)
        else:
            is_meant = not link.block or f"^{link.block}" in chunk.text.split()
        if is_meant:
            yield row, chunk
            count += 1
        if count == MOST_ROWS:
            return


def _heads(wanted: str, text: str) -> bool:
    """Say whether a heading stands in a text: of short sections several share a chunk."""
    return any(
        line.startswith("#") and _comparable(line.lstrip("#")) == wanted
        for line in text.splitlines()
    )


def _comparable(heading: str) -> str:
    """Leave letters and digits: Obsidian's links drop what their syntax does not allow."""
    folded = unicodedata.normalize("NFC", heading).casefold()
    return "".join(character for character in folded if character.isalnum())
