from collections.abc import Sequence
from math import sqrt

import numpy as np
import pytest
from numpy.typing import NDArray

from rag.index import IndexInfo, Mask, Rows
from rag.notes.grams import Keys
from rag.retrieval.fusion import DENSE, GRAMS, KNOWN
from rag.retrieval.search import CANDIDATES, Retriever
from rag.types import Chunk, Filters, Mode, Unmatched
from tests.fake_encoder import FakeEncoder


class TableIndex:
    """An index in memory, with the lexical scores of any question given; row n is note n.md."""

    def __init__(self, vectors: Sequence[Sequence[float]], lexical: Sequence[float]) -> None:
        self.vectors = np.array(vectors, np.float32).reshape(-1, 2)
        self.lexical = np.array(lexical, np.float32)
        self.asked_for: list[int] = []

    @property
    def info(self) -> IndexInfo:
        size = len(self.lexical)
        return IndexInfo("/notes", size, size, {"en": size}, "fake", "fake", 2, (), (), "", 0)

    def allowed(self, filters: Filters) -> Mask | None:
        if not filters:
            return None
        return np.array([f"{row}.md" in filters.paths for row in range(len(self.lexical))], bool)

    def unmatched(self, filters: Filters) -> list[Unmatched]:
        return []

    def nearest(
        self, vector: NDArray[np.float32], count: int, allowed: Mask | None
    ) -> tuple[Rows, NDArray[np.float32]]:
        self.asked_for.append(count)
        cosines = self.vectors @ vector
        rows = np.argsort(-cosines, kind="stable")
        if allowed is not None:
            rows = rows[allowed[rows]]
        return rows[:count], cosines[rows[:count]]

    def cosines(self, vector: NDArray[np.float32], rows: Rows) -> NDArray[np.float32]:
        found: NDArray[np.float32] = self.vectors[rows] @ vector
        return found

    def cosine_spread(self, vector: NDArray[np.float32]) -> tuple[float, float]:
        cosines = self.vectors @ vector
        return float(cosines.mean()), float(cosines.std())

    def lexical_scores(self, keys: Keys, weights: NDArray[np.float64]) -> NDArray[np.float32]:
        return self.lexical

    def note_rows(self) -> dict[str, range]:
        return {f"{row}.md": range(row, row + 1) for row in range(len(self.lexical))}

    def rarity(self, keys: Keys) -> NDArray[np.float64]:
        return np.full(len(keys), 0.5)

    @property
    def languages(self) -> NDArray[np.int64]:
        return np.zeros(len(self.lexical), np.int64)

    def chunks(self, rows: Sequence[int]) -> list[Chunk]:
        return [
            Chunk(f"{row}.md", f"note {row}", (), 1, 1, f"text {row}", f"{row} only", (), "en")
            for row in rows
        ]


QUESTION = np.array([1, 0], np.float32)
# Cosines with the question 1, 0.6, 0.2, -0.2: mean 0.4,
# deviation sqrt((0.36 + 0.04 + 0.04 + 0.36) / 4) = sqrt(0.2).
VECTORS = [(1, 0), (0.6, 0.8), (0.2, sqrt(0.96)), (-0.2, sqrt(0.96))]
DENSE_Z = [0.6 / sqrt(0.2), 0.2 / sqrt(0.2), -0.2 / sqrt(0.2), -0.6 / sqrt(0.2)]
# Mean 2, deviation sqrt((4 + 4 + 0 + 16) / 4) -- of 0, 0, 2, 6 -- = sqrt(6).
LEXICAL = [0, 0, 2, 6]
LEXICAL_Z = [-2 / sqrt(6), -2 / sqrt(6), 0, 4 / sqrt(6)]
# `question` has 7 grams (_que ques uest esti stio tion ion_), each of rarity 0.5, so a whole match is
# 3.5. Shares 0, 0, 4/7 and 12/7; their mean is 4/7.
SHARES = [-4 / 7, -4 / 7, 0, 8 / 7]
GRAM_PART = [GRAMS / (KNOWN + 12 / 7) * share for share in SHARES]


