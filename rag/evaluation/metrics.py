"""Figures of one ranking, from which of its places are relevant.

Each relevant place of the notes counts once, at the first passage that holds it, so a note that was
cut into many chunks neither gains nor loses.
"""

import math
from collections.abc import Sequence

from rag.evaluation.questions import Question
from rag.types import Passage


def find_relevant(question: Question, passages: Sequence[Passage]) -> list[int]:
    """Give the ranks, from 1, at which each relevant place is first found; 0 where it is not."""
    ranks = []
    for place in question.relevant:
        rank = 0
        for passage in passages:
            chunk = passage.chunk
            if chunk.path == place.path and (place.quote is None or place.quote in chunk.text):
                rank = passage.rank
                break
        ranks.append(rank)
    return ranks


def recall(ranks: Sequence[int], depth: int) -> float:
    """Give 1 if any relevant place is among the first `depth`, else 0 (success@depth).

    A question here is answered by any one of its places.
    """
    return float(any(0 < rank <= depth for rank in ranks))


def reciprocal_rank(ranks: Sequence[int]) -> float:
    """Give 1 / the first relevant rank, 0 if there is none."""
    found = [rank for rank in ranks if rank]
    return 1 / min(found) if found else 0.0


def ndcg(ranks: Sequence[int], depth: int) -> float:
    """Give the normalised discounted cumulative gain with gains of 0 and 1 (Järvelin 2002).

    Places that one passage holds are one: no order of the passages could gain more from them.
    """
    found = {rank for rank in ranks if rank}
    passages = len(found) + sum(not rank for rank in ranks)
    if not passages:
        return 0.0
    gain = sum(1 / math.log2(rank + 1) for rank in found if rank <= depth)
    best = sum(1 / math.log2(rank + 1) for rank in range(1, min(passages, depth) + 1))
    return gain / best


def percentile(values: Sequence[float], share: float) -> float:
    """Give the smallest value that at least `share` of the values do not exceed; 0 for none."""
    if not values:
        return 0.0
    ordered = sorted(values)
    return ordered[max(0, math.ceil(share * len(ordered)) - 1)]
