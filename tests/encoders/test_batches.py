from hypothesis import given
from hypothesis import strategies as st

from rag.encoders.batches import plan_batches


def test_like_lengths_stand_together_longest_first() -> None:
    # 9 alone: 9 * 2 > 12. Then 6, 5: 6 * 2 = 12. Then 3, 2, 1: 3 * 3 = 9, and 3 * 4 = 12 has no fourth.
    assert plan_batches([1, 5, 9, 3, 6, 2], padded_tokens=12) == [[2], [4, 1], [3, 5, 0]]


def test_equal_lengths_keep_their_order() -> None:
    assert plan_batches([4, 4, 4], padded_tokens=8) == [[0, 1], [2]]


def test_what_is_longer_than_the_bound_stands_alone() -> None:
    assert plan_batches([7, 8], padded_tokens=5) == [[1], [0]]


def test_nothing() -> None:
    assert plan_batches([], padded_tokens=5) == []


@given(st.lists(st.integers(0, 200)), st.integers(1, 600))
def test_each_text_once_and_no_batch_over_the_bound(lengths: list[int], bound: int) -> None:
    batches = plan_batches(lengths, padded_tokens=bound)
    assert sorted(position for batch in batches for position in batch) == list(range(len(lengths)))
    for batch in batches:
        assert len(batch) == 1 or len(batch) * max(lengths[place] for place in batch) <= bound
