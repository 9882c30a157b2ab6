import pytest

from rag.notes.lines import Lines


@pytest.mark.parametrize(
    ("text", "content"),
    [
        ("", ("",)),
        ("a", ("a",)),
        ("a\n", ("a", "")),
        ("a\nb\r\nc\rd", ("a", "b", "c", "d")),
        ("\n\r\n\r", ("", "", "", "")),
        ("a\x0bb\x0cc\x1cd\x85e\u2028f", ("a\x0bb\x0cc\x1cd\x85e\u2028f",)),
    ],
)
def test_a_line_ends_as_in_commonmark(text: str, content: tuple[str, ...]) -> None:
    lines = Lines(text)
    assert lines.content() == content
    assert len(lines) == len(content)
    assert lines.text == text


def test_places() -> None:
    # Places: a 0, CR 1, LF 2, b 3, LF 4, LF 5, c 6.
    lines = Lines("a\r\nb\n\nc")
    assert [lines.start(line) for line in (1, 2, 3, 4)] == [0, 3, 5, 6]
    assert [lines.line_of(place) for place in range(7)] == [1, 1, 1, 2, 2, 3, 4]
    assert lines.line_of(7) == 4


def test_between_keeps_line_ends_inside() -> None:
    lines = Lines("a\r\nb\rc\n")
    assert lines.between(1, 1) == "a"
    assert lines.between(1, 2) == "a\r\nb"
    assert lines.between(2, 4) == "b\rc\n"
    assert lines.between(4, 4) == ""
