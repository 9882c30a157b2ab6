"""Cut a document into chunks: as much of a section as the encoder reads, cut where it harms least.

A chunk never crosses a heading. Pieces (list items, table rows, whole blocks) are packed in order
until the token budget is full; the cut then falls before the least nested piece of the chunk's
second half. Each chunk is indexed with what gives it meaning: title, headings, and the parent
bullets or table header of its first piece. Only a piece that is too long by itself is cut inside,
by langchain's recursive splitter, with an overlap.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

from langchain_text_splitters import RecursiveCharacterTextSplitter

from rag.notes.language import clear_language
from rag.notes.lines import Lines
from rag.notes.plain import strip_markup
from rag.types import Block, BlockKind, Chunk, Document, Section

CountTokens = Callable[[Sequence[str]], list[int]]

SEPARATORS = ["\n\n", "\n", ". ", "? ", "! ", "; ", ", ", " "]
OVERLAP_TOKENS = 24
"""About one sentence, so that one which is cut stands whole in one of the two chunks."""
MOST_FRAME = 1 / 3
"""Share of the budget that title, headings and parents may take; the body must not starve."""
INTRODUCES = ":"
"""A line that ends so belongs to what follows it."""
GLUED = 1_000
"""A depth at which no cut is made."""


@dataclass(frozen=True, slots=True)
class _Span:
    """A stretch of the note that is not cut further."""

    start: int
    end: int
    depth: int
    context: tuple[str, ...]
    body: str
    tokens: int


def chunk_document(document: Document, count_tokens: CountTokens, max_tokens: int) -> list[Chunk]:
    """Cut a document.

    Args:
        document: a parsed note.
        count_tokens: counts the encoder's own tokens, special ones not counted.
        max_tokens: the most tokens that the encoder reads.

    Returns:
        Chunks in the note's order, at least one. Together they hold every block; where a block had
        to be cut inside, neighbours overlap.
    """
    lines = Lines(document.text)
    chunks = [
        chunk
        for section in document.sections
        for chunk in _chunk_section(document, section, lines, count_tokens, max_tokens)
    ]
    return chunks or [_headings_only(document, lines)]


def _chunk_section(
    document: Document, section: Section, lines: Lines, count_tokens: CountTokens, max_tokens: int
) -> Iterator[Chunk]:
    frame = _frame(document, section)
    room = max_tokens - min(count_tokens([frame])[0], int(max_tokens * MOST_FRAME))
    spans = list(_spans(section.blocks, lines, count_tokens, room))
    first = True
    for group in _pack(spans, room, count_tokens):
        # The section's first chunk shows its heading too.
        start = lines.start(section.start_line) if first else group[0].start
        first = False
        body = "\n".join(span.body for span in group if span.body)
        if not body:
            continue
        parents = "\n".join(group[0].context)
        end = max(span.end for span in group)
        yield Chunk(
            path=document.path,
            title=document.title,
            headings=section.headings,
            start_line=lines.line_of(start),
            end_line=lines.line_of(max(start, end - 1)),
            text=document.text[start:end],
            indexed_text="\n".join(filter(None, (frame, parents, body))),
            tags=document.tags,
            language=clear_language(body) or document.language,
        )


def _frame(document: Document, section: Section) -> str:
    names = " · ".join((document.title, *document.aliases))
    headings = " > ".join(text for text in section.headings if text and text != document.title)
    return "\n".join(filter(None, (names, headings)))


def _spans(
    blocks: Sequence[Block], lines: Lines, count_tokens: CountTokens, room: int
) -> Iterator[_Span]:
    spans = []
    glued = False
    for block in blocks:
        for piece in block.pieces:
            start = lines.start(piece.start_line)
            text = lines.between(piece.start_line, piece.end_line)
            depth = GLUED if glued else piece.depth
            body = text if block.kind is BlockKind.CODE else strip_markup(text)
            spans.append(_Span(start, start + len(text), depth, piece.context, body, 0))
            glued = False
        glued = block.kind is BlockKind.PARAGRAPH and spans[-1].body.endswith(INTRODUCES)
    for span, tokens in zip(spans, count_tokens([span.body for span in spans]), strict=True):
        if tokens <= room:
            yield replace(span, tokens=tokens)
        else:
            yield from _cut(span, lines.text, count_tokens, room)


def _cut(span: _Span, text: str, count_tokens: CountTokens, room: int) -> Iterator[_Span]:
    """Cut inside a span that is too long by itself."""
    room -= min(count_tokens(["\n".join(span.context)])[0], room // 2)
    splitter = RecursiveCharacterTextSplitter(
        separators=SEPARATORS,
        keep_separator="end",
        chunk_size=room,
        chunk_overlap=min(OVERLAP_TOKENS, room // 4),
        length_function=lambda part: count_tokens([part])[0],
    )
    start = span.start - 1
    for number, part in enumerate(splitter.split_text(text[span.start : span.end])):
        # The splitter's own start index counts its overlap in characters, and ours is in tokens.
        start = text.index(part, start + 1)
        yield replace(
            span,
            start=start,
            end=start + len(part),
            depth=span.depth if number == 0 else GLUED - 1,
            body=strip_markup(part),
            # Each part fills a chunk of its own: an overlap must not stand twice in one.
            tokens=room,
        )


def _pack(spans: Sequence[_Span], room: int, count_tokens: CountTokens) -> Iterator[list[_Span]]:
    start = 0
    while start < len(spans):
        parents = spans[start].context
        total = count_tokens(["\n".join(parents)])[0] if parents else 0
        total = min(total, room // 2)
        end, best = start, start + 1
        filled = total
        for end in range(start, len(spans)):
            if end > start and filled + spans[end].tokens > room:
                break
            filled += spans[end].tokens
        else:
            end = len(spans)
        if end < len(spans):
            best, half = end, total
            for cut in range(start + 1, end + 1):
                half += spans[cut - 1].tokens
                if half >= room / 2 and spans[cut].depth <= spans[best].depth:
                    best = cut
            end = best
        yield list(spans[start:end])
        start = end


def _headings_only(document: Document, lines: Lines) -> Chunk:
    """Make the one chunk of a note that has nothing but headings, or not even those."""
    starts = [section.start_line for section in document.sections] or [1]
    end = max(starts)
    body = strip_markup(document.text)
    return Chunk(
        path=document.path,
        title=document.title,
        headings=(),
        start_line=starts[0],
        end_line=end,
        text=lines.between(starts[0], end),
        indexed_text="\n".join(filter(None, (document.title, body))),
        tags=document.tags,
        language=document.language,
    )
