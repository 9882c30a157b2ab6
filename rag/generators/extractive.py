"""Answers without a language model: the sentences of the notes that answer, word for word.

Sentences of the best passages are ranked by the share of the question's 4-grams that they hold,
weighted by rarity among these sentences, by their cosine to the question, by their neighbours (an
answer often stands beside the words that were asked) and by their passage's score. The best is
given, with those that come close, in the order in which the notes have them; a nested bullet brings
the bullets above it, which say what it is about. Figures: eval/LOG.md.
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
from rag.notes.plain import strip_markup
from rag.notes.sentences import Sentence, split_sentences
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
"""For a question, or a line that ends with a colon: it promises an answer and is none."""
SAME_SHARE = 0.8
"""Of the shorter sentence's grams: two that share more say the same."""

_BULLET = re.compile(r"[ \t>]*(?:[-*+]|\d{1,9}[.)])[ \t]")
_INDENT = re.compile(r"[ \t]*")
_PROMISE = re.compile(r"[?:][\"”»’'*_=\s)]*$")
_TAB = 4


@dataclass(frozen=True, slots=True)
class _Candidate:
    place: int
    """Of its passage, from 0."""
    sentence: Sentence
    indent: int
    """Columns before its bullet, -1 where it has none."""
    parents: tuple["_Candidate", ...]
    """The bullets above it, outermost first."""

    @property
    def is_listed(self) -> bool:
        """Whether it begins a bullet or is a table row."""
        return self.indent >= 0 or "|" in self.sentence.text

    def follows(self, other: "_Candidate") -> bool:
        """Say whether it stands in the same line of the same passage."""
        return (self.place, self.sentence.start_line) == (other.place, other.sentence.end_line)


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
        """Give the chosen sentences, each with its `[n]`; bullets on lines of their own."""
        previous: _Candidate | None = None
        for candidate in self._choose(prompt):
            if previous is None:
                start = "- " if candidate.is_listed else ""
            elif candidate.is_listed:
                start = "\n" + "  " * len(candidate.parents) + "- "
            elif previous.is_listed and not candidate.follows(previous):
                start = "\n\n"
            else:
                start = " "
            yield f"{start}{candidate.sentence.text} [{candidate.place + 1}]"
            previous = candidate

    def _choose(self, prompt: Prompt) -> list[_Candidate]:
        candidates = [
            candidate
            for place, passage in enumerate(prompt.passages)
            for candidate in _candidates(place, passage)
        ]
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
            longer = characters + len(candidate.sentence.text)
            if chosen and longer > MOST_CHARACTERS:
                continue
            if any(_is_same(candidate.sentence, other.sentence) for other in chosen):
                continue
            chosen.append(candidate)
            characters = longer
        whole = dict.fromkeys(one for found in chosen for one in (*found.parents, found))
        return sorted(whole, key=lambda one: (one.place, one.sentence.start_line))

    def _score(self, prompt: Prompt, candidates: Sequence[_Candidate]) -> NDArray[np.float64]:
        texts = [
            ": ".join(strip_markup(one.sentence.text) for one in (*candidate.parents, candidate))
            for candidate in candidates
        ]
        # `It costs 5M` says little without its heading; the cosine is better without it.
        framed = [
            f"{_heading(prompt.passages[candidate.place])}: {text}"
            for candidate, text in zip(candidates, texts, strict=True)
        ]
        question = self._encoder.encode_questions([prompt.question])[0]
        cosines = self._encoder.encode_passages(texts) @ question
        overlaps = np.array(_overlaps(prompt.question, framed))
        fit = LEXICAL_SHARE * overlaps + (1 - LEXICAL_SHARE) * cosines.astype(np.float64)
        places = [candidate.place for candidate in candidates]
        scores = fit + NEIGHBOUR_SHARE * _best_neighbours(fit, places)
        best = prompt.passages[0].score
        for number, (candidate, text) in enumerate(zip(candidates, texts, strict=True)):
            passage = prompt.passages[candidate.place]
            scores[number] += PASSAGE_BONUS * math.exp(min(passage.score - best, 0.0))
            if passage.chunk.language == prompt.language:
                scores[number] += LANGUAGE_BONUS
            if len(text.split()) < LEAST_WORDS:
                scores[number] *= SHORT_PENALTY
            if _PROMISE.search(text):
                scores[number] *= QUESTION_PENALTY
        return scores


def _candidates(place: int, passage: Passage) -> Iterator[_Candidate]:
    """Give a passage's sentences, bullets with the bullets above them."""
    lines = passage.chunk.text.splitlines()
    above: list[_Candidate] = []
    seen_line = 0
    for sentence in split_sentences(passage.chunk.text, passage.chunk.start_line):
        number = sentence.start_line - passage.chunk.start_line
        line = lines[number] if number < len(lines) else ""
        first = sentence.start_line != seen_line
        seen_line = sentence.end_line
        if not _BULLET.match(line):
            if first:
                above.clear()
            yield _Candidate(place, sentence, -1, ())
            continue
        blank = _INDENT.match(line)
        indent = len(blank[0].expandtabs(_TAB)) if blank else 0
        while above and above[-1].indent >= indent + (not first):
            above.pop()
        candidate = _Candidate(place, sentence, indent if first else -1, tuple(above))
        yield candidate
        if first:
            above.append(candidate)


def _heading(passage: Passage) -> str:
    return passage.chunk.headings[-1] if passage.chunk.headings else passage.chunk.title


def _overlaps(question: str, texts: Sequence[str]) -> list[float]:
    """Give the share of the question's grams in each text, 0 to 1, rare grams weighing more."""
    wanted = set(gram_keys(question).tolist())
    held = [wanted.intersection(gram_keys(text).tolist()) for text in texts]
    spread = Counter(gram for grams in held for gram in grams)
    weights = {gram: math.log(1 + len(texts) / (1 + spread[gram])) for gram in wanted}
    total = sum(weights.values())
    return [sum(weights[gram] for gram in grams) / total if total else 0.0 for grams in held]


def _best_neighbours(fit: NDArray[np.float64], places: Sequence[int]) -> NDArray[np.float64]:
    """Give the better fit of the sentences before and behind each one in its passage."""
    best = np.zeros_like(fit)
    for number in range(len(fit)):
        for other in (number - 1, number + 1):
            if 0 <= other < len(fit) and places[other] == places[number]:
                best[number] = max(best[number], fit[other])
    return best


def _is_same(sentence: Sentence, other: Sentence) -> bool:
    """Say whether two sentences tell the same: overlapping chunks and copied notes."""
    first = np.unique(gram_keys(sentence.text))
    second = np.unique(gram_keys(other.text))
    shared = len(np.intersect1d(first, second, assume_unique=True))
    return shared > SAME_SHARE * max(1, min(len(first), len(second)))
