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

AS_LIKE = 0.8
"""Share of the best likeness that another sentence must reach to be tried in its place: a claim
may be about the second of two sentences that say nearly the same."""
MOST_RANKED = 3
NAMES_SHARE = 0.3
"""Weight of shared 4-grams where sentence and passage are in two languages."""

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
    sentence: str
    """The whole sentence of the passage in which it stands."""
    is_verbatim: bool
    """Whether the claim's words are the quote's, in this order, to the ends of the sentence."""


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
        self._embedded: dict[str, Vectors] = {}

    @property
    def text(self) -> str:
        """The passage as it is shown."""
        return self._text

    @property
    def context(self) -> str:
        """What the passage stands under: path, title and headings."""
        return "\n".join((self._chunk.path, self._chunk.title, *self._chunk.headings))

    @property
    def language(self) -> str:
        """The passage's own."""
        return self._chunk.language

    def find(self, claims: Sequence[str]) -> Quote:
        """Give what the first of these claims says word for word, else what is most like one."""
        return self.rank(claims)[0]

    def rank(self, claims: Sequence[str], *, is_translated: bool = False) -> list[Quote]:
        """Give what `find` gives, and behind it what is as like a claim but for `AS_LIKE`.

        Across languages names are all that letters tell, and many sentences have the same: there
        the cosine ranks.
        """
        for claim in claims:
            if quote := self._find_words(claim):
                return [quote]
        ranked = max(
            (self._rank_like(claim) for claim in claims), key=lambda quotes: _likeness(quotes[0])
        )
        if is_translated and self._encoder is not None:
            ranked = sorted(ranked, key=lambda quote: _likeness(quote, NAMES_SHARE), reverse=True)
        least = AS_LIKE * _likeness(ranked[0])
        return [ranked[0], *(one for one in ranked[1:MOST_RANKED] if _likeness(one) >= least)]

    def compare(self, claim: str, texts: Sequence[str]) -> list[float]:
        """Say how like a claim is to each of some texts: share of its grams plus cosine."""
        wanted = set(gram_keys(claim).tolist())
        likeness = [
            len(wanted.intersection(gram_keys(text).tolist())) / max(len(wanted), 1)
            for text in texts
        ]
        if self._encoder is None:
            return likeness
        unknown = [text for text in dict.fromkeys((claim, *texts)) if text not in self._embedded]
        if unknown:
            vectors = self._encoder.encode_passages(unknown)
            self._embedded.update(zip(unknown, vectors, strict=True))
        cosines = [float(self._embedded[text] @ self._embedded[claim]) for text in texts]
        return [one + other for one, other in zip(likeness, cosines, strict=True)]

    def _find_words(self, claim: str) -> Quote | None:
        place = self._text.find(claim)
        if place >= 0 and len(list(_words(claim))) >= LEAST_WORDS:
            words = len(list(_words(claim)))
            return self._verbatim(place, place + len(claim), max(words, LEAST_WORDS))
        wanted, _ = _join([word for word, _, _ in _words(claim)])
        if not wanted.strip():
            return None
        place = self._joined.find(wanted)
        if place < 0:
            return None
        first = bisect_right(self._places, place) - 1
        last = bisect_right(self._places, place + len(wanted) - 2) - 1
        start, end = self._words[first][1], self._words[last][2]
        return self._verbatim(start, end, last - first + 1)

    def _verbatim(self, start: int, end: int, words: int) -> Quote:
        first, last = self._widen(start, end, words)
        is_all = not (_WORD.search(self._text, first, start) or _WORD.search(self._text, end, last))
        return self._quote(first, last, is_all=is_all)

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

    def _rank_like(self, claim: str) -> list[Quote]:
        """Rank the sentences by how like a claim they are; lines of code where there are none."""
        spans = self._sentences or self._other_lines()
        if not spans:
            return [self._quote(0, 0, 0.0, None)]
        wanted = set(gram_keys(claim).tolist())
        cosines = self._cosines(claim, spans)
        quotes = []
        for span, cosine in zip(spans, cosines, strict=True):
            grams = gram_keys(self._text[span.start : span.end]).tolist()
            shared = len(wanted.intersection(grams)) / max(len(wanted), 1)
            quotes.append(self._quote(span.start, span.end, shared, cosine))
        return sorted(quotes, key=_likeness, reverse=True)

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
        self,
        start: int,
        end: int,
        shared: float = 1.0,
        cosine: float | None = 1.0,
        *,
        is_all: bool = False,
    ) -> Quote:
        first = self._chunk.start_line - 1
        around = [one for one in self._sentences if one.start < end and start < one.end]
        begin = min([start, *(one.start for one in around)])
        stop = max([end, *(one.end for one in around)])
        is_whole = is_all and all(start <= one.start and one.end <= end for one in around)
        return Quote(
            self._text[start:end],
            first + self._lines.line_of(start),
            first + self._lines.line_of(max(start, end - 1)),
            shared,
            cosine,
            self._text[begin:stop],
            is_verbatim=is_whole,
        )


def _likeness(quote: Quote, lexical: float = 1.0) -> float:
    return lexical * quote.shared + (quote.cosine or 0.0)


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
