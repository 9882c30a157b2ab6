"""One open index serves all tabs."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from rag import wire
from rag.config import Settings
from rag.page.examples import choose_examples
from rag.page.opening import Notes
from rag.types import Filters

QUESTIONS = [
    "What does a capacitor store on its plates?",
    "Ile wynosi współczynnik tarcia lodu o stal?",
    "Ce produce mitocondria?",
    "Onde nasce o rio Amazonas?",
]


@pytest.fixture
def notes(index: Path) -> Notes:
    return Notes(wire.open_answerer(Settings(index=str(index)), lambda _: None), index, [])


def test_tabs_that_ask_at_once_get_their_own_answers(notes: Notes) -> None:
    def ask(question: str) -> tuple[str, str]:
        pieces: list[str] = []
        answer = notes.ask(question, 3, Filters(), pieces.append)
        notes.count_behind()
        return answer.text, "".join(pieces).strip()

    alone = [ask(question) for question in QUESTIONS]
    with ThreadPoolExecutor(8) as pool:
        together = list(pool.map(ask, QUESTIONS * 5))
    assert together == alone * 5


def test_drawing_a_page_does_not_wait_for_an_answer(notes: Notes) -> None:
    counts: list[int] = []
    notes.ask(QUESTIONS[0], 3, Filters(), lambda _: counts.append(notes.count_behind()))
    assert counts
    assert set(counts) == {0}
    assert "physics" in notes.tags
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
