"""Whole runs over a small index that is really ingested, with the fake encoder."""

import json

import pytest

from rag.answers.answer import Answerer
from rag.evaluation.places import Places, survey
from rag.evaluation.questions import Question, Relevant
from rag.evaluation.report import report
from rag.evaluation.run import Outcome, details_line, evaluate
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
    return list(evaluate(QUESTIONS, retriever, answerer, places=survey(QUESTIONS, retriever.index)))


def test_each_question_has_its_outcome(outcomes: list[Outcome]) -> None:
    assert [outcome.question.id for outcome in outcomes] == ["whale", "bee", "moon"]
    assert [outcome.ranks for outcome in outcomes] == [(1,), (1,), ()]


def test_the_report_has_a_row_a_language(outcomes: list[Outcome]) -> None:
    figures = report(outcomes).languages
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
    outcomes = list(
        evaluate(
            QUESTIONS,
            retriever,
            None,
            places=Places({"bees.md": "en"}, ()),
            mode=mode,
            on_done=done.append,
        )
    )
    assert outcomes[1].passages[0].chunk.path == "bees.md"
    assert outcomes[1].answer is None
    assert json.loads(details_line(outcomes[1]))["answer"] is None
    assert "answer_recall" not in report(outcomes).languages["all"]
    assert [outcome.pair for outcome in outcomes] == [None, "en > en", None]
    assert done == [3]


def place(name: str, *relevant: Relevant) -> Question:
    return Question(name, "?", "pl", answerable=True, answers=("x",), relevant=relevant)


def test_places_that_no_passage_holds(retriever: Retriever) -> None:
    questions = [
        place("there", Relevant("bees.md", "2000 eggs")),
        place("one of two", Relevant("gone.md", None), Relevant("bees.md", None)),
        place("no such quote", Relevant("bees.md", "3000 eggs")),
        place("no such note", Relevant("gone.md", None)),
        QUESTIONS[2],  # that nothing answers it is known
    ]
    places = survey(questions, retriever.index)
    assert places.lost == ("no such quote", "no such note")
    found = [places.language_of(question) for question in questions]
    assert found == ["en", "en", "en", None, None]


def test_language_to_find_an_answer_in() -> None:
    places = Places({"a.md": "en", "b.md": "ro", "c.md": "ro", "d.md": "pl"}, ())

    def language(*paths: str) -> str | None:
        return places.language_of(place("q", *(Relevant(path, None) for path in paths)))

    assert language("a.md", "b.md", "d.md") == "pl"  # it need not be found in another
    assert language("a.md", "b.md", "c.md") == "ro"
    assert language("x.md") is None
