"""Answers without a language model: the sentences of the notes that answer, word for word.

Sentences of the best passages are ranked by the share of the question's content words that they
hold (as 4-grams, weighted by rarity among these sentences), by their cosine to the question, by
their neighbours (an answer often stands beside the words that were asked), by their passage's
score, and, where a definition is asked for, by how much they look like one. The best is given, with
those that come close, in the order in which the notes have them. What a sentence needs to be
understood comes with it (see `quotable`), and a line that ends with a colon brings the list that it
announces. Figures: eval/LOG.md.
"""

import math
import re
from collections import Counter
from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from rag.encoders import Encoder
from rag.generators.definitions import (
    asked_block,
    asked_pair,
    asked_term,
    asks_number,
    defines,
    describes,
    leads,
    strip_block_words,
)
from rag.generators.quotable import Quotable, read_quotables
from rag.notes.folding import fold
from rag.notes.grams import fold_words, gram_keys
from rag.notes.language import content_words
from rag.notes.plain import strip_markup
from rag.types import Passage, Prompt

MOST_SENTENCES = 3
MOST_CHARACTERS = 600
"""Of the whole answer; about 100 words. 400 lost five points, 900 won one."""
LEXICAL_SHARE = 0.6
"""The rest is the cosine's; .4 to .7 differ by less than a point."""
NAME_WEIGHT = 2.0
"""Of the grams of a name such as `GPT-3`: across languages it is often all that letters share."""
NUMBER_BONUS = 0.12
"""For a number where one is asked for."""
NEIGHBOUR_SHARE = 0.2
"""Of the better neighbour's score; without it Polish loses four points."""
HEADING_SHARE = 0.5
"""Of a gram that only the heading holds: at 1 all sentences of a section look alike."""
PASSAGE_BONUS = 0.25
"""For a sentence of the best passage; it falls by a factor of e a point of the passage's score."""
DEFINITION_BONUS = 0.6
"""For a sentence that opens like the definition that is asked for."""
DEFINED = 0.9
"""Share of the best score that a further sentence must reach once a definition is the best."""
LEAD_BONUS = 0.3
"""For the first sentence under a heading that is the term."""
LANGUAGE_BONUS = 0.05
"""For a sentence in the question's language: two languages in one answer read badly."""
CLOSE = 0.65
"""Share of the best score that a further sentence must reach: 60 words an answer on average. At
0.6 the answer is found for one in a hundred more, in 70 words."""
LEAST_WORDS = 4
SHORT_PENALTY = 0.75
"""For a sentence of fewer words: it is more often a label than an answer."""
QUESTION_PENALTY = 0.7
"""For a question, or a line that announces what is not there: it promises an answer and is none."""
LINKS_PENALTY = 0.6
"""For a sentence that is mostly links and tags: it points elsewhere."""
BLOCK_BONUS = 0.4
"""For the formula or code that is asked for."""
BLOCK_PENALTY = 0.5
"""For a formula or code alone where none is: it says little without its sentence."""
NAMELESS_PENALTY = 0.5
"""For a sentence of a passage without any name of the question, where another has one: three gates
are an LSTM's, and a GRU was asked for."""
TODO_PENALTY = 0.85
"""For what is still to be done: it seldom answers, though a deadline may stand there."""
MOSTLY = 0.35
SAME_SHARE = 0.8
"""Of the shorter sentence's grams: two that share more say the same."""

