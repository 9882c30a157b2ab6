from pathlib import Path

import pytest

from rag.index.local import LocalIndex
from rag.retrieval.embeds import find_embedded
from rag.retrieval.search import Retriever
from rag.types import Filters, Mode
from tests.fake_encoder import FakeEncoder
from tests.retrieval.small_index import make_index

LONG = " ".join(f"word{number}" for number in range(30))
NOTES = {
    "a.md": "See it:\n\n![[b#Gates]]",
    "b.md": f"# Cells\n\n{LONG}\n\n# Gates\n\nThey forget. {LONG}\n\n![[c]]",
    "c.md": f"# First\n\n{LONG} one\n\n# Second\n\n{LONG} two\n\n# Third\n\n{LONG} three ![[b]]",
    "block.md": "![[d#^key]] ![[gone]] ![[pic.png]] [[b]] `![[b]]`",
    "d.md": f"first {LONG}\n\nsecond {LONG} ^key",
    "self.md": "# Here\n\n![[#Here]] ![[self]]",
    "short.md": "![[e#two]]",
    "e.md": "# e\n## one\nsaid\n## two\nalso said",
}


@pytest.fixture
def index(tmp_path: Path) -> LocalIndex:
    return make_index(tmp_path, NOTES, FakeEncoder(max_tokens=50))


def _embedded(index: LocalIndex, path: str) -> list[tuple[str, tuple[str, ...]]]:
    (chunk,) = index.chunks(index.note_rows()[path])
    found = index.chunks(find_embedded(chunk, index))
    return [(one.path, one.headings) for one in found]


def test_a_section_and_what_it_embeds_itself_once(index: LocalIndex) -> None:
    # c embeds b again, whose first chunks then are told too, and the circle ends.
    assert _embedded(index, "a.md") == [
        ("b.md", ("Gates",)),
        ("c.md", ("First",)),
        ("c.md", ("Second",)),
    ]


def test_a_block_by_its_name(index: LocalIndex) -> None:
    assert _embedded(index, "block.md") == [("d.md", ())]
    (chunk,) = index.chunks(index.note_rows()["block.md"])
    (row,) = find_embedded(chunk, index)
    assert index.chunks([row])[0].text.startswith("second")


def test_a_note_that_embeds_itself_ends(index: LocalIndex) -> None:
    assert _embedded(index, "self.md") == []


def test_a_heading_among_short_sections(index: LocalIndex) -> None:
    assert _embedded(index, "short.md") == [("e.md", ("e",))]


def _found(
    index: LocalIndex, count: int, filters: Filters | None = None
) -> list[tuple[int, str, str]]:
    retriever = Retriever(index, lambda: FakeEncoder(max_tokens=50))
    passages = retriever.search("See it", count, filters=filters)
    return [(passage.rank, passage.chunk.path, passage.embedded_in) for passage in passages]


def test_what_a_passage_embeds_stands_behind_it(index: LocalIndex) -> None:
    assert _found(index, 2) == [(1, "a.md", ""), (2, "b.md", "a.md")]
    assert len(_found(index, 3)) == 3


def test_what_was_found_by_itself_is_not_brought_again(index: LocalIndex) -> None:
    found = _found(index, 100)
    assert len({(path, rank) for rank, path, _ in found}) == len(found)
    everything = [chunk.path for chunk in index.chunks(range(index.info.chunks))]
    assert len(found) <= len(everything)


def test_filters_hold_for_what_is_embedded(index: LocalIndex) -> None:
    found = _found(index, 100, Filters(paths=("a.md", "c.md")))
    assert {path for _, path, _ in found} <= {"a.md", "c.md"}


def test_what_a_long_passage_embeds_stands_behind_all_that_was_found(
    tmp_path: Path,
) -> None:
    encoder = FakeEncoder(max_tokens=200)
    index = make_index(
        tmp_path,
        {
            "day.md": f"Seen today, seen it all: {LONG} {LONG}\n\n![[b]]",
            "a.md": "Seen it.",
            "b.md": "Nothing of the kind.",
        },
        encoder,
    )
    found = Retriever(index, lambda: encoder).search("Seen it today", 2, mode=Mode.LEXICAL)
    assert {passage.chunk.path for passage in found} == {"day.md", "a.md"}
    found = Retriever(index, lambda: encoder).search("Seen it today", 3, mode=Mode.LEXICAL)
    assert (found[2].rank, found[2].chunk.path, found[2].embedded_in) == (3, "b.md", "day.md")
