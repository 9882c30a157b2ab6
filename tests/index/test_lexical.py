from dataclasses import fields
from math import log
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from rag.index.lexical import BLOCK, MOST_COUNTED, LexicalLeg
from rag.notes.grams import gram_keys
from rag.notes.terms import find_terms, weigh_grams


def leg_of(*texts: str) -> LexicalLeg:
    return LexicalLeg.empty().updated(np.empty(0, np.int64), enumerate(texts), len(texts))


def scores(leg: LexicalLeg, question: str) -> NDArray[np.float32]:
    return leg.scores(*weigh_grams(find_terms(question)))


def assert_same(one: LexicalLeg, other: LexicalLeg) -> None:
    for field in fields(LexicalLeg):
        left, right = getattr(one, field.name), getattr(other, field.name)
        assert left.dtype == right.dtype, field.name
        np.testing.assert_array_equal(left, right, err_msg=field.name)


def test_bm25_by_hand() -> None:
    # Grams (_ is a border): "red"        _red red_              2
    #                        "red red hat" _red red_ _red red_ _hat hat_   6
    #                        "blue"       _blu blue lue_         3
    leg = leg_of("red", "red red hat", "blue")
    assert leg.lengths.tolist() == [2, 6, 3]
    assert len(leg.grams) == 7
    # N 3, mean length 11/3, k1 1.2, b 0.75; both grams of "red" stand in n = 2 chunks:
    # idf = ln(1 + (3 - 2 + 0.5) / (2 + 0.5)) = ln 1.6
    # chunk 0: tf 1, norm 1.2 (0.25 + 0.75 * 2 / (11/3)) = 0.3 + 5.4/11
    # chunk 1: tf 2, norm 1.2 (0.25 + 0.75 * 6 / (11/3)) = 0.3 + 16.2/11
    first = 2 * log(1.6) * 2.2 * 1 / (1 + 0.3 + 5.4 / 11)
    second = 2 * log(1.6) * 2.2 * 2 / (2 + 0.3 + 16.2 / 11)
    np.testing.assert_allclose(scores(leg, "Red"), [first, second, 0], rtol=1e-6)
    # "hat": n = 1, idf = ln(1 + 2.5 / 1.5) = ln (8/3); tf 1, the norm of chunk 1.
    hat = 2 * log(8 / 3) * 2.2 / (1 + 0.3 + 16.2 / 11)
    np.testing.assert_allclose(scores(leg, "hat"), [0, hat, 0], rtol=1e-6)
    np.testing.assert_allclose(scores(leg, "red hat"), [first, second + hat, 0], rtol=1e-6)
    np.testing.assert_array_equal(scores(leg, "hat hat, HAT!"), scores(leg, "hat"))


def test_weights_and_rarity_by_hand() -> None:
    leg = leg_of("red", "red red hat", "blue")
    keys = np.sort(gram_keys("red hat zoo"))
    rare = leg.rarity(keys)
    # N 3: two chunks hold each gram of "red", one those of "hat", none those of "zoo".
    twice, once, never = log(1.6), log(8 / 3), log(1 + 3.5 / 0.5)
    names = {int(key): text for text in ("red", "hat", "zoo") for key in gram_keys(text)}
    expected = [{"red": twice, "hat": once, "zoo": never}[names[int(key)]] for key in keys]
    np.testing.assert_allclose(rare, expected)
    whole, half = (leg.scores(keys, np.full(len(keys), weight)) for weight in (1.0, 0.5))
    np.testing.assert_allclose(half, whole / 2, rtol=1e-6)
    # Without chunks ln(1 + 0.5 / 0.5).
    np.testing.assert_allclose(LexicalLeg.empty().rarity(keys[:1]), [log(2)])


def test_marks_and_case_are_folded() -> None:
    leg = leg_of("Învățare automată", "ŁÓDŹ")
    np.testing.assert_array_equal(scores(leg, "invatare"), scores(leg, "ÎNVĂȚARE"))
    assert scores(leg, "invatare")[0] > 0
    assert scores(leg, "lodz")[1] > 0


@pytest.mark.parametrize("question", ["", " ", "?!", "zebra", "\ud800", "\0"])
def test_nothing_matches(question: str) -> None:
    assert scores(leg_of("red", "blue"), question).tolist() == [0, 0]


def test_empty(tmp_path: Path) -> None:
    assert scores(LexicalLeg.empty(), "red").shape == (0,)
    leg = leg_of("", "?")
    assert leg.lengths.tolist() == [0, 0]
    assert scores(leg, "red").tolist() == [0, 0]
    for saved in (LexicalLeg.empty(), leg):
        saved.save(tmp_path)
        assert_same(LexicalLeg.load(tmp_path), saved)


def test_save_and_load(tmp_path: Path) -> None:
    leg = leg_of("red", "red red hat", "blue")
    files = leg.save(tmp_path)
    assert sorted(file.name for file in files) == sorted(
        f"lexical-{name}.bin" for name in ("grams", "ends", "rows", "counts", "lengths")
    )
    loaded = LexicalLeg.load(tmp_path)
    assert_same(loaded, leg)
    # What is mapped cannot be written to, and is updated into something that can be saved.
    with pytest.raises(ValueError, match="read-only"):
        loaded.rows[0] = 1
    assert_same(loaded.updated(np.arange(3), [], 3), leg)


def test_a_gram_repeated_without_end() -> None:
    leg = leg_of("red " * 1_000)
    assert leg.counts.tolist() == [MOST_COUNTED, MOST_COUNTED]
    assert leg.lengths.tolist() == [2_000]


def test_more_chunks_than_are_sorted_at_once() -> None:
    texts = [f"word{number % 7} of chunk {number}" for number in range(BLOCK + 3)]
    whole = leg_of(*texts)
    assert whole.lengths.shape == (BLOCK + 3,)
    assert int(np.argmax(scores(whole, f"chunk {BLOCK + 2}"))) == BLOCK + 2
    moved = np.arange(len(texts))
    moved[[0, BLOCK]] = -1
    assert_same(whole.updated(moved, [(0, texts[0]), (BLOCK, texts[BLOCK])], len(texts)), whole)


TEXTS = st.text(alphabet="aăb cł", max_size=12)


@settings(max_examples=150, deadline=None)
@given(st.data())
def test_an_updated_leg_equals_one_from_scratch(data: st.DataObject) -> None:
    old = data.draw(st.lists(TEXTS, max_size=8), "old")
    new: list[str] = []
    moved = np.full(len(old), -1, np.int64)
    added: list[tuple[int, str]] = []
    for row, text in enumerate(old):
        for fresh in data.draw(st.lists(TEXTS, max_size=2), "added"):
            added.append((len(new), fresh))
            new.append(fresh)
        if data.draw(st.booleans(), "stays"):
            moved[row] = len(new)
            new.append(text)
    for fresh in data.draw(st.lists(TEXTS, max_size=2), "added last"):
        added.append((len(new), fresh))
        new.append(fresh)
    assert_same(leg_of(*old).updated(moved, added, len(new)), leg_of(*new))