_PROMISE = re.compile(r"[?:][\"”»’'*_=\s)]*$")
_LINK = re.compile(r"!?\[\[[^\]\n]*\]\]|\[[^\]\n]*\]\([^)\n]*\)|(?<!\w)#[\w/-]+")
_NUMBER = re.compile(r"\d+")
_HAS_NUMBER = re.compile(
    r"\d|\b(?:two|three|four|five|six|seven|eight|ten|do(?:i|ua)|trei|patru|cinci|sase|zece|dwa|dwie"
    r"|trzy|cztery|piec|szesc|jedna|dois|duas|tres|quatro|cinco|seis|sete|oito|dez)\b"
)
_NAME = re.compile(r"[^\W_]*(?:\d|(?<=[^\W_])[A-ZĂÂÎȘȚĄĆĘŁŃÓŚŹŻÁÉÍÚÃÕÇ])[^\W_]*")
"""A word of a question with a digit, or a capital behind its first letter."""


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
        """Give the chosen sentences with their `[n]`; bullets and rows on their own lines.

        Lines that follow one another from one passage share the mark of the last.
        """
        chosen = self._choose(prompt)
        for previous, sentence, following in zip(
            [None, *chosen], chosen, [*chosen[1:], None], strict=False
        ):
            goes_on = (
                following is not None
                and following.place == sentence.place
                and _space(sentence, following) == "\n"
            )
            yield _space(previous, sentence) + _write(previous, sentence, has_mark=not goes_on)

    def _choose(self, prompt: Prompt) -> list[Quotable]:
        read = (
            sentence
            for place, passage in enumerate(prompt.passages)
            for sentence in read_quotables(place, passage.chunk.text)
        )
        candidates = _without_parts(list(read), prompt.passages)
        if not candidates:
            return []
        scores = self._score(prompt, candidates)
        order = np.argsort(-scores, kind="stable").tolist()
        ends = _find_pair(prompt.question, candidates, order)
        if not ends:
            chosen = _pick(prompt.question, candidates, scores, order)
            room = MOST_CHARACTERS - sum(map(_length, chosen))
            ends = [*chosen, *_announced(chosen, candidates, room)]
        whole = dict.fromkeys(one for end in ends for one in (*end.parents, end))
        return sorted(whole, key=lambda one: (one.place, one.start))

    def _score(self, prompt: Prompt, candidates: Sequence[Quotable]) -> NDArray[np.float64]:
        texts = [_read(candidate) for candidate in candidates]
        headings = [
            f"{_heading(prompt.passages[candidate.place])} {candidate.topic}"
            for candidate in candidates
        ]
        question = self._encoder.encode_questions([prompt.question])[0]
        cosines = (self._encoder.encode_passages(texts) @ question).astype(np.float64)
        overlaps = np.array(_overlaps(prompt.question, texts, headings))
        fit: NDArray[np.float64] = LEXICAL_SHARE * overlaps + (1 - LEXICAL_SHARE) * cosines
        places = [candidate.place for candidate in candidates]
        scores: NDArray[np.float64] = fit + NEIGHBOUR_SHARE * _best_neighbours(fit, places)
        term = asked_term(prompt.question)
        nameless = _without_names(prompt.question, prompt.passages)
        openers = {parent for candidate in candidates for parent in candidate.parents}
        for number, (candidate, text) in enumerate(zip(candidates, texts, strict=True)):
            scores[number] = _adjust(scores[number], candidate, text, prompt, term)
            if nameless[candidate.place]:
                scores[number] *= NAMELESS_PENALTY
            if (
                candidate.text
                and not candidate.block
                and _PROMISE.search(text)
                and candidate not in openers
            ):
                scores[number] *= QUESTION_PENALTY
        return scores


def _read(candidate: Quotable) -> str:
    """Give what of a candidate is compared: its words, below those of the bullets above it."""
    if not candidate.text:
        code = "" if candidate.block.startswith("$$") else f": {candidate.block.strip('`~')}"
        return f"{strip_markup(candidate.before)}{code}"
    return ": ".join(strip_markup(one.text) for one in (*candidate.parents, candidate))


