"""The Quality page: figures of saved evaluations, and what readers thought of answers."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import streamlit as st

from rag import wire
from rag.config import Settings
from rag.errors import RagError
from rag.feedback import DOWN, UP
from rag.notes.language import NAMES
from rag.page.note_map import COLORS
from rag.page.safe_markdown import safe_label
from rag.page.words import gettext

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
ALL = "all"


@dataclass(frozen=True, slots=True)
class Run:
    """A saved evaluation."""

    name: str
    """Of its file."""
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
    st.caption(safe_label(run.about))
    _show_run(run)


def _show_verdicts(settings: Settings) -> None:
    try:
        feedback = wire.open_feedback(settings)
        verdicts = list(feedback.export())
    except RagError as error:
        st.error(safe_label(str(error)))
        return
    names = {UP: gettext("Good answers"), DOWN: gettext("Bad answers")}
    with st.container(horizontal=True):
        for verdict, name in names.items():
            count = sum(row["verdict"] == verdict for row in verdicts)
            st.metric(name, count, width="content")
        wrong = sum(bool(row["wrong_citations"]) for row in verdicts)
        st.metric(gettext("With a wrong citation"), wrong, width="content")
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
    found: list[tuple[str, Run]] = []
    for file in sorted(folder.glob("*.json")):
        try:
            content: Any = json.loads(file.read_bytes()) if file.stat().st_size <= MOST_BYTES else 0
        except (OSError, ValueError, RecursionError):
            continue
        if report := _read_report(content):
            parts = [str(content[key]) for key in _ABOUT if content.get(key)]
            found.append((str(content.get("date", "")), Run(file.name, " · ".join(parts), report)))
    found.sort(key=lambda run: run[0], reverse=True)
    return [run for _, run in found[:MOST_RUNS]]


_ABOUT = ("date", "questions", "mode", "llm", "encoder", "version")


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
        key="figures",
    )
    named = {
        language: gettext("all") if language == ALL else NAMES.get(language, language)
        for language in languages
    }
    bars = [
        {"language": named[language], "figure": name, "value": run.report[language].get(name)}
        for name in chosen
        for language in languages
    ]
    if bars:
        st.vega_lite_chart(
            {key: [bar[key] for bar in bars] for key in bars[0]},
            _chart(list(named.values()), chosen),
            alt=gettext("The figures by language, as bars; the table below has the same"),
        )
    st.dataframe(
        {gettext("Language"): [named[language] for language in languages]}
        | {name: [run.report[language].get(name) for language in languages] for name in figures},
        hide_index=True,
    )


def _chart(languages: list[str], figures: list[str]) -> dict[str, Any]:
    share = {"field": "value", "type": "quantitative", "title": None, "scale": {"domain": [0, 1]}}
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
