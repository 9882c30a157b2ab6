from pathlib import Path

import pytest

from rag.retrieval.search import NAMED, READ, Retriever
from rag.types import Mode
from tests.fake_encoder import FakeEncoder
from tests.retrieval.small_index import make_index

QUESTION = "From which value on should a student worry about VIF?"
ENCODER = FakeEncoder(max_tokens=100)


@pytest.fixture
def retriever(tmp_path: Path) -> Retriever:
    others = {
        f"{number:02d}.md": f"A student should worry about which value {number} has."
        for number in range(READ + NAMED)
    }
    notes = others | {
        "regression.md": "Multicollinearity: VIF above ten.",
        "day.md": "# Regression\n\nTen pages were read on the bus and none was understood.\n",
        "long.md": "# Plans\n\nRegression was read on the bus, ten pages, none was understood.\n",
    }
    return Retriever(make_index(tmp_path, notes, ENCODER), lambda: ENCODER)


@pytest.mark.parametrize("mode", [Mode.HYBRID, Mode.LEXICAL])
def test_a_name_is_found_among_many_passages_with_the_other_words(
    retriever: Retriever, mode: Mode
) -> None:
    (first,) = retriever.search(QUESTION, 1, mode=mode)
    assert first.chunk.path == "regression.md"


def test_a_heading_weighs_more_than_the_same_word_below_one(retriever: Retriever) -> None:
    found = retriever.search("regression", 3, mode=Mode.LEXICAL)
    words = {passage.chunk.path: passage.legs.words for passage in found}
    assert words["day.md"] > words["long.md"] > 0