def _pick(
    question: str,
    candidates: Sequence[Quotable],
    scores: NDArray[np.float64],
    order: Sequence[int],
) -> list[Quotable]:
    """Take the best candidate and those that come close, each saying something of its own."""
    term = asked_term(question)
    defined = term is not None and defines(candidates[order[0]].text, term) == 1
    least = (DEFINED if defined else CLOSE) * scores[order[0]]
    chosen: list[Quotable] = []
    characters = 0
    for number in order:
        candidate = candidates[number]
        if len(chosen) == MOST_SENTENCES or scores[number] < least:
            break
        longer = characters + _length(candidate)
        if chosen and longer > MOST_CHARACTERS:
            continue
        if any(_is_same(candidate, other) for other in chosen):
            continue
        chosen.append(candidate)
        characters = longer
    return chosen


def _length(candidate: Quotable) -> int:
    return len(_whole(candidate))


def _whole(candidate: Quotable) -> str:
    return candidate.text + candidate.block


def _find_pair(
    question: str, candidates: Sequence[Quotable], order: Sequence[int]
) -> list[Quotable]:
    """Give the best description of each of two things whose difference is asked for, or none."""
    terms = asked_pair(question) or ()
    found: list[Quotable] = []
    for term in terms:
        fits = [describes(candidates[number].text, term) for number in order]
        if max(fits) > 0:
            found.append(candidates[order[fits.index(max(fits))]])
    return found if len(set(found)) > 1 else []


def _without_names(question: str, passages: Sequence[Passage]) -> list[bool]:
    """Say of each passage whether it has no name of the question, though another passage has.

    Aliases of its note do not count: a note on LSTM and GRU has sections on either.
    """
    names = [fold_words(name) for name in _NAME.findall(question)]
    said = ((one.chunk.title, *one.chunk.headings, one.chunk.text) for one in passages)
    texts = [f" {fold_words(' '.join(parts))} " for parts in said]
    lacks = [bool(names) and not any(f" {name} " in text for name in names) for text in texts]
    return [one and not all(lacks) for one in lacks]


def _adjust(
    score: float, candidate: Quotable, text: str, prompt: Prompt, term: str | None
) -> float:
    """Add what speaks for a sentence, whatever its words; then take what speaks against it."""
    passage = prompt.passages[candidate.place]
    behind = min(passage.score - prompt.passages[0].score, 0.0)
    score += PASSAGE_BONUS * math.exp(behind)
    if passage.chunk.language == prompt.language:
        score += LANGUAGE_BONUS
    if term:
        score += DEFINITION_BONUS * defines(candidate.text, term)
        if passage.chunk.text.lstrip().startswith("#") or not passage.chunk.headings:
            score += LEAD_BONUS * leads(candidate.number, _heading(passage), term)
    if asks_number(prompt.question) and _HAS_NUMBER.search(fold(_whole(candidate))):
        score += NUMBER_BONUS
    wants = asked_block(prompt.question)
    has_block = bool(candidate.block) and wants == (
        "formula" if "$$" in candidate.block else "code"
    )
    if has_block:
        score += BLOCK_BONUS
    elif not candidate.text:
        score *= BLOCK_PENALTY
    if candidate.marker.startswith("- [ ]"):
        score *= TODO_PENALTY
    links = sum(map(len, _LINK.findall(candidate.text)))
    if links > MOSTLY * len(candidate.text) and candidate.text:
        score *= LINKS_PENALTY
    if candidate.text and len(text.split()) < LEAST_WORDS:
        score *= SHORT_PENALTY
    return score


def _space(previous: Quotable | None, candidate: Quotable) -> str:
    """Give what stands between a sentence and the one before it."""
    if previous is None:
        return ""
    is_near = previous.place == candidate.place
    if candidate.table:
        return "\n" if is_near and previous.table[:2] == candidate.table[:2] else "\n\n"
    if previous.table or previous.block or not candidate.text:
        return "\n\n"
    if candidate.marker:
        return "\n"
    if is_near and (not previous.marker or previous.last_line == candidate.line):
        return " "
    return "\n\n"


