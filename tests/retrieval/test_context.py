from pathlib import Path

import pytest

from rag.index.local import LocalIndex
from rag.retrieval.context import widen
from rag.types import Legs, Passage
from tests.fake_encoder import FakeEncoder
from tests.retrieval.small_index import make_index

WORDS = " ".join(f"word{number}" for number in range(45))
NOTES = {
    "cells.md": f"# Cells\n\nlead {WORDS}\n\n## Gates\n\nfirst {WORDS}\n\nsecond {WORDS}\n\n"
    f"third {WORDS}\n\n## Training\n\nlast {WORDS}\n",
    "line.md": " ".join(f"Sentence {number} {WORDS}." for number in range(3)),
}


@pytest.fixture
def index(tmp_path: Path) -> LocalIndex:
    return make_index(tmp_path, NOTES, FakeEncoder(max_tokens=60))


def find(index: LocalIndex, *words: str) -> list[Passage]:
    """Give the chunk that holds each of some words, as passages in this order."""
    chunks = index.chunks(range(index.info.chunks))
    return [
        Passage(chunk, rank, 1.0, Legs(0.5, 1.0, 1.0, 1.0))
        for rank, word in enumerate(words, start=1)
        for chunk in chunks
        if word in chunk.text
    ]


def said(passage: Passage) -> list[str]:
    return [line.split()[0] for line in passage.chunk.text.splitlines() if WORDS in line]


def test_neighbours_of_the_section_and_of_the_one_above(index: LocalIndex) -> None:
    (first,) = widen(find(index, "first"), index)
    assert said(first) == ["lead", "first", "second"]
    (second,) = widen(find(index, "second"), index)
    assert said(second) == ["first", "second", "third"]
    (last,) = widen(find(index, "last"), index)
    assert said(last) == ["last"]


def test_the_text_is_the_notes_at_its_lines(index: LocalIndex, tmp_path: Path) -> None:
    (second,) = widen(find(index, "second"), index)
    lines = (tmp_path / "vault" / "cells.md").read_text(encoding="utf-8").splitlines()
    chunk = second.chunk
    assert chunk.text.splitlines() == lines[chunk.start_line - 1 : chunk.end_line]
    assert chunk.headings == ("Cells", "Gates")


def test_what_was_found_by_itself_stays_apart(index: LocalIndex) -> None:
    passages = widen(find(index, "third", "second", "first"), index)
    assert [said(passage) for passage in passages] == [["third"], ["second"], ["lead", "first"]]
    passages = widen(find(index, "first", "third"), index)
    assert [said(passage) for passage in passages] == [["lead", "first", "second"], ["third"]]


def test_parts_of_one_line_stay_apart(index: LocalIndex) -> None:
    (passage,) = found = find(index, "Sentence 1")
    assert widen(found, index) == [passage]
