"""What a reader may do with an answer: judge it, copy it, save it."""

import streamlit as st

from rag.config import Settings
from rag.errors import RagError
from rag.feedback import DOWN, NEITHER, UP, Verdict
from rag.page.problems import show_problem
from rag.page.safe_markdown import safe_code
from rag.page.saving import clean_name, save_answer, write_note
from rag.page.words import gettext
from rag.types import Answer
from rag.wire_beside import open_feedback

FOLDER = "save-folder"
_VERDICTS = {0: DOWN, 1: UP, None: NEITHER}
"""By what Streamlit's thumbs give."""


@st.fragment
def show_actions(settings: Settings, identity: str, question: str, answer: Answer) -> None:
    """Show the row of actions below an answer; only the row is drawn anew when one is taken.

    Args:
        settings: which index the verdict belongs to.
        identity: of the answer.
        question: as it was typed.
        answer: what was answered.
    """
    with st.container(horizontal=True, vertical_alignment="center", gap="xsmall"):
        thumbs = st.feedback("thumbs", key=f"thumbs-{identity}", persist_state="session")
        wrong: list[int] = []
        numbers = sorted({citation.number for citation in answer.citations})
        if numbers:
            with st.popover(gettext("Wrong citation"), type="tertiary"):
                wrong = st.pills(
                    gettext("Which sources do not say this?"),
                    numbers,
                    selection_mode="multi",
                    key=f"wrong-{identity}",
                    persist_state="session",
                )
        with st.popover(gettext("Copy"), type="tertiary"):
            st.code(write_note(answer, question), language=None, wrap_lines=True)
        with st.popover(gettext("Save"), type="tertiary"):
            _show_saving(identity, question, answer)
    _keep_verdict(settings, identity, answer, Verdict(_VERDICTS[thumbs], tuple(wrong)))


def _keep_verdict(settings: Settings, identity: str, answer: Answer, verdict: Verdict) -> None:
    known = f"verdict-{identity}"
    if verdict == st.session_state.get(known, Verdict()):
        return
    try:
        open_feedback(settings).put(identity, answer, verdict)
    except RagError as error:
        show_problem(error)
    else:
        st.session_state[known] = verdict
        st.toast(gettext("Kept on this machine. Thank you."))


def _show_saving(identity: str, question: str, answer: Answer) -> None:
    with st.form(f"saving-{identity}", border=False):
        folder = st.text_input(
            gettext("Folder"),
            st.session_state.get(FOLDER, ""),
            placeholder="~/Documents",
            key=f"folder-{identity}",
        )
        name = st.text_input(gettext("Name"), clean_name(question), key=f"name-{identity}")
        if not st.form_submit_button(gettext("Save as note")):
            return
    try:
        file = save_answer(answer, question, folder, name)
    except RagError as error:
        show_problem(error)
    else:
        st.session_state[FOLDER] = folder
        saved = gettext("Saved as {file}").format(file=safe_code(str(file)))
        st.success(saved)
