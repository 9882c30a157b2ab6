import numpy as np
import pytest

from rag.notes.grams import gram_keys


def _key(gram: str) -> int:
    """Write four characters, `_` for a word's border, as one number: 16 bits for each."""
    number = 0
    for character in gram.replace("_", " "):
        number = number * 65_536 + ord(character)
    return number


@pytest.mark.parametrize(
    ("text", "grams"),
    [
        ("rețea", ["_ret", "rete", "etea", "tea_"]),
        ("LSTM", ["_lst", "lstm", "stm_"]),
        ("the", ["_the", "the_"]),
        ("is", ["_is_"]),
        ("a", ["_a__"]),
        ("a b", ["_a__", "_b__"]),
        ("an ox", ["_an_", "_ox_"]),
        ("x_1, y-2!", ["_x__", "_1__", "_y__", "_2__"]),
        ("GPT-4", ["_gpt", "gpt_", "_4__"]),
        ("the the", ["_the", "the_", "_the", "the_"]),
        ("", []),
        ("... _ !", []),
    ],
)
def test_gram_keys(text: str, grams: list[str]) -> None:
    assert gram_keys(text).tolist() == [_key(gram) for gram in grams]


def test_the_first_key_worked_out_by_hand() -> None:
    # space 0x20, c 0x63, a 0x61, t 0x74
    assert gram_keys("Cat")[0] == 0x0020_0063_0061_0074
    assert gram_keys("Cat").dtype == np.uint64


def test_diacritics_and_inflection_cost_little() -> None:
    one, other = set(gram_keys("rețelele").tolist()), set(gram_keys("RETELEI").tolist())
    # rețelele: _ret rete etel tele elel lele ele_   RETELEI: _ret rete etel tele elei lei_
    assert len(one & other) == 4


def test_letters_beyond_the_basic_plane_and_lone_surrogates_are_read() -> None:
    assert len(gram_keys("𝔘𝔫 😀 \U00020000\U00020001")) > 0
    assert gram_keys("a\ud800b").tolist() == gram_keys("a b").tolist()
