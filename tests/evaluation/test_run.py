"""Whole runs over a small index that is really ingested, with the fake encoder."""

import json

import pytest

from rag.answers.answer import Answerer
from rag.evaluation.questions import Question, Relevant
from rag.evaluation.run import Outcome, details_line, evaluate, report
from rag.generators.extractive import ExtractiveGenerator
from rag.index.local import LocalIndex
from rag.index.update import Workshop, ingest
from rag.notes.chunking import chunk_document
from rag.notes.markdown import parse
from rag.retrieval.search import Retriever
from rag.types import Mode
from tests.fake_encoder import FakeEncoder

NOTES = {
    "whales.md": "# Whales\n\nThe blue whale weighs about 150 tonnes and eats krill.\n",
    "bees.md": "# Bees\n\nA queen bee lays up to 2000 eggs in one day of spring.\n",
    "rust.md": "# Rust\n\nIron rusts when water and oxygen meet it for a while.\n",
}
QUESTIONS = [
    Question(
        "whale",
        "How heavy is the blue whale in tonnes?",
        "en",
        answerable=True,
        answers=("150 tonnes",),
        relevant=(Relevant("whales.md", "150 tonnes"),),
    ),
    Question(
        "bee",
        "How many eggs does a queen bee lay in one day?",
        "en",
        answerable=True,
        answers=("2000 eggs",),
        relevant=(Relevant("bees.md", None),),
    ),
    Question("moon", "Kto stał na Księżycu?", "pl", answerable=False, answers=(), relevant=()),
]


@pytest.fixture(scope="module")
def retriever(tmp_path_factory: pytest.TempPathFactory) -> Retriever:
    folder = tmp_path_factory.mktemp("run")
    vault = folder / "vault"
    vault.mkdir()
    for name, text in NOTES.items():
        (vault / name).write_text(text, encoding="utf-8")
    encoder = FakeEncoder(dimension=64)

    def open_workshop() -> Workshop:
        return Workshop(
            encoder,
            lambda note: (
                document := parse(note),
                chunk_document(document, encoder.count_tokens, encoder.max_tokens),
            ),
        )

    ingest(vault, folder / "index", "fake", open_workshop)
    return Retriever(LocalIndex.open(folder / "index"), lambda: encoder)


@pytest.fixture(scope="module")
def outcomes(retriever: Retriever) -> list[Outcome]:
    answerer = Answerer(retriever, lambda: ExtractiveGenerator(retriever.encoder), lambda: 0)
    return list(evaluate(QUESTIONS, retriever, answerer))


def test_each_question_has_its_outcome(outcomes: list[Outcome]) -> None:
    assert [outcome.question.id for outcome in outcomes] == ["whale", "bee", "moon"]
    assert [outcome.ranks for outcome in outcomes] == [(1,), (1,), ()]


def test_the_report_has_a_row_a_language(outcomes: list[Outcome]) -> None:
    figures = report(outcomes)
    assert sorted(figures) == ["all", "en", "pl"]
    assert figures["all"]["questions"] == 3
    assert figures["all"]["recall@1"] == 1  # of the two that have a relevant place
    assert figures["en"]["answer_recall"] == 1
    assert figures["en"]["citation_precision"] == 1
    assert figures["pl"]["false_answers"] == 0
    assert figures["en"]["false_refusals"] == 0


def test_details_are_as_the_contract_has_them(outcomes: list[Outcome]) -> None:
    details = json.loads(details_line(outcomes[0]))
    assert set(details) == {
        *("id", "ranked", "abstained", "confidence", "answer", "citations", "ms"),
    }
    first = details["ranked"][0]
    assert (first["path"], first["start_line"], first["end_line"]) == ("whales.md", 1, 3)
    assert details["citations"][0]["quote"] in NOTES["whales.md"]
    assert details["citations"][0]["status"] == "verified"


@pytest.mark.parametrize("mode", list(Mode))
def test_retrieval_alone_in_every_mode(retriever: Retriever, mode: Mode) -> None:
    done: list[int] = []
    outcomes = list(evaluate(QUESTIONS, retriever, None, mode=mode, on_done=done.append))
    assert outcomes[1].passages[0].chunk.path == "bees.md"
    assert outcomes[1].answer is None
    assert json.loads(details_line(outcomes[1]))["answer"] is None
    assert "answer_recall" not in report(outcomes)["all"]
    assert done == [3]
