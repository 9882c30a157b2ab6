"""Citations, built and checked by code: what a model says of its sources is never taken on trust.

For each `[n]` the sentence that carries it is looked for in passage n; if it stands there word for
word, it is the quote, else the passage's sentence that shares most with it is, and the two are held
against each other (`support`). Then the note is read again from disk; the quote must stand in it
byte for byte, at the lines that are given. A sentence that no mark cites is cited by code where a
passage plainly holds it.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from rag.answers.blocks import Block, cut_blocks, find_blocks, is_held
from rag.answers.claims import DOUBT, Claim, cut_out, read_claims
from rag.answers.quotes import Quote, Source
from rag.answers.support import Evidence, find_conflict
from rag.encoders import Encoder
from rag.notes.headings import headings_at
from rag.notes.language import clear_language
from rag.notes.lines import LINE_END, Lines
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
UNLIKE = "unlike"
"""The objection to a passage that speaks of something else."""


@dataclass(frozen=True, slots=True)
class Check:
    """A claim held against a passage."""

    quote: Quote
    objection: str
    """Why the passage does not support the claim: `unlike`, or in what they differ; else empty."""


def check_claim(wordings: Sequence[str], language: str, source: Source) -> Check:
    """Hold what a claim says against a passage.

    Args:
        wordings: of the claim, the most likely first.
        language: of the answer; that of the claim's own words counts, where they leave no doubt.
        source: the passage.
    """
    claim = wordings[-1]
    spoken = clear_language(claim) or language
    quotes = source.rank(wordings, is_translated=source.language != spoken)
    checks = [Check(quote, _object(quote, wordings, spoken, source)) for quote in quotes]
    return next((check for check in checks if not check.objection), checks[0])


def _object(quote: Quote, wordings: Sequence[str], language: str, source: Source) -> str:
    if not quote.text or not _is_alike(quote, is_translated=source.language != language):
        return UNLIKE
    if quote.is_verbatim:
        return ""
    claim = wordings[0] if quote.shared == 1.0 else wordings[-1]
    evidence = Evidence(quote.sentence, source.context, source.text, source.language)
    return find_conflict(claim, language, evidence, source.compare) or ""


def _is_alike(quote: Quote, *, is_translated: bool) -> bool:
    if quote.shared >= SHARED:
        return True
    if is_translated:
        return quote.cosine is None or quote.cosine >= ALIKE_ACROSS
    return quote.cosine is not None and quote.cosine >= ALIKE


class Checker:
    """Holds answers against the passages that they were written from."""

    def __init__(
        self,
        passages: Sequence[Passage],
        vault: Path,
        language: str,
        encoder: Encoder | None = None,
    ) -> None:
        """Take what `[1]`, `[2]`, … stand for.

        Args:
            passages: of the answer.
            vault: where the notes are; each cited one is read once.
            language: that of the answer.
            encoder: finds what a paraphrase or a translation stands on; without it, letters alone.
        """
        self._sources = [Source(passage.chunk, encoder) for passage in passages]
        self._chunks = [passage.chunk for passage in passages]
        self._vault = vault
        self._language = language
        self._notes: dict[str, Note | None] = {}
        self._known: dict[tuple[tuple[str, ...], int], Check] = {}

    def complete(self, text: str) -> str:
        """Cite what the answer leaves uncited, and put `[?]` behind what no passage supports.

        Behind a block of code or a formula it stands on the next line.

        Args:
            text: the answer, its marks clean.
        """
        insertions = {block.end: f"\n{DOUBT}" for block in self._find_made_up(text)}
        for claim in read_claims(text):
            if not claim.must_hold or self._holds(claim):
                continue
            credited = None if claim.has_mark else self._credit(claim)
            insertions[claim.end] = f" {DOUBT}" if credited is None else f" [{credited}]"
        for place in sorted(insertions, reverse=True):
            text = text[:place] + insertions[place] + text[place:]
        return text

    def keep_supported(self, text: str) -> str:
        """Take out the sentences and blocks that no passage supports; may leave nothing.

        Args:
            text: the answer, its marks clean, without `[?]`.
        """
        lost = [claim for claim in read_claims(text) if claim.must_hold and not self._holds(claim)]
        places = dict.fromkeys(claim.sentence for claim in lost)
        last = [
            max((claim for claim in lost if claim.sentence == place), key=lambda claim: claim.end)
            for place in places
        ]
        text = cut_out(text, last)
        kept = cut_blocks(text, self._find_made_up(text))
        return kept if any(claim.numbers for claim in read_claims(kept)) else ""

    def cite(self, text: str) -> tuple[Citation, ...]:
        """Build and check the citations of an answer with clean marks.

        Returns:
            One citation for each sentence and passage, in the order of the text; several may share
            a number. A sentence without a mark of its own is cited where it is supported.
        """
        citations: dict[Citation, None] = {}
        leaning: list[Citation] = []
        for claim in read_claims(text):
            found = [self._cite(claim, number) for number in claim.numbers]
            if not claim.has_mark:
                leaning += [one for one in found if one.status is not CitationStatus.UNSUPPORTED]
                continue
            told = [one for one in leaning if not any(_is_within(one, other) for other in found)]
            citations |= dict.fromkeys((*told, *found))
            leaning.clear()
        return tuple(citations)

    def _check(self, claim: Claim, number: int) -> Check:
        key = (claim.wordings, number)
        if key not in self._known:
            self._known[key] = check_claim(
                claim.wordings, self._language, self._sources[number - 1]
            )
        return self._known[key]

    def _holds(self, claim: Claim) -> bool:
        return any(not self._check(claim, number).objection for number in claim.numbers)

    def _find_made_up(self, text: str) -> list[Block]:
        """Find the code and the formulas that the passages do not hold."""
        passages = [f"{source.context}\n{source.text}" for source in self._sources]
        return [block for block in find_blocks(text) if not is_held(block, passages)]

    def _credit(self, claim: Claim) -> int | None:
        """Give the number of the passage that plainly holds a claim."""
        best, most = None, 0.0
        for number in range(1, len(self._sources) + 1):
            check = self._check(claim, number)
            cosine = check.quote.cosine or 0.0
            plain = check.quote.shared >= CREDITED or cosine >= CREDITED_COSINE
            if plain and not check.objection and check.quote.shared + cosine > most:
                best, most = number, check.quote.shared + cosine
        return best

    def _cite(self, claim: Claim, number: int) -> Citation:
        chunk, check = self._chunks[number - 1], self._check(claim, number)
        if chunk.path not in self._notes:
            note = read_note(self._vault, chunk.path)
            self._notes[chunk.path] = note if isinstance(note, Note) else None
        return _locate(number, chunk, check, self._notes[chunk.path])


def _is_within(citation: Citation, other: Citation) -> bool:
    return citation.number == other.number and citation.quote in other.quote


def _locate(number: int, chunk: Chunk, check: Check, note: Note | None) -> Citation:
    quote = check.quote
    text, start, end = quote.text, quote.start_line, quote.end_line
    if check.objection:
        status = CitationStatus.UNSUPPORTED
    elif note is None or (place := _find_in_note(text, note, start)) is None:
        status = CitationStatus.STALE
    else:
        is_there = place[1:] == (start, end)
        status = CitationStatus.VERIFIED if is_there else CitationStatus.MOVED
        text, start, end = place
    headings = headings_at(chunk, start)
    return Citation(number, chunk.path, headings, start, end, text, status)


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
