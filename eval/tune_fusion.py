"""Tune GRAMS and WORDS of rag/retrieval/fusion.py on questions whose passages are known.

    python eval/tune_fusion.py INDEX=QUESTIONS.jsonl [INDEX=QUESTIONS.jsonl ...]

Each question is searched once; its best passages are then ordered again under other weights, from
what each leg added to their scores. Weights are chosen on half of the notes (by a hash of their
path), for all files together, and reported on the other half, which was not looked at.
"""

import sys
import zlib
from dataclasses import dataclass
from itertools import product
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from rag import wire
from rag.config import Settings
from rag.evaluation.metrics import find_relevant
from rag.evaluation.questions import Question, load_questions
from rag.retrieval.fusion import GRAMS, WORDS
from rag.retrieval.search import READ, Retriever

CHOICES = (1.0, 1.5, 2.0, 2.5, 3.0, 3.5, 4.0, 5.0)
"""For either weight; the best are well inside."""
BATCH = 256
"""Questions embedded together."""

Floats = NDArray[np.float64]
NOWHERE = 1_000
"""The rank of a passage that was not found."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What was found for the questions of one file; each list has one entry a question."""

    parts: list[Floats]
    """Nearness, grams and words of each passage; shape [3, passages]."""
    relevant: list[NDArray[np.bool_]]
    """Which passages hold a relevant place; shape [passages]."""
    held_out: NDArray[np.bool_]


def collect(folder: str, file: str) -> Asked:
    """Search for the questions of a file."""
    retriever = wire.open_retriever(Settings(index=folder))
    questions = [item for item in load_questions(Path(file)) if item.relevant]
    asked = Asked(
        [],
        [],
        np.array([zlib.crc32(item.relevant[0].path.encode()) % 2 == 1 for item in questions]),
    )
    for start in range(0, len(questions), BATCH):
        batch = questions[start : start + BATCH]
        vectors = retriever.encoder.encode_questions([item.question for item in batch])
        for item, vector in zip(batch, vectors, strict=True):
            _ask(retriever, item, vector, asked)
    return asked


def _ask(retriever: Retriever, item: Question, vector: NDArray[np.float32], asked: Asked) -> None:
    passages = retriever.search(item.question, READ, vector=vector)
    legs = [passage.legs for passage in passages]
    asked.parts.append(np.array([[leg.nearness, leg.grams, leg.words] for leg in legs]).T)
    relevant = np.zeros(len(passages), bool)
    relevant[[rank - 1 for rank in find_relevant(item, passages) if rank]] = True
    asked.relevant.append(relevant)


def ranks(asked: Asked, grams: float, words: float) -> NDArray[np.int64]:
    """Give the first relevant rank of each question under other weights, or NOWHERE."""
    weights = np.array([1.0, grams / GRAMS, words / WORDS])
    found = []
    for parts, relevant in zip(asked.parts, asked.relevant, strict=True):
        order = np.argsort(-(weights @ parts), kind="stable")
        places = np.flatnonzero(relevant[order])
        found.append(places[0] + 1 if len(places) else NOWHERE)
    return np.array(found)


def main() -> None:
    """Choose weights and report."""
    data = {}
    for argument in sys.argv[1:]:
        folder, file = argument.split("=", 1)
        data[file] = collect(folder, file)
    scores = {}
    for grams, words in product(CHOICES, CHOICES):
        reciprocal = [
            float(np.mean(1 / ranks(asked, grams, words)[~asked.held_out]))
            for asked in data.values()
        ]
        scores[grams, words] = float(np.mean(reciprocal))  # every file weighs the same
    best = max(scores, key=lambda pair: scores[pair])
    for name, (grams, words) in {"chosen": best, "in use": (GRAMS, WORDS)}.items():
        print(f"{name}: GRAMS = {grams}, WORDS = {words}; {scores[grams, words]:.4f} fitted")
        for file, asked in data.items():
            found = ranks(asked, grams, words)[asked.held_out]
            print(f"  {file}: recall@1/@5 {np.mean(found <= 1):.3f} / {np.mean(found <= 5):.3f}")


if __name__ == "__main__":
    main()
