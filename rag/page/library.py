"""The Library page: what is indexed, what is not and why, and a map of it."""

from datetime import datetime
from pathlib import PurePosixPath

import streamlit as st

from rag.config import Settings
from rag.notes.language import NAMES
from rag.page.conversation import TURNS
from rag.page.ingesting import show_ingesting
from rag.page.note_map import Grouping, make_chart, make_rows
from rag.page.opening import Notes
from rag.page.safe_markdown import one_line, safe_label
from rag.page.words import gettext, mark, ngettext, write_number, write_time
from rag.types import Filters, Mode

LIT = 5
"""Neighbours of a question that are lit: as many as an answer stands on."""
NAME_WIDTH = 260
"""In pixels, of the column with the notes' names: a long one would push the others out."""
GROUPINGS = {
    Grouping.LANGUAGE: mark("language"),
    Grouping.TAG: mark("tag"),
    Grouping.FOLDER: mark("folder"),
}

REASONS = {
    "it is empty": mark("It is empty."),
    "a link to a folder": mark("It is a link to a folder; links are not followed."),
    "its name is not valid": mark("Its name is not valid UTF-8. Rename it."),
    "not a regular file": mark("It is no ordinary file."),
    "not valid": mark("It is not valid text. Save it as UTF-8."),
    "larger than": mark("It is too large. Split it."),
    "longer than": mark("It is too large. Split it."),
    "more than": mark("It is too large. Split it."),
    "it is gone": mark("It is gone, or a link that leads nowhere."),
    "it holds NUL bytes": mark("It is no text."),
    "no permission": mark("It may not be read: permission is missing."),
}
"""How the reasons of `rag.notes.vault` begin, and what they mean."""


def show_library(notes: Notes, settings: Settings) -> None:
    """Show the Library page."""
    st.title(gettext("Library"), anchor=False)
    _show_state(notes, settings)
    skipped = gettext("Not read")
    map_tab, notes_tab, skipped_tab, ingest_tab = st.tabs(
        [
            gettext("Map"),
            gettext("Notes"),
            f"{skipped} ({len(notes.info.skipped)})",
            gettext("Read again"),
        ],
        key="library-tab",
    )
    with map_tab:
        _show_map(notes)
    with notes_tab:
        _show_notes(notes)
    with skipped_tab:
        _show_skipped(notes)
    with ingest_tab:
        show_ingesting(settings, notes.info.vault)


def show_first_steps(settings: Settings) -> None:
    """Show what to do where nothing is indexed yet."""
    st.title(gettext("Ask your notes"), anchor=False)
    st.markdown(gettext("Your notes have to be read once before they can answer."))
    show_ingesting(settings, None)


def _show_state(notes: Notes, settings: Settings) -> None:
    info = notes.info
    with st.container(horizontal=True, gap="medium"):
        st.metric(gettext("Notes"), write_number(info.notes), width="content")
        st.metric(gettext("Passages"), write_number(info.chunks), width="content")
        st.metric(gettext("Languages"), write_number(len(info.languages)), width="content")
    languages = " · ".join(
        f"{NAMES.get(code, safe_label(code))}\u00a0{write_number(count)}"
        for code, count in info.languages.items()
    )
    lines = [
        languages,
        gettext("Folder: {folder}").format(folder=safe_label(info.vault)),
        gettext("Index: {folder}").format(folder=safe_label(settings.index)),
        gettext("Read on {date}").format(date=write_time(datetime.fromisoformat(info.updated_at))),
    ]
    st.caption("  \n".join(lines))
    if behind := notes.count_behind():
        st.warning(
            ngettext(
                "{count} note changed since: read them again.",
                "{count} notes changed since: read them again.",
                behind,
            ),
            icon=":material/sync_problem:",
        )
    else:
        st.success(gettext("All notes are as they were read."), icon=":material/check:")


def _show_notes(notes: Notes) -> None:
    st.dataframe(
        {
            gettext("Note"): [PurePosixPath(path).stem for path in notes.paths],
            gettext("Folder"): [path.rpartition("/")[0] for path in notes.paths],
            gettext("Language"): [
                NAMES.get(notes.languages[path], notes.languages[path]) for path in notes.paths
            ],
            gettext("Passages"): [notes.passages[path] for path in notes.paths],
            gettext("Tags"): [", ".join(notes.tags.get(path, ())) for path in notes.paths],
        },
        hide_index=True,
        column_config={gettext("Note"): st.column_config.Column(width=NAME_WIDTH)},
        alt=gettext("All notes that were read"),
    )


def _show_skipped(notes: Notes) -> None:
    if not notes.info.skipped:
        st.caption(gettext("Every note was read."))
    for item in notes.info.skipped:
        st.markdown(f"**{safe_label(item.path)}**  \n{_explain(item.reason)}")


def _explain(reason: str) -> str:
    """Say why a note was not read: in the reader's language, if the reason is a usual one."""
    usual = next((usual for usual in REASONS if reason.startswith(usual)), "")
    if not usual:
        return safe_label(reason)
    return f"{gettext(REASONS[usual])} :small[:gray[({safe_label(reason)})]]"


def _show_map(notes: Notes) -> None:
    found = notes.map
    if found is None:
        st.caption(gettext("There is nothing to draw."))
        return
    turns = st.session_state.get(TURNS)
    with st.container(horizontal=True, vertical_alignment="bottom"):
        question = st.text_input(
            gettext("Light the passages nearest to a question"),
            turns[-1].answer.question if turns else "",
            key="map-question",
            max_chars=2_000,
            persist_state="session",
        )
        grouping = st.selectbox(
            gettext("Colour by"),
            list(GROUPINGS),
            key="map-grouping",
            format_func=lambda grouping: gettext(GROUPINGS[grouping]),
            width=180,
            persist_state="session",
        )
    question = one_line(question)
    lit = notes.search(question, LIT, Filters(), Mode.HYBRID) if question else []
    names = NAMES if grouping is Grouping.LANGUAGE else {}
    rows = make_rows(
        found,
        grouping,
        lambda name: names.get(name, name) or gettext("none"),
        gettext("others"),
        lit,
    )
    chart = make_chart(
        rows,
        {"note": gettext("Note"), "passage": gettext("Passage"), "group": gettext("Group")},
        found.place(notes.embed(question)) if question else None,
        gettext("Your question"),
    )
    st.vega_lite_chart(
        rows,
        chart,
        key="map",
        alt=gettext("A map of the passages, on which those alike lie near each other"),
    )
    st.caption(
        gettext(
            "Each point is a passage; those alike lie near each other, as far as a plane can show "
            "it. Point at one to read it; drag to move, hold Shift and scroll to zoom."
        )
    )
