from collections.abc import Iterator

import pytest

from rag.generators.thinking import without_thinking

CASES = [
    pytest.param("Da [1].", False, "Da [1].", id="no thinking"),
    pytest.param("<think>hm</think>Da.", False, "Da.", id="a block"),
    pytest.param("<think>\nhm\n</think>\n\nDa.\n", False, "Da.\n", id="white space around it"),
    pytest.param("\n <think></think>\n\nDa.", False, "Da.", id="an empty block"),
    pytest.param("hm, so</think>\nDa.", True, "Da.", id="opened by the prompt"),
    pytest.param("<think>hm</think>Da.", True, "Da.", id="opened twice"),
    pytest.param("<think>a</think> <think>b</think> c", False, "c", id="two blocks"),
    pytest.param("<think>a < b, </thin </think>c", False, "c", id="an end that is none"),
    pytest.param("<think>hm", False, "", id="never closed"),
    pytest.param("hm", True, "", id="opened by the prompt, never closed"),
    pytest.param("<thin air>", False, "<thin air>", id="looks like a tag at first"),
    pytest.param("<thi", False, "<thi", id="ends like the beginning of a tag"),
    pytest.param("R1 writes <think>x</think> [1].", False, "R1 writes <think>x</think> [1].", id="a quoted tag"),
    pytest.param("", False, "", id="nothing"),
    pytest.param(" \n", False, "", id="white space only"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "inside", "answer"), CASES)
def test_any_cut_of_the_text_gives_the_same_answer(text: str, answer: str, *, inside: bool) -> None:
    cuts = [[text[:at], text[at:]] for at in range(len(text) + 1)]
    for pieces in (*cuts, list(text)):
        assert "".join(without_thinking(pieces, inside=inside)) == answer


def test_an_answer_goes_through_piece_by_piece() -> None:
    pieces = ["<think>", "hm", "</think>", "\n\n", "Da", ",", " a", "\n"]
    assert list(without_thinking(pieces)) == ["Da", ",", " a", "\n"]


def test_nothing_is_read_ahead() -> None:
    taken = []

    def written() -> Iterator[str]:
        for piece in ("a", "b", "c"):
            taken.append(piece)
            yield piece

    assert next(without_thinking(written())) == "a"
    assert taken == ["a"]
