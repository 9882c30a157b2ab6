"""The page: widgets in, Answer out. Start it with `rag serve`."""

from collections.abc import Callable
from functools import partial

import streamlit as st

from rag.config import Settings, load_settings
from rag.errors import NoIndex, RagError, UnusableIndex
from rag.page import guard
from rag.page.conversation import show_ask
from rag.page.finding import show_find
from rag.page.ingesting import show_ingesting
from rag.page.library import show_first_steps, show_library
from rag.page.narrowing import show_filters
from rag.page.opening import Notes, open_notes
from rag.page.preferences import show_settings
from rag.page.quality import show_quality
from rag.page.safe_markdown import safe_label
from rag.page.words import gettext


def main() -> None:
    """Draw the page that is asked for."""
    guard.forbid_look_ups()
    # With an icon of its own: else the browser would fetch the current page's from Google.
    st.set_page_config(gettext("Ask your notes"), page_icon="📓", layout="centered")
    try:
        guard.check_host(st.context.headers.get("Host"))
        settings = load_settings({})
    except RagError as error:
        st.error(safe_label(str(error)))
        return
    pages = (
        ("ask", gettext("Ask"), ":material/forum:", partial(_show_ask, settings)),
        ("find", gettext("Find"), ":material/search:", partial(_show_find, settings)),
        (
            "library",
            gettext("Library"),
            ":material/library_books:",
            partial(_show_library, settings),
        ),
        ("quality", gettext("Quality"), ":material/monitoring:", partial(show_quality, settings)),
        ("settings", gettext("Settings"), ":material/tune:", partial(show_settings, settings)),
    )
    page = st.navigation(
        [
            st.Page(show, title=title, icon=icon, url_path=name, default=name == "ask")
            for name, title, icon, show in pages
        ],
        position="top",
    )
    try:
        page.run()
    except RagError as error:
        st.error(safe_label(str(error)))


def _show_ask(settings: Settings) -> None:
    _with_notes(settings, lambda notes: show_ask(notes, settings, show_filters(notes)))


def _show_find(settings: Settings) -> None:
    _with_notes(settings, lambda notes: show_find(notes, settings, show_filters(notes)))


def _show_library(settings: Settings) -> None:
    _with_notes(settings, lambda notes: show_library(notes, settings))


def _with_notes(settings: Settings, show: Callable[[Notes], None]) -> None:
    try:
        notes = open_notes(settings)
    except NoIndex:
        show_first_steps(settings)
    except UnusableIndex as error:
        st.error(safe_label(str(error)))
        show_ingesting(settings, None)
    else:
        show(notes)


if __name__ == "__main__":
    main()
