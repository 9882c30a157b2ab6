"""Turn the pieces of a section into spans: measured, and none too long for a chunk.

A span knows what it costs to begin a chunk with it, and which lines above it such a chunk needs.
"""

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

from rag.notes.cutting import cut_text
from rag.notes.plain import shorten
from rag.notes.readable import Readable
from rag.types import Block, BlockKind, Piece

CountTokens = Callable[[Sequence[str]], list[int]]
Context = tuple[str, ...]
"""Lines that a chunk needs to be understood, outermost first."""

MOST_CONTEXT = 1 / 3
"""Share of the room that parents may take; beyond it they are shortened, the nearest last."""
LEAST_CONTEXT = 8
"""Tokens below which a shortened parent says nothing."""
LONGEST_TOKEN = 100
"""Characters; what is longer than this for each token of room is cut uncounted."""
LONGEST_INTRODUCTION = 120
"""Characters of it that go with each chunk of what it introduces."""

ITEM_CUT = 0.05
LEVEL_CUT = 0.1
DEEPEST_CUT = 3
"""Prices of a cut inside a block, and for each level of nesting. One between blocks costs nothing,
and one at three levels as much as two chunks of 150 + 20 tokens instead of 85 + 85."""
GLUED_CUT = 0.8
"""Price of a cut behind a line that introduces what follows: almost that of another chunk."""

_VERBATIM = (BlockKind.CODE, BlockKind.MATH)
_TERM = re.compile(r"[ \t]*+(\*\*|__)[^*_\n]{1,100}+\1[ \t]*+$")
"""A line in bold letters alone, which is a heading in all but name."""


@dataclass(frozen=True, slots=True)
class Span:
    """A stretch of a note that is not cut further."""

    start: int
    end: int
    """Places in the note."""
    cut: float
    """Price of beginning a chunk with it, 0 to 1."""
    parents: Context
    """What such a chunk needs; of this, as much as fits beside the span:"""
    context: str
    context_tokens: int
    piece: int
    """Number of the piece that it is, or is a part of."""
    is_part: bool
    is_verbatim: bool
    """Whether it is code or a formula."""
    body: str
    """Its words, without markup."""
    tokens: int
    """Of its words, the line end before them included."""


def find_spans(
    blocks: Sequence[Block], note: Readable, count_tokens: CountTokens, room: int
) -> list[Span]:
    """Give the spans of a section, in order; those without a word are shown with a neighbour.

    Args:
        blocks: of the section.
        note: where they stand.
        count_tokens: counts the encoder's own tokens.
        room: tokens that a span and its context may have.
    """
    whole = list(_introduced(blocks, note, room))
    contexts = _Contexts(count_tokens, room)
    counts = count_tokens(["\n" + span.body for span in whole])
    spans: list[Span] = []
    start: int | None = None
    for span, tokens in zip(whole, counts, strict=True):
        if tokens <= room and len(span.body) <= LONGEST_TOKEN * room:
            parts = [contexts.fit(replace(span, tokens=tokens))]
        else:
            full = contexts.fit(span)
            parts = list(_cut(full, note, count_tokens, room - full.context_tokens))
        for part in parts:
            if part.body:
                spans.append(part if start is None else replace(part, start=start))
                start = None
            elif spans:
                spans[-1] = replace(spans[-1], end=part.end)
            elif start is None:
                start = part.start
    return spans


class _Contexts:
    """Cuts contexts to what they may have; the nearest parent stays longest."""

    def __init__(self, count_tokens: CountTokens, room: int) -> None:
        self._count = count_tokens
        self._room = room
        self._full: dict[Context, tuple[str, int]] = {(): ("", 0)}

    def fit(self, span: Span) -> Span:
        """Give a span the context that fits beside it: it is not torn for its parents' sake."""
        if span.parents not in self._full:
            most = int(self._room * MOST_CONTEXT)
            self._full[span.parents] = self._measure(span.parents, most)
        text, tokens = self._full[span.parents]
        if span.tokens + tokens > self._room:
            text, tokens = self._measure(span.parents, self._room - span.tokens)
        return replace(span, context=text, context_tokens=tokens)

    def _measure(self, context: Context, most: int) -> tuple[str, int]:
        for first in range(len(context)):
            text = "\n".join(context[first:])
            if (tokens := self._count(["\n" + text])[0]) <= most:
                return text, tokens
        return shorten_to(context[-1], self._count, most) if most >= LEAST_CONTEXT else ("", 0)


