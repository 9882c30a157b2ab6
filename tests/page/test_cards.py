"""Cards show what was checked, and what of it does not hold."""

import pytest
from streamlit.testing.v1 import AppTest

SCRIPT = """
from pathlib import Path
from rag.page.cards import Shelf, show_answer, show_sources
from tests.answered import make_answer, make_citation as citation

answer = make_answer(TEXT, (CITATIONS,), KIND, languages=LANGUAGES)
show_answer(answer, "source-x")
show_sources(answer, Shelf(Path("nowhere"), lambda chunk: [], ""), "source-x")
"""


def draw(
    citations: str,
    kind: str = "extractive",
    text: str = "First [1]. Second [1].",
    languages: tuple[str, ...] = (),
) -> AppTest:
    script = SCRIPT.replace("TEXT", repr(text)).replace("CITATIONS", citations.rstrip(","))
    script = script.replace("LANGUAGES", repr(languages))
    page = AppTest.from_string(script.replace("KIND", repr(kind))).run()
    assert not page.exception
    return page


def test_a_passage_cited_twice_is_one_card_with_both_quotes() -> None:
    page = draw(
        "citation(1, 'verified', 'One line.'),citation(1, 'verified', 'The *quoted* line.', 13, 13)"
    )
    assert [element.value for element in page.markdown][:2] == [
        r"First [:blue-badge[1]](#source-x-1)\. Second [:blue-badge[1]](#source-x-1)\.",
        (
            ":yellow-background[One line\\.]\n\n"
            ":yellow-background[The *quoted* line\\.]\n\n"
            "Another line\\."
        ),
    ]
    assert [(head.value, head.anchor) for head in page.subheader][:1] == [
        (r":blue-badge[1] a\.md", "source-x-1")
    ]
    captions = [element.value for element in page.caption]
    assert captions == [
        (
            "**Confidence 83 %** that your notes answer this · quoted word for word"
            " · 2 notes changed since they were indexed · 1.2\u00a0s"
        ),
        "Top › Sub · lines 11, 13 · polski · score 2.5",
    ]
    # What is in it is drawn when it is opened.
    assert [expander.label for expander in page.expander] == ["Other passages found (1)"]


@pytest.mark.parametrize(
    ("status", "remark"),
    [
        ("verified", None),
        ("moved", ":orange-badge[moved since it was indexed]"),
        ("stale", ":red-badge[the note changed since it was indexed]"),
        ("unsupported", ":red-badge[does not support the sentence]"),
    ],
)
def test_what_the_check_found_is_shown(status: str, remark: str | None) -> None:
    page = draw(f"citation(1, '{status}', 'The *quoted* line.', 40, 40),")
    texts = [element.value for element in page.markdown]
    assert [text for text in texts if text.startswith((":orange-badge", ":red-badge"))] == (
        [remark] if remark else []
    )
    assert "Top › Sub · line 40 · polski · score 2.5" in [item.value for item in page.caption]
    assert any(":yellow-background[The *quoted* line\\.]" in text for text in texts)


def test_lines_that_touch_are_one_stretch() -> None:
    page = draw(
        "citation(1, 'verified', 'One line.', 11, 11), citation(1, 'verified', 'x', 12, 13),"
        "citation(1, 'verified', 'y', 15, 15)"
    )
    assert any("lines 11–13, 15 ·" in caption.value for caption in page.caption)


def test_a_quote_that_the_passage_does_not_show_stands_above_it() -> None:
    page = draw("citation(1, 'stale', 'Words ![x](http://evil.test) elsewhere', 13, 13),")
    assert page.markdown[2].value == r"Words \[x\] elsewhere"


def test_a_model_is_named_and_held_to_its_sources() -> None:
    page = draw(
        "citation(1), citation(2, 'unsupported')",
        kind="transformers",
        text="The first one is right [1]. The second one is wrong [2] [?].",
    )
    assert page.markdown[0].value == (
        r"The first one is right [:blue-badge[1]](#source-x-1)\. "
        r":red-background[The second one is wrong] [:red-badge[2]](#source-x-2) \[?\]\."
    )
    assert page.caption[0].value.startswith(":red-background[1 sentence, coloured red,")
    assert "written by some/model from your notes" in page.caption[1].value


def test_other_languages_are_told() -> None:
    page = draw("citation(1)", languages=("en", "pl"))
    assert page.caption[0].value == "Quoted from notes in: polski. You asked in: English."
    page = draw("citation(1)", kind="openai", languages=("ro",))
    assert page.caption[0].value == "Answered in: română. You asked in: English."
    assert "You asked" not in draw("citation(1)", languages=("en",)).caption[0].value
