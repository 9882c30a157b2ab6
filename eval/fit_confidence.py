"""Fit the weights of rag/answers/confidence.py on questions whose answers are known.

    python eval/fit_confidence.py INDEX=QUESTIONS.jsonl [INDEX=QUESTIONS.jsonl ...]

Each question is asked in vaults from which a fifth of the articles was taken out, once for each
fifth, so that one time in five its own is missing; and in vaults of a few notes, with its notes and
without them. Notes `NAME-1.md`, `NAME-2.md` are one article; else each note is one. Questions that
no note answers count as missing. The figures are cross-validated: each article's questions are
judged by a model that was fitted on the others. The weights that are printed are fitted on all.

Figures go to eval/results/confidence.json, the reliability plot to eval/results/confidence.svg.
"""

import json
import math
import random
import re
import sys
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GroupKFold
from sklearn.preprocessing import StandardScaler

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

FIFTHS = 5
SIZES = (4, 12, 40)
"""Notes in a small vault, beside the question's own."""
MOST_QUESTIONS = 250
"""Of each file, drawn at random; in small vaults 40, because each is an index of its own."""
MOST_IN_SMALL = 40
LEAST_CHUNKS = 3
SEED = 0
FOLDS = 8
MISSING, SMALL, NEAR = "fifth missing", "small vault", "near miss"
SHARES = {MISSING: 1.0, SMALL: 1.0, NEAR: 1.0}
"""What each kind of search weighs in the fit, whatever its number; each file weighs the same."""
FALSE_REFUSALS = 0.10
"""The rate at which false answers are reported."""
BINS = 10
RESULTS = Path(__file__).parent / "results"


class DrawnIndex:
    """Some chunks of an index, as an index of their own; satisfies `rag.index.Index`."""

    def __init__(self, info: IndexInfo, chunks: Sequence[Chunk], vectors: Vectors) -> None:
        self.info = info
        self._chunks = chunks
        texts = [(row, chunk.indexed_text) for row, chunk in enumerate(chunks)]
        nothing = np.empty(0, np.int64)
        self._lexical = LexicalLeg.empty().updated(nothing, texts, len(texts))
        self._dense = DenseLeg.build(len(vectors), vectors.shape[1], vectors.__getitem__)
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
class Sample:
    """What one search saw."""

    file: str
    language: str
    article: str
    """Searches of one article are never on both sides of a cross-validation."""
    kind: str
    answerable: bool
    signals: tuple[float, ...]


def article_of(path: str) -> str:
    """Give the article that a note is part of."""
    return re.sub(r"-\d+\.md$", "", path)


def collect(folder: str, file: str) -> Iterator[Sample]:  # noqa: C901 (three kinds of vault)
    """Ask the questions of a file in vaults drawn from an index."""
    draw = random.Random(SEED)  # noqa: S311 (a sample, not a secret)
    retriever = wire.open_retriever(Settings(index=folder))
    info = retriever.index.info
    chunks = retriever.index.chunks(range(info.chunks))
    vectors = retriever.encoder.encode_passages([chunk.indexed_text for chunk in chunks])
    questions = load_questions(Path(file))
    draw.shuffle(questions)
    questions = questions[:MOST_QUESTIONS] if len(questions) > 2 * MOST_QUESTIONS else questions
    asked = retriever.encoder.encode_questions([item.question for item in questions])
    articles = sorted({article_of(chunk.path) for chunk in chunks})
    draw.shuffle(articles)
    fifth_of = {article: place % FIFTHS for place, article in enumerate(articles)}

    def search(rows: Sequence[int]) -> Retriever:
        index = DrawnIndex(info, [chunks[row] for row in rows], vectors[list(rows)])
        return Retriever(index, lambda: retriever.encoder)

    def sample(
        found_by: Retriever, place: int, chunk_count: int, kind: str, *, answerable: bool
    ) -> Sample:
        item = questions[place]
        passages = found_by.search(item.question, 5, vector=asked[place])
        found = signals(item.question, passages, chunk_count)
        article = f"{Path(folder).name}/{_home(item)}"
        return Sample(file, item.language, article, kind, answerable, tuple(found.values()))

    for fifth in range(FIFTHS):
        rows = [row for row, one in enumerate(chunks) if fifth_of[article_of(one.path)] != fifth]
        drawn = search(rows)
        for place, item in enumerate(questions):
            homes = {fifth_of[article_of(where.path)] for where in item.relevant}
            if not item.answerable:
                if fifth == 0:
                    yield sample(drawn, place, len(rows), NEAR, answerable=False)
            elif homes == {fifth}:
                yield sample(drawn, place, len(rows), MISSING, answerable=False)
            # Of the four times that it can be answered, one is taken.
            elif (zlib.crc32(item.id.encode()) % FIFTHS) == fifth or (
                homes == {zlib.crc32(item.id.encode()) % FIFTHS}
                and fifth == (min(homes) + 1) % FIFTHS
            ):
                yield sample(drawn, place, len(rows), MISSING, answerable=True)
    paths = sorted({chunk.path for chunk in chunks})
    in_small = [place for place, item in enumerate(questions) if item.answerable][:MOST_IN_SMALL]
    for place in in_small:
        relevant = {where.path for where in questions[place].relevant}
        others = [path for path in paths if path not in relevant]
        draw.shuffle(others)
        for size in SIZES:
            for answerable in (True, False):
                kept = set(others[:size]) | (relevant if answerable else set())
                rows = [row for row, chunk in enumerate(chunks) if chunk.path in kept]
                if len(rows) >= LEAST_CHUNKS:
                    yield sample(search(rows), place, len(rows), SMALL, answerable=answerable)


