"""`rag eval`: saving, comparing and drafting."""

import json
import shutil
from pathlib import Path

import pytest
from PIL import Image

from tests.cli.command import ENVIRONMENT, run_process
from tests.cli.conftest import Rag
from tests.cli.vault import ANSWERED_BY, QUESTION

RIVER = "Rzeki/Wisła.md"


def write_questions(file: Path, *more: dict[str, object]) -> Path:
    lines: list[dict[str, object]] = [
        {
            "id": "one",
            "question": QUESTION,
            "lang": "en",
            "answerable": True,
            "answers": ["red and blue"],
            "relevant": [{"path": ANSWERED_BY, "quote": "absorbs red"}],
        },
        {
            "id": "two",
            "question": "How many kilometres is the Wisła long?",
            "lang": "en",
            "answerable": True,
            "answers": ["1047"],
            "relevant": [{"path": RIVER}],
        },
        *more,
    ]
    file.write_text("".join(f"{json.dumps(line)}\n" for line in lines), encoding="utf-8")
    return file


@pytest.fixture
def questions(empty_folder: Path) -> Path:
    return write_questions(empty_folder / "questions.jsonl")


def test_pairs_of_languages(rag: Rag, small_index: Path, questions: Path) -> None:
    found = rag("eval", questions, "--index", small_index, "--json").json()
    assert found["pairs"].keys() == {"across languages", "en > en", "en > pl"}
    assert found["pairs"]["en > pl"]["questions"] == 1
    assert found["lost"] == []
    printed = rag("eval", questions, "--index", small_index).out
    assert "\nen > pl " in printed
    assert "\nacross languages " in printed


def test_a_run_is_saved_drawn_and_compared_with(
    rag: Rag, small_index: Path, questions: Path
) -> None:
    base = ("eval", questions, "--index", small_index)
    result = rag(*base, "--output", "results/deep/run.json")
    assert "saved: results/deep/run.json" in result.err
    assert "drawn: results/deep/run.png" in result.err
    with Image.open("results/deep/run.png") as image:
        assert image.format == "PNG"
    saved = json.loads(Path("results/deep/run.json").read_text(encoding="utf-8"))
    assert saved["encoder"] == "embedded"
    assert saved["mode"] == "hybrid"
    assert (saved["report"]["all"]["questions"], len(saved["per_question"])) == (2, 2)
    assert sorted(file.name for file in Path("results/deep").iterdir()) == ["run.json", "run.png"]

    write_questions(questions, {"id": "3", "question": "x", "lang": "en", "answerable": False})
    found = rag(*base, "--against", "results/deep/run.json", "--json").json()["against"]
    assert (found["shared"], found["only_now"], found["only_before"]) == (2, 1, 0)
    assert found["file"] == "results/deep/run.json"
    assert found["languages"]["all"]["recall@1"]["difference"] == 0
    assert found["pairs"].keys() == {"across languages", "en > pl"}
    printed = rag(*base, "--against", "results/deep/run.json").out
    assert "2 questions in both, 1 only now, 0 only then" in printed
    assert "+0.000 [+0.000, +0.000]" in printed


def test_what_cannot_be_compared_with(rag: Rag, small_index: Path, questions: Path) -> None:
    base = ("eval", questions, "--index", small_index)
    for name in ("none.json", "questions.jsonl"):
        result = rag(*base, "--against", name)
        assert (result.code, result.out) == (1, "")
        assert f"{name!r}" in result.err
        assert "rag eval --output" in result.err
    rag(*base, "--output", "run.json")
    line = {"id": "4", "question": "x", "lang": "en", "answerable": False}
    questions.write_text(json.dumps(line))
    result = rag(*base, "--against", "run.json")
    assert (result.code, result.out) == (1, "")
    assert "shares no question" in result.err


def test_output_is_checked_before_the_work(rag: Rag, small_index: Path, questions: Path) -> None:
    content = questions.read_bytes()
    base = ("eval", questions, "--index", small_index)
    Path("file").touch()
    for name, problem in (
        (questions, "write over the questions"),
        ("run.txt", "does not end in .json"),
        ("file/run.json", "cannot be written"),
    ):
        result = rag(*base, "--output", name)
        assert (result.code, problem in result.err) == (2, True), result
    assert questions.read_bytes() == content
    assert sorted(file.name for file in Path().iterdir()) == ["file", "questions.jsonl"]


