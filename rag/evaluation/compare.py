"""Compare two runs question by question."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from rag.errors import BadRun
from rag.evaluation.intervals import bootstrap_interval
from rag.evaluation.metrics import MEASURES
from rag.evaluation.report import ACROSS, ANSWER_FIGURES, Scored, groups


@dataclass(frozen=True, slots=True)
class Difference:
    """How a figure changed, over the questions that have it in both runs."""

    questions: int
    before: float
    now: float
    difference: float
    """`now` less `before`."""
    low: float
    high: float
    """Ends of the paired bootstrap interval of the difference, at 95 %."""


@dataclass(frozen=True, slots=True)
class Comparison:
    """A run against an earlier one."""

    shared: int
    """Questions in both."""
    only_now: int
    only_before: int
    languages: dict[str, dict[str, Difference]]
    """By group of questions and figure: over all, then by language of the question."""
    pairs: dict[str, dict[str, Difference]]
    """The same for questions whose answer stands in another language only."""


def match(ids: Sequence[str], before: Sequence[Scored], name: str) -> dict[str, Scored]:
    """Find the questions of this run in an earlier one, by their ids.

    An id that a run has more than once says nothing and is left out.

    Raises:
        BadRun: there is none.
    """
    counts = Counter(ids)
    counts_before = Counter(one.id for one in before)
    found = {one.id: one for one in before if counts[one.id] == counts_before[one.id] == 1}
    if not found:
        raise BadRun(
            f"{name!r} shares no question with this run",
            "name a run over the same questions: they are matched by their ids",
        )
    return found


def compare(now: Sequence[Scored], before: Sequence[Scored], name: str) -> Comparison:
    """Compare a run with an earlier one.

    Args:
        now: the questions of this run.
        before: those of the earlier run.
        name: of the earlier run, for messages.

    Raises:
        BadRun: they share no question.
    """
    earlier = match([one.id for one in now], before, name)
    shared = [one for one in now if one.id in earlier]
    languages, pairs = groups(shared)
    crossing = {one.pair for one in shared if one.is_cross_lingual}
    return Comparison(
        shared=len(shared),
        only_now=len(now) - len(shared),
        only_before=len(before) - len(shared),
        languages={
            group: _differences([shared[place] for place in places], earlier)
            for group, places in languages.items()
        },
        pairs={
            group: _differences([shared[place] for place in places], earlier)
            for group, places in pairs.items()
            if group == ACROSS or group in crossing
        },
    )


def _differences(now: Sequence[Scored], earlier: dict[str, Scored]) -> dict[str, Difference]:
    found = {}
    for name in (*MEASURES, *ANSWER_FIGURES):
        values = [
            (one.figures[name], earlier[one.id].figures[name])
            for one in now
            if name in one.figures and name in earlier[one.id].figures
        ]
        if not values:
            continue
        new, old = np.array(values, np.float64).T
        changes = new - old
        low, high = bootstrap_interval(changes)
        found[name] = Difference(
            questions=len(values),
            before=round(float(old.mean()), 6),
            now=round(float(new.mean()), 6),
            difference=round(float(changes.mean()), 6),
            low=round(low, 6),
            high=round(high, 6),
        )
    return found