def _home(item: Question) -> str:
    return article_of(item.relevant[0].path) if item.relevant else item.id


def weigh(samples: Sequence[Sample]) -> NDArray[np.float64]:
    """Give each file, kind of search and verdict the same weight, whatever its number."""
    groups = [(one.file, one.kind, one.answerable) for one in samples]
    counts = {group: groups.count(group) for group in set(groups)}
    weights = np.array([SHARES[group[1]] / counts[group] for group in groups])
    normalised: NDArray[np.float64] = weights / weights.mean()
    return normalised


def fit(
    samples: Sequence[Sample], weights: NDArray[np.float64]
) -> tuple[float, NDArray[np.float64]]:
    """Give the intercept and the weights of the signals as they come, not standardised."""
    values = np.array([one.signals for one in samples])
    scaler = StandardScaler().fit(values)
    model = LogisticRegression(C=1.0, max_iter=5000)
    model.fit(scaler.transform(values), [one.answerable for one in samples], sample_weight=weights)
    slopes = model.coef_[0] / scaler.scale_
    return float(model.intercept_[0] - slopes @ scaler.mean_), slopes


def judge(samples: Sequence[Sample], weights: NDArray[np.float64]) -> NDArray[np.float64]:
    """Give each search's confidence by a model fitted without its article."""
    values = np.array([one.signals for one in samples])
    scores = np.zeros(len(samples))
    folds = GroupKFold(FOLDS).split(values, groups=[one.article for one in samples])
    for others, held_out in folds:
        intercept, slopes = fit([samples[place] for place in others], weights[others])
        scores[held_out] = 1 / (1 + np.exp(-(values[held_out] @ slopes + intercept)))
    return scores


def rates(
    scores: NDArray[np.float64], answerable: NDArray[np.bool_], least: float
) -> dict[str, float]:
    """Give false refusals and false answers at a threshold, and at 10 % false refusals."""
    at_rate = float(np.quantile(scores[answerable], FALSE_REFUSALS)) if answerable.any() else 1.0
    missing = ~answerable
    return {
        "answerable": int(answerable.sum()),
        "missing": int(missing.sum()),
        "false_refusals": round(float((scores[answerable] < least).mean()), 3),
        "false_answers": round(float((scores[missing] >= least).mean()), 3),
        "false_answers_at_10": round(float((scores[missing] >= at_rate).mean()), 3),
        "threshold_at_10": round(at_rate, 3),
    }


