"""One open index serves all tabs."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Lock
from typing import Any

import numpy as np
import pytest

from rag import wire
from rag.config import Settings
from rag.encoders import Encoder
from rag.page.examples import choose_examples
from rag.page.models import keep_model
from rag.page.opening import Notes, open_notes
from rag.types import Filters, Mode
from rag.wire_index import open_index
from tests.index.contract.kinds import HAS_MILVUS
from tests.page.conftest import ingest, write_notes

QUESTIONS = [
    "What does a capacitor store on its plates?",
    "Ile wynosi współczynnik tarcia lodu o stal?",
    "Ce produce mitocondria?",
    "Onde nasce o rio Amazonas?",
]


def open_one(index: str) -> Notes:
    settings = Settings(index=index)
    opened = open_index(settings)
    return Notes(wire.make_answerer(opened, settings, lambda _: None), opened, [], Lock())


@pytest.fixture
def notes(index: Path) -> Notes:
    return open_one(str(index))


def test_tabs_that_ask_at_once_get_their_own_answers(notes: Notes) -> None:
    def ask(question: str) -> tuple[str, str]:
        pieces: list[str] = []
        answer = notes.ask(question, 3, Filters(), pieces.append)
        notes.count_behind()
        found = notes.search(question, 1, Filters(), Mode.HYBRID)
        assert found[0].chunk.path == answer.passages[0].chunk.path
        return answer.text, "".join(pieces).strip()

    alone = [ask(question) for question in QUESTIONS]
    with ThreadPoolExecutor(8) as pool:
        together = list(pool.map(ask, QUESTIONS * 5))
    assert together == alone * 5


def test_a_new_state_of_the_index_is_opened_and_the_model_is_kept(tmp_path: Path) -> None:
    write_notes(tmp_path / "vault")
    ingest(tmp_path / "vault", tmp_path / "index")
    settings = Settings(index=str(tmp_path / "index"))
    first = open_notes(settings)
    assert open_notes(settings) is first
    (tmp_path / "vault" / "new.md").write_text("A quokka lives on Rottnest Island.")
    ingest(tmp_path / "vault", tmp_path / "index")
    second = open_notes(settings)
    assert (first.info.notes, second.info.notes) == (5, 6)
    first.embed("x")

    def load_again() -> Encoder:
        raise AssertionError("the encoder was loaded twice")

    keep_model("encoder\nembedded\n\n", load_again)


def test_a_language_model_is_kept_under_its_name(index: Path) -> None:
    def keep(name: str, load: Callable[[], Any]) -> Any:
        return f"kept: {name}" if name.startswith("generator") else load()

    settings = Settings(index=str(index), llm="hf:some/model")
    answerer = wire.open_answerer(settings, lambda _: None, keep)
    assert str(answerer.generator) == "kept: generator\nhf:some/model\n0.0\n0"


def test_the_map_has_each_passage_and_places_a_question(notes: Notes) -> None:
    drawn = notes.map
    assert drawn is not None
    assert drawn.points.shape == (notes.info.chunks, 2)
    assert {chunk.path for chunk in drawn.chunks} == set(notes.paths)
    # What is asked in a passage's own words lies where the passage lies.
    x, y = drawn.place(notes.embed(drawn.chunks[0].indexed_text))
    assert drawn.points[0] == pytest.approx([x, y], abs=1e-3)


def test_drawing_a_page_does_not_wait_for_an_answer(notes: Notes) -> None:
    counts: list[int] = []
    notes.ask(QUESTIONS[0], 3, Filters(), lambda _: counts.append(notes.count_behind()))
    assert counts
    assert set(counts) == {0}
    assert notes.tags["physics/Capacitors.md"] == ("physics",)
    assert notes.info.notes == 5


def test_examples_for_the_notes_that_come_along() -> None:
    paths = ["courses/rl/Q-learning.md", "wyklady/05 Transformer – koszt i pamięć.md", "x.md"]
    assert choose_examples(paths, ["en"]) == [
        "Kto zaproponował MQA?",
        "What is the difference between Q-learning and SARSA?",
    ]


def test_examples_for_other_notes_are_made_of_their_titles() -> None:
    paths = ["2025-11-04.md", "a/01 Tarcie.md", "b/Energie.md", "c/Zebra [x](y).md", "d.md"]
    assert choose_examples(paths, ["pl", "xx", "en"]) == [
        "Co mówią moje notatki na temat „Tarcie”?",
        "What do my notes say about “Energie”?",
        "Co mówią moje notatki na temat „Zebra [x](y)”?",
    ]


def test_no_examples_without_titles() -> None:
    assert choose_examples(["2025-11-04.md"], []) == []


@pytest.mark.skipif(not HAS_MILVUS, reason="pymilvus and milvus-lite are not installed")
def test_an_index_on_milvus_shows_the_same(notes: Notes, tmp_path: Path) -> None:
    vault = tmp_path / "vault"
    write_notes(vault)
    address = f"milvus+{tmp_path}/server.db/notes"
    report = wire.ingest(
        Settings(vault=str(vault), index=address), rebuild=False, progress=lambda *_: None
    )
    assert report.notes == notes.info.notes
    other = open_one(address)
    assert (other.tags, other.paths, other.languages, other.passages) == (
        notes.tags,
        notes.paths,
        notes.languages,
        notes.passages,
    )
    assert other.map
    assert notes.map
    assert other.map.chunks == notes.map.chunks
    assert np.allclose(other.map.points, notes.map.points, atol=1e-3)
    assert other.count_behind() == 0
    (vault / "new.md").write_text("A quokka lives on Rottnest Island.")
    assert other.count_behind() == 1
