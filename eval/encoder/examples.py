"""Make examples from pairs: sentences, passages, questions with their passages, English itself.

Examples come in pools: the loss holds each against the teacher's vectors of its whole pool, so
that what is near it in meaning is among the negatives.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from eval.encoder.mix import Mix, pair_chances
from eval.encoder.names import NameMaker, insert
from eval.encoder.noise import add_typos, key_words
from eval.encoder.pairs import Pairs

if TYPE_CHECKING:
    from numpy.typing import NDArray

PASSAGE_WORDS = (12, 60)
"""English words of a passage, evenly. In Polish 95 are a chunk of 190 tokens, but a token of a text
that long takes twice the time on a CPU, and the teacher knows what long texts are."""

MIXED = 0.1
"""Share of a passage's sentences that stay English, as terms and quotes in notes do."""

TYPOS = 0.1
"""Share of the texts that get typos."""

OTHER_LANGUAGE = 0.3
"""Share of the questions that ask in English over a passage in another language or the reverse."""

NAMED = 0.25
"""Share of the sentences that get a made-up name, number or acronym, the same in both languages."""

WHOLE = 0.5
"""Share of the questions that are the whole sentence; the others are its key words."""


@dataclass(frozen=True, slots=True)
class Example:
    """A text that should get the teacher's vector of its English."""

    english: str
    text: str
    question: str = ""
    """A text that should be nearer to this one than to others; mostly there is none."""


class ExampleSource:
    """Draws examples, for ever; the same seed gives the same ones.

    Args:
        pairs: of each language of the mix.
        mix: what to draw how often.
        names: makes names.
        seed: of the random choices.
    """

    def __init__(
        self,
        pairs: Mapping[str, Pairs],
        mix: Mix,
        names: NameMaker,
        seed: int | tuple[int, ...],
    ) -> None:
        self._pairs = {code: pairs[code] for code in mix.languages}
        self._mix, self._names = mix, names
        self._rng = np.random.default_rng(seed)
        self._sums: dict[str, NDArray[np.float64]] = {}
        self._runs: dict[str, list[NDArray[np.int64]]] = {}
        self._rank: dict[str, NDArray[np.int64]] = {}
        for code, own in self._pairs.items():
            self._sums[code] = np.cumsum(pair_chances(own, mix))
            order = np.argsort(own.source, kind="stable")
            bounds = np.searchsorted(own.source[order], np.arange(1, len(own.sources)))
            self._runs[code] = np.split(order, bounds)
            self._rank[code] = np.empty(len(own), np.int64)
            for run in self._runs[code]:
                self._rank[code][run] = np.arange(len(run))

    def pools(self, size: int) -> Iterator[list[Example]]:
        """Give pools of `size` examples each, without end."""
        codes, shares = list(self._mix.languages), list(self._mix.languages.values())
        while True:
            drawn = self._rng.choice(len(codes), size, p=shares)
            yield [self._draw(codes[code]) for code in drawn]

    def _draw(self, code: str) -> Example:
        rng, own = self._rng, self._pairs[code]
        sums = self._sums[code]
        place = int(np.searchsorted(sums, rng.random() * sums[-1], side="right"))
        place = min(place, len(own) - 1)
        kind = rng.random()
        mix = self._mix
        if mix.english <= kind < mix.english + mix.passage + mix.question:
            return self._passage(code, place, asked=kind >= mix.english + mix.passage)
        english, other = self._named(code, place)
        return Example(english, self._typed(english if kind < mix.english else other))

    def _passage(self, code: str, place: int, *, asked: bool) -> Example:
        """Join what follows in the same source, from a place on."""
        rng, own = self._rng, self._pairs[code]
        run = self._runs[code][own.source[place]]
        wanted = rng.integers(*PASSAGE_WORDS, endpoint=True)
        first = int(self._rank[code][place])
        words, pairs = 0, []
        for step in range(min(len(run), int(wanted))):
            pairs.append(self._named(code, int(run[(first + step) % len(run)])))
            words += len(pairs[-1][0].split())
            if words >= wanted:
                break
        mixed = (rng.random(len(pairs)) < MIXED).tolist()
        english = " ".join(pair[0] for pair in pairs)
        text = " ".join(pair[not kept] for pair, kept in zip(pairs, mixed, strict=True))
        if not asked:
            return Example(english, self._typed(text))
        answer = pairs[int(rng.integers(len(pairs)))]
        in_english, ask_english = rng.random(2) < OTHER_LANGUAGE / 2
        question = answer[not ask_english]
        if rng.random() >= WHOLE:
            question = key_words(question, rng)
        return Example(english, english if in_english else text, self._typed(question))

    def _named(self, code: str, place: int) -> tuple[str, str]:
        """Give a pair, English first, perhaps with a name in both."""
        own = self._pairs[code]
        pair = own.english[place], own.other[place]
        if self._rng.random() >= NAMED:
            return pair
        name, where = self._names.make(self._rng), self._rng.random()
        return insert(pair[0], name, where), insert(pair[1], name, where)

    def _typed(self, text: str) -> str:
        return add_typos(text, self._rng) if self._rng.random() < TYPOS else text
