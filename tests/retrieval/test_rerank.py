"""Reranking: the model's order or the fused one, never a part of each."""

from collections.abc import Sequence

import numpy as np
import pytest
from numpy.typing import NDArray

from rag.retrieval.rerank import DEPTH, RerankingRetriever
from rag.types import Filters, Mode, Passage
from tests.fake_encoder import FakeEncoder
from tests.retrieval.test_search import TableIndex, no_encoder

SIZE = 50
QUESTION = np.array([1, 0], np.float32)


class Clock:
    """Stands still but for what it is told."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


class ByNumber:
    """A reranker that wants the last note first; each text takes it a second."""

    def __init__(self, clock: Clock) -> None:
        self.clock = clock
        self.batches: list[int] = []
        self.questions: set[str] = set()

    def __call__(self, question: str, texts: Sequence[str]) -> NDArray[np.float32]:
        self.questions.add(question)
        self.batches.append(len(texts))
        self.clock.now += len(texts)
        return np.array([float(text.removesuffix(" only")) for text in texts], np.float32)


class Setting:
    """A retriever over notes 0, 1, 2, … in this order, and all that it uses."""

    def __init__(self, seconds: float, size: int = SIZE) -> None:
        self.clock = Clock()
        self.scorer = ByNumber(self.clock)
        self.opened = 0
        self.told: list[str] = []
        # Both legs like the first note best.
        angles = np.linspace(0, np.pi / 2, size)
        vectors = np.stack([np.cos(angles), np.sin(angles)], axis=1).tolist()
        self.retriever = RerankingRetriever(
            TableIndex(vectors, np.arange(size, 0, -1).tolist()),
            no_encoder,
            self.open_scorer,
            seconds=seconds,
            notify=self.told.append,
            clock=self.clock,
        )

    def open_scorer(self) -> ByNumber:
        self.opened += 1
        self.clock.now += 1_000  # to load a model takes long, and does not count
        return self.scorer

    def search(self, count: int, filters: Filters | None = None) -> list[Passage]:
        return self.retriever.search("question", count, filters=filters, vector=QUESTION)


def numbers(passages: Sequence[Passage]) -> list[int]:
    assert [passage.rank for passage in passages] == list(range(1, len(passages) + 1))
    scores = [passage.score for passage in passages]
    assert scores == sorted(scores, reverse=True)
    return [int(passage.chunk.path.removesuffix(".md")) for passage in passages]


def test_the_first_forty_are_reordered() -> None:
    setting = Setting(seconds=1_000)
    passages = setting.search(3)
    assert numbers(passages) == [39, 38, 37]
    assert passages[0].score == 39
    reranked = passages[0].reranked
    assert reranked is not None
    assert (reranked.score, reranked.fused_rank) == (39, 40)
    assert setting.scorer.batches == [1, 1, 2, 4, 8, 16, 8]
    assert setting.scorer.questions == {"question"}
    assert setting.told == []


def test_the_others_follow_in_fused_order() -> None:
    passages = Setting(seconds=1_000).search(SIZE)
    assert numbers(passages) == [*range(39, -1, -1), *range(40, 50)]
    assert all(passage.reranked is None for passage in passages[DEPTH:])


def test_when_time_is_out_the_fused_order_stands() -> None:
    setting = Setting(seconds=25)
    passages = setting.search(3)
    assert numbers(passages) == [0, 1, 2]
    assert {passage.reranked for passage in passages} == {None}
    assert setting.scorer.batches == [1, 1, 2, 4, 8, 9]
    [told] = setting.told
    assert told.startswith("the reranker read 25 of 40 passages in 25.0 s and has 25 s ")
    assert numbers(setting.search(2)) == [0, 1]
    assert len(setting.told) == 1
    assert setting.opened == 1


def test_what_cannot_be_done_in_time_is_not_begun() -> None:
    setting = Setting(seconds=DEPTH / 2 - 1)
    assert numbers(setting.search(2)) == [0, 1]
    assert setting.scorer.batches == [1, 1]
    # At just half the speed that is needed it is tried: the first passages may be slow ones.
    setting = Setting(seconds=DEPTH / 2)
    assert numbers(setting.search(2)) == [0, 1]
    assert sum(setting.scorer.batches) == DEPTH / 2


def test_time_that_just_suffices() -> None:
    assert numbers(Setting(seconds=DEPTH).search(2)) == [39, 38]
    assert numbers(Setting(seconds=DEPTH - 1).search(2)) == [0, 1]


def test_filters_come_first() -> None:
    allowed = tuple(f"{number}.md" for number in (3, 45, 47))
    assert numbers(Setting(seconds=1_000).search(5, Filters(paths=allowed))) == [47, 45, 3]


def test_equal_scores_keep_the_fused_order() -> None:
    setting = Setting(seconds=1_000)
    retriever = RerankingRetriever(
        setting.retriever.index,
        no_encoder,
        lambda: lambda question, texts: np.zeros(len(texts), np.float32),
        seconds=1,
        notify=setting.told.append,
    )
    assert numbers(retriever.search("question", 4, vector=QUESTION)) == [0, 1, 2, 3]


@pytest.mark.parametrize("size", [0, 1])
def test_nothing_to_reorder_opens_no_model(size: int) -> None:
    setting = Setting(seconds=1, size=size)
    assert numbers(setting.search(5)) == list(range(size))
    assert setting.opened == 0


def test_what_is_only_listed_is_not_reordered() -> None:
    setting = Setting(seconds=1_000)
    assert numbers(setting.retriever.search("", 3)) == [0, 1, 2]
    assert setting.opened == 0


def test_it_is_a_retriever_in_each_mode() -> None:
    setting = Setting(seconds=1_000)
    assert numbers(setting.retriever.search("question", 1, mode=Mode.LEXICAL)) == [39]
    encoder = FakeEncoder(dimension=2)
    other = RerankingRetriever(
        setting.retriever.index, lambda: encoder, setting.open_scorer, seconds=999, notify=print
    )
    assert len(other.search("question", 5, mode=Mode.DENSE)) == 5
    assert encoder.questions_embedded == 1
