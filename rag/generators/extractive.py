"""Answers without a language model: the sentences of the notes that answer, word for word.

Sentences of the best passages are ranked by the share of the question's 4-grams that they hold,
weighted by rarity among these sentences, by their cosine to the question, by their neighbours (an
answer often stands beside the words that were asked) and by their passage's score. The best is
given, with those that come close, in the order in which the notes have them. What a sentence needs
to be understood comes with it: a nested bullet brings the bullets above it and the line that
introduces the list, a table row its header, a line that ends with a colon what it announces, be
that a list, a formula or code. Figures: eval/LOG.md.
"""

import math
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from rag.encoders import Encoder
from rag.notes.grams import gram_keys
from rag.notes.lines import Lines
from rag.notes.plain import strip_markup
from rag.notes.sentences import split_sentences
from rag.types import Passage, Prompt

MOST_SENTENCES = 3
MOST_CHARACTERS = 600
"""Of the whole answer; about 100 words. 400 lost five points, 900 won one."""
LEXICAL_SHARE = 0.6
"""The rest is the cosine's; .4 to .7 differ by less than a point."""
NEIGHBOUR_SHARE = 0.3
"""Of the better neighbour's score; without it Polish loses four points."""
PASSAGE_BONUS = 0.4
"""For a sentence of the best passage; it falls by a factor of e a point of the passage's score."""
LANGUAGE_BONUS = 0.15
"""For a sentence in the question's language: two languages in one answer read badly."""
CLOSE = 0.75
"""Share of the best score that a further sentence must reach: 60 words an answer on average. At
0.6 the answer is found for one in a hundred more, in 70 words."""
LEAST_WORDS = 3
SHORT_PENALTY = 0.75
"""For a sentence of fewer words: it is more often a label than an answer."""
QUESTION_PENALTY = 0.7
"""For a question, or a line that announces what is not there: it promises an answer and is none."""
SAME_SHARE = 0.8
"""Of the shorter sentence's grams: two that share more say the same."""
MOST_LABEL_WORDS = 8
"""Of a line all in bold that stands for a heading."""

_BULLET = re.compile(r"[ \t>]*(?:[-*+]|\d{1,9}[.)])[ \t]+(\[[ xX/-]\][ \t]+)?")
_INDENT = re.compile(r"[ \t]*")
_CALLOUT = re.compile(r"[ \t]*>[ \t>]*\[![\w-]+")
_QUOTE = re.compile(r"[ \t]*>[ \t>]*")
_ANNOUNCES = re.compile(r":[\"”»’'*_=\s)]*$")
_PROMISE = re.compile(r"[?:][\"”»’'*_=\s)]*$")
_ENDED = re.compile(r"[.!?…;:][\"”»’'*_=`$)]*$")
_CUT = re.compile(r"(?<!\w)\w{1,4}\.$")
_BOLD = re.compile(r"(?:\*\*[^*]+\*\*|__[^_]+__|==[^=]+==):?$")
_NOTHING = re.compile(
    r"!?\[[^\[\]]*\]\([^()\s]*\)$|!\[\[[^\[\]]+\]\]$|\[[^\[\]^]+\]:[ \t]*\S+$|<[^<>]+>$|#[\w/-]+$"
)
"""A picture, a link's definition, an address or a tag alone: no sentence."""
_FOOTNOTE = re.compile(r"\[\^[^\[\]\s]+\]:[ \t]+")
_UNDERLINE = re.compile(r"[ \t]{0,3}(?:=+|-+)[ \t]*$")
_TABLE_RULE = re.compile(r"[ \t>]*\|?(?:[ \t]*:?-+:?[ \t]*\|)+[ \t]*(?::?-+:?)?[ \t]*$")
_BLOCK = re.compile(r"[ \t]{0,3}(\$\$|```|~~~)")
_TAB = 4


