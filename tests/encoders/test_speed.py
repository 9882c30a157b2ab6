"""How chunks a second are counted, with a clock that says what the test wants."""

from itertools import count

from rag.encoders.speed import CHUNKS, measure
from tests.fake_encoder import FakeEncoder


def test_the_quickest_round_counts() -> None:
    # Begins at 0; rounds of 0.5 s, 0.25 s and 2 s, and a look at the clock after each.
    times = iter([0, 0, 0.5, 0.5, 0.5, 0.75, 0.75, 0.75, 2.75, 2.75])
    assert measure(FakeEncoder(), lambda: next(times)) == len(CHUNKS) / 0.25


def test_a_slow_encoder_has_one_round() -> None:
    ticks = count(0, 10)
    assert measure(FakeEncoder(), lambda: next(ticks)) == len(CHUNKS) / 10
