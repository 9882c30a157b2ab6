"""Run questions through retrieval, and with an answerer through the whole tool."""

import json
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from rag.answers.answer import Answerer
from rag.evaluation.metrics import DEPTH, find_relevant
from rag.evaluation.places import Places
from rag.evaluation.questions import Question
from rag.retrieval.search import Retriever
from rag.types import Answer, Mode, Passage

BATCH = 64
"""Questions embedded together."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one question."""

    question: Question
    passages: tuple[Passage, ...]
    ranks: tuple[int, ...]
    """Of each relevant place; 0 where it was not found."""
    milliseconds: float
    """To search, with the question's share of the embedding of its batch; or to answer."""
    answer: Answer | None
    note_language: str | None = None
    """The language to find the answer in; None where the index holds no relevant note."""

    @property
    def pair(self) -> str | None:
        """The language of the question and that of the note, such as `ro > en`."""
        return f"{self.question.language} > {self.note_language}" if self.note_language else None

    @property
    def is_cross_lingual(self) -> bool:
        """Whether the answer stands in another language only."""
        return self.note_language not in (None, self.question.language)

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
    places: Places,
    mode: Mode = Mode.HYBRID,
    count: int = 5,
    on_done: Callable[[int], None] = lambda done: None,  # noqa: ARG005
) -> Iterator[Outcome]:
    """Go through questions; with an answerer they are answered from `count` passages too.

    Raises:
        NoModel: the encoder or the generator cannot be had.
    """
    if mode is not Mode.LEXICAL:
        # Loading the models, and the first call, are no question's time.
        retriever.encoder.encode_questions([item.question for item in questions[:1]])
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
            yield Outcome(
                question=question,
                passages=tuple(passages),
                ranks=ranks,
                milliseconds=spent * 1000,
                answer=answer,
                note_language=places.language_of(question),
            )
        on_done(start + len(batch))


def details_line(outcome: Outcome) -> str:
    """Write an outcome as one line of JSON."""
    return json.dumps(outcome.as_details(), ensure_ascii=False)