@dataclass(frozen=True, slots=True, eq=False)
class _Candidate:
    """A sentence that may be given, or only brought along."""

    place: int
    """Of its passage, from 0."""
    start: int
    """Where it stands in the passage's text."""
    text: str
    line: int
    last_line: int
    topic: str
    """What it stands under without its being shown: a callout's title, a bold line, a header."""
    parents: tuple["_Candidate", ...]
    """The bullets above it, outermost first, and before them the line that announces the list."""
    marker: str = ""
    """What is written before it if it begins a bullet, or is a row of a table without header."""
    indent: int = -1
    """Columns before its bullet, -1 where it has none."""
    header: tuple[str, str] | None = None
    """The first two lines of its table, if they stand in the passage."""
    row: str = ""
    """Its whole line, if it is a table row with a header."""
    is_block: bool = False
    """Whether it ends with a formula or code on lines of their own."""

    @property
    def depth(self) -> int:
        """How many bullets stand above it."""
        return sum(bool(parent.marker) for parent in self.parents)


class ExtractiveGenerator:
    """Quotes the notes."""

    kind = "extractive"

    def __init__(self, encoder: Encoder) -> None:
        self._encoder = encoder

    @property
    def model(self) -> str:
        """The encoder that ranks the sentences."""
        return self._encoder.name

    def fits(self, prompt: Prompt) -> bool:  # noqa: ARG002
        """Any prompt fits."""
        return True

    def stream(self, prompt: Prompt) -> Iterator[str]:
        """Give the chosen sentences, each with its `[n]`; bullets and rows on their own lines."""
        previous: _Candidate | None = None
        for candidate in self._choose(prompt):
            yield _space(previous, candidate) + _write(previous, candidate)
            previous = candidate

    def _choose(self, prompt: Prompt) -> list[_Candidate]:
        candidates = _without_parts(
            [
                candidate
                for place, passage in enumerate(prompt.passages)
                for candidate in _read(place, passage.chunk.text)
            ],
            prompt.passages,
        )
        if not candidates:
            return []
        scores = self._score(prompt, candidates)
        order = np.argsort(-scores, kind="stable")
        chosen: list[_Candidate] = []
        characters = 0
        for number in order:
            candidate = candidates[number]
            if len(chosen) == MOST_SENTENCES or scores[number] < CLOSE * scores[order[0]]:
                break
            longer = characters + len(candidate.text)
            if chosen and longer > MOST_CHARACTERS:
                continue
            if any(_is_same(candidate, other) for other in chosen):
                continue
            chosen.append(candidate)
            characters = longer
        announced = _announced(chosen, candidates, MOST_CHARACTERS - characters)
        whole = dict.fromkeys(
            one for found in (*chosen, *announced) for one in (*found.parents, found)
        )
        return sorted(whole, key=lambda one: (one.place, one.start))

    def _score(self, prompt: Prompt, candidates: Sequence[_Candidate]) -> NDArray[np.float64]:
        texts = [
            ": ".join(strip_markup(one.text) for one in (*candidate.parents, candidate))
            for candidate in candidates
        ]
        # `It costs 5M` says little without its heading; the cosine is better without it.
        framed = [
            f"{_heading(prompt.passages[candidate.place])}: {candidate.topic} {text}"
            for candidate, text in zip(candidates, texts, strict=True)
        ]
        question = self._encoder.encode_questions([prompt.question])[0]
        cosines = self._encoder.encode_passages(texts) @ question
        overlaps = np.array(_overlaps(prompt.question, framed))
        fit = LEXICAL_SHARE * overlaps + (1 - LEXICAL_SHARE) * cosines.astype(np.float64)
        places = [candidate.place for candidate in candidates]
        scores = fit + NEIGHBOUR_SHARE * _best_neighbours(fit, places)
        best = prompt.passages[0].score
        openers = {parent for candidate in candidates for parent in candidate.parents}
        for number, (candidate, text) in enumerate(zip(candidates, texts, strict=True)):
            passage = prompt.passages[candidate.place]
            scores[number] += PASSAGE_BONUS * math.exp(min(passage.score - best, 0.0))
            if passage.chunk.language == prompt.language:
                scores[number] += LANGUAGE_BONUS
            if len(text.split()) < LEAST_WORDS:
                scores[number] *= SHORT_PENALTY
            if _PROMISE.search(text) and candidate not in openers:
                scores[number] *= QUESTION_PENALTY
        return scores


def _space(previous: _Candidate | None, candidate: _Candidate) -> str:
    """Give what stands between a sentence and the one before it."""
    if previous is None:
        return ""
    if candidate.marker and not (previous.header or previous.is_block):
        return "\n"
    if candidate.header and candidate.header == previous.header:
        return "\n"
    is_near = previous.place == candidate.place and not (candidate.marker or candidate.header)
    if is_near and previous.last_line == candidate.line:
        return " "
    is_apart = previous.marker or previous.header or previous.is_block
    return " " if is_near and not is_apart else "\n\n"


