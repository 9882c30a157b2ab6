from itertools import combinations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rag.notes.packing import SLACK, pack

FREE = [0.0] * 9


@pytest.mark.parametrize(
    ("sizes", "room", "groups"),
    [
        ([], 10, []),
        ([5], 10, [(0, 1)]),
        ([4, 6], 10, [(0, 2)]),
        ([150, 20], 160, [(0, 1), (1, 2)]),
        # 100 | 70 leaves (50² + 80²) empty, 150 | 20 leaves 130²: the first is less.
        ([50, 50, 50, 20], 150, [(0, 2), (2, 4)]),
        # 40 + 40 | 40 + 40, not 120 | 40
        ([40, 40, 40, 40], 120, [(0, 2), (2, 4)]),
        ([500, 10], 100, [(0, 1), (1, 2)]),
        ([10, 500, 10], 100, [(0, 1), (1, 2), (2, 3)]),
        ([60, 60, 60], 60, [(0, 1), (1, 2), (2, 3)]),
    ],
)
def test_few_groups_of_like_size(
    sizes: list[int], room: int, groups: list[tuple[int, int]]
) -> None:
    assert pack(sizes, [0] * len(sizes), FREE[: len(sizes)], room) == groups


def test_a_cut_that_harms_is_avoided() -> None:
    sizes, contexts = [50, 50, 50, 20], [0, 0, 0, 0]
    # Cut before the third: .5 x (.111 + .284) = .198; before the last: .5 x .751 = .376.
    assert pack(sizes, contexts, [0, 0.5, 0.17, 0], 150) == [(0, 2), (2, 4)]
    assert pack(sizes, contexts, [0, 0.5, 0.19, 0], 150) == [(0, 3), (3, 4)]


def test_a_cut_may_cost_a_group() -> None:
    # 30 + 30 | 30: the cut inside the pair that belongs together costs .6 more.
    assert pack([30, 30, 30, 30], [0] * 4, [0, 0.9, 0, 0.9], 60) == [(0, 2), (2, 4)]
    assert pack([30, 30, 30], [0] * 3, [0, 0, 0.9], 60) == [(0, 1), (1, 3)]


def test_what_a_group_begins_with_brings_its_context() -> None:
    # 100 | 70 is of like size, but with its context the third span has no room for the fourth.
    assert pack([50, 50, 50, 20], [0, 0, 90, 0], FREE[:4], 150) == [(0, 1), (1, 4)]
    # With its context the second span has no room for the third.
    assert pack([60, 30, 30], [0, 50, 0], FREE[:3], 100) == [(0, 2), (2, 3)]


def test_the_first_cut_is_free() -> None:
    assert pack([10, 10], [0, 0], [0.9, 0.9], 100) == [(0, 2)]


@settings(max_examples=100, deadline=None)
@given(st.data())
def test_no_partition_is_cheaper(data: st.DataObject) -> None:
    count = data.draw(st.integers(1, 7))
    room = data.draw(st.integers(5, 40))
    sizes = data.draw(st.lists(st.integers(1, 30), min_size=count, max_size=count))
    contexts = data.draw(st.lists(st.integers(0, 10), min_size=count, max_size=count))
    cuts = data.draw(
        st.lists(st.sampled_from((0.0, 0.1, 0.3, 0.8)), min_size=count, max_size=count)
    )

    def price(groups: list[tuple[int, int]]) -> float:
        total = 0.0
        for start, end in groups:
            held = contexts[start] + sum(sizes[start:end])
            if held > room and end - start > 1:
                return float("inf")
            empty = max(room - sum(sizes[start:end]), 0) / room
            total += 1 + (cuts[start] if start else 0) + SLACK * empty**2
        return total

    groups = pack(sizes, contexts, cuts, room)
    assert [start for start, _ in groups] == [0, *(end for _, end in groups[:-1])]
    assert groups[-1][1] == count
    if len(groups) > 1 or contexts[0] + sum(sizes) > room:
        every = (
            list(zip((0, *ends), (*ends, count), strict=True))
            for parts in range(count)
            for ends in combinations(range(1, count), parts)
        )
        assert price(groups) == pytest.approx(min(map(price, every)))


def test_many_spans() -> None:
    groups = pack([2] * 20_000, [0] * 20_000, [0.05] * 20_000, 190)
    assert len(groups) == 211  # 20,000 / 95, rounded up
