"""Cards show what was checked, and what of it does not hold."""

import pytest
from streamlit.testing.v1 import AppTest

SCRIPT = """
from rag.page.cards import show_answer, show_sources
from rag.types import Answer, Chunk, Citation, CitationStatus, Legs, Passage

TEXT = "One line.\\n\\nThe *quoted* line.\\n\\nAnother line."


def passage(rank, path):
    chunk = Chunk(path, "Title", ("Top", "Sub"), 11, 15, TEXT, TEXT, (), "pl")
    return Passage(chunk, rank, 1.0, Legs(0.5, 1.0, 2.0, 2.0))


def citation(number, start, end, quote, status):
    return Citation(number, "a.md", ("Top", "Sub"), start, end, quote, CitationStatus(status))


answer = Answer(
    question="?",
    language="en",
    text="First [2]. Second [2].",
    abstained=False,
    confidence=0.834,
    citations=(CITATIONS),
    passages=(passage(1, "b.md"), passage(2, "a.md")),
    generator_kind="KIND",
    generator_model="some/model",
    behind=2,
    timings_ms={"retrieve": 200.0, "generate": 1000.0},
)
show_answer(answer)
show_sources(answer)
"""


def draw(citations: str, kind: str = "extractive") -> AppTest:
    script = SCRIPT.replace("CITATIONS", citations).replace("KIND", kind)
    page = AppTest.from_string(script).run()
    assert not page.exception
    return page


def test_a_passage_cited_twice_is_one_card_with_both_quotes() -> None:
    page = draw(
        "citation(2, 11, 11, 'One line.', 'verified'),"
        "citation(2, 13, 13, 'The *quoted* line.', 'verified')"
    )
    texts = [element.value for element in page.markdown]
    assert texts[:3] == [
        r"First :blue-badge[2]\. Second :blue-badge[2]\.",
        r":blue-badge[2] **a\.md**",
        (
            ":yellow-background[One line\\.]\n\n"
            ":yellow-background[The *quoted* line\\.]\n\n"
            "Another line\\."
        ),
    ]
    captions = [element.value for element in page.caption]
    assert captions == [
        (
            "**Confidence 83%** that your notes answer this · quoted word for word"
            " · 2 notes changed since they were indexed · 1.2 s"
        ),
        "Top › Sub · lines 11, 13 · polski",
        "Top › Sub · lines 11–15 · polski",
    ]
    assert [expander.label for expander in page.expander] == ["Other passages found (1)"]


@pytest.mark.parametrize(
    ("status", "remark"),
    [
        ("verified", ""),
        ("moved", " :orange-badge[moved since it was indexed]"),
        ("stale", " :red-badge[the note changed: run rag ingest]"),
        ("unsupported", " :red-badge[does not support the sentence]"),
    ],
)
def test_what_the_check_found_is_shown(status: str, remark: str) -> None:
    page = draw(f"citation(2, 40, 40, 'The *quoted* line.', '{status}'),")
    assert page.markdown[1].value == rf":blue-badge[2] **a\.md**{remark}"
    assert "Top › Sub · line 40 · polski" in [element.value for element in page.caption]
    assert ":yellow-background[The *quoted* line\\.]" in page.markdown[2].value


def test_a_quote_that_the_passage_does_not_show_stands_above_it() -> None:
    page = draw("citation(2, 13, 13, 'Words ![x](http://evil.test) elsewhere', 'stale'),")
    assert page.markdown[2].value == r"Words \[x\] elsewhere"


def test_a_model_is_named() -> None:
    page = draw("", kind="transformers")
    assert "written by some/model from your notes" in page.caption[0].value
