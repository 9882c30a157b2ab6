"""`rag search` with filters in the query, a reranker and `--explain`; the same query for `ask`."""

from pathlib import Path

import pytest

from tests.cli import shapes
from tests.cli.conftest import Rag
from tests.cli.vault import QUESTION
from tests.tiny_models import build_tiny_cross_encoder

WIDTH = 80


@pytest.fixture(scope="module")
def reranker(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A random cross-encoder."""
    return build_tiny_cross_encoder(tmp_path_factory.mktemp("reranker"))


@pytest.mark.parametrize(
    ("query", "paths"),
    [
        ("rzeka tag:geografia", {"Rzeki/Wisła.md"}),
        ("rzeka tag:#Biology", {"biology/Photosynthesis.md"}),
        ("tag:biology", {"biology/Photosynthesis.md"}),
        ("path:rzeki/", {"Rzeki/Wisła.md", "Rzeki/Dunărea.md"}),
        ("path:RZEKI/ -path:*dunarea*", {"Rzeki/Wisła.md"}),
        ("river lang:ro", {"Rzeki/Dunărea.md"}),
        ("„zatoki gdanskiej”", {"Rzeki/Wisła.md"}),
        ('path:Rzeki/ -"marea neagra"', {"Rzeki/Wisła.md"}),
        ("biology -chlorophyll -calvin path:biology", {"biology/Cells.md"}),
        ('"zatoki" lang:ro', set()),
        ("tag:nothing", set()),
    ],
)
def test_filters_in_the_query(rag: Rag, small_index: Path, query: str, paths: set[str]) -> None:
    result = rag("search", "--index", small_index, "--json", "--", query)
    found = result.json()
    assert result.code == 0
    assert found["query"] == query
    assert {item["path"] for item in found["results"]} == paths
    assert result.err.startswith("filters: ")


def test_the_query_narrows_what_the_options_allow(rag: Rag, small_index: Path) -> None:
    command = ["search", "--index", small_index, "--json", "--path", "biology/"]
    assert rag(*command, "river path:Rzeki/").json()["results"] == []
    found = rag(*command, "river lang:en", "--note-lang", "en", "--note-lang", "pl").json()
    assert {item["path"].partition("/")[0] for item in found["results"]} == {"biology"}


def test_only_filters_list_in_the_order_of_the_notes(rag: Rag, small_index: Path) -> None:
    result = rag("search", "--index", small_index, "-k", "100", "--", "-path:rzeki")
    places = [line.split(". ", 1)[1] for line in result.out.splitlines() if line[:1].isdigit()]
    assert len(places) == 3
    assert places == sorted(places)
    assert "[" not in places[0]


@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        (["x", "--tag", "geographia"], 'no note has the tag "geographia"; there is geografia'),
        (["x tag:plants"], 'no note has the tag "plants"; there is biology/plants'),
        (["x", "--path", "Wisla.md"], 'no note is at the path "Wisla.md"; there is Rzeki/Wisła.md'),
        (["x", "--note-lang", "polish"], 'no passage is in the language "polish"; there is en, pl'),
        (['"no such words"'], 'no passage holds the phrase "no such words"'),
    ],
)
def test_what_nothing_answers_to(
    rag: Rag, small_index: Path, arguments: list[str], line: str
) -> None:
    result = rag("search", "--index", small_index, *arguments)
    assert (result.code, result.out) == (0, "")
    lines = result.err.splitlines()
    assert any(found.startswith(line) for found in lines)
    assert lines[-1].startswith("nothing found")
    asked = rag("ask", "--index", small_index, *arguments)
    assert asked.code == 3
    assert line in asked.err


def test_a_question_with_filters(rag: Rag, small_index: Path) -> None:
    question = f"{QUESTION} tag:energy -mitochondria"
    answer = rag("ask", question, "--index", small_index, "--json").json()
    assert answer["question"] == question
    assert {passage["path"] for passage in answer["passages"]} == {"biology/Photosynthesis.md"}
    assert "absorbs red and blue light" in answer["answer"]
    assert rag("ask", f"{QUESTION} -tag:energy", "--index", small_index).code == 3


def test_a_question_whose_quote_stands_nowhere(rag: Rag, small_index: Path) -> None:
    result = rag("ask", "What does „chlorophyllum” chlorophyll absorb?", "--index", small_index)
    assert result.code == 0
    assert "red and blue light" in result.out
    assert "asked without the phrases that no passage holds" in result.err


def test_a_question_of_filters_alone(rag: Rag, small_index: Path) -> None:
    result = rag("ask", "tag:energy", "--index", small_index)
    assert (result.code, result.out) == (2, "")
    assert "ask something beside them" in result.err


def test_control_characters_in_a_filter_do_not_reach_the_terminal(
    rag: Rag, small_index: Path
) -> None:
    result = rag("search", "x", "--tag", "\x1b[31m\u202e", "--index", small_index)
    assert not set("\x1b\u202e") & set(result.err)


def test_explained(rag: Rag, small_index: Path) -> None:
    result = rag("search", f"{QUESTION} -mitochondria", "--explain", "--index", small_index)
    first, *lines = result.out.splitlines()
    # The lines up to the score, each a name and, if it is a part of the score, a number.
    end = next(place for place, line in enumerate(lines) if line.startswith("   fused"))
    words = [line.split() for line in lines[: end + 1]]
    *parts, fused = [float(word[1]) for word in words if word[1][0] in "+-"]
    assert {"dense", "grams"} <= {word[0] for word in words}
    assert sum(parts) == pytest.approx(fused, abs=0.01 * len(parts))
    assert first.endswith(f"[{fused:.2f}]")
    assert max(map(len, lines[: end + 1])) < WIDTH


def test_explained_for_programs(rag: Rag, small_index: Path) -> None:
    query = f"{QUESTION} tag:biology"
    found = rag(
        "search", query, "--explain", "--json", "--index", small_index, "--path", "biology"
    ).json()
    assert found["explain"] == {
        "words": QUESTION, "filters": "path:biology tag:biology", "mode": "hybrid"
    }  # fmt: skip
    for item in found["results"]:
        parts = item["explain"]["parts"]
        assert sum(parts.values()) == pytest.approx(item["score"], abs=1e-5)


def test_reranked(rag: Rag, small_index: Path, reranker: Path) -> None:
    command = ["search", QUESTION, "--index", small_index, "--json", "--explain", "-k", "100"]
    fused = rag(*command).json()["results"]
    result = rag(*command, "--rerank", reranker)
    assert result.err == ""
    found = result.json()
    shapes.assert_shape(found, shapes.SEARCH)
    changes = [item["explain"]["reranked"] for item in found["results"]]
    assert [item["score"] for item in found["results"]] == [change["score"] for change in changes]
    places = [change["fused_rank"] for change in changes]
    assert sorted(places) == list(range(1, len(fused) + 1))
    assert places != sorted(places)
    for item, place in zip(found["results"], places, strict=True):
        assert item["text"] == fused[place - 1]["text"]
    shown = rag(*command[:4], "--explain", "--rerank", reranker).out
    assert f"from place {places[0]}\n" in shown
    assert max(len(line) for line in shown.splitlines() if line.startswith("   dense")) < WIDTH


def test_reranked_answers(
    rag: Rag, small_index: Path, reranker: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RAG_RERANK", str(reranker))
    searched = rag("search", QUESTION, "--index", small_index, "--json").json()["results"]
    answer = rag("ask", QUESTION, "--index", small_index, "--json").json()
    assert answer["passages"] == searched


def test_a_reranker_that_there_is_not(rag: Rag, small_index: Path) -> None:
    for command in ("search", "ask"):
        result = rag(command, QUESTION, "--index", small_index, "--rerank", "./nowhere")
        assert (result.code, result.out) == (5, "")
        assert "or search without a reranker" in result.err


def test_help_has_the_language_of_queries(rag: Rag) -> None:
    out = rag("search", "--help").out
    assert all(
        part in out for part in ('"exact phrase"', "-word", "tag:ml", "path:2024/", "lang:pl")
    )
    assert max(map(len, out.splitlines())) <= WIDTH