def _write(previous: _Candidate | None, candidate: _Candidate) -> str:
    mark = f"[{candidate.place + 1}]"
    if candidate.header:
        rows = [candidate.row.removesuffix("|").rstrip() + f" {mark}"]
        if not previous or previous.header != candidate.header:
            rows = [*candidate.header, *rows]
        return "\n".join(rows) + (" |" if candidate.row.endswith("|") else "")
    start = "  " * candidate.depth + candidate.marker if candidate.marker else ""
    return f"{start}{candidate.text}" + ("\n" if candidate.is_block else " ") + mark


class _Reader:
    """Reads the sentences of one passage, each with what it needs to be understood."""

    def __init__(self, place: int, text: str) -> None:
        self._place = place
        self._text = text
        self._lines = Lines(text)
        self._content = self._lines.content()
        self._tables = _find_tables(self._content)
        self._bullets: list[_Candidate] = []
        """Those that are open."""
        self._opener: tuple[_Candidate, ...] = ()
        """The line that announced what follows."""
        self._title = ""
        self._label = ""

    def read(self) -> Iterator[_Candidate]:
        """Give the candidates in order."""
        seen = 0
        for start, end in self._spans():
            number = self._lines.line_of(start)
            is_first, seen = number > seen, self._lines.line_of(end - 1)
            line = self._content[number - 1]
            if footnote := _FOOTNOTE.match(self._text, start, end):
                start = footnote.end()
            if _NOTHING.match(self._text[start:end]) or self._is_title(number, start, end):
                continue
            if number in self._tables:
                candidate = self._read_row(number, start, end)
            elif bullet := _BULLET.match(line):
                candidate = self._read_bullet(line, bullet, start, end, is_first=is_first)
            else:
                candidate = self._read_plain(line, start, end, is_first=is_first)
            if candidate:
                yield candidate

    def _spans(self) -> Iterator[tuple[int, int]]:
        """Give the sentences' places, those joined that were cut where none ends."""
        done, begin = 0, -1
        for sentence in split_sentences(self._text, 1):
            start = self._text.find(
                sentence.text, max(done, self._lines.start(sentence.start_line))
            )
            if start < 0:
                continue
            if begin >= 0 and not self._continues(done, start):
                yield begin, done
                begin = -1
            begin = start if begin < 0 else begin
            done = start + len(sentence.text)
        if begin >= 0:
            yield begin, done

    def _continues(self, end: int, start: int) -> bool:
        """Say whether what ends and what starts here are one sentence."""
        last, number = self._lines.line_of(end - 1), self._lines.line_of(start)
        said = self._text[self._lines.start(last) : end]
        if number == last:  # `room. 214`: an abbreviation
            goes_on = self._text[start].islower() or self._text[start].isdigit()
            return goes_on and bool(_CUT.search(said))
        # The rest of a bullet stands on the next line.
        is_rest = not _MARKED.match(self._content[number - 1]) and number not in self._tables
        is_bullet = _BULLET.match(self._content[last - 1]) and last not in self._tables
        return bool(number == last + 1 and is_rest and is_bullet and not _ENDED.search(said))

    def _is_title(self, number: int, start: int, end: int) -> bool:
        """Say whether a line only names what stands below it; remembers what it names."""
        line = self._content[number - 1]
        below = self._content[number] if number < len(self._content) else ""
        text = self._text[start:end]
        if _CALLOUT.match(line):
            self._title = text
            return bool(_QUOTE.match(below) and _QUOTE.sub("", below).strip())
        if not _QUOTE.match(line):
            self._title = ""
        is_bold = _BOLD.match(line.strip(" \t>")) and len(text.split()) <= MOST_LABEL_WORDS
        if (is_bold and not _ENDED.search(text.strip("*_=:"))) or (
            line.strip() and _UNDERLINE.match(below) and "|" not in line
        ):
            self._label = text
            return not _ANNOUNCES.search(text)
        return False

    def _candidate(self, start: int, end: int, **more: object) -> _Candidate:
        raise NotImplementedError
