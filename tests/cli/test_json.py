"""`--json` of each command: one strict object with the keys of the contract, nothing else."""

import json
from pathlib import Path

import pytest

from tests.cli import shapes
from tests.cli.conftest import Rag
from tests.cli.vault import ANSWERED_BY, NOTES, QUESTION, UNANSWERED


def test_ingest(rag: Rag, vault: Path, small_index: Path) -> None:
    (vault / "empty.md").write_text("")
    (vault / "biology/Odd.md").write_text("---\ntags: [a\n---\nA vacuole stores water.\n")
    first = rag("ingest", vault, "--index", "ix", "--json").json()
    shapes.assert_shape(first, shapes.INGEST)
    count = len(NOTES) + 1
    assert (first["notes"], first["added"], first["index"]) == (count, count, "ix")
    assert (first["changed"], first["removed"], first["unchanged"]) == (0, 0, 0)
    assert first["embedded"] == first["chunks"] >= count
    assert [item["path"] for item in first["skipped"]] == ["empty.md"]
    (notice,) = first["notices"]
    assert notice["path"] == "biology/Odd.md"
    assert "not valid YAML at line" in notice["problem"]

    (vault / "biology/Cells.md").write_text("# Cells\n\nA nucleus holds the chromosomes.\n")
    (vault / "Química/Água.md").unlink()
    (vault / "biology/Leaf.md").write_text("# Leaf\n\nStomata let carbon dioxide in.\n")
    second = rag("ingest", vault, "--index", "ix", "--json").json()
    counts = [second[key] for key in ("notes", "added", "changed", "removed", "unchanged")]
    assert counts == [count, 1, 1, 1, count - 2]
    assert second["embedded"] == 2
    assert second["notices"] == first["notices"]
    assert rag("status", "--index", "ix", "--json").json()["notices"] == first["notices"]


def test_ingest_without_changes(rag: Rag, small_vault: Path, index: Path) -> None:
    report = rag("ingest", small_vault, "--index", index, "--json").json()
    shapes.assert_shape(report, shapes.INGEST)
    assert report["unchanged"] == report["notes"] == len(NOTES)
    assert (report["embedded"], report["reused"]) == (0, report["chunks"])


@pytest.mark.parametrize("mode", ["hybrid", "dense", "lexical"])
def test_search(rag: Rag, small_index: Path, mode: str) -> None:
    found = rag("search", QUESTION, "--index", small_index, "--json", "--mode", mode).json()
    shapes.assert_shape(found, shapes.SEARCH)
    assert (found["query"], found["language"]) == (QUESTION, "en")
    best = found["results"][0]
    assert (best["rank"], best["path"]) == (1, ANSWERED_BY)
    assert best["headings"] == ["Photosynthesis"]
    assert best["tags"] == ["biology/plants", "energy"]
    note = NOTES[ANSWERED_BY].split("\n")
    assert best["text"] == "\n".join(note[best["start_line"] - 1 : best["end_line"]])
    scores = [result["score"] for result in found["results"]]
    assert scores == sorted(scores, reverse=True)


def test_search_explained(rag: Rag, small_index: Path) -> None:
    found = rag("search", QUESTION, "--index", small_index, "--json", "--explain").json()
    legs = {"dense": float, "lexical": float, "dense_z": float, "lexical_z": float}
    shapes.assert_shape(found["results"], [shapes.RESULT | {"explain": legs}])


def test_search_gives_k_results(rag: Rag, small_index: Path) -> None:
    found = rag("search", QUESTION, "--index", small_index, "--json", "-k", "2").json()
    assert [result["rank"] for result in found["results"]] == [1, 2]


@pytest.mark.parametrize(
    ("filters", "folder"),
    [
        (["--tag", "geografia"], "Rzeki/Wisła.md"),
        (["--tag", "BIOLOGY"], "biology/Photosynthesis.md"),
        (["--path", "Química"], "Química/Água.md"),
        (["--note-lang", "RO"], "Rzeki/Dunărea.md"),
        (["--note-lang", "pl", "--note-lang", "ro", "--path", "Rzeki/*"], "Rzeki/"),
        (["--tag", "no-such-tag"], None),
    ],
)
def test_filters(rag: Rag, small_index: Path, filters: list[str], folder: str | None) -> None:
    found = rag("search", "rzeka", "--index", small_index, "--json", *filters).json()
    paths = {result["path"] for result in found["results"]}
    assert bool(paths) == bool(folder)
    assert all(path.startswith(folder or "") for path in paths)