def reliability(
    scores: NDArray[np.float64], answerable: NDArray[np.bool_], weights: NDArray[np.float64]
) -> list[dict[str, float]]:
    """Give for each tenth of confidence its mean, the share answerable, and the searches."""
    bins = np.minimum((scores * BINS).astype(int), BINS - 1)
    return [
        {
            "confidence": round(float(np.average(scores[these], weights=weights[these])), 3),
            "answerable": round(float(np.average(answerable[these], weights=weights[these])), 3),
            "searches": int(these.sum()),
        }
        for place in range(BINS)
        if (these := bins == place).any()
    ]


def draw_plot(points: Sequence[dict[str, float]]) -> str:
    """Draw a reliability plot: confidence to the right, share answerable upwards."""
    side, edge = 400, 45
    span = side - 2 * edge

    def at(share: float, up: float) -> tuple[float, float]:
        return edge + share * span, side - edge - up * span

    dots = "".join(
        f'<circle cx="{x:.1f}" cy="{y:.1f}" r="{2 + math.sqrt(point["searches"]) / 4:.1f}"'
        ' fill="#2a6f97" fill-opacity="0.7"/>'
        for point in points
        for x, y in [at(point["confidence"], point["answerable"])]
    )
    ticks = "".join(
        f'<text x="{at(tenth / 10, 0)[0]:.0f}" y="{side - edge + 18}" text-anchor="middle">'
        f'{tenth / 10}</text><text x="{edge - 8}" y="{at(0, tenth / 10)[1] + 4:.0f}"'
        f' text-anchor="end">{tenth / 10}</text>'
        for tenth in range(0, 11, 2)
    )
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{side}" height="{side}"'
        ' font-family="sans-serif" font-size="11"><rect width="100%" height="100%" fill="white"/>'
        f'<rect x="{edge}" y="{edge}" width="{span}" height="{span}" fill="none" stroke="#999"/>'
        f'<line x1="{edge}" y1="{side - edge}" x2="{side - edge}" y2="{edge}" stroke="#bbb"/>'
        f'{ticks}{dots}<text x="{side / 2}" y="{side - 8}" text-anchor="middle">confidence</text>'
        f'<text x="{side / 2}" y="25" text-anchor="middle">share that the notes answer</text>'
        "</svg>\n"
    )


def main() -> None:
    """Fit, report, and write the results."""
    sets = [argument.split("=", 1) for argument in sys.argv[1:]]
    samples = [sample for folder, file in sets for sample in collect(folder, file)]
    weights = weigh(samples)
    scores = judge(samples, weights)
    answerable = np.array([one.answerable for one in samples])
    intercept, slopes = fit(samples, weights)
    print("INTERCEPT =", round(intercept, 3))
    print("WEIGHTS =", dict(zip(WEIGHTS, slopes.round(3).tolist(), strict=True)))
    groups: dict[str, NDArray[np.bool_]] = {}
    missing = np.array([one.kind == MISSING for one in samples])
    for file in dict.fromkeys(one.file for one in samples):
        path = Path(file)
        name = path.parent.name if path.stem == "questions" else path.stem
        groups[f"{name}: a fifth missing"] = missing & [one.file == file for one in samples]
    for language in sorted({one.language for one in samples}):
        of_it = np.array([one.language == language for one in samples])
        groups[f"asked in {language}: a fifth missing"] = missing & of_it
    groups["all: a fifth missing"] = missing
    groups["all: small vaults"] = np.array([one.kind == SMALL for one in samples])
    report = {
        name: rates(scores[these], answerable[these], ANSWERABLE) for name, these in groups.items()
    }
    near = np.array([one.kind == NEAR for one in samples])
    near_rate = round(float((scores[near] >= ANSWERABLE).mean()), 3) if near.any() else 0.0
    for name, figures in report.items():
        print(f"{name:36}", "  ".join(f"{key} {value}" for key, value in figures.items()))
    print(f"near misses answered at {ANSWERABLE}: {near_rate} of {int(near.sum())}")
    points = reliability(scores, answerable, weights)
    RESULTS.mkdir(exist_ok=True)
    content = {"threshold": ANSWERABLE, "rates": report, "near_misses_answered": near_rate}
    content |= {"reliability": points}
    (RESULTS / "confidence.json").write_text(json.dumps(content, indent=1) + "\n", "utf-8")
    (RESULTS / "confidence.svg").write_text(draw_plot(points), "utf-8")


if __name__ == "__main__":
    main()
