"""The page: widgets in, Answer out. Start it with `rag serve`."""

from collections.abc import Callable
from functools import partial

import streamlit as st

from rag.config import Settings, load_settings
from rag.errors import DamagedIndex, NoIndex, OtherIndex, RagError
from rag.page import guard
from rag.page.conversation import show_ask
from rag.page.finding import show_find
from rag.page.ingesting import show_ingesting
from rag.page.library import show_first_steps, show_library
from rag.page.narrowing import show_filters
from rag.page.opening import Notes, open_notes
from rag.page.preferences import show_settings
from rag.page.problems import show_problem
from rag.page.quality import show_quality
from rag.page.words import gettext, keep_language

STYLE = """
<style>
    /* Streamlit's own hints ("Press Enter to apply") are English, whatever the page speaks. */
    [data-testid="InputInstructions"] { display: none; }
    /* A callout is quoted as often as the rest: grey on a mark's yellow is hard to read. */
    [data-testid="stMarkdownContainer"] blockquote { color: inherit; opacity: 1; }
    /* Of 0.6, grey on white: 3.9 to 1, and 4.5 are asked for (WCAG 2.2, 1.4.3). So it is 6. */
    [data-testid="stCaptionContainer"] { opacity: 0.75; }
    /* A wide table would reach beyond its card. */
    [data-testid="stMarkdownContainer"] table { display: block; overflow-x: auto; max-width: 100%; }
    [data-testid="stMarkdownContainer"] td { min-width: 5rem; }
    /* A fifth of a telephone's height would be empty above the title. */
    [data-testid="stMainBlockContainer"] { padding-top: 4.5rem; }
</style>
"""


def main() -> None:
    """Draw the page that is asked for."""
    guard.forbid_look_ups()
    keep_language()
    # With an icon of its own: else the browser would fetch the current page's from Google.
    st.set_page_config(gettext("Ask your notes"), page_icon="📓", layout="centered")
    st.html(STYLE)
    try:
        guard.check_host(st.context.headers.get("Host"))
        settings = load_settings({})
    except RagError as error:
        show_problem(error)
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
        show_problem(error)


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
    except (DamagedIndex, OtherIndex) as error:
        st.title(gettext("Ask your notes"), anchor=False)
        show_problem(error)
        show_ingesting(settings, None, is_unusable=True)
    else:
        show(notes)


if __name__ == "__main__":
    main()
