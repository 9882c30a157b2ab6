"""Run questions through retrieval, and with `answers` through the whole tool, and report."""

import json
import re
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from rag.answers.answer import Answerer
from rag.answers.marks import blank_marks, find_marks
from rag.evaluation.metrics import find_relevant, ndcg, percentile, recall, reciprocal_rank
from rag.evaluation.questions import Question
from rag.notes.folding import fold
from rag.retrieval.search import Retriever
from rag.types import Answer, CitationStatus, Mode, Passage

DEPTH = 10
"""Passages looked at for each question."""
BATCH = 64
"""Questions embedded together."""
ALL = "all"


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one question."""

    question: Question
    passages: tuple[Passage, ...]
    ranks: tuple[int, ...]
    """Of each relevant place; 0 where it was not found."""
    milliseconds: float
    answer: Answer | None

    def as_details(self) -> dict[str, Any]:
        """Give the line of the details file."""
        answer = self.answer
        return {
            "id": self.question.id,
            "ranked": [
                {
                    "path": passage.chunk.path,
                    "start_line": passage.chunk.start_line,
                    "end_line": passage.chunk.end_line,
                    "score": round(passage.score, 6),
                }
                for passage in self.passages
            ],
            "abstained": answer.abstained if answer else None,
            "confidence": round(answer.confidence, 6) if answer else None,
            "answer": answer.text if answer else None,
            "citations": [
                {
                    "number": citation.number,
                    "path": citation.path,
                    "start_line": citation.start_line,
                    "end_line": citation.end_line,
                    "quote": citation.quote,
                    "status": str(citation.status),
                }
                for citation in (answer.citations if answer else ())
            ],
            "ms": round(self.milliseconds, 3),
        }


def evaluate(
    questions: Sequence[Question],
    retriever: Retriever,
    answerer: Answerer | None,
    *,
    mode: Mode = Mode.HYBRID,
    count: int = 5,
    on_done: Callable[[int], None] = lambda done: None,  # noqa: ARG005
) -> Iterator[Outcome]:
    """Go through questions; with an answerer they are answered from `count` passages too."""
    for start in range(0, len(questions), BATCH):
        batch = questions[start : start + BATCH]
        began = time.perf_counter()
        vectors = None
        if mode is not Mode.LEXICAL:
            vectors = retriever.encoder.encode_questions([item.question for item in batch])
        shared = (time.perf_counter() - began) / len(batch)
        for place, question in enumerate(batch):
            began = time.perf_counter()
            vector = None if vectors is None else vectors[place]
            passages = retriever.search(question.question, DEPTH, mode=mode, vector=vector)
            spent = shared + time.perf_counter() - began
            if answerer:
                began = time.perf_counter()
                answer = answerer.ask(question.question, count)
                spent = time.perf_counter() - began
            else:
                answer = None
            ranks = tuple(find_relevant(question, passages))
            yield Outcome(question, tuple(passages), ranks, spent * 1000, answer)
        on_done(start + len(batch))


def report(outcomes: Sequence[Outcome]) -> dict[str, dict[str, float]]:
    """Give the figures over all questions and by language of the question."""
    groups: dict[str, list[Outcome]] = defaultdict(list)
    for outcome in outcomes:
        groups[ALL].append(outcome)
        groups[outcome.question.language].append(outcome)
    return {name: _figures(group) for name, group in sorted(groups.items())}


def _figures(outcomes: Sequence[Outcome]) -> dict[str, float]:
    ranked = [outcome.ranks for outcome in outcomes if outcome.question.relevant]
    times = [outcome.milliseconds for outcome in outcomes]
    figures = {
        "questions": float(len(outcomes)),
        "recall@1": _mean([recall(ranks, 1) for ranks in ranked]),
        "recall@5": _mean([recall(ranks, 5) for ranks in ranked]),
        "recall@10": _mean([recall(ranks, DEPTH) for ranks in ranked]),
        "mrr": _mean([reciprocal_rank(ranks) for ranks in ranked]),
        "ndcg@10": _mean([ndcg(ranks, DEPTH) for ranks in ranked]),
        "p50_ms": round(percentile(times, 0.5), 3),
        "p95_ms": round(percentile(times, 0.95), 3),
    }
    if any(outcome.answer for outcome in outcomes):
        figures |= _answer_figures(outcomes)
    return figures


def _answer_figures(outcomes: Sequence[Outcome]) -> dict[str, float]:
    answerable = [outcome for outcome in outcomes if outcome.question.answerable]
    others = [outcome for outcome in outcomes if not outcome.question.answerable]
    citations = [
        citation.status is CitationStatus.VERIFIED
        for outcome in outcomes
        if outcome.answer
        for citation in outcome.answer.citations
    ]
    return {
        "answer_recall": _mean([float(holds_answer(outcome)) for outcome in answerable]),
        "citation_precision": _mean([float(verified) for verified in citations]),
        "false_answers": _mean([float(not _abstained(outcome)) for outcome in others]),
        "false_refusals": _mean([float(_abstained(outcome)) for outcome in answerable]),
        "words": _mean(
            [
                float(len(outcome.answer.text.split()))
                for outcome in answerable
                if outcome.answer and not outcome.answer.abstained
            ]
        ),
    }


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


def _abstained(outcome: Outcome) -> bool:
    return bool(outcome.answer and outcome.answer.abstained)


def _mean(values: Sequence[float]) -> float:
    return round(sum(values) / len(values), 6) if values else 0.0


def details_line(outcome: Outcome) -> str:
    """Write an outcome as one line of JSON."""
    return json.dumps(outcome.as_details(), ensure_ascii=False)
