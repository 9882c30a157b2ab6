"""Show what is indexed, and let the reader narrow what may answer."""

import shlex
from dataclasses import dataclass
from datetime import datetime

import streamlit as st

from rag.config import MOST_PASSAGES, Settings
from rag.notes.language import NAMES
from rag.page.opening import Notes
from rag.page.safe_markdown import safe_code, safe_label
from rag.types import Filters

USUAL_PASSAGES = 20
"""Beyond this an answer gains nothing; a larger setting is kept all the same."""


@dataclass(frozen=True, slots=True)
class Choice:
    """How the next question is answered."""

    filters: Filters
    k: int


def show_sidebar(notes: Notes, settings: Settings) -> Choice:
    """Show the sidebar and read its widgets."""
    with st.sidebar:
        _show_index(notes, settings)
        choice = _read_choice(notes, settings)
        st.button("New conversation", on_click=forget, width="stretch")
    return choice


def forget() -> None:
    """Begin anew."""
    for key in ("turns", "conversation"):
        st.session_state.pop(key, None)


def _show_index(notes: Notes, settings: Settings) -> None:
    info = notes.info
    st.header("Your notes", anchor=False)
    languages = " · ".join(
        f"{NAMES.get(code, safe_label(code))}\u00a0{count}"
        for code, count in info.languages.items()
    )
    st.markdown(f"**{info.notes}** notes, **{info.chunks}** passages  \n{languages}")
    indexed = datetime.fromisoformat(info.updated_at).astimezone()
    lines = [
        f"Folder: {safe_label(info.vault)}",
        f"Index: {safe_label(settings.index)}",
        f"Indexed: {indexed:%Y-%m-%d %H:%M}",
        *(safe_label(notice).capitalize() for notice in notes.notices),
    ]
    st.caption("  \n".join(lines))
    if behind := notes.count_behind():
        count = "1 note" if behind == 1 else f"{behind} notes"
        command = shlex.join(["rag", "ingest", info.vault, "--index", settings.index])
        st.warning(f"{count} changed since. Run {safe_code(command)}")
    if info.skipped:
        count = "1 file was" if len(info.skipped) == 1 else f"{len(info.skipped)} files were"
        with st.expander(f"{count} not read"):
            for item in info.skipped:
                st.markdown(f"**{safe_label(item.path)}**  \n{safe_label(item.reason)}")


def _read_choice(notes: Notes, settings: Settings) -> Choice:
    st.subheader("Answer only from", divider="gray", anchor=False)
    # Options are shown as plain text; a tag that is not printable cannot be chosen anyway.
    tags = [tag for tag in notes.tags if tag.isprintable()]
    chosen_tags = st.multiselect("Tags", tags, placeholder="any tag", disabled=not tags)
    chosen_languages = st.multiselect(
        "Languages",
        list(notes.info.languages),
        format_func=lambda code: NAMES.get(code, code),
        placeholder="any language",
    )
    path = st.text_input("Folder or path", placeholder="lectures or *2025*.md")
    most = max(USUAL_PASSAGES, min(settings.k, MOST_PASSAGES))
    k = st.slider("Passages to read", 1, most, settings.k)
    return Choice(
        Filters(
            tags=tuple(chosen_tags),
            paths=(path.strip(),) if path.strip() else (),
            languages=tuple(chosen_languages),
        ),
        k,
    )
