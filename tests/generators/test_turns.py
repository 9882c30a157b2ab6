"""What ends a model's turn, and marks in notes that look as if they did."""

import pytest

from rag.generators.turns import KNOWN_MARKS, break_marks, compile_marks, until_turn_ends

CASES = [
    pytest.param("Da [1].", "Da [1].", id="no mark"),
    pytest.param("Da [1].<|im_end|>", "Da [1].", id="an end"),
    pytest.param("Da.<|im_end|>\n<|im_start|>user\nNu?", "Da.", id="the next turn too"),
    pytest.param("Da.<end_of_turn>x", "Da.", id="Gemma"),
    pytest.param("Da.<|eot_id|>x", "Da.", id="Llama"),
    pytest.param("Da. [INST] Nu?", "Da. ", id="Mistral"),
    pytest.param("<|im_end|>", "", id="nothing but an end"),
    pytest.param("The end is `<|im_end|>` [1].", "The end is `<|im_end|>` [1].", id="quoted"),
    pytest.param("a < b, [IN] <|x|> <|im_", "a < b, [IN] <|x|> <|im_", id="no whole mark"),
    pytest.param("<<|im_end|>", "<", id="a bracket before it"),
    pytest.param("", "", id="nothing"),
]


@pytest.mark.parametrize(("text", "answer"), CASES)
def test_any_cut_of_the_text_gives_the_same_answer(text: str, answer: str) -> None:
    cuts = [[text[:at], text[at:]] for at in range(len(text) + 1)]
    for pieces in (*cuts, list(text)):
        given = list(until_turn_ends(pieces))
        assert "".join(given) == answer
        assert all(given)


def test_an_answer_goes_through_piece_by_piece() -> None:
    pieces = ["Da", " [1]", ". ", "[2]", " <b", ">"]
    assert list(until_turn_ends(pieces)) == pieces


def test_marks_within_marks_are_broken() -> None:
    marks = compile_marks(KNOWN_MARKS)
    hostile = "".join(f"{mark[:2]}{mark}{mark[2:]}" for mark in KNOWN_MARKS) + "<|<|x|>y|>"
    broken = break_marks(hostile, marks)
    assert marks.search(broken) is None
    assert broken.replace(" ", "") == hostile
