"""What the page says, in the reader's language.

Messages are English in the source and looked up in gettext catalogues: `locales/*/LC_MESSAGES/`,
the `.po` for people, the `.mo` made of it. CONTRIBUTING.md says how they are made. Each tab has its
own language, so it is asked for with each message.
"""

import gettext as catalogues
from functools import cache
from pathlib import Path

import streamlit as st

from rag.notes.language import NAMES

DOMAIN = "page"
LOCALES = Path(__file__).parent / "locales"
SOURCE = "en"
"""The language of the messages in the source."""
LANGUAGES = {code: NAMES[code] for code in ("en", "pl", "pt", "ro")}
"""What the page speaks, each by its own name."""
CHOICE = "lang"
"""The name of the choice, in the tab and in its address, so that a bookmark keeps it."""


def gettext(message: str) -> str:
    """Give a message in the reader's language."""
    return _catalogue(current_language()).gettext(message)


def ngettext(one: str, many: str, count: int) -> str:
    """Give the form of a message that goes with a number, the number filled in as {count}."""
    return _catalogue(current_language()).ngettext(one, many, count).format(count=count)


def mark(message: str) -> str:
    """Have a message put into the catalogues that is looked up elsewhere."""
    return message


def current_language() -> str:
    """Give the language that was chosen in this tab, else the browser's, else English."""
    chosen = st.session_state.get(CHOICE) or st.query_params.get(CHOICE)
    return chosen if chosen in LANGUAGES else closest_language(st.context.locale)


def closest_language(locale: str | None) -> str:
    """Give the language of a locale such as `pt-BR`; English for one that the page lacks."""
    code = (locale or "").replace("_", "-").partition("-")[0].lower()
    return code if code in LANGUAGES else SOURCE


@cache
def _catalogue(language: str) -> catalogues.NullTranslations:
    return catalogues.translation(DOMAIN, LOCALES, [language], fallback=language == SOURCE)