def test_ask(rag: Rag, small_index: Path) -> None:
    result = rag("ask", QUESTION, "--index", small_index, "--json")
    answer = result.json()
    shapes.assert_shape(answer, shapes.ASK)
    assert result.code == 0
    assert answer["abstained"] is False
    assert 0 <= answer["confidence"] <= 1
    assert "absorbs red and blue light" in answer["answer"]
    assert answer["generator"]["kind"] == "extractive"
    assert answer["behind"] == 0
    assert all(type(value) is float for value in answer["timings_ms"].values())
    lines = NOTES[ANSWERED_BY].split("\n")
    citation = answer["citations"][0]
    assert (citation["path"], citation["status"]) == (ANSWERED_BY, "verified")
    assert citation["quote"] in "\n".join(lines[citation["start_line"] - 1 : citation["end_line"]])


def test_ask_what_the_notes_do_not_answer(rag: Rag, small_index: Path) -> None:
    result = rag("ask", UNANSWERED, "--index", small_index, "--json")
    answer = result.json()
    shapes.assert_shape(answer, shapes.ASK)
    assert result.code == 3
    assert (answer["abstained"], answer["citations"]) == (True, [])


def test_ask_in_a_language(rag: Rag, small_index: Path) -> None:
    result = rag("ask", UNANSWERED, "--index", small_index, "--json", "--lang", "PL")
    assert result.json()["language"] == "pl"
    assert result.json()["answer"].startswith("Twoje notatki")


def test_status(rag: Rag, small_vault: Path, small_index: Path) -> None:
    status = rag("status", "--index", small_index, "--json").json()
    shapes.assert_shape(status, shapes.STATUS)
    assert (status["notes"], status["behind"]) == (len(NOTES), 0)
    assert status["languages"] == {"en": 2, "pl": 1, "ro": 1, "pt": 1}
    assert status["encoder"] == {"name": "embedded", "dimension": 384}
    assert status["vault"] == str(small_vault.resolve())
    files = [file for file in small_index.rglob("*") if file.is_file()]
    assert status["bytes"] == sum(file.stat().st_size for file in files)


def test_status_counts_what_changed_since(rag: Rag, vault: Path) -> None:
    (vault / "bad.md").write_bytes(b"\xff\xfe\xfa")
    rag("ingest", vault, "--index", "ix")
    (vault / "biology/Cells.md").write_text("Other words.")
    (vault / "biology/New.md").write_text("New words.")
    (vault / "Rzeki/Wisła.md").unlink()
    status = rag("status", "--index", "ix", "--json").json()
    assert status["behind"] == 3
    assert [item["path"] for item in status["skipped"]] == ["bad.md"]
    assert rag("ask", QUESTION, "--index", "ix", "--json").json()["behind"] == 3


def test_check(rag: Rag, small_index: Path) -> None:
    checked = rag("check", "--index", small_index, "--json").json()
    shapes.assert_shape(checked, shapes.CHECK)
    assert checked == {"schema": 1, "ok": True, "problems": []}


def test_eval(rag: Rag, small_index: Path, tmp_path: Path) -> None:
    questions = tmp_path / "questions.jsonl"
    questions.write_text(
        json.dumps(
            {
                "id": "one",
                "question": QUESTION,
                "lang": "en",
                "answerable": True,
                "answers": ["red and blue"],
                "relevant": [{"path": ANSWERED_BY, "quote": "absorbs red"}],
            }
        )
        + "\n"
        + json.dumps({"id": "two", "question": UNANSWERED, "lang": "en", "answerable": False})
        + "\n"
    )
    details = tmp_path / "details.jsonl"
    command = ["eval", questions, "--index", small_index, "--json", "--details", details]
    report = rag(*command, "--answers").json()
    figures = report["report"]["all"]
    assert report["report"].keys() == {"all", "en"}
    assert (figures["questions"], figures["recall@1"], figures["answer_recall"]) == (2, 1, 1)
    assert (figures["false_answers"], figures["false_refusals"]) == (0, 0)
    lines = [json.loads(line) for line in details.read_text(encoding="utf-8").splitlines()]
    assert [line["id"] for line in lines] == ["one", "two"]
    ranked = {"path": str, "start_line": int, "end_line": int, "score": float}
    shape = {"ranked": [ranked], "abstained": bool, "answer": str, "citations": [{}], "ms": float}
    for line in lines:
        shapes.assert_shape(line, shape)
    assert [line["abstained"] for line in lines] == [False, True]