def test_an_earlier_run_stays_until_the_new_one_is_whole(
    rag: Rag, index: Path, questions: Path
) -> None:
    Path("run.json").write_text("earlier")
    shutil.rmtree(index)
    assert rag("eval", questions, "--index", index, "--output", "run.json").code == 4
    assert Path("run.json").read_text() == "earlier"


def test_questions_that_nothing_can_answer_are_named(
    rag: Rag, small_index: Path, questions: Path
) -> None:
    place = {"path": ANSWERED_BY, "quote": "absorbs yellow"}
    wrong = {"id": "no quote", "question": "x", "lang": "en", "answerable": True}
    write_questions(questions, wrong | {"answers": ["y"], "relevant": [place]})
    result = rag("eval", questions, "--index", small_index, "--json")
    assert "1 question (no quote) name a note or a quote" in result.err
    assert result.json()["lost"] == ["no quote"]


def test_without_matplotlib_all_is_there_but_the_picture(
    small_index: Path, questions: Path, tmp_path: Path
) -> None:
    # A package of that name that says that it is not there, before the real one on the path.
    hidden = tmp_path / "hidden" / "matplotlib"
    hidden.mkdir(parents=True)
    code = "raise ModuleNotFoundError('No module named matplotlib', name='matplotlib')"
    (hidden / "__init__.py").write_text(code)
    path = f"{hidden.parent}:{ENVIRONMENT['PYTHONPATH']}"
    result = run_process(
        *("eval", str(questions), "--index", str(small_index), "--output", "run.json"),
        folder=questions.parent,
        environment=ENVIRONMENT | {"PYTHONPATH": path},
    )
    assert result.code == 0
    assert "a picture needs matplotlib; run: pip install matplotlib" in result.err
    assert (questions.parent / "run.json").exists()
    assert not (questions.parent / "run.png").exists()


def test_drafts_can_be_measured(rag: Rag, small_index: Path) -> None:
    result = rag("eval", "--make", "drafts.jsonl", "--index", small_index)
    assert (result.code, result.out) == (0, "")
    assert "rag eval drafts.jsonl" in result.err
    lines = Path("drafts.jsonl").read_text(encoding="utf-8").splitlines()
    drafts = [json.loads(line) for line in lines]
    assert {line["lang"] for line in drafts} >= {"en", "pl", "ro"}
    assert any("Etanol" in line["question"] for line in drafts)
    found = rag("eval", "drafts.jsonl", "--index", small_index, "--json").json()
    assert found["report"]["all"]["questions"] == len(drafts)
    assert found["report"]["all"]["recall@10"] == 1
    assert found["lost"] == []


def test_drafts_never_replace_a_file(rag: Rag, small_index: Path) -> None:
    Path("mine.jsonl").write_text("mine")
    for name, problem in (("mine.jsonl", "exists"), (".", "exists"), ("no/x", "cannot be written")):
        result = rag("eval", "--make", name, "--index", small_index)
        assert (result.code, problem in result.err) == (2, True), result
    assert Path("mine.jsonl").read_text() == "mine"


def test_as_many_drafts_as_asked_for(rag: Rag, small_index: Path) -> None:
    found = rag("eval", "--make", "x.jsonl", "--count", 2, "--index", small_index, "--json").json()
    assert (found["file"], found["drafted"], found["notes"]) == ("x.jsonl", 2, 2)
    assert len(Path("x.jsonl").read_text(encoding="utf-8").splitlines()) == 2


@pytest.mark.parametrize(
    "more", [["q.jsonl"], ["--answers"], ["--details", "x"], ["--output", "x.json"]]
)
def test_drafting_measures_nothing(rag: Rag, small_index: Path, more: list[str]) -> None:
    result = rag("eval", *more, "--make", "drafts.jsonl", "--index", small_index)
    assert (result.code, "give it alone" in result.err) == (2, True)
    assert not Path("drafts.jsonl").exists()


def test_nothing_to_draft_from(rag: Rag, empty_folder: Path) -> None:
    (empty_folder / "vault").mkdir()
    (empty_folder / "vault" / "a.md").write_text("it is what it was\n")
    assert rag("ingest", "vault", "--index", "ix").code == 0
    result = rag("eval", "--make", "drafts.jsonl", "--index", "ix")
    assert (result.code, "hold no heading" in result.err) == (1, True)
    assert not Path("drafts.jsonl").exists()


def test_drafts_need_a_known_llm(rag: Rag, small_index: Path) -> None:
    result = rag("eval", "--make", "x.jsonl", "--llm", "gpt", "--index", small_index)
    assert (result.code, "no such LLM: 'gpt'" in result.err) == (2, True)
    assert not Path("x.jsonl").exists()
