"""Which sentences of an answer no source holds.

Quotes need no look: they are the notes' own sentences. What a model wrote is held against the check
of its citations, sentence by sentence.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace

from rag.answers.answer import NOBODY
from rag.answers.marks import blank_marks, find_marks
from rag.answers.quotes import find_sentences
from rag.answers.refusal import write_refusal
from rag.types import Answer, CitationStatus
from rag.wire_llm import EXTRACTIVE

LEAST_WORDS = 4
"""Of a sentence that states something; `Yes.` and `In short:` need no source."""


@dataclass(frozen=True, slots=True)
class _Sentence:
    start: int
    end: int
    text: str
    """Without the mark at its end."""


def find_unsupported(answer: Answer) -> list[str]:
    """Give the sentences that carry no `[n]`, or only such as do not support them."""
    return [sentence.text for sentence in _unsupported(answer)]


def unsupported_numbers(answer: Answer) -> frozenset[int]:
    """Give the `[n]` of which no citation supports its sentence."""
    supported = {
        citation.number
        for citation in answer.citations
        if citation.status is not CitationStatus.UNSUPPORTED
    }
    return frozenset(citation.number for citation in answer.citations) - supported


def keep_supported(answer: Answer) -> Answer:
    """Take out the sentences that no source holds; where none is left, the notes do not answer."""
    text = answer.text
    doubtful = list(_unsupported(answer))
    for sentence in reversed(doubtful):
        text = text[: sentence.start] + text[sentence.end :]
    if not doubtful:
        return answer
    text = text.strip()
    if not find_marks(text):
        refusal = write_refusal(answer.language, answer.passages)
        return replace(answer, text=refusal, abstained=True, citations=())
    numbers = {number for mark in find_marks(text) for number in mark.numbers}
    kept = tuple(citation for citation in answer.citations if citation.number in numbers)
    return replace(answer, text=text, citations=kept)


def _unsupported(answer: Answer) -> Iterator[_Sentence]:
    if answer.abstained or answer.generator_kind in (EXTRACTIVE, NOBODY):
        return
    text, marks = answer.text, find_marks(answer.text)
    bare, wrong = blank_marks(text, marks), unsupported_numbers(answer)
    spans = list(find_sentences(bare))
    for place, span in enumerate(spans):
        # A mark belongs to the sentence in which, or behind which, it stands.
        end = spans[place + 1].start if place + 1 < len(spans) else len(text)
        inside = [mark for mark in marks if span.start <= mark.start < end]
        numbers = {number for mark in inside for number in mark.numbers}
        said = bare[span.start : span.end]
        if len(said.split()) >= LEAST_WORDS and numbers <= wrong:
            close = max([span.end, *(mark.end for mark in inside)])
            # A mark at the end is no word of it: half of `[2]` would be marked.
            last = next((mark.start for mark in inside if close - mark.end <= 1), span.end)
            yield _Sentence(span.start, close, text[span.start : last].rstrip())
