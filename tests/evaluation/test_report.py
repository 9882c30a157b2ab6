"""Figures of whole runs, from outcomes made by hand."""

import json

import pytest

from rag.evaluation.questions import Question, Relevant
from rag.evaluation.report import Report, holds_answer, report
from rag.evaluation.run import Outcome, details_line
from rag.types import Answer, Chunk, Citation, CitationStatus, Legs, Passage

VERIFIED, STALE = CitationStatus.VERIFIED, CitationStatus.STALE


def make_outcome(
    name: str,
    *,
    language: str = "en",
    ranks: tuple[int, ...] = (),
    known: tuple[str, ...] = (),
    said: str | None = None,
    statuses: tuple[CitationStatus, ...] = (),
    milliseconds: float = 1.0,
    note_language: str | None = None,
) -> Outcome:
    """Make an outcome; without known answers none is right, without words the tool abstained."""
    question = Question(
        name, "?", language, bool(known), known, tuple(Relevant("a.md", None) for _ in ranks)
    )
    chunk = Chunk("a.md", "A", ("One", "Two"), 3, 4, "words", "words", (), language)
    passage = Passage(chunk, 1, 1.23456789, Legs(0.5, 1, 1, 1))
    citations = tuple(
        Citation(number, "a.md", ("One",), 3, 3, "wörds", status)
        for number, status in enumerate(statuses, start=1)
    )
    answer = Answer(
        question="?",
        language=language,
        text=said or "Your notes do not answer this question.",
        abstained=said is None,
        confidence=0.123456789,
        citations=citations,
        passages=(passage,),
        generator_kind="scripted",
        generator_model="script",
        behind=0,
    )
    return Outcome(question, (passage,), ranks, milliseconds, answer, note_language)


OUTCOMES = [
    make_outcome(
        "right",
        ranks=(1,),
        known=("150 tonnes", "150 t"),
        said="About 150\n TONNES [1].",
        statuses=(VERIFIED, VERIFIED),
        milliseconds=10,
    ),
    make_outcome(
        "wrong",
        ranks=(0, 4),
        known=("bees",),
        said="Whales [1]",
        statuses=(STALE,),
        milliseconds=40,
    ),
    make_outcome("refused", ranks=(0,), known=("iron",), milliseconds=20),
    make_outcome("rightly refused", language="pl", milliseconds=30),
    make_outcome("made up", language="pl", said="Tak [1].", statuses=(VERIFIED,), milliseconds=50),
]


def test_figures_over_all() -> None:
    figures = report(OUTCOMES).languages["all"]
    assert figures == {
        "questions": 5,
        # Of the three that have a relevant place, found at 1, at 4 and nowhere.
        "recall@1": pytest.approx(1 / 3, abs=1e-6),
        "recall@5": pytest.approx(2 / 3, abs=1e-6),
        "recall@10": pytest.approx(2 / 3, abs=1e-6),
        "mrr": pytest.approx((1 + 1 / 4) / 3, abs=1e-6),
        # Of the second question: 1 / log2(5) of at best 1 + 1 / log2(3).
        "ndcg@10": pytest.approx((1 + 0.430677 / 1.630930) / 3, abs=1e-5),
        "p50_ms": 30,
        "p95_ms": 50,
        "answer_recall": pytest.approx(1 / 3, abs=1e-6),
        "citation_precision": 0.75,
        "false_answers": 0.5,
        "false_refusals": pytest.approx(1 / 3, abs=1e-6),
        # `About 150 TONNES [1].` has four, `Whales [1]` two.
        "words": 3,
    }


def test_figures_by_language() -> None:
    figures = report(OUTCOMES).languages
    assert list(figures) == ["all", "en", "pl"]
    assert figures["en"]["false_answers"] == 0
    assert figures["pl"]["questions"] == 2
    assert figures["pl"]["recall@1"] == 0
    assert figures["pl"]["false_answers"] == 0.5
    assert figures["pl"]["p95_ms"] == 50


def test_no_outcomes_no_figures() -> None:
    assert report([]) == Report({}, {})


def test_figures_by_pair_of_languages() -> None:
    outcomes = [
        make_outcome("a", language="ro", note_language="pl", ranks=(1,), known=("x",)),
        make_outcome("b", language="ro", note_language="ro", ranks=(0,), known=("x",)),
        make_outcome("c", language="en", note_language="ro", ranks=(2,), known=("x",)),
        make_outcome("d", language="en", note_language="ro", ranks=(1,), known=("x",)),
        # A note that is not in the index has no language, and a question without one no pair.
        make_outcome("e", language="en", ranks=(0,), known=("x",)),
        make_outcome("f", language="en"),
    ]
    pairs = report(outcomes).pairs
    assert list(pairs) == ["across languages", "en > ro", "ro > pl", "ro > ro"]
    assert pairs["across languages"]["questions"] == 3
    assert pairs["across languages"]["recall@1"] == pytest.approx(2 / 3, abs=1e-6)
    assert pairs["en > ro"]["mrr"] == 0.75
    assert pairs["ro > ro"]["recall@10"] == 0


@pytest.mark.parametrize(
    ("known", "said", "expected"),
    [
        (("trei",), "Are TREI porți.", True),
        (("trei porți",), "are trei\n  porti", True),
        (("w łodzi",), "W Lodzi [1].", True),
        (("15", "łódź"), "W 2015 r. [2]", False),
        (("1",), "Nothing of that [1].", False),
        (("1",), "It starts at 1 [1].", True),
        (("0,5",), "0,55 or 10,5", False),
        (("0,5", ""), "about 0,5.", True),
        (("trei",), None, False),
        (("notes",), None, False),  # a refusal is no answer, whatever words it has
    ],
)
def test_an_answer_holds_a_known_one(
    known: tuple[str, ...],
    said: str | None,
    expected: bool,  # noqa: FBT001
) -> None:
    assert holds_answer(make_outcome("q", known=known, said=said)) == expected


def test_details() -> None:
    line = details_line(OUTCOMES[1])
    assert "\n" not in line
    assert "wörds" in line
    assert json.loads(line) == {
        "id": "wrong",
        "ranked": [{"path": "a.md", "start_line": 3, "end_line": 4, "score": 1.234568}],
        "abstained": False,
        "confidence": 0.123457,
        "answer": "Whales [1]",
        "citations": [
            {
                "number": 1,
                "path": "a.md",
                "start_line": 3,
                "end_line": 3,
                "quote": "wörds",
                "status": "stale",
            }
        ],
        "ms": 40.0,
    }
