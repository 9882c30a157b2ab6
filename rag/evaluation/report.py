"""The figures of a run: of each question, by language, and by pair of languages."""

import re
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from rag.answers.marks import blank_marks, find_marks
from rag.evaluation.metrics import MEASURES, measure, percentile
from rag.evaluation.run import Outcome
from rag.notes.folding import fold
from rag.types import CitationStatus

ALL = "all"
ACROSS = "across languages"
ANSWER_FIGURES = ("answer_recall", "false_answers", "false_refusals")
Figures = dict[str, float]


@dataclass(frozen=True, slots=True)
class Scored:
    """A question with its figures."""

    id: str
    language: str
    pair: str | None
    """The language of the question and that of the relevant note; None for no note."""
    is_cross_lingual: bool
    figures: Figures
    """Those that the question has a say in: one that no note answers has no rank."""


@dataclass(frozen=True, slots=True)
class Report:
    """The figures of a run, by group of questions."""

    languages: dict[str, Figures]
    """Over all questions first, then by language of the question."""
    pairs: dict[str, Figures]
    """By the language of the question and that of the relevant note; before them, if there are
    any, all whose answer stands in another language only."""


def score(outcomes: Sequence[Outcome]) -> list[Scored]:
    """Give each question's figures, in the order given."""
    ranked = measure([outcome.ranks for outcome in outcomes])
    return [
        Scored(
            id=outcome.question.id,
            language=outcome.question.language,
            pair=outcome.pair,
            is_cross_lingual=outcome.is_cross_lingual,
            figures=(figures if outcome.question.relevant else {}) | _answer_figures(outcome),
        )
        for outcome, figures in zip(outcomes, ranked, strict=True)
    ]


def groups(scored: Sequence[Scored]) -> tuple[dict[str, list[int]], dict[str, list[int]]]:
    """Give the places of the questions of each language, and of each pair, as in a report."""
    languages: dict[str, list[int]] = defaultdict(list)
    pairs: dict[str, list[int]] = defaultdict(list)
    for place, question in enumerate(scored):
        languages[ALL].append(place)
        languages[question.language].append(place)
        if question.pair:
            pairs[question.pair].append(place)
        if question.is_cross_lingual:
            pairs[ACROSS].append(place)
    return _sorted(languages), _sorted(pairs)


def _sorted(some: dict[str, list[int]]) -> dict[str, list[int]]:
    return dict(sorted(some.items(), key=lambda item: (item[0] not in (ALL, ACROSS), item[0])))


def report(outcomes: Sequence[Outcome]) -> Report:
    """Give the figures over all questions, by language and by pair of languages."""
    scored = score(outcomes)
    languages, pairs = (
        {
            name: _figures([outcomes[place] for place in places], [scored[i] for i in places])
            for name, places in some.items()
        }
        for some in groups(scored)
    )
    return Report(languages, pairs)


def _figures(outcomes: Sequence[Outcome], scored: Sequence[Scored]) -> Figures:
    times = [outcome.milliseconds for outcome in outcomes]
    figures = {
        "questions": float(len(outcomes)),
        **{name: _mean_of(scored, name) for name in MEASURES},
        "p50_ms": round(percentile(times, 0.5), 3),
        "p95_ms": round(percentile(times, 0.95), 3),
    }
    if any(outcome.answer for outcome in outcomes):
        answers = [outcome.answer for outcome in outcomes if outcome.answer]
        citations = [
            float(citation.status is CitationStatus.VERIFIED)
            for answer in answers
            for citation in answer.citations
        ]
        words = [
            float(len(outcome.answer.text.split()))
            for outcome in outcomes
            if outcome.question.answerable and outcome.answer and not outcome.answer.abstained
        ]
        figures |= {name: _mean_of(scored, name) for name in ANSWER_FIGURES}
        figures |= {"citation_precision": _mean(citations), "words": _mean(words)}
    return figures


def _answer_figures(outcome: Outcome) -> Figures:
    if not outcome.answer:
        return {}
    abstained = outcome.answer.abstained
    if not outcome.question.answerable:
        return {"false_answers": float(not abstained)}
    return {"answer_recall": float(holds_answer(outcome)), "false_refusals": float(abstained)}


def holds_answer(outcome: Outcome) -> bool:
    """Say whether an answer holds one of the known answers.

    Letters are folded and spaces alike; its `[1]` marks are not its words, and a number is not part
    of another one: `5` is not in `2015`.
    """
    if not outcome.answer or outcome.answer.abstained:
        return False
    said = outcome.answer.text
    text = _fold(blank_marks(said, find_marks(said)))
    return any(
        re.search(rf"(?<!\d){re.escape(words)}(?!\d)", text)
        for known in outcome.question.answers
        if (words := _fold(known))
    )


def _fold(text: str) -> str:
    return " ".join(fold(text).split())


def _mean_of(scored: Sequence[Scored], name: str) -> float:
    return _mean([one.figures[name] for one in scored if name in one.figures])


def _mean(values: Sequence[float]) -> float:
    return round(sum(values) / len(values), 6) if values else 0.0
