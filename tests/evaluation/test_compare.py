"""Comparing runs: intervals, matching, what is saved and read again."""

import json
import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from scipy.stats import binomtest, bootstrap

from rag.errors import BadRun
from rag.evaluation.compare import compare, match
from rag.evaluation.intervals import bootstrap_interval, wilson_interval
from rag.evaluation.report import Report, Scored
from rag.evaluation.saved import About, as_object, read_run, write_run

ABOUT = About(
    questions="q.jsonl",
    mode="hybrid",
    llm="",
    k=5,
    date="2026-01-02T03:04:05+00:00",
    version="0.1.0",
    encoder="embedded",
    fingerprint="abc",
    notes=3,
    chunks=7,
)


def make_scored(name: str, first: float, *, language: str = "en", pair: str = "en > en") -> Scored:
    """Make a question found first or, where `first` is 0, second."""
    figures = {
        "recall@1": first,
        "recall@5": 1.0,
        "recall@10": 1.0,
        "mrr": 1 if first else 0.5,
        "ndcg@10": 1 if first else 1 / math.log2(3),
    }
    return Scored(name, language, pair, pair[:2] != pair[-2:], figures)


def test_interval_is_that_of_scipy() -> None:
    differences = np.array([0.0] * 60 + [1.0] * 12 + [-1.0] * 5 + [0.5] * 3)
    low, high = bootstrap_interval(differences)
    other = bootstrap(
        (differences,),
        np.mean,
        method="percentile",
        n_resamples=10_000,
        rng=np.random.default_rng(1),
    ).confidence_interval
    # Two draws of 10,000 resamples; the ends are steps of 1/80 apart or half of one.
    assert (low, high) == pytest.approx((other.low, other.high), abs=1 / 80)
    assert bootstrap_interval(differences) == (low, high)


@pytest.mark.parametrize("value", [0.0, 1.0, -0.25])
def test_interval_of_equal_differences_is_a_point(value: float) -> None:
    assert bootstrap_interval(np.full(9, value)) == pytest.approx((value, value))


@pytest.mark.parametrize(("right", "count"), [(0, 5), (5, 5), (1, 2), (95, 104), (1, 1)])
def test_wilson_interval_is_that_of_scipy(right: int, count: int) -> None:
    other = binomtest(right, count).proportion_ci(method="wilson")
    found = wilson_interval(right / count, count)
    assert found == pytest.approx((other.low, other.high), abs=1e-12)


@pytest.mark.parametrize("right", [0, 1])
def test_wilson_interval_holds_its_share(right: int) -> None:
    for count in range(1, 1000):
        low, high = wilson_interval(right, count)
        assert 0 <= low <= right <= high <= 1


def test_differences_of_shared_questions() -> None:
    before = [make_scored(str(number), first=0) for number in range(10)]
    # Two of the nine that are in both are found first now; one question is new.
    now = [make_scored(str(number), first=float(number < 3)) for number in range(1, 11)]
    comparison = compare(now, before, "x.json")
    assert (comparison.shared, comparison.only_now, comparison.only_before) == (9, 1, 1)
    change = comparison.languages["all"]["recall@1"]
    assert (change.questions, change.before) == (9, 0)
    assert change.difference == change.now == pytest.approx(2 / 9, abs=1e-6)
    # Of nine draws with a chance of 2/9 each, at least 95 in 100 give 0 to 5: 0/9 and 5/9.
    assert (change.low, change.high) == pytest.approx((0, 5 / 9), abs=1e-6)
    assert comparison.languages["all"]["mrr"].difference == pytest.approx(1 / 9, abs=1e-6)
    assert comparison.languages["all"]["recall@5"].difference == 0
    assert comparison.languages["en"] == comparison.languages["all"]
    assert comparison.pairs == {}


def test_differences_by_language_and_pair() -> None:
    now = [
        make_scored("1", 1, language="ro", pair="ro > ro"),
        make_scored("2", 1, language="ro", pair="ro > pl"),
        make_scored("3", 0, language="pl", pair="pl > pl"),
        replace(make_scored("4", 0, language="pl"), figures={}, pair=None, is_cross_lingual=False),
    ]
    before = [make_scored(one.id, 0) for one in now]
    comparison = compare(now, before, "x.json")
    assert list(comparison.languages) == ["all", "pl", "ro"]
    assert comparison.languages["pl"]["recall@1"].questions == 1
    assert comparison.languages["ro"]["recall@1"].difference == 1
    assert list(comparison.pairs) == ["across languages", "ro > pl"]


def test_ids_that_stand_twice_are_left_out() -> None:
    before = [make_scored(name, 0) for name in ("a", "b", "b", "c")]
    assert list(match(["a", "a", "b", "c"], before, "x.json")) == ["c"]
    with pytest.raises(BadRun, match=r"'x\.json' shares no question"):
        match(["a", "a", "b"], before, "x.json")


def test_a_saved_run_comes_back(tmp_path: Path) -> None:
    scored = [
        make_scored("1", 0),
        replace(make_scored("ź", 1, pair="en > pl"), figures={"false_answers": 1.0}),
        Scored("3", "en", None, False, {}),
    ]
    report = Report({"all": {"recall@1": 0.5}}, {})
    file = tmp_path / "run.json"
    file.write_text(write_run(as_object(ABOUT, report, scored)), encoding="utf-8")
    run = read_run(file)
    assert run.about == ABOUT
    assert list(run.questions) == scored
    saved = json.loads(file.read_text(encoding="utf-8"))
    assert saved["report"] == {"all": {"recall@1": 0.5}}
    # A question a line: two runs can be compared line by line.
    assert sum(line.startswith('  {"id"') for line in file.read_text("utf-8").splitlines()) == 3


def _saved() -> dict[str, object]:
    return as_object(ABOUT, Report({}, {}), [make_scored("1", 1)])


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (None, "cannot be read"),
        (b"", "cannot be read"),
        (b"\xff\xfe", "cannot be read"),
        (b"[" * 100_000, "cannot be read"),
        (b"[]", "is no saved run"),
        (b'{"schema": 1, "report": {}}', "is no saved run"),
        ({"format": 99}, "another version"),
        ({"chunks": "many"}, "damaged"),
        ({"date": None}, "damaged"),
        ({"per_question": {}}, "damaged"),
        ({"per_question": [[]]}, "damaged"),
        ({"per_question": [{"id": "1"}]}, "damaged"),
        ({"per_question": [{"id": "1", "lang": "en", "pair": None, "figures": []}]}, "damaged"),
        (b'{"figure": NaN}', "damaged"),
        (b'{"figure": 2}', "damaged"),
        (b'{"figure": 1' + b"0" * 400 + b"}", "damaged"),
        (b'{"figure": "x"}', "damaged"),
    ],
)
def test_a_file_that_is_no_run_is_said(
    tmp_path: Path, content: bytes | dict[str, object] | None, problem: str
) -> None:
    file = tmp_path / "run.json"
    if isinstance(content, dict):
        file.write_text(json.dumps(_saved() | content))
    elif content and content.startswith(b'{"figure"'):
        text = json.dumps(_saved()).encode()
        file.write_bytes(text.replace(b'{"recall@1": 1', b'{"recall@1": ' + content[11:-1], 1))
    elif content is not None:
        file.write_bytes(content)
    with pytest.raises(BadRun, match=problem) as error:
        read_run(file)
    assert "\n" not in str(error.value)
