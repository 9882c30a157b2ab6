import pytest

from rag.notes.folding import fold


@pytest.mark.parametrize(
    ("text", "folded"),
    [
        ("Plain ASCII 42", "plain ascii 42"),
        ("ÎNVĂȚARE automată", "invatare automata"),
        ("ţ and ț, ş and ș", "t and t, s and s"),
        ("Zażółć gęślą jaźń", "zazolc gesla jazn"),
        ("atenção, pôde, ü", "atencao, pode, u"),
        ("Straße, STRASSE, ẞ", "strasse, strasse, ss"),
        ("Øre, Đuro, Þór, Ħal, ðe", "ore, duro, thor, hal, de"),
        ("Œuvre, Æsir", "oeuvre, aesir"),
        ("ﬁne ＡＢＣ ①", "fine abc 1"),
        ("℡", "tel"),
        ("İstanbul ısı", "istanbul isi"),
        ("x² and x₂", "x2 and x2"),
        ("深層 Ελλάς", "深層 ελλασ"),
        ("", ""),
    ],
)
def test_fold(text: str, folded: str) -> None:
    assert fold(text) == folded


def test_marks_of_their_own_and_built_in_are_one() -> None:
    assert fold("rețea") == fold("ret\u0326ea") == "retea"


def test_folding_twice_changes_nothing() -> None:
    text = "".join(map(chr, range(0x3000))) + "℡ﬀ㎒𝐀"
    assert fold(fold(text)) == fold(text)
