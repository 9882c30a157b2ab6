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
from rag.page.safe_markdown import safe_label
from rag.page.words import gettext, mark, ngettext
from rag.types import Filters, Mode

LIT = 5
"""Neighbours of a question that are lit: as many as an answer stands on."""
GROUPINGS = {
    Grouping.LANGUAGE: mark("language"),
    Grouping.TAG: mark("tag"),
    Grouping.FOLDER: mark("folder"),
}


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
    with st.container(horizontal=True):
        st.metric(gettext("Notes"), info.notes, width="content")
        st.metric(gettext("Passages"), info.chunks, width="content")
        st.metric(gettext("Languages"), len(info.languages), width="content")
    languages = " · ".join(
        f"{NAMES.get(code, safe_label(code))}\u00a0{count}"
        for code, count in info.languages.items()
    )
    indexed = datetime.fromisoformat(info.updated_at).astimezone()
    lines = [
        languages,
        gettext("Folder: {folder}").format(folder=safe_label(info.vault)),
        gettext("Index: {folder}").format(folder=safe_label(settings.index)),
        gettext("Read on {date}").format(date=f"{indexed:%Y-%m-%d %H:%M}"),
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
            gettext("Tags"): [", ".join(notes.tags.get(path, ())) for path in notes.paths],
            gettext("Passages"): [notes.passages[path] for path in notes.paths],
        },
        hide_index=True,
        alt=gettext("All notes that were read"),
    )


def _show_skipped(notes: Notes) -> None:
    if not notes.info.skipped:
        st.caption(gettext("Every note was read."))
    for item in notes.info.skipped:
        st.markdown(f"**{safe_label(item.path)}**  \n{safe_label(item.reason)}")


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
        ).strip()
        grouping = st.selectbox(
            gettext("Colour by"),
            list(GROUPINGS),
            key="map-grouping",
            format_func=lambda grouping: gettext(GROUPINGS[grouping]),
            width=180,
            persist_state="session",
        )
    question = question.encode("utf-8", "replace").decode("utf-8")
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
