"""Whole notes, from their text to their chunks: one case for each construct that students write."""

import pytest

from rag.notes.chunking import chunk_document
from rag.notes.markdown import parse
from rag.types import Note
from tests.notes.fixture_files import parameters
from tests.notes.made_notes import count_words


def _draw(text: str) -> str:
    document = parse(Note("Note.md", text))
    drawn = [f"tags: {', '.join(document.tags)}"] if document.tags else []
    drawn += [f"problem: {problem}" for problem in document.problems]
    for chunk in chunk_document(document, count_words, 60):
        drawn.append(f"{chunk.start_line}-{chunk.end_line} {chunk.language}")
        drawn += [f"  {line}" for line in chunk.indexed_text.split("\n")]
    return "\n".join(drawn)


@pytest.mark.parametrize(("text", "expected"), parameters("chunks"))
def test_a_note_is_read(text: str, expected: str) -> None:
    assert _draw(text) == expected


@pytest.mark.parametrize(("text", "expected"), parameters("chunks"))
def test_a_byte_order_mark_and_line_ends_change_no_line(text: str, expected: str) -> None:
    assert _draw(text.replace("\n", "\r\n")).replace("\r", "") == expected