def _write(previous: Quotable | None, candidate: Quotable, *, has_mark: bool) -> str:
    mark = f"[{candidate.place + 1}]" if has_mark else ""
    if candidate.table:
        *header, row = candidate.table
        is_next = previous is not None and _space(previous, candidate) == "\n"
        start = "" if is_next else "".join(f"{line}\n" for line in header)
        return start + row.replace(candidate.text, f"{candidate.text} {mark}".rstrip(), 1)
    start = "  " * candidate.depth + candidate.marker if candidate.marker else ""
    end = "\n" if candidate.block else " "
    return f"{start}{candidate.text}{candidate.block}{end}{mark}".rstrip()


def _announced(
    chosen: Sequence[Quotable], candidates: Sequence[Quotable], room: int
) -> list[Quotable]:
    """Give the lists that the chosen lines announce or stand in, if there is room for them."""
    found: list[Quotable] = []
    for opener in dict.fromkeys(one for end in chosen for one in (end, *reversed(end.parents))):
        if not (opener.announces or len(opener.text.split()) < LEAST_WORDS):
            continue
        items = [
            candidate
            for candidate in candidates
            if candidate.parents[-1:] == (opener,)
            and candidate not in chosen
            and candidate not in found
        ]
        if opener not in chosen and sum(len(item.text) for item in items) > room:
            continue
        for item in items:
            room -= len(item.text)
            if room >= 0:
                found.append(item)
    return found


def _without_parts(candidates: Sequence[Quotable], passages: Sequence[Passage]) -> list[Quotable]:
    """Leave out what stands whole in another passage of the note: passages may overlap."""
    paths = [passage.chunk.path for passage in passages]
    return [
        one
        for one in candidates
        if not any(
            other.place != one.place
            and paths[other.place] == paths[one.place]
            and len(_whole(other)) > len(_whole(one))
            and _whole(one) in _whole(other)
            for other in candidates
        )
    ]


def _heading(passage: Passage) -> str:
    return passage.chunk.headings[-1] if passage.chunk.headings else passage.chunk.title


def _overlaps(question: str, texts: Sequence[str], headings: Sequence[str]) -> list[float]:
    """Give the share of the question's grams in each text and its heading, 0 to 1.

    Only content words count, if there are any; grams that few of the texts hold weigh more.
    """
    wanted = _grams(" ".join(content_words(strip_block_words(question)))) or _grams(question)
    held = [wanted & _grams(text) for text in texts]
    above = [
        (wanted & _grams(heading)) - grams for heading, grams in zip(headings, held, strict=True)
    ]
    spread = Counter(gram for grams in held for gram in grams)
    named = _grams(" ".join(_NAME.findall(question)))
    weights = {
        gram: math.log(1 + len(texts) / (1 + spread[gram])) * (NAME_WEIGHT if gram in named else 1)
        for gram in wanted
    }
    total = sum(weights.values()) or 1.0
    return [
        sum(weights[gram] for gram in own) / total
        + HEADING_SHARE * sum(weights[gram] for gram in other) / total
        for own, other in zip(held, above, strict=True)
    ]


def _grams(text: str) -> set[int]:
    return set(gram_keys(text).tolist())


def _best_neighbours(fit: NDArray[np.float64], places: Sequence[int]) -> NDArray[np.float64]:
    """Give the better fit of the sentences before and behind each one in its passage."""
    best = np.zeros_like(fit)
    for number in range(len(fit)):
        for other in (number - 1, number + 1):
            if 0 <= other < len(fit) and places[other] == places[number]:
                best[number] = max(best[number], fit[other])
    return best


def _is_same(candidate: Quotable, other: Quotable) -> bool:
    """Say whether two sentences tell the same, as in overlapping passages and copied notes.

    Rows of a table and steps of a calculation may differ in their numbers alone.
    """
    if set(_NUMBER.findall(_whole(candidate))) != set(_NUMBER.findall(_whole(other))):
        return False
    first = np.unique(gram_keys(_whole(candidate)))
    second = np.unique(gram_keys(_whole(other)))
    shared = len(np.intersect1d(first, second, assume_unique=True))
    return shared > SAME_SHARE * max(1, min(len(first), len(second)))
