"""What the page says, in the reader's language; numbers and dates in its way.

Messages are English in the source and looked up in gettext catalogues: `locales/*/LC_MESSAGES/`,
the `.po` for people, the `.mo` made of it. CONTRIBUTING.md says how they are made. Each tab has its
own language, so it is asked for with each message.
"""

import gettext as catalogues
from datetime import datetime
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
WITH_POINT = ("en",)
"""Languages that write 0.5; the others write 0,5."""


def gettext(message: str) -> str:
    """Give a message in the reader's language."""
    return _catalogue(current_language()).gettext(message)


def ngettext(one: str, many: str, count: int) -> str:
    """Give the form of a message that goes with a number, the number filled in as {count}."""
    return _catalogue(current_language()).ngettext(one, many, count).format(count=count)


def mark(message: str) -> str:
    """Have a message put into the catalogues that is looked up elsewhere."""
    return message


def write_number(value: float, digits: int = 0) -> str:
    """Write a number with so many digits behind the decimal sign, its thousands kept apart."""
    number = f"{value:,.{digits}f}".replace(",", "\u00a0")
    return number if current_language() in WITH_POINT else number.replace(".", ",")


def write_time(moment: datetime) -> str:
    """Write a date and time of day as this machine's clock has them."""
    # The message is how a language writes it, for strftime, whose names of months are English.
    return moment.astimezone().strftime(gettext("%d %B %Y, %H:%M"))


def keep_language() -> None:
    """Remember the language of the page's address, which goes from it with the next page."""
    chosen = st.session_state.get(CHOICE) or st.query_params.get(CHOICE)
    if chosen in LANGUAGES:
        st.session_state[CHOICE] = chosen
        if st.query_params.get(CHOICE) != chosen:
            st.query_params[CHOICE] = chosen


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
