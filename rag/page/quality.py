"""The Quality page: figures of saved evaluations, and what readers thought of answers."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import streamlit as st

from rag.config import Settings
from rag.errors import RagError
from rag.feedback import DOWN, UP
from rag.notes.language import NAMES
from rag.page.note_map import COLORS
from rag.page.problems import show_problem
from rag.page.safe_markdown import safe_label
from rag.page.words import gettext, mark, write_number, write_time
from rag.wire_beside import open_feedback

RESULTS = Path("eval") / "results"
"""Where `rag eval` is told to save its runs, below the folder in which the page was started."""
MOST_BYTES = 64 * 1024 * 1024
MOST_RUNS = 20
"""The latest ones."""
SHARES = (
    "recall@1", "recall@5", "recall@10", "mrr", "ndcg@10", "answer_recall", "citation_precision",
    "false_answers", "false_refusals",
)  # fmt: skip
"""Figures between 0 and 1, which one scale can show; the others are in the table alone."""
FIGURES = {
    "questions": mark("questions"),
    "mrr": "MRR",
    "ndcg@10": "nDCG@10",
    "p50_ms": "p50, ms",
    "p95_ms": "p95, ms",
    "answer_recall": mark("answer recall"),
    "citation_precision": mark("citation precision"),
    "false_answers": mark("false answers"),
    "false_refusals": mark("false refusals"),
    "words": mark("words"),
}
"""Those whose name in a file is none for people."""
NAME_WIDTH = 170
"""In pixels, of the column with their names: none is cut, and the languages fit beside them."""
ALL = "all"


@dataclass(frozen=True, slots=True)
class Run:
    """A saved evaluation."""

    name: str
    """Of its file."""
    date: str
    """When it ran, in ISO 8601; may be empty."""
    about: str
    """What made it, in one line."""
    report: Mapping[str, Mapping[str, float]]
    """Figures by language; `all` for all of them."""


def show_quality(settings: Settings) -> None:
    """Show the Quality page."""
    st.title(gettext("Quality"), anchor=False)
    st.header(gettext("What readers thought"), anchor=False)
    _show_verdicts(settings)
    st.header(gettext("Evaluations"), anchor=False)
    runs = read_runs(RESULTS)
    if not runs:
        st.caption(gettext("None is saved in {folder}.").format(folder=safe_label(str(RESULTS))))
        return
    run = st.selectbox(
        gettext("Run"), runs, format_func=lambda run: run.name, key="run", persist_state="session"
    )
    st.caption(" · ".join(filter(None, (_write_date(run.date), safe_label(run.about)))))
    _show_run(run)


def _show_verdicts(settings: Settings) -> None:
    try:
        feedback = open_feedback(settings)
        verdicts = list(feedback.export())
    except RagError as error:
        show_problem(error)
        return
    names = {UP: gettext("Good answers"), DOWN: gettext("Bad answers")}
    with st.container(horizontal=True, gap="medium"):
        for verdict, name in names.items():
            count = sum(row["verdict"] == verdict for row in verdicts)
            st.metric(name, write_number(count), width="content")
        wrong = sum(bool(row["wrong_citations"]) for row in verdicts)
        st.metric(gettext("With a wrong citation"), write_number(wrong), width="content")
    st.caption(
        gettext("Kept on this machine only: {file}").format(file=safe_label(str(feedback.file)))
    )
    if verdicts:
        st.download_button(
            gettext("Export as JSON Lines"),
            "".join(f"{json.dumps(row, ensure_ascii=False)}\n" for row in verdicts),
            "feedback.jsonl",
            "application/jsonl",
            icon=":material/download:",
            on_click="ignore",
        )


def read_runs(folder: Path) -> list[Run]:
    """Read the saved runs of a folder, the latest first; what is no run is passed over."""
    found: list[Run] = []
    for file in sorted(folder.glob("*.json")):
        try:
            content: Any = json.loads(file.read_bytes()) if file.stat().st_size <= MOST_BYTES else 0
        except (OSError, ValueError, RecursionError):
            continue
        if report := _read_report(content):
            parts = [str(content[key]) for key in _ABOUT if content.get(key)]
            found.append(Run(file.name, str(content.get("date", "")), " · ".join(parts), report))
    return sorted(found, key=lambda run: run.date, reverse=True)[:MOST_RUNS]


_ABOUT = ("questions", "mode", "llm", "encoder", "version")


def _read_report(content: Any) -> dict[str, dict[str, float]]:  # noqa: ANN401 -- any JSON
    report = content.get("report") if isinstance(content, dict) else None
    if not isinstance(report, dict):
        return {}
    return {
        str(language): {
            str(name): float(value)
            for name, value in figures.items()
            if isinstance(value, int | float)
        }
        for language, figures in report.items()
        if isinstance(figures, dict)
    }


def _show_run(run: Run) -> None:
    languages = sorted(run.report, key=lambda language: (language != ALL, language))
    figures = list(dict.fromkeys(name for row in run.report.values() for name in row))
    shown = [name for name in SHARES if name in figures]
    chosen = st.pills(
        gettext("Figures"),
        shown,
        selection_mode="multi",
        default=shown[:3],
        format_func=_name_figure,
        key="figures",
        persist_state="session",
    )
    named = {
        language: gettext("all") if language == ALL else NAMES.get(language, language)
        for language in languages
    }
    bars = [
        {
            "language": named[language],
            "figure": _name_figure(name),
            "value": run.report[language].get(name),
        }
        for name in chosen
        for language in languages
    ]
    if bars:
        st.vega_lite_chart(
            {key: [bar[key] for bar in bars] for key in bars[0]},
            _chart(list(named.values()), [_name_figure(name) for name in chosen]),
            alt=gettext("The figures by language, as bars; the table below has the same"),
        )
    st.dataframe(
        {gettext("Figure"): [_name_figure(name) for name in figures]}
        | {
            named[language]: [
                _write_figure(name, run.report[language].get(name)) for name in figures
            ]
            for language in languages
        },
        hide_index=True,
        height="content",
        column_config={gettext("Figure"): st.column_config.Column(width=NAME_WIDTH)},
    )


def _name_figure(name: str) -> str:
    return gettext(FIGURES[name]) if name in FIGURES else name


def _write_figure(name: str, value: float | None) -> str:
    if value is None:
        return ""
    return write_number(value, 3 if name in SHARES else 0)


def _write_date(date: str) -> str:
    try:
        return write_time(datetime.fromisoformat(date))
    except ValueError:
        return safe_label(date)


def _chart(languages: list[str], figures: list[str]) -> dict[str, Any]:
    share = {
        "field": "value",
        "type": "quantitative",
        "title": None,
        "scale": {"domain": [0, 1]},
        "axis": {"format": ".0%"},  # a decimal sign would be that of English
    }
    return {
        "mark": {"type": "bar", "cornerRadiusEnd": 2},
        "encoding": {
            "x": {
                "field": "language",
                "type": "nominal",
                "sort": languages,
                "title": None,
                "axis": {"labelAngle": 0},
            },
            "xOffset": {"field": "figure", "type": "nominal", "sort": figures},
            "y": share,
            "color": {
                "field": "figure",
                "type": "nominal",
                "sort": figures,
                "scale": {"range": list(COLORS)},
                "legend": {"orient": "bottom", "title": None},
            },
            "tooltip": [
                {"field": "language", "type": "nominal"},
                {"field": "figure", "type": "nominal"},
                {"field": "value", "type": "quantitative", "format": ".3f"},
            ],
        },
    }
