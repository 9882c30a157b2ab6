import pytest

from rag.notes.markdown import parse
from rag.notes.readable import Readable
from rag.notes.spans import (
    DEEPEST_CUT,
    GLUED_CUT,
    ITEM_CUT,
    LEVEL_CUT,
    Span,
    find_spans,
    shorten_to,
)
from rag.types import Block, Note
from tests.notes.made_notes import count_words


def _spans(text: str, room: int = 50) -> list[Span]:
    blocks: list[Block] = []
    for section in parse(Note("n.md", text)).sections:
        blocks += section.blocks
    return find_spans(blocks, Readable(text), count_words, room)


def _shown(text: str, spans: list[Span]) -> list[str]:
    return [text[span.start : span.end] for span in spans]


def test_a_span_for_each_piece_with_its_words() -> None:
    text = "Some **bold** text.\n\n- one\n- two [[a|b]]\n\n```\n**x**\n```\n"
    spans = _spans(text)
    assert _shown(text, spans) == [
        "Some **bold** text.",
        "- one",
        "- two [[a|b]]",
        "```\n**x**\n```",
    ]
    assert [span.body for span in spans] == ["Some bold text.", "one", "two b", "```\n**x**\n```"]
    assert [span.tokens for span in spans] == [3, 1, 2, 3]
    assert [span.is_verbatim for span in spans] == [False, False, False, True]
    assert [span.piece for span in spans] == [0, 1, 2, 3]
    assert not any(span.is_part for span in spans)


def test_prices_of_cuts() -> None:
    text = "a\n\n- b\n  - c\n    - d\n      - e\n        - f\n- g\n\nh"
    deepest = ITEM_CUT + DEEPEST_CUT * LEVEL_CUT
    assert [span.cut for span in _spans(text)] == pytest.approx(
        [0, 0, ITEM_CUT + LEVEL_CUT, ITEM_CUT + 2 * LEVEL_CUT, deepest, deepest, ITEM_CUT, 0]
    )


def test_what_is_introduced_knows_by_what() -> None:
    text = "It was late. Three steps:\n- one\n- two\n\nafter"
    spans = _spans(text)
    assert [span.context for span in spans] == ["", "Three steps:", "Three steps:", ""]
    assert [span.cut for span in spans] == [0, GLUED_CUT, ITEM_CUT, 0]
    assert [span.context_tokens for span in spans] == [0, 2, 2, 0]


def test_a_term_in_bold_introduces_what_it_means() -> None:
    spans = _spans("**Dropout**\n\nturns units off\n\n**not** a term\n\ntext")
    assert [span.context for span in spans] == ["", "Dropout", "", ""]
    assert [span.cut for span in spans] == [0, GLUED_CUT, 0, 0]


def test_parents_stand_below_the_introduction() -> None:
    spans = _spans("Steps:\n\n- one\n  - two\n")
    assert spans[2].context == "Steps:\none"
    assert spans[2].parents == ("Steps:", "one")


def test_parents_give_way_to_the_span() -> None:
    text = "- first parent\n  - its child here\n    - a b c d e f\n"
    assert [span.context for span in _spans(text, 30)] == [
        "",
        "first parent",
        "first parent\nits child here",
    ]
    # A third of 11 is 3: the nearest parent alone fits.
    assert _spans(text, 11)[2].context == "its child here"
    # Beside 6 of 8 tokens nothing of it fits.
    assert [(span.context, span.tokens) for span in _spans(text, 8)][2] == ("", 6)


def test_a_span_that_fits_is_not_cut_for_its_parents() -> None:
    spans = _spans("- parent\n  - a b c d e\n", 5)
    assert [(span.body, span.context) for span in spans] == [("parent", ""), ("a b c d e", "")]


def test_a_span_that_does_not_fit_is_cut() -> None:
    sentences = [f"{'word ' * 20}{number}." for number in "abc"]
    text = " ".join(sentences)
    spans = _spans(text, 30)
    assert [span.body for span in spans] == sentences
    assert [span.tokens for span in spans] == [21, 21, 21]
    assert all(span.is_part and span.piece == 0 for span in spans)
    assert "".join(_shown(text, spans)) == text


def test_parts_of_many_tokens_are_halved() -> None:
    text = "x y " * 25
    spans = _spans(text, 20)
    assert max(span.tokens for span in spans) <= 20
    assert " ".join(span.body for span in spans).split() == text.split()


def test_characters_that_are_tokens_each_are_halved_too() -> None:
    text = "北" * 100
    (block,) = parse(Note("n.md", text)).sections[0].blocks
    spans = find_spans([block], Readable(text), lambda texts: [len(t.strip()) for t in texts], 30)
    # 100 is halved to 50 + 50, and each to 25 + 25.
    assert [span.tokens for span in spans] == [25, 25, 25, 25]
    assert "".join(_shown(text, spans)) == text


def test_code_is_cut_between_its_lines() -> None:
    body = "\n".join(f"value_{n} = call(argument_{n})" for n in range(12))
    text = f"```python\n{body}\n```"
    spans = _spans(text, 20)
    assert all(span.is_part and span.is_verbatim for span in spans)
    assert "\n".join(span.body for span in spans) == text


def test_what_has_no_words_is_shown_with_a_neighbour() -> None:
    text = "![[a.png]]\n\nhere\n\n![](1.png)\n\n***\n\nthere"
    text = text.replace("a.png", "Pasted image 1.png")
    spans = _spans(text)
    assert _shown(text, spans) == [text[: text.index("***")].rstrip(), "there"]
    assert _spans("![](a.png)\n") == []


def test_comments_have_no_words() -> None:
    text = "one %%two%% three\n\n%%\nfour\n%%\n"
    assert [(span.body, span.tokens) for span in _spans(text)] == [("one three", 2)]


@pytest.mark.parametrize(
    ("text", "most", "expected"),
    [
        ("one two three", 3, ("one two three", 3)),
        # 13 characters x 2 / 3 tokens = 8, of which one is the ellipsis.
        ("one two three", 2, ("one two…", 2)),
        ("one two three", 1, ("one…", 1)),
        ("one", 0, ("", 0)),
        ("", 5, ("", 0)),
    ],
)
def test_shorten_to(text: str, most: int, expected: tuple[str, int]) -> None:
    assert shorten_to(text, count_words, most) == expected
