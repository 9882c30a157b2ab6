import numpy as np

from rag.retrieval.diversity import CROWDING, copies_last, crowding
from rag.types import Chunk


def chunks_of(*paths: str) -> list[Chunk]:
    return [Chunk(path, path, (), 1, 1, "text", "text", (), "en") for path in paths]


def test_better_passages_of_the_same_note_take_something_off() -> None:
    chunks = chunks_of("a.md", "a.md", "b.md", "a.md")
    taken = crowding(chunks, np.array([1.0, 3.0, 0.0, 2.0]))
    assert taken.tolist() == [2 * CROWDING, 0, 0, CROWDING]


def test_of_equals_the_first_is_left_alone() -> None:
    assert crowding(chunks_of("a.md", "a.md"), np.ones(2)).tolist() == [0, CROWDING]


TEN = "alpha bravo delta gamma omega kappa sigma theta lambda epsilon"


def test_copies_stand_last() -> None:
    copy = TEN.upper() + "!"
    assert copies_last([TEN, copy, "another text"], 3) == [0, 2, 1]
    assert copies_last([TEN, copy, "another text"], 2) == [0, 2]
    assert copies_last([TEN, copy], 2) == [0, 1]


def test_how_much_alike_copies_are() -> None:
    # Words of five letters have five grams (_alp alph lpha pha_: four), so one of ten words more or
    # less leaves nine tenths alike, and half of them a half.
    assert copies_last([TEN, TEN + " another"], 2) == [0, 1]
    assert copies_last([TEN, TEN + " another", "third"], 2) == [0, 2]
    half = " ".join(TEN.split()[:5])
    assert copies_last([TEN, half, "third"], 2) == [0, 1]


def test_texts_without_words_are_not_copies_of_words() -> None:
    assert copies_last(["alpha", "", "omega"], 3) == [0, 1, 2]
    assert copies_last([], 3) == []
