import pytest

from rag.notes.headings import headings_at
from rag.types import Chunk

TEXT = "## **Epoch** ##\nOne pass.\n### Note\nLong.\n## Batch\n```\n# no heading\n```\nOne step."


def _chunk(headings: tuple[str, ...], text: str) -> Chunk:
    end = 10 + text.count("\n")
    return Chunk("a.md", "a", headings, 10, end, text, "", (), "en")


@pytest.mark.parametrize(
    ("line", "headings"),
    [
        (11, ("Glossary", "Epoch")),
        (13, ("Glossary", "Epoch", "Note")),
        (18, ("Glossary", "Batch")),
        (9, ("Glossary",)),
        (19, ("Glossary",)),
    ],
)
def test_a_line_stands_under_the_headings_above_it(line: int, headings: tuple[str, ...]) -> None:
    assert headings_at(_chunk(("Glossary",), TEXT), line) == headings


def test_a_heading_that_the_chunk_begins_with_is_not_told_twice() -> None:
    assert headings_at(_chunk(("A", "Epoch"), TEXT), 11) == ("A", "Epoch")
    assert headings_at(_chunk(("A",), "no heading"), 10) == ("A",)
    assert headings_at(_chunk((), "#tag\nwords"), 11) == ()
