"""What stands around the passages that were found: their neighbours in the note."""

from collections.abc import Sequence
from dataclasses import replace

from rag.index import Index
from rag.types import Chunk, Passage


def widen(passages: Sequence[Passage], index: Index) -> list[Passage]:
    """Give the passages with the chunks before and behind them, of their section or the one above.

    A neighbour that was found by itself, or taken by a better passage, is left where it is. So is
    one that shares a line, where a long paragraph was cut.
    """
    taken = {_place(passage.chunk) for passage in passages}
    notes = index.note_rows()
    widened = []
    for passage in passages:
        note = index.chunks(notes[passage.chunk.path])
        chunk, number = passage.chunk, note.index(passage.chunk)
        for other in (*note[max(number - 1, 0) : number], *note[number + 1 : number + 2]):
            first, second = sorted((chunk, other), key=lambda one: one.start_line)
            if (
                other.headings in (chunk.headings, chunk.headings[:-1])
                and _place(other) not in taken
                and first.end_line < second.start_line
            ):
                taken.add(_place(other))
                chunk = _join(first, second, passage.chunk)
        widened.append(replace(passage, chunk=chunk))
    return widened


def _place(chunk: Chunk) -> tuple[str, int]:
    return chunk.path, chunk.start_line


def _join(first: Chunk, second: Chunk, found: Chunk) -> Chunk:
    """Put two chunks together; nothing that is shown stands between them."""
    between = "\n" * (second.start_line - first.end_line)
    return replace(
        found,
        start_line=first.start_line,
        end_line=second.end_line,
        text=f"{first.text}{between}{second.text}",
    )