def no_encoder() -> FakeEncoder:
    raise AssertionError("the encoder was opened for nothing")


def found(
    index: TableIndex, count: int, mode: Mode = Mode.HYBRID, filters: Filters | None = None
) -> list[tuple[int, float]]:
    passages = Retriever(index, no_encoder).search(
        "question", count, mode=mode, filters=filters, vector=QUESTION
    )
    assert [passage.rank for passage in passages] == list(range(1, len(passages) + 1))
    return [(int(passage.chunk.path.removesuffix(".md")), passage.score) for passage in passages]


def test_fusion_by_hand() -> None:
    # No text holds a word of the question.
    sums = [DENSE * one + other for one, other in zip(DENSE_Z, GRAM_PART, strict=True)]
    passages = Retriever(TableIndex(VECTORS, LEXICAL), no_encoder).search(
        "question", 4, vector=QUESTION
    )
    assert [passage.chunk.path for passage in passages] == ["3.md", "0.md", "2.md", "1.md"]
    for passage, row in zip(passages, (3, 0, 2, 1), strict=True):
        legs = passage.legs
        assert passage.score == pytest.approx(sums[row], abs=1e-6)
        assert legs.dense == pytest.approx(VECTORS[row][0])
        assert legs.lexical == LEXICAL[row]
        assert legs.dense_z == pytest.approx(DENSE_Z[row], abs=1e-5)
        assert legs.lexical_z == pytest.approx(LEXICAL_Z[row], abs=1e-5)
        assert legs.nearness == pytest.approx(DENSE * DENSE_Z[row], abs=1e-5)
        assert legs.grams == pytest.approx(GRAM_PART[row], abs=1e-6)
        assert (legs.words, legs.crowding) == (0, 0)


def test_the_score_is_what_the_legs_add_up_to() -> None:
    index = TableIndex(VECTORS, LEXICAL)
    for mode in Mode:
        for passage in Retriever(index, no_encoder).search("2 only", 4, mode=mode, vector=QUESTION):
            legs = passage.legs
            total = legs.nearness + legs.grams + legs.words - legs.crowding
            assert passage.score == pytest.approx(total)
            assert (legs.words > 0) == (mode is not Mode.DENSE)
            assert (legs.nearness != 0) == (mode is not Mode.LEXICAL)


def test_whole_words_decide_between_equals() -> None:
    index = TableIndex([(1, 0)] * 4, [1, 1, 1, 1])
    passages = Retriever(index, no_encoder).search("only 2", 4, vector=QUESTION)
    assert passages[0].chunk.path == "2.md"
    assert passages[0].legs.words > passages[1].legs.words


def test_dense_alone() -> None:
    index = TableIndex(VECTORS, LEXICAL)
    rows, scores = zip(*found(index, 3, Mode.DENSE), strict=True)
    assert rows == (0, 1, 2)
    assert scores == pytest.approx([DENSE * z for z in DENSE_Z[:3]], abs=1e-5)


def test_lexical_alone_gives_what_matches_and_needs_no_encoder() -> None:
    index = TableIndex(VECTORS, LEXICAL)
    passages = Retriever(index, no_encoder).search("question", 4, mode=Mode.LEXICAL)
    assert [passage.chunk.path for passage in passages] == ["3.md", "2.md"]
    assert [passage.score for passage in passages] == pytest.approx([GRAM_PART[3], GRAM_PART[2]])
    assert {(passage.legs.dense, passage.legs.dense_z) for passage in passages} == {(0, 0)}


def test_the_question_is_embedded_once() -> None:
    encoder = FakeEncoder(dimension=2)
    retriever = Retriever(TableIndex(VECTORS, LEXICAL), lambda: encoder)
    assert len(retriever.search("question", 2)) == 2
    assert (encoder.questions_embedded, encoder.passages_embedded) == (1, 0)
    assert retriever.encoder is encoder


@pytest.mark.parametrize("count", [1, 2, 3, 4, 9])
def test_how_many_are_found(count: int) -> None:
    assert len(found(TableIndex(VECTORS, LEXICAL), count)) == min(count, 4)


