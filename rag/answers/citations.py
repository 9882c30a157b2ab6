"""Citations, built and checked by code: what a model says of its sources is never taken on trust.

For each `[n]` the sentence that carries it is looked for in passage n; if it stands there word for
word, it is the quote, else the passage's sentence that shares most with it is. Then the note is
read again from disk, and the quote must stand in it byte for byte, at the lines that are given.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from rag.answers.marks import blank_marks, find_marks
from rag.answers.quotes import Quote, Source, Span, find_sentences
from rag.encoders import Encoder
from rag.notes.language import clear_language
from rag.notes.lines import LINE_END, Lines
from rag.notes.sentences import split_sentences
from rag.notes.vault import read_note
from rag.types import Chunk, Citation, CitationStatus, Note, Passage

SHARED = 0.2
"""Share of a sentence's 4-grams that its quote must hold when both are in one language: a
paraphrase keeps its terms and names. Of sentences of another article, 5 to 8 % hold that much."""
ALIKE = 0.5
"""Cosine that stands for it; not reached by one in a hundred of those."""
ALIKE_ACROSS = 0.25
"""The same across languages, where letters say nothing: 1 in 250 true translations stays below, and
94 of 100 sentences of other articles do."""
CREDITED = 0.5
"""Share of a sentence's 4-grams that a passage's sentence must hold for code to cite it: half, so
that a shared term or two are not enough."""
CREDITED_COSINE = 0.65
"""The same as a cosine: nine in ten translations come near it, and one in twenty of an article's
other sentences."""
LEAST_WORDS = 4
"""Of a part of a sentence that is looked for alone, and of one that is cited by code: `According
to [1], …` is no claim, and three words stand in many passages."""

_LEAD = re.compile(
    r"(?:[\s>|]|\|?[ \t]*:?-{2,}[-:| \t]*\n)*"
    r"(?:(?:[-*+]|\d{1,3}[.)])\s+(?:\[[ xX/-]\]\s+)?)?[\s.,;:!?…)|]*"
)
_LINE_LEAD = re.compile(r"[ \t>|]*(?:(?:[-*+]|\d{1,3}[.)])[ \t]+)?[ \t|]*")


@dataclass(frozen=True, slots=True)
class _Claim:
    """What an answer says where it cites."""

    wordings: tuple[str, ...]
    """What the mark may stand for, the most likely first."""
    numbers: tuple[int, ...]


def build_citations(
    text: str,
    passages: Sequence[Passage],
    vault: Path,
    language: str,
    encoder: Encoder | None = None,
) -> tuple[Citation, ...]:
    """Build and check the citations of an answer.

    Args:
        text: the answer, its marks clean.
        passages: what `[1]`, `[2]`, … stand for.
        vault: where the notes are; each cited one is read once.
        language: that of the answer.
        encoder: finds what a paraphrase or a translation stands on; without it, letters alone.

    Returns:
        One citation for each sentence and passage, in the order of the text; several may share a
        number.
    """
    notes: dict[str, Note | None] = {}
    sources: dict[int, Source] = {}
    citations: dict[Citation, None] = {}
    for claim in _claims(text):
        spoken = clear_language(claim.wordings[-1]) or language
        for number in claim.numbers:
            chunk = passages[number - 1].chunk
            if chunk.path not in notes:
                note = read_note(vault, chunk.path)
                notes[chunk.path] = note if isinstance(note, Note) else None
            if number not in sources:
                sources[number] = Source(chunk, encoder)
            quote = sources[number].find(claim.wordings)
            is_supported = _supports(quote, is_translated=chunk.language != spoken)
            citation = _check(number, chunk, quote, notes[chunk.path], is_supported=is_supported)
            citations[citation] = None
    return tuple(citations)


def add_marks(text: str, passages: Sequence[Passage], encoder: Encoder | None = None) -> str:
    """Cite for a model that cited nothing: each sentence that a passage plainly holds."""
    sources = [Source(passage.chunk, encoder) for passage in passages]
    parts, done = [], 0
    for span in find_sentences(text):
        if len(text[span.start : span.end].split()) < LEAST_WORDS:
            continue
        quotes = [source.find([text[span.start : span.end]]) for source in sources]
        likeness = [quote.shared + (quote.cosine or 0.0) for quote in quotes]
        best = max(range(len(quotes)), key=likeness.__getitem__, default=None)
        if best is not None and (
            quotes[best].shared >= CREDITED or (quotes[best].cosine or 0.0) >= CREDITED_COSINE
        ):
            parts.append(f"{text[done : span.end]} [{best + 1}]")
            done = span.end
    return "".join(parts) + text[done:]


def _supports(quote: Quote, *, is_translated: bool) -> bool:
    if quote.shared >= SHARED:
        return True
    if is_translated:
        return quote.cosine is None or quote.cosine >= ALIKE_ACROSS
    return quote.cosine is not None and quote.cosine >= ALIKE


def _claims(text: str) -> Iterator[_Claim]:
    marks = find_marks(text)
    bare = blank_marks(text, marks)
    sentences = list(find_sentences(bare))
    begin = 0
    for mark in marks:
        wordings = []
        lead = _LEAD.match(bare, begin, mark.start)
        said = bare[lead.end() if lead else begin : mark.start].strip()
        sentence = _sentence_of(text, sentences, mark.start)
        around = " ".join(bare[sentence.start : sentence.end].split()) if sentence else ""
        is_part = sentence is not None and mark.end < sentence.end
        if said and (not is_part or len(said.split()) >= LEAST_WORDS):
            wordings.append(said)
            wordings += [last.text for last in split_sentences(said, 1)[-1:]]
        if around:
            wordings.append(around)
        if wordings := list(dict.fromkeys(wordings)):
            yield _Claim(tuple(wordings), mark.numbers)
        begin = mark.end


def _sentence_of(text: str, sentences: Sequence[Span], place: int) -> Span | None:
    """Give the sentence that a mark belongs to: it stands in it, behind it or opens its line."""
    line_start = max(text.rfind("\n", 0, place), text.rfind("\r", 0, place)) + 1
    line_end = LINE_END.search(text, place)
    stop = line_end.start() if line_end else len(text)
    before = [span for span in sentences if span.start < place]
    lead = _LINE_LEAD.match(text, line_start, place)
    behind = [span for span in sentences if place < span.start < stop]
    if behind and (not before or (lead and lead.end() == place)):
        return behind[0]
    return before[-1] if before else None


def _check(
    number: int, chunk: Chunk, quote: Quote, note: Note | None, *, is_supported: bool
) -> Citation:
    text, start, end = quote.text, quote.start_line, quote.end_line
    if not is_supported or not text:
        status = CitationStatus.UNSUPPORTED
    elif note is None or (place := _find_in_note(text, note, start)) is None:
        status = CitationStatus.STALE
    else:
        is_there = place[1:] == (start, end)
        status = CitationStatus.VERIFIED if is_there else CitationStatus.MOVED
        text, start, end = place
    return Citation(number, chunk.path, chunk.headings, start, end, text, status)


def _find_in_note(quote: str, note: Note, near: int) -> tuple[str, int, int] | None:
    """Find a quote in a note as it is today, nearest to a line; gives its text and lines.

    Line ends may have changed: an editor or a version control system writes them anew.
    """
    lines = Lines(note.text)
    pattern = "(?:\r\n|\n|\r)".join(re.escape(line) for line in LINE_END.split(quote))
    found = [match.span() for match in re.finditer(pattern, note.text)]
    if not found:
        return None
    start, end = min(found, key=lambda span: abs(lines.line_of(span[0]) - near))
    return note.text[start:end], lines.line_of(start), lines.line_of(max(start, end - 1))
