"""The map shows the two directions in which passages differ most."""

import numpy as np
import pytest

from rag.page import note_map
from rag.page.note_map import Grouping, NoteMap, draw_map, group_of, make_chart, make_rows
from rag.types import Chunk
from tests.answered import make_passage

# Spread by 3 along the second coordinate, by 1 along the third, not at all along the first.
VECTORS = np.array([[5, 3, 0], [5, -3, 0], [5, 0, 1], [5, 0, -1]], dtype=np.float32)


def make_chunk(row: int) -> Chunk:
    return make_passage(path=f"folder/{row}.md", text=f"Text {row}").chunk


@pytest.fixture
def drawn() -> NoteMap:
    return draw_map(
        lambda rows: VECTORS[rows], lambda rows: [make_chunk(row) for row in rows], np.arange(4)
    )


def test_the_axes_are_those_of_the_largest_spread(drawn: NoteMap) -> None:
    assert np.allclose(drawn.points, [[3, 0], [-3, 0], [0, 1], [0, -1]], atol=1e-5)
    assert drawn.place(np.array([9, 1.5, -0.5], np.float32)) == pytest.approx((1.5, -0.5), abs=1e-5)


def test_of_too_many_points_every_nth_is_shown() -> None:
    count = 2 * note_map.MOST_POINTS + 1
    vectors = np.random.default_rng(1).normal(size=(count, 4)).astype(np.float32)
    drawn = draw_map(
        lambda rows: vectors[rows], lambda rows: [make_chunk(row) for row in rows], np.arange(count)
    )
    assert len(drawn.chunks) == len(drawn.points) <= note_map.MOST_POINTS
    assert drawn.chunks[1].path == "folder/3.md"


def test_what_is_lit_and_how_points_are_grouped(drawn: NoteMap) -> None:
    lit = [make_passage(path="folder/2.md", text="Text 2")]
    rows = make_rows(drawn, Grouping.FOLDER, str.upper, "others", lit)
    assert rows["lit"] == [False, False, True, False]
    assert set(rows["group"]) == {"FOLDER"}
    assert rows["note"][0] == "folder/0.md:11–15 › Sub"
    assert rows["passage"][3] == "Text 3"


def test_groups_without_a_colour_share_one(drawn: NoteMap) -> None:
    chunks = tuple(make_passage(path=f"f{number}/x.md").chunk for number in range(9))
    crowded = NoteMap(chunks, np.zeros((9, 2), np.float32), drawn.center, drawn.axes)
    rows = make_rows(crowded, Grouping.FOLDER, str, "others", [])
    assert rows["group"].count("others") == 2


@pytest.mark.parametrize(
    ("grouping", "expected"),
    [(Grouping.LANGUAGE, "pl"), (Grouping.TAG, "ml/llm"), (Grouping.FOLDER, "folder")],
)
def test_a_group(grouping: Grouping, expected: str) -> None:
    assert group_of(make_chunk(0), grouping) == expected
    assert group_of(make_passage(path="a.md").chunk, Grouping.FOLDER) == ""


def test_no_text_of_a_note_is_part_of_the_chart(drawn: NoteMap) -> None:
    rows = make_rows(drawn, Grouping.TAG, str, "others", [])
    titles = {"note": "Note", "passage": "Passage", "group": "Group"}
    chart = make_chart(rows, titles, (0.0, 0.0), "Your question")
    assert "Text 0" not in str(chart)
    assert "folder/0.md" not in str(chart)
