"""Find the words of a passage on which a sentence of an answer stands.

Words are compared, not characters: a model leaves out bold marks, writes `(1)` for a note's `[1]`,
or joins two lines. A sentence that is not there word for word stands on the one that is most like
it: by shared 4-grams, and by the cosine, which also finds it in another language (in 99 of 100
sentences of parallel texts in English and Romanian). What is given is the passage's own characters
all the same.
"""

import re
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from rag.encoders import Encoder, Vectors
from rag.notes.folding import fold
from rag.notes.grams import gram_keys
from rag.notes.lines import Lines
from rag.notes.plain import strip_markup
from rag.notes.sentences import split_sentences
from rag.types import Chunk

LEAST_WORDS = 3
"""A quote of fewer words says little: the sentence around it is given."""

_WORD = re.compile(r"(?:[^\W_]|[\u0300-\u036f])+")
_HIDDEN = re.compile(
    # What an answer does not show of a note: see `inert`.
    r"\]\([^()\n]*(?:\([^()\n]*\)[^()\n]*)*\)"
    r"|<!--.*?-->|</?[A-Za-z][^<>\n]{0,500}>|\[\^[^\[\]\s]{1,60}\]|\(\^\d{1,3}\)"
    r"|\[\[[^\[\]|\n]+\|(?=[^\[\]\n]+\]\])"
    r"|[A-Za-z][A-Za-z0-9+.-]{0,30}://|\bwww\.",
    re.DOTALL,
)
_BEFORE = "*_\"„«“‘'([`$=~"
_BEHIND = "*_\"”»’')]`$=~.,;:!?…%°"


@dataclass(frozen=True, slots=True)
class Quote:
    """A stretch of a passage."""

    text: str
    start_line: int
    """In the note as it was indexed."""
    end_line: int
    shared: float
    """Share of the sentence's 4-grams that it holds, 0 to 1."""
    cosine: float | None
    """With the sentence; 1 for the same words, None without an encoder."""


@dataclass(frozen=True, slots=True)
class Span:
    """A sentence's place in a text, from its first character to behind its last."""

    start: int
    end: int


class Source:
    """A passage in which quotes are looked for."""

    def __init__(self, chunk: Chunk, encoder: Encoder | None = None) -> None:
        self._chunk = chunk
        self._encoder = encoder
        self._text = chunk.text
        self._lines = Lines(chunk.text)
        self._sentences = list(find_sentences(chunk.text))
        self._words = list(_words(chunk.text))
        self._joined, self._places = _join([word for word, _, _ in self._words])
        self._vectors: Vectors | None = None

    def find(self, claims: Sequence[str]) -> Quote:
        """Give what the first of these claims says word for word, else what is most like one."""
        for claim in claims:
            if quote := self._find_words(claim):
                return quote
        return max((self._find_like(claim) for claim in claims), key=_likeness)

    def _find_words(self, claim: str) -> Quote | None:
        place = self._text.find(claim)
        if place >= 0 and len(list(_words(claim))) >= LEAST_WORDS:
            return self._quote(*self._widen(place, place + len(claim), LEAST_WORDS))
        wanted, _ = _join([word for word, _, _ in _words(claim)])
        if not wanted.strip():
            return None
        place = self._joined.find(wanted)
        if place < 0:
            return None
        first = bisect_right(self._places, place) - 1
        last = bisect_right(self._places, place + len(wanted) - 2) - 1
        start, end = self._words[first][1], self._words[last][2]
        return self._quote(*self._widen(start, end, last - first + 1))

    def _widen(self, start: int, end: int, words: int) -> tuple[int, int]:
        """Take in the marks around words; whole sentences where it holds them or too little."""
        first, last = start, end
        for sentence in self._sentences:
            if sentence.start <= start < sentence.end and (
                words < LEAST_WORDS or not _WORD.search(self._text, sentence.start, start)
            ):
                first = sentence.start
            if sentence.start < end <= sentence.end and (
                words < LEAST_WORDS or not _WORD.search(self._text, end, sentence.end)
            ):
                last = sentence.end
        while first == start and start > 0 and self._text[start - 1] in _BEFORE:
            first = start = start - 1
        while last == end and end < len(self._text) and self._text[end] in _BEHIND:
            last = end = end + 1
        return first, last

    def _find_like(self, claim: str) -> Quote:
        """Give the sentence most like a claim; a line of code or a title where there is none."""
        spans = self._sentences or self._other_lines()
        if not spans:
            return self._quote(0, 0, 0.0, None)
        wanted = set(gram_keys(claim).tolist())
        cosines = self._cosines(claim, spans)
        quotes = []
        for span, cosine in zip(spans, cosines, strict=True):
            grams = gram_keys(self._text[span.start : span.end]).tolist()
            shared = len(wanted.intersection(grams)) / max(len(wanted), 1)
            quotes.append(self._quote(span.start, span.end, shared, cosine))
        return max(quotes, key=_likeness)

    def _cosines(self, claim: str, spans: Sequence[Span]) -> Sequence[float | None]:
        if self._encoder is None:
            return [None] * len(spans)
        if self._vectors is None:
            texts = [strip_markup(self._text[span.start : span.end]) for span in spans]
            self._vectors = self._encoder.encode_passages(texts)
        vector = self._encoder.encode_passages([strip_markup(claim)])[0]
        cosines: list[float | None] = (self._vectors @ vector).tolist()
        return cosines

    def _other_lines(self) -> list[Span]:
        numbers = range(1, len(self._lines) + 1)
        starts = [self._lines.start(number) for number in numbers]
        ends = [*starts[1:], len(self._text)]
        spans = [_trim(self._text, *span) for span in zip(starts, ends, strict=True)]
        return [span for span in spans if span.start < span.end]

    def _quote(
        self, start: int, end: int, shared: float = 1.0, cosine: float | None = 1.0
    ) -> Quote:
        first = self._chunk.start_line - 1
        return Quote(
            self._text[start:end],
            first + self._lines.line_of(start),
            first + self._lines.line_of(max(start, end - 1)),
            shared,
            cosine,
        )


def _likeness(quote: Quote) -> float:
    return quote.shared + (quote.cosine or 0.0)


def find_sentences(text: str) -> Iterator[Span]:
    """Give the places of the sentences of a text, in order."""
    for sentence in split_sentences(text, 1):
        yield Span(sentence.start, sentence.start + len(sentence.text))


def _words(text: str) -> Iterator[tuple[str, int, int]]:
    """Give the folded words that an answer shows, with their places."""
    hidden = [match.span() for match in _HIDDEN.finditer(text)]
    place = 0
    for match in _WORD.finditer(text):
        while place < len(hidden) and hidden[place][1] <= match.start():
            place += 1
        if place < len(hidden) and hidden[place][0] <= match.start():
            continue
        yield fold(match[0]), match.start(), match.end()


def _join(words: Sequence[str]) -> tuple[str, list[int]]:
    """Write words with a space around each; gives also the place of each word's first space."""
    places, length = [], 0
    for word in words:
        places.append(length)
        length += len(word) + 1
    return f" {' '.join(words)} " if words else " ", places


def _trim(text: str, start: int, end: int) -> Span:
    piece = text[start:end]
    left = len(piece) - len(piece.lstrip())
    return Span(start + left, max(start + left, start + len(piece.rstrip())))
