"""Say what went wrong in the reader's language.

Errors come from below in English, with what is wrong and its remedy for a terminal. Their kind is
known by their class: what that means is said first, the line itself stands small beneath.
"""

from collections.abc import Iterable

import streamlit as st

from rag import errors
from rag.page.guard import NotLocal
from rag.page.safe_markdown import safe_label
from rag.page.saving import CannotWrite, NameTaken, NoFolder
from rag.page.words import gettext, mark
from rag.retrieval.query import PHRASE_KIND
from rag.types import Unmatched

KINDS: tuple[tuple[type[errors.RagError], str], ...] = (
    (errors.NoVault, mark("The folder of the notes is missing, or is no folder.")),
    (
        errors.Busy,
        mark("Another program is reading the notes just now. Try again when it is done."),
    ),
    (errors.NoSpace, mark("The disk is full. Make room, then try again.")),
    (errors.NotAnIndex, mark("The folder of the index holds something else. Name another one.")),
    (errors.BadSettings, mark("A setting is not valid.")),
    (errors.BrokenAnswer, mark("The language model stopped within its answer. Ask again.")),
    (errors.NoIndex, mark("Nothing has been read yet.")),
    (errors.DamagedIndex, mark("The index is damaged. Your notes are not: rebuild it from them.")),
    (errors.UnreadableIndex, mark("The index cannot be opened just now. Try again.")),
    (errors.OtherIndex, mark("The index was made by another version or model. Rebuild it.")),
    (errors.NoModel, mark("The model cannot be had. Choose another one in the settings.")),
    (NotLocal, mark("This page is shown only on the machine that has the notes.")),
    (NoFolder, mark("There is no such folder.")),
    (NameTaken, mark("A file of this name is there already. Nothing was changed.")),
    (CannotWrite, mark("The file cannot be written there.")),
)
"""What each kind of error means."""
FILTERS = {
    "tag": mark("No note has the tag {name}."),
    "path": mark("No note is at {name}."),
    "language": mark("No passage is in the language {name}."),
    PHRASE_KIND: mark("No passage holds the words {name} side by side."),
}
"""What it means that a filter, by its kind, matches nothing."""


def show_problem(error: errors.RagError) -> None:
    """Show an error."""
    means = next((means for kind, means in KINDS if isinstance(error, kind)), mark("That failed."))
    st.error(f"{gettext(means)}  \n:small[{safe_label(str(error))}]")


def show_unmatched(items: Iterable[Unmatched]) -> None:
    """Show the filters that match nothing, and what may have been meant."""
    for item in items:
        told = gettext(FILTERS[item.kind]).format(name=f"**{safe_label(item.value)}**")
        if item.close:
            names = ", ".join(safe_label(name) for name in item.close)
            there = gettext("There is {names}.").format(names=names)
            told = f"{told} {there}"
        st.caption(told)
