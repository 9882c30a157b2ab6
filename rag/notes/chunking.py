"""Cut a document into chunks: as much of a section as the encoder reads, cut where it harms least.

A chunk crosses a heading only where sections are very short: see `sectioning`. The spans of a
section (items, rows, paragraphs) are packed so that there are few chunks, of like size, cut between
blocks rather than inside them. Each chunk is indexed with what gives it meaning: title, headings,
and the parent bullets, table header or introducing line of its first span.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import groupby

from rag.notes.cutting import AT_SENTENCE
from rag.notes.hidden import span_at
from rag.notes.language import clear_language
from rag.notes.packing import pack
from rag.notes.readable import Readable
from rag.notes.sectioning import LEAST_OUTLINE, join_short, with_outlines
from rag.notes.spans import CountTokens, Span, find_spans, shorten_to
from rag.types import Chunk, Document, Section

MOST_FRAME = 1 / 3
"""Share of the budget that title and headings may take; beyond it the outer ones are left out, so
that the body does not starve."""
OVERLAP_TOKENS = 40
"""About one sentence, so that one which is cut stands whole in one of the two chunks."""

_SPACE = re.compile(r"\s")


def chunk_document(document: Document, count_tokens: CountTokens, max_tokens: int) -> list[Chunk]:
    """Cut a document.

    Args:
        document: a parsed note.
        count_tokens: counts the encoder's own tokens, special ones not counted.
        max_tokens: the most tokens that the encoder reads; at least 2.

    Returns:
        Chunks in the note's order, at least one. Together they hold every block; where a sentence
        had to be cut, neighbours overlap. No `indexed_text` has more than `max_tokens` tokens, if
        those of two lines are those of each.
    """
    chunker = _Chunker(document, count_tokens, max_tokens)
    for least in (LEAST_OUTLINE, 0):
        sections = list(with_outlines(document.sections, chunker.note, least))
        sections = join_short(sections, chunker.note, count_tokens, max_tokens)
        if chunks := [chunk for section in sections for chunk in chunker.cut(section)]:
            return chunks
    return [chunker.title_only()]


class _Chunker:
    """Cuts the sections of one document."""

    def __init__(self, document: Document, count_tokens: CountTokens, max_tokens: int) -> None:
        self.note = Readable(document.text, document.footnotes, document.pictures)
        self._document = document
        self._count = count_tokens
        self._max_tokens = max_tokens

    def cut(self, section: Section) -> Iterator[Chunk]:
        frame, frame_tokens = self._frame(section.headings)
        room = max(1, self._max_tokens - frame_tokens)
        spans = find_spans(section.blocks, self.note, self._count, room)
        # The section's first chunk shows its heading too.
        start: int | None = self.note.lines.start(section.start_line)
        for run in _runs(spans):
            taken = [span.context_tokens + self._reserve(span, room) for span in run]
            groups = pack([span.tokens for span in run], taken, [span.cut for span in run], room)
            for begin, end in groups:
                group = run[begin:end]
                free = room - group[0].context_tokens - sum(span.tokens for span in group)
                group[0] = self._overlapping(run[:begin], group[0], free)
                start = group[0].start if start is None else start
                yield self._chunk(
                    section.headings,
                    (start, group[-1].end),
                    (frame, group[0].context, *self._bodies(group)),
                    # Code speaks English whatever the note speaks.
                    "\n".join(span.body for span in group if not span.is_verbatim),
                )
                start = None

    def title_only(self) -> Chunk:
        """Make the one chunk of a note that has no words but its title."""
        shown = self.note.visible.strip()
        start = self.note.visible.find(shown)
        frame, _ = self._frame((), share=1.0)
        return self._chunk((), (start, start + len(shown)), (frame,), "")

    def _reserve(self, span: Span, room: int) -> int:
        """Give the tokens to keep for the beginning of the sentence in which a span begins."""
        return min(OVERLAP_TOKENS, room // 4) if _is_torn(span) else 0

    def _overlapping(self, before: Sequence[Span], first: Span, free: int) -> Span:
        """Begin a chunk where its first sentence begins, or as near to that as fits."""
        free = min(free, OVERLAP_TOKENS)
        if not _is_torn(first) or free <= 0:
            return first
        begin, tokens = first.start, 0
        for span in reversed(before):
            if span.piece != first.piece:
                break
            begin, tokens = span.start, tokens + span.tokens
            if tokens > free or not _is_torn(span):
                break
        for share in (1.0, 0.7):  # tokens are not spread evenly over the characters
            if tokens > free:
                far = int((first.start - begin) * share * free / tokens)
                word = _SPACE.search(self.note.visible, first.start - far, first.start)
                begin = word.end() if word else first.start
            if begin == first.start:
                break
            body = self.note.words(begin, first.end)
            longer = self._count(["\n" + body])[0]
            if longer <= first.tokens + free:
                return replace(first, start=begin, body=body, tokens=longer)
        return first

    def _bodies(self, group: Sequence[Span]) -> Iterator[str]:
        """Give the words of spans; parts that follow one another become one text again."""
        for _, run in groupby(group, lambda span: span.piece):
            parts = list(run)
            body = "\n".join(part.body for part in parts)
            if len(parts) > 1 and not parts[0].is_verbatim:
                joined = self.note.words(parts[0].start, parts[-1].end)
                # Markup that ends in another part, such as a code span, may weigh more together.
                if self._count(["\n" + joined])[0] <= sum(part.tokens for part in parts):
                    body = joined
            yield body

    def _chunk(
        self,
        headings: tuple[str, ...],
        places: tuple[int, int],
        indexed: Sequence[str],
        prose: str,
    ) -> Chunk:
        document, lines = self._document, self.note.lines
        start, end = self._inked(*places)
        # A comment stands in a chunk as a whole or not at all, so that it can be told there too.
        if hidden := span_at(self.note.hidden, start):
            start = min(hidden[1], end)
        return Chunk(
            path=document.path,
            title=document.title,
            headings=headings,
            start_line=lines.line_of(start),
            end_line=lines.line_of(max(start, end - 1)),
            text=document.text[start:end],
            indexed_text="\n".join(filter(None, indexed)),
            tags=document.tags,
            language=clear_language(prose) or document.language,
        )

    def _inked(self, start: int, end: int) -> tuple[int, int]:
        """Leave out the blank lines before a stretch and the blanks behind it."""
        text = self.note.visible[start:end].rstrip()
        blank = len(text) - len(text.lstrip())
        line_end = max(text.rfind("\n", 0, blank), text.rfind("\r", 0, blank))
        return start + line_end + 1, start + len(text)

    def _frame(self, headings: Sequence[str], share: float = MOST_FRAME) -> tuple[str, int]:
        """Give title, other names and headings, and their tokens; what is far off goes first."""
        title = self._document.title
        names = " · ".join((title, *self._document.aliases))
        path = [text for text in headings if text and text != title]
        most = max(1, int(self._max_tokens * share))
        for name, kept in ((names, path), (title, path), (title, path[-2:]), (title, path[-1:])):
            text = "\n".join(filter(None, (name, " > ".join(kept))))
            if (tokens := self._count([text])[0]) <= most:
                return text, tokens
        return shorten_to(text, self._count, most)


def _runs(spans: Sequence[Span]) -> Iterator[list[Span]]:
    """Part spans that may not share a chunk: half a code block would make code of the rest."""
    for _, run in groupby(
        spans, lambda span: span.piece if span.is_part and span.is_verbatim else -1
    ):
        yield list(run)


def _is_torn(span: Span) -> bool:
    return span.is_part and not span.is_verbatim and span.cut > AT_SENTENCE
