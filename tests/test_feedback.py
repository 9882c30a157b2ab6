"""What readers thought is kept beside the index, for its owner's eyes, and written out whole."""

import json
import os
import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from rag.cli.commands import run
from rag.errors import RagError
from rag.feedback import DOWN, UP, Feedback, Verdict
from tests.answered import make_answer, make_citation


@pytest.fixture
def index(tmp_path: Path) -> Path:
    return tmp_path / "index"


def test_a_verdict_is_written_out_with_its_answer(index: Path) -> None:
    feedback = Feedback(index, None)
    answer = make_answer("It does [1]. Ünï \ud800", (make_citation(1),))
    feedback.put("a1", answer, Verdict(DOWN, (1, 2)))
    [line] = feedback.export()
    assert line["schema"] == 1
    assert (line["id"], line["verdict"], line["wrong_citations"]) == ("a1", "down", [1, 2])
    assert (line["question"], line["answer"]) == ("Why?", "It does [1]. Ünï ?")
    assert [passage["path"] for passage in line["passages"]] == ["a.md", "b.md"]
    assert line["passages"][0]["text"] == "One line.\n\nThe *quoted* line.\n\nAnother line."
    assert line["citations"][0]["status"] == "verified"
    assert line["generator"] == {"kind": "transformers", "model": "some/model"}
    json.dumps(line, allow_nan=False)


def test_the_last_verdict_counts_and_can_be_taken_back(index: Path) -> None:
    feedback = Feedback(index, None)
    feedback.put("a1", make_answer(), Verdict(DOWN))
    feedback.put("a1", make_answer(), Verdict(UP))
    feedback.put("a2", make_answer(), Verdict(wrong_citations=(1,)))
    assert [(row["id"], row["verdict"]) for row in feedback.export()] == [
        ("a1", "up"),
        ("a2", None),
    ]
    feedback.put("a1", make_answer(), Verdict())
    assert [row["id"] for row in feedback.export()] == ["a2"]


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such rights")
def test_only_the_owner_may_read_it(index: Path) -> None:
    feedback = Feedback(index, None)
    feedback.put("a1", make_answer(), Verdict(UP))
    assert stat.S_IMODE(feedback.file.stat().st_mode) == 0o600


def test_reading_makes_no_file(index: Path) -> None:
    feedback = Feedback(index, None)
    assert list(feedback.export()) == []
    assert not feedback.file.exists()


def test_it_survives_an_ingest_and_the_check_does_not_see_it(
    small_vault: Path, index: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    place = ["--index", str(index)]
    assert run(["ingest", str(small_vault), *place, "--quiet"]) == 0
    Feedback(index, small_vault).put("a1", make_answer(), Verdict(UP))
    assert run(["ingest", str(small_vault), *place, "--quiet", "--rebuild"]) == 0
    assert run(["check", *place]) == 0
    capsys.readouterr()
    assert run(["feedback", "export", *place]) == 0
    [line] = capsys.readouterr().out.splitlines()
    assert json.loads(line)["id"] == "a1"


def test_nothing_is_written_in_the_vault(tmp_path: Path) -> None:
    with pytest.raises(RagError, match="lies in the vault"):
        Feedback(tmp_path / "vault" / ".index", tmp_path / "vault")
    Feedback(tmp_path / "vault-index", tmp_path / "vault")


def test_a_damaged_file_is_one_line(index: Path) -> None:
    feedback = Feedback(index, None)
    feedback.file.write_bytes(b"not a database, but long enough to look at it" * 40)
    with pytest.raises(RagError, match="move that file away"):
        list(feedback.export())


def test_no_link_is_followed(index: Path, tmp_path: Path) -> None:
    (tmp_path / "other").touch()
    feedback = Feedback(index, None)
    feedback.file.symlink_to(tmp_path / "other")
    with pytest.raises(RagError):
        feedback.put("a1", make_answer(), Verdict(UP))
    assert (tmp_path / "other").read_bytes() == b""


def test_tabs_may_judge_at_once(index: Path) -> None:
    feedback = Feedback(index, None)
    with ThreadPoolExecutor(8) as pool:
        for done in [
            pool.submit(feedback.put, f"a{number}", make_answer(), Verdict(UP))
            for number in range(40)
        ]:
            done.result()
    assert len(list(feedback.export())) == 40


def test_an_export_without_verdicts_says_so(
    index: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["feedback", "export", "--index", str(index)]) == 0
    captured = capsys.readouterr()
    assert captured.out == ""
    assert "no verdicts yet" in captured.err
