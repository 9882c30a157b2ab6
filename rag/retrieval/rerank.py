"""Put the first passages into the order of a model that reads each together with the question.

The order is either the model's or the fused one, never a part of each: a model that is too slow for
this machine costs its time budget, and nothing else. It is given one passage, then as many as it
has read, so that a slow one is found out early and a GPU is kept busy.
"""

import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from rag.encoders import Encoder
from rag.index import Index
from rag.retrieval.search import Retriever
from rag.types import Filters, Mode, Passage, Reranked

Scorer = Callable[[str, Sequence[str]], NDArray[np.float32]]
"""Scores texts for a question: float32 [texts], higher is better."""

DEPTH = 40
"""Passages that are reordered: each costs as much as the one before (eval/LOG.md)."""
HOPELESS = 2
"""Times the budget: a model that would take longer at the speed of its first two passages is given
up at once. One of 24 layers and width 1,024 takes a CPU core half a minute (eval/LOG.md)."""


class RerankingRetriever(Retriever):
    """A `Retriever` whose first passages are reordered."""

    def __init__(
        self,
        index: Index,
        open_encoder: Callable[[], Encoder],
        open_scorer: Callable[[], Scorer],
        *,
        seconds: float,
        notify: Callable[[str], None],
        clock: Callable[[], float] = time.perf_counter,
    ) -> None:
        """Take what a `Retriever` takes, and the model.

        Args:
            index: what is searched.
            open_encoder: opens the encoder that made it.
            open_scorer: opens the model, when it is first needed.
            seconds: for the passages of one question; loading the model does not count.
            notify: given a line for the user the first time that they do not suffice.
            clock: gives the time in seconds.
        """
        super().__init__(index, open_encoder)
        self._open_scorer = open_scorer
        self._seconds = seconds
        self._notify = notify
        self._clock = clock
        self._notified = False

    @cached_property
    def _scorer(self) -> Scorer:
        return self._open_scorer()

    def search(
        self,
        question: str,
        count: int,
        *,
        mode: Mode = Mode.HYBRID,
        filters: Filters | None = None,
        vector: NDArray[np.float32] | None = None,
    ) -> list[Passage]:
        """Find the passages for a question, best first; see `Retriever.search`.

        Raises:
            NoModel: the encoder or the reranker cannot be had.
        """
        passages = super().search(
            question, max(count, DEPTH), mode=mode, filters=filters, vector=vector
        )
        if question.strip() and len(passages) > 1:
            scores = self._score(question, [p.chunk.indexed_text for p in passages[:DEPTH]])
            if scores is not None:
                passages = reorder(passages, scores)
        return passages[:count]

    def _score(self, question: str, texts: Sequence[str]) -> NDArray[np.float32] | None:
        """Score texts, or give up when the time is out or cannot suffice."""
        score = self._scorer
        began, spent, scores = self._clock(), 0.0, []
        done = 0
        while done < len(texts):
            each = spent / max(done, 1)
            hopeless = done > 1 and each * len(texts) > HOPELESS * self._seconds
            if hopeless or (done and spent >= self._seconds):
                self._tell(f"{done} of {len(texts)} passages in {spent:.1f} s")
                return None
            left = int((self._seconds - spent) / each) if each > 0 else done
            size = max(1, min(done, left))
            scores.append(score(question, texts[done : done + size]))
            done += size
            spent = self._clock() - began
        return np.concatenate(scores)

    def _tell(self, progress: str) -> None:
        if not self._notified:
            self._notify(
                f"the reranker read {progress} and has {self._seconds:g} s (rerank_seconds): "
                "the order is that without it"
            )
        self._notified = True


def reorder(passages: Sequence[Passage], scores: NDArray[np.float32]) -> list[Passage]:
    """Put the first passages into the order of their scores; equal ones stay as they were.

    Args:
        passages: in fused order.
        scores: of the first of them; the others follow behind, as far below the last as they were.
    """
    order = np.argsort(-scores, kind="stable")
    lowest, last = float(scores.min()), passages[len(scores) - 1].score
    first = [
        replace(
            passages[place],
            rank=rank,
            score=float(scores[place]),
            reranked=Reranked(
                score=float(scores[place]),
                fused_rank=passages[place].rank,
                fused_score=passages[place].score,
            ),
        )
        for rank, place in enumerate(order.tolist(), start=1)
    ]
    others = [
        replace(passage, score=lowest + min(passage.score - last, 0.0))
        for passage in passages[len(scores) :]
    ]
    return [*first, *others]
