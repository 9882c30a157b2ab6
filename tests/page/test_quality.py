"""Saved evaluations are read, whatever else lies beside them."""

import json
from pathlib import Path

from rag.page.quality import read_runs

REPORT = {"all": {"recall@1": 0.8, "questions": 2.0}, "pl": {"recall@1": 0.5}}


def write(folder: Path, name: str, content: object) -> None:
    folder.mkdir(exist_ok=True)
    (folder / name).write_text(json.dumps(content), encoding="utf-8")


def test_the_latest_stands_first(tmp_path: Path) -> None:
    write(tmp_path, "a.json", {"date": "2026-01-01", "mode": "hybrid", "report": REPORT})
    write(tmp_path, "b.json", {"date": "2026-02-01", "mode": "dense", "report": REPORT})
    runs = read_runs(tmp_path)
    assert [run.name for run in runs] == ["b.json", "a.json"]
    assert (runs[0].date, runs[0].about) == ("2026-02-01", "dense")
    assert runs[0].report == REPORT


def test_what_is_no_run_is_passed_over(tmp_path: Path) -> None:
    (tmp_path / "broken.json").write_text("{")
    (tmp_path / "deep.json").write_text("[" * 100_000)
    (tmp_path / "folder.json").mkdir()
    write(tmp_path, "list.json", [1])
    write(tmp_path, "other.json", {"report": "x"})
    write(tmp_path, "odd.json", {"report": {"all": {"recall@1": "x", "mrr": 1}, "pl": 3}})
    [run] = read_runs(tmp_path)
    assert run.report == {"all": {"mrr": 1.0}}
    assert read_runs(tmp_path / "none") == []
