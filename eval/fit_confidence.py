"""Fit the weights of rag/answers/confidence.py on questions whose answers are known.

    python eval/fit_confidence.py INDEX=QUESTIONS.jsonl [INDEX=QUESTIONS.jsonl ...]

Each answerable question is asked in vaults of several sizes, drawn from the index, once with its
notes and once without them, as if they had not been written. The first should be answered, the
second refused. Half of the questions (by a hash of their id) are fitted on, the others reported on.
"""

import random
import sys
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression

from rag import wire
from rag.answers.confidence import ANSWERABLE, WEIGHTS, signals
from rag.config import Settings
from rag.encoders import Vectors
from rag.evaluation.questions import Question, load_questions
from rag.index import IndexInfo, Mask, Rows
from rag.index.dense import DenseLeg
from rag.index.lexical import LexicalLeg
from rag.notes.grams import Keys
from rag.retrieval.search import Retriever
from rag.types import Chunk, Filters, Unmatched

SIZES = (4, 12, 40, 150, 100_000)
"""Notes in a drawn vault; the last takes all."""
MOST_QUESTIONS = 250
"""Of each file, drawn at random."""
LEAST_CHUNKS = 3
SEED = 0


class DrawnIndex:
    """Some chunks of an index, as an index of their own; satisfies `rag.index.Index`."""

    def __init__(self, info: IndexInfo, chunks: Sequence[Chunk], vectors: Vectors) -> None:
        self.info = info
        self._chunks = chunks
        texts = [(row, chunk.indexed_text) for row, chunk in enumerate(chunks)]
        nothing = np.empty(0, np.int64)
        self._lexical = LexicalLeg.empty().updated(nothing, texts, len(texts))
        self._dense = DenseLeg.build(iter([vectors]), vectors.shape[1])
        codes = sorted({chunk.language for chunk in chunks})
        self.languages = np.array([codes.index(chunk.language) for chunk in chunks], np.int64)

    def allowed(self, filters: Filters) -> Mask | None:
        """Allow all: nothing here filters."""
        del filters
        return None

    def unmatched(self, filters: Filters) -> list[Unmatched]:
        """Miss nothing: nothing here filters."""
        del filters
        return []

    def nearest(
        self, vector: NDArray[np.float32], count: int, allowed: Mask | None
    ) -> tuple[Rows, NDArray[np.float32]]:
        """See `Index`."""
        return self._dense.nearest(vector, count, allowed)

    def cosines(self, vector: NDArray[np.float32], rows: Rows) -> NDArray[np.float32]:
        """See `Index`."""
        return self._dense.cosines(vector, rows)

    def cosine_spread(self, vector: NDArray[np.float32]) -> tuple[float, float]:
        """See `Index`."""
        return self._dense.spread(vector)

    def lexical_scores(self, keys: Keys, weights: NDArray[np.float64]) -> NDArray[np.float32]:
        """See `Index`."""
        return self._lexical.scores(keys, weights)

    def rarity(self, keys: Keys) -> NDArray[np.float64]:
        """See `Index`."""
        return self._lexical.rarity(keys)

    def note_rows(self) -> dict[str, range]:
        """Name no note: nothing that is drawn embeds another."""
        return {}

    def chunks(self, rows: Sequence[int]) -> list[Chunk]:
        """See `Index`."""
        return [self._chunks[row] for row in rows]


@dataclass(frozen=True, slots=True)
class Samples:
    """Signals of many searches; shapes [searches, signals] and [searches]."""

    signals: NDArray[np.float64]
    answerable: NDArray[np.bool_]
    held_out: NDArray[np.bool_]
    sizes: NDArray[np.int64]


def collect(folder: str, file: str) -> Samples:
    """Ask the questions of a file in vaults drawn from an index."""
    draw = random.Random(SEED)  # noqa: S311 (a sample, not a secret)
    retriever = wire.open_retriever(Settings(index=folder))
    info = retriever.index.info
    chunks = retriever.index.chunks(range(info.chunks))
    vectors = retriever.encoder.encode_passages([chunk.indexed_text for chunk in chunks])
    questions = [item for item in load_questions(Path(file)) if item.answerable]
    draw.shuffle(questions)
    questions = questions[:MOST_QUESTIONS]
    asked = retriever.encoder.encode_questions([item.question for item in questions])
    paths = sorted({chunk.path for chunk in chunks})
    found: list[tuple[list[float], bool, bool, int]] = []
    for item, vector in zip(questions, asked, strict=True):
        relevant = {place.path for place in item.relevant}
        others = [path for path in paths if path not in relevant]
        draw.shuffle(others)
        for size in (size for size in SIZES if size <= len(others) or size == SIZES[-1]):
            for answerable in (True, False):
                kept = set(others[:size]) | (relevant if answerable else set())
                rows = [row for row, chunk in enumerate(chunks) if chunk.path in kept]
                if len(rows) < LEAST_CHUNKS:
                    continue
                index = DrawnIndex(info, [chunks[row] for row in rows], vectors[rows])
                values = _ask(Retriever(index, lambda: retriever.encoder), item, vector, len(rows))
                found.append((values, answerable, zlib.crc32(item.id.encode()) % 2 == 1, size))
    columns = list(zip(*found, strict=True))
    return Samples(*(np.array(column) for column in columns))


def _ask(
    retriever: Retriever, item: Question, vector: NDArray[np.float32], chunks: int
) -> list[float]:
    passages = retriever.search(item.question, 5, vector=vector)
    return list(signals(item.question, passages, chunks).values())


def main() -> None:
    """Fit and report."""
    sets = [argument.split("=", 1) for argument in sys.argv[1:]]
    data = {file: collect(folder, file) for folder, file in sets}
    fitted_on = [~samples.held_out for samples in data.values()]
    # Every file weighs the same, whatever its size.
    weights = np.concatenate([np.full(part.sum(), 1 / part.sum()) for part in fitted_on])
    model = LogisticRegression(C=10.0, max_iter=3000)
    pairs = list(zip(data.values(), fitted_on, strict=True))
    model.fit(
        np.concatenate([samples.signals[part] for samples, part in pairs]),
        np.concatenate([samples.answerable[part] for samples, part in pairs]),
        sample_weight=weights / weights.mean(),
    )
    print("INTERCEPT =", round(float(model.intercept_[0]), 3))
    print("WEIGHTS =", dict(zip(WEIGHTS, model.coef_[0].round(3).tolist(), strict=True)))
    print("false refusals / false answers at a confidence of", ANSWERABLE, "by notes in the vault")
    for file, samples in data.items():
        scores = model.predict_proba(samples.signals)[:, 1]
        cells = []
        for size in sorted(set(samples.sizes.tolist())):
            these = samples.held_out & (samples.sizes == size)
            refused = (scores[these & samples.answerable] < ANSWERABLE).mean()
            answered = (scores[these & ~samples.answerable] >= ANSWERABLE).mean()
            cells.append(f"{'all' if size == SIZES[-1] else size}: {refused:.2f} / {answered:.2f}")
        print(file, "  ".join(cells))


if __name__ == "__main__":
    main()
