"""Figures of rankings, from which of their places are relevant; computed by ir-measures.

Each relevant place of the notes counts once, at the first passage that holds it, so a note that was
cut into many chunks neither gains nor loses. What ir-measures calls a document is here a passage
that is the first to hold a place, or a place that no passage holds.
"""

import math
import unicodedata
from collections.abc import Sequence

import ir_measures
from ir_measures.measures import Measure

from rag.evaluation.questions import Question, Relevant
from rag.types import Chunk, Passage

DEPTH = 10
"""Passages of a ranking that count."""
MEASURES: dict[str, Measure] = {
    # A question is answered by any one of its places: recall here is ir-measures' Success.
    "recall@1": ir_measures.Success @ 1,
    "recall@5": ir_measures.Success @ 5,
    "recall@10": ir_measures.Success @ DEPTH,
    "mrr": ir_measures.RR,
    # Normalised discounted cumulative gain with gains of 0 and 1 (Järvelin and Kekäläinen 2002).
    "ndcg@10": ir_measures.nDCG @ DEPTH,
}
_NAMES = {str(measure): name for name, measure in MEASURES.items()}


def find_relevant(question: Question, passages: Sequence[Passage]) -> list[int]:
    """Give the ranks, from 1, at which each relevant place is first found; 0 where it is not."""
    return [
        next((passage.rank for passage in passages if holds(passage.chunk, place)), 0)
        for place in question.relevant
    ]


def holds(chunk: Chunk, place: Relevant) -> bool:
    """Say whether a chunk is of the note, and holds the quote if there is one.

    How lines are wrapped and ended, and whether `é` is one character or two, makes no difference:
    an editor or another system changes them, and nobody sees it.
    """
    return same_path(chunk.path) == same_path(place.path) and (
        place.quote is None or same_text(place.quote) in same_text(chunk.text)
    )


def same_path(path: str) -> str:
    """Give the form in which equal paths are equal; macOS writes `é` as two characters."""
    return unicodedata.normalize("NFC", path)


def same_text(text: str) -> str:
    """Give the form in which equal quotes are equal."""
    return " ".join(unicodedata.normalize("NFC", text).split())


def measure(rankings: Sequence[Sequence[int]]) -> list[dict[str, float]]:
    """Give the figures of rankings, each 0 to 1, by name.

    Args:
        rankings: of each question, the ranks of its relevant places, as `find_relevant` gives them.
    """
    qrels: dict[str, dict[str, int]] = {}
    run: dict[str, dict[str, float]] = {}
    for number, ranks in enumerate(rankings):
        # Places that one passage holds are one: no order of the passages could gain more from them.
        found = {rank for rank in ranks if rank}
        lost = sum(not rank for rank in ranks)
        qrels[str(number)] = {f"rank {rank}": 1 for rank in found} | {
            f"lost {place}": 1 for place in range(lost)
        }
        # Ranks that hold nothing relevant have documents too: a measure counts them.
        run[str(number)] = {
            f"rank {rank}": float(-rank) for rank in range(1, max(found, default=0) + 1)
        }
    figures = [dict.fromkeys(MEASURES, 0.0) for _ in rankings]
    for metric in ir_measures.iter_calc(list(MEASURES.values()), qrels, run):
        figures[int(metric.query_id)][_NAMES[str(metric.measure)]] = float(metric.value)
    return figures


def percentile(values: Sequence[float], share: float) -> float:
    """Give the smallest value that at least `share` of the values do not exceed; 0 for none."""
    if not values:
        return 0.0
    ordered = sorted(values)
    return ordered[max(0, math.ceil(share * len(ordered)) - 1)]
