"""The Settings page: what answers, and how. Kept for the visit only, and nowhere stored."""

from dataclasses import dataclass

import streamlit as st

from rag.config import MOST_PASSAGES, Settings
from rag.errors import BadSettings
from rag.page.links import EDITORS
from rag.page.models import find_local_models
from rag.page.problems import show_problem
from rag.page.words import CHOICE, LANGUAGES, current_language, gettext
from rag.wire_llm import AUTO, EXTRACTIVE, check_llm

LLM, COUNT, STRICT, EDITOR = "llm", "k", "strict", "editor"
USUAL_PASSAGES = 20
"""Beyond this an answer gains nothing; a larger setting is kept all the same."""


@dataclass(frozen=True, slots=True)
class Preferences:
    """How this visit's questions are answered."""

    llm: str
    """As `rag ask --llm` takes it."""
    k: int
    """Passages that an answer may stand on."""
    strict: bool
    """Whether sentences that no source holds are left out."""
    editor: str
    """The editor that opens a note; empty for none."""


def read_preferences(settings: Settings) -> Preferences:
    """Give what was chosen in this tab, else what the settings say."""
    state = st.session_state
    return Preferences(
        llm=state.get(LLM) or settings.llm,
        k=state.get(COUNT) or settings.k,
        strict=bool(state.get(STRICT, settings.strict)),
        editor=state.get(EDITOR) or "",
    )


def show_settings(settings: Settings) -> None:
    """Show the Settings page."""
    st.title(gettext("Settings"), anchor=False)
    st.caption(gettext("They hold for this tab until you close it. Nothing is stored."))
    st.session_state.setdefault(CHOICE, current_language())
    st.selectbox(
        gettext("Language of the page"),
        list(LANGUAGES),
        key=CHOICE,
        format_func=LANGUAGES.__getitem__,
        persist_state="session",
    )
    _show_llm(settings)
    most = max(USUAL_PASSAGES, min(settings.k, MOST_PASSAGES))
    st.slider(
        gettext("Passages to read for an answer"),
        1,
        most,
        settings.k,
        key=COUNT,
        persist_state="session",
    )
    st.toggle(
        gettext("Strict: leave out sentences that no source holds"),
        settings.strict,
        key=STRICT,
        help=gettext("Without it they stay, coloured red. Quotes are not affected."),
        persist_state="session",
    )
    st.selectbox(
        gettext("Editor that opens notes"),
        list(EDITORS),
        key=EDITOR,
        format_func=lambda name: name or gettext("none"),
        persist_state="session",
    )


def _show_llm(settings: Settings) -> None:
    options = dict.fromkeys((settings.llm, AUTO, EXTRACTIVE, *find_local_models()))
    names = {
        AUTO: gettext("whatever is at hand"),
        EXTRACTIVE: gettext("no model: quote the notes word for word"),
    }
    chosen = st.selectbox(
        gettext("What writes the answers"),
        list(options),
        key=LLM,
        format_func=lambda spec: names.get(spec, spec),
        accept_new_options=True,
        help=gettext(
            "The language models on this machine are listed. Others are typed as for "
            "`rag ask --llm`, for example `hf:MODEL`, or a server as `openai:MODEL@ADDRESS`."
        ),
        persist_state="session",
    )
    try:
        check_llm(chosen)
    except BadSettings as error:
        show_problem(error)
    if chosen not in (AUTO, EXTRACTIVE):
        st.caption(gettext("A model is loaded with the next question; that takes a while once."))