def test_a_leg_proposes_as_many_as_are_asked_for() -> None:
    index = TableIndex(VECTORS, LEXICAL)
    found(index, 3)
    found(index, CANDIDATES + 1)
    assert index.asked_for == [CANDIDATES, CANDIDATES + 1]


@pytest.mark.parametrize(
    ("mode", "rows"), [(Mode.HYBRID, [2, 1]), (Mode.DENSE, [1, 2]), (Mode.LEXICAL, [2])]
)
def test_filters_leave_the_scores_as_they_are(mode: Mode, rows: list[int]) -> None:
    index = TableIndex(VECTORS, LEXICAL)
    unfiltered = dict(found(index, 4, mode))
    filtered = found(index, 4, mode, Filters(paths=("1.md", "2.md")))
    assert filtered == [(row, unfiltered[row]) for row in rows]


@pytest.mark.parametrize("mode", Mode)
def test_a_filter_that_allows_none(mode: Mode) -> None:
    assert found(TableIndex(VECTORS, LEXICAL), 4, mode, Filters(paths=("9.md",))) == []


@pytest.mark.parametrize("mode", [Mode.HYBRID, Mode.DENSE])
def test_a_filter_gives_as_many_as_it_allows(mode: Mode) -> None:
    # The worst of more chunks than either leg proposes.
    size = CANDIDATES * 3
    angles = np.linspace(0, np.pi / 2, size)
    index = TableIndex(
        np.stack([np.cos(angles), np.sin(angles)], axis=1).tolist(), np.arange(size, 0, -1).tolist()
    )
    allowed = tuple(f"{row}.md" for row in range(size - 7, size))
    expected = list(range(size - 7, size - 2))
    assert [row for row, _ in found(index, 5, mode, Filters(paths=allowed))] == expected


@pytest.mark.parametrize("mode", Mode)
def test_equal_scores_keep_the_order_of_the_notes(mode: Mode) -> None:
    index = TableIndex([(1, 0), (0, 1)] * 50, [3, 0] * 50)
    assert [row for row, _ in found(index, 6, mode)] == [0, 2, 4, 6, 8, 10]


@pytest.mark.parametrize("mode", [Mode.HYBRID, Mode.DENSE])
def test_one_chunk_or_all_alike(mode: Mode) -> None:
    # No deviation to measure in: zero, not an error.
    assert found(TableIndex([(1, 0)], [0]), 5, mode) == [(0, 0)]
    assert found(TableIndex([(1, 0)] * 3, [2] * 3), 5, mode) == [(0, 0), (1, 0), (2, 0)]


@pytest.mark.parametrize("mode", Mode)
def test_an_empty_index(mode: Mode) -> None:
    assert Retriever(TableIndex([], []), no_encoder).search("question", 5, mode=mode) == []


def test_no_words_in_common() -> None:
    index = TableIndex(VECTORS, [0, 0, 0, 0])
    assert [row for row, _ in found(index, 4)] == [0, 1, 2, 3]
    assert found(index, 4, Mode.LEXICAL) == []


@pytest.mark.parametrize("mode", Mode)
def test_without_words_the_allowed_are_listed(mode: Mode) -> None:
    index = TableIndex(VECTORS, LEXICAL)
    retriever = Retriever(index, no_encoder)
    filters = Filters(paths=("3.md", "1.md", "2.md"))
    passages = retriever.search(" ", 2, mode=mode, filters=filters)
    assert [(passage.rank, passage.chunk.path) for passage in passages] == [
        (1, "1.md"),
        (2, "2.md"),
    ]
    assert [passage.score for passage in passages] == [0, 0]
    assert [passage.chunk.path for passage in retriever.search("", 9, mode=mode)] == [
        f"{row}.md" for row in range(4)
    ]


@pytest.mark.parametrize("mode", Mode)
def test_parts_add_up_to_the_score(mode: Mode) -> None:
    passages = Retriever(TableIndex(VECTORS, LEXICAL), no_encoder).search(
        "question", 4, mode=mode, vector=QUESTION
    )
    for passage in passages:
        assert passage.score == pytest.approx(sum(passage.legs.parts.values()))