def shorten_to(text: str, count_tokens: CountTokens, most: int) -> tuple[str, int]:
    """Cut text to at most `most` tokens; gives how many it has then."""
    tokens = count_tokens(["\n" + text])[0]
    while text and tokens > most:
        text = shorten(text, max(1, len(text) * most // tokens)) if len(text) > 1 else ""
        tokens = count_tokens(["\n" + text])[0] if text else 0
    return text, tokens


def _introduced(blocks: Sequence[Block], note: Readable, room: int) -> Iterator[Span]:
    """Give one span for each piece, not measured; what is introduced knows by what."""
    number = 0
    introduction = ""
    for block in blocks:
        context = (introduction,) if introduction else ()
        span = None
        for place, piece in enumerate(block.pieces):
            span = _span(block, piece, number, note, room)
            price = ITEM_CUT + LEVEL_CUT * min(piece.depth, DEEPEST_CUT) if place else 0.0
            if introduction and not place:
                price = GLUED_CUT
            yield replace(span, cut=price, parents=context + span.parents)
            number += 1
        introduction = _introduction(block, span, note) if span else ""


def _span(block: Block, piece: Piece, number: int, note: Readable, room: int) -> Span:
    start = note.lines.start(piece.start_line)
    text = note.lines.between(piece.start_line, piece.end_line).rstrip()
    is_verbatim = block.kind in _VERBATIM
    # What is too long by far is cut before its markup is looked at.
    is_raw = is_verbatim or len(text) > 2 * LONGEST_TOKEN * room
    body = text if is_raw else note.words(start, start + len(text))
    parents = piece.context
    if block.kind is BlockKind.FOOTNOTE and not is_raw:
        # What refers to it stands in another section: it is needed wherever the footnote is.
        body, parents = "\n".join((*parents, body)), ()
    return Span(
        start=start,
        end=start + len(text),
        cut=0.0,
        parents=parents,
        context="",
        context_tokens=0,
        piece=number,
        is_part=False,
        is_verbatim=is_verbatim,
        body=body,
        tokens=0,
    )


def _introduction(block: Block, last: Span, note: Readable) -> str:
    """Give a block's words about what follows it: a heading, a term, the sentence before a `:`."""
    if block.kind is BlockKind.HEADING:
        return shorten(last.body, LONGEST_INTRODUCTION)
    if block.kind is not BlockKind.PARAGRAPH:
        return ""
    line = last.body.rpartition("\n")[2]
    if _TERM.match(note.visible[last.start : last.end]):
        return shorten(line, LONGEST_INTRODUCTION)
    if line.endswith(":"):
        return shorten(line.rpartition(". ")[2], LONGEST_INTRODUCTION)
    return ""


def _cut(span: Span, note: Readable, count_tokens: CountTokens, most: int) -> Iterator[Span]:
    """Cut inside a span that is too long by itself, into parts of at most `most` tokens."""
    parts = []
    for found in cut_text(note.visible[span.start : span.end]):
        start, end = span.start + found.start, span.start + found.end
        parts.append(_part(span, start, end, found.cut if found.start else span.cut, note))
    for part, tokens in zip(parts, count_tokens(["\n" + part.body for part in parts]), strict=True):
        yield from _halve(replace(part, tokens=tokens), note, count_tokens, most)


def _part(span: Span, start: int, end: int, cut: float, note: Readable) -> Span:
    body = note.visible[start:end].strip("\r\n") if span.is_verbatim else note.words(start, end)
    body = body if body.strip() else ""
    return replace(span, start=start, end=end, cut=cut, is_part=True, body=body)


def _halve(span: Span, note: Readable, count_tokens: CountTokens, most: int) -> Iterator[Span]:
    """Halve a part as often as it takes: one of 120 characters may have as many tokens and more."""
    if span.tokens <= most or span.end - span.start < 2:  # noqa: PLR2004
        yield span
        return
    middle = (span.start + span.end) // 2
    space = note.visible.rfind(" ", span.start + 1, middle) + 1
    middle = space or middle
    halves = (
        _part(span, span.start, middle, span.cut, note),
        _part(span, middle, span.end, 1.0, note),
    )
    for half, tokens in zip(
        halves, count_tokens(["\n" + half.body for half in halves]), strict=True
    ):
        yield from _halve(replace(half, tokens=tokens), note, count_tokens, most)
