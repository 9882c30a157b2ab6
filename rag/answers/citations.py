"""Citations, built and checked by code: what a model says of its sources is never taken on trust.

For each `[n]` the sentence before it is looked for in passage n; if it stands there word for word,
it is the quote, else the passage's sentence that shares most with it is. Then the note is read
again from disk, and the quote must stand in it byte for byte, at the lines that are given.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from rag.notes.grams import gram_keys
from rag.notes.lines import Lines
from rag.notes.sentences import Sentence, split_sentences
from rag.notes.vault import read_note
from rag.types import Citation, CitationStatus, Note, Passage

MARK = re.compile(r"\[(\d{1,3}(?:\s*[,;]\s*\d{1,3})*)\]")
_BEFORE_MARK = re.compile(r"\s*" + MARK.pattern)
_BULLET = re.compile(r"\s*(?:(?:[-*+]|\d{1,3}[.)])\s+)?")
SUPPORTED = 0.2
"""Share of a sentence's 4-grams that its quote must hold when both are in one language; a
paraphrase keeps its terms and names. Across languages only a missing sentence is unsupported."""


@dataclass(frozen=True, slots=True)
class _Claim:
    """What stands between two marks of an answer, and the passages that it cites."""

    text: str
    numbers: tuple[int, ...]


def clean_marks(text: str, passages: int) -> str:
    """Remove marks of passages that do not exist, and write `[1, 2]` as `[1][2]`."""

    def rewrite(match: re.Match[str]) -> str:
        numbers = _numbers(match[1])
        marks = "".join(f"[{number}]" for number in numbers if 1 <= number <= passages)
        return match[0].replace(match[0].strip(), marks) if marks else ""

    return _BEFORE_MARK.sub(rewrite, text)


def build_citations(
    text: str, passages: Sequence[Passage], vault: Path, language: str
) -> tuple[Citation, ...]:
    """Build and check the citations of an answer.

    Args:
        text: the answer, its marks clean.
        passages: what `[1]`, `[2]`, … stand for.
        vault: where the notes are; each cited one is read once.
        language: that of the answer.

    Returns:
        One citation for each sentence and passage, in the order of the text; several may share a
        number.
    """
    notes: dict[str, Note | None] = {}
    citations: dict[tuple[int, str], Citation] = {}
    for claim in _claims(text):
        for number in claim.numbers:
            passage = passages[number - 1]
            path = passage.chunk.path
            if path not in notes:
                note = read_note(vault, path)
                notes[path] = note if isinstance(note, Note) else None
            citation = _cite(claim.text, number, passage, notes[path], language)
            citations.setdefault((number, citation.quote), citation)
    return tuple(citations.values())


def _claims(text: str) -> list[_Claim]:
    claims: list[_Claim] = []
    begin = 0
    for match in _BEFORE_MARK.finditer(text):
        bullet = _BULLET.match(text, begin)
        said = text[bullet.end() if bullet else begin : match.start()].strip()
        if said:
            claims.append(_Claim(said, _numbers(match[1])))
        elif claims:  # `[1][2]`: a second source of the same sentence
            claims[-1] = _Claim(claims[-1].text, claims[-1].numbers + _numbers(match[1]))
        begin = match.end()
    return claims


def _numbers(marks: str) -> tuple[int, ...]:
    return tuple(dict.fromkeys(int(number) for number in re.split(r"\s*[,;]\s*", marks)))


def _cite(claim: str, number: int, passage: Passage, note: Note | None, language: str) -> Citation:
    chunk = passage.chunk
    quote, start, end, support = _find_quote(claim, passage)
    status = CitationStatus.VERIFIED
    if chunk.language == language and support < SUPPORTED:
        status = CitationStatus.UNSUPPORTED
    elif note is None:
        status = CitationStatus.STALE
    else:
        lines = Lines(note.text)
        if not (end <= len(lines) and quote in lines.between(start, end)):
            place = note.text.find(quote)
            if place < 0:
                status = CitationStatus.STALE
            else:
                status = CitationStatus.MOVED
                start, end = lines.line_of(place), lines.line_of(place + len(quote) - 1)
    return Citation(number, chunk.path, chunk.headings, start, end, quote, status)


def _find_quote(claim: str, passage: Passage) -> tuple[str, int, int, float]:
    """Give the passage's words for a claim, their lines, and the share of the claim they hold."""
    chunk = passage.chunk
    last = split_sentences(claim, 1)[-1:]
    for words in (claim, *(sentence.text for sentence in last)):
        place = chunk.text.find(words)
        if place >= 0:
            lines = Lines(chunk.text)
            first = chunk.start_line - 1
            start, end = lines.line_of(place), lines.line_of(place + len(words) - 1)
            return words, first + start, first + end, 1.0
    wanted = set(gram_keys(last[0].text if last else claim).tolist())
    whole = Sentence(chunk.text, chunk.start_line, chunk.end_line, is_item=False)
    best, most = whole, -1
    for sentence in split_sentences(chunk.text, chunk.start_line):
        shared = len(wanted.intersection(gram_keys(sentence.text).tolist()))
        if shared > most:
            best, most = sentence, shared
    return best.text, best.start_line, best.end_line, max(most, 0) / max(len(wanted), 1)
