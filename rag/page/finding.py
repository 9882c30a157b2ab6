"""The Find page: passages for a few words, and why each was found."""

import re
from functools import partial

import streamlit as st

from rag.config import MOST_PASSAGES, Settings
from rag.notes.folding import fold
from rag.notes.language import content_words
from rag.page.cards import Shelf, show_passage
from rag.page.opening import Notes
from rag.page.preferences import read_preferences
from rag.page.problems import show_unmatched
from rag.page.safe_markdown import one_line, safe_label
from rag.page.words import gettext, mark, ngettext, write_number
from rag.retrieval.query import parse_query
from rag.types import Filters, Mode, Passage

QUERY, MODE, RESULTS = "query", "mode", "results"
USUAL_RESULTS = 10
"""At first, and with each press of the button below them."""
OPERATORS = ('"…"', "-…", "tag:ml", "path:2025/", "lang:pl")
"""What may stand in a query, by example."""
MODES = {
    Mode.HYBRID: mark("meaning and words"),
    Mode.DENSE: mark("meaning"),
    Mode.LEXICAL: mark("words"),
}
"""Which legs rank, as people say it."""


def show_find(notes: Notes, settings: Settings, filters: Filters) -> None:
    """Show the Find page."""
    st.title(gettext("Find in your notes"), anchor=False)
    typed = st.text_input(
        gettext("Words or a question, in any language"),
        key=QUERY,
        max_chars=2_000,
        icon=":material/search:",
        persist_state="session",
    )
    mode = st.segmented_control(
        gettext("Search by"),
        list(MODES),
        default=Mode.HYBRID,
        key=MODE,
        format_func=lambda mode: gettext(MODES[mode]),
        persist_state="session",
        required=True,
    )
    words = one_line(typed)
    if not words:
        told = gettext("Filters may be typed too: {examples}")
        st.markdown(told.format(examples=" ".join(f"`{operator}`" for operator in OPERATORS)))
        return
    asked, count = st.session_state.get(RESULTS, ("", USUAL_RESULTS))
    if asked != words:
        count = USUAL_RESULTS
    shelf = Shelf(notes.vault, notes.pictures, read_preferences(settings).editor)
    query = parse_query(words)
    show_unmatched(notes.unmatched(filters & query.filters))
    filters &= query.filters
    found = notes.search(query.text, count, filters, mode or Mode.HYBRID)
    if not found:
        st.info(gettext("Nothing was found: no note has these words, or the filters allow none."))
        return
    st.caption(ngettext("{count} passage", "{count} passages", len(found)))
    for passage in found:
        # What filters alone list has no score.
        show_passage(passage, shelf, partial(_explain, query.text, passage) if query.text else None)
    if len(found) == count < MOST_PASSAGES:
        more = min(count + USUAL_RESULTS, MOST_PASSAGES)
        st.button(gettext("More"), on_click=_show_more, args=(words, more), width="stretch")


def _show_more(words: str, count: int) -> None:
    st.session_state[RESULTS] = words, count


def _explain(query: str, passage: Passage) -> None:
    legs = passage.legs
    shared = find_shared_words(query, passage)
    names = ", ".join(map(safe_label, shared)) or gettext("none")
    st.markdown(gettext("Words of your query in it: {words}").format(words=names))
    parts = (
        (gettext("Meaning: cosine {value}, adds {points}."), legs.dense, legs.nearness),
        (gettext("Parts of words: BM25 {value}, adds {points}."), legs.lexical, legs.grams),
        (gettext("Whole words near one another: adds {points}."), 0.0, legs.words),
        (gettext("Better passages of the same note: {points}."), 0.0, -legs.crowding),
    )
    lines = [
        line.format(value=write_number(value, 2), points=_write_points(points))
        for line, value, points in parts
        if points
    ]
    if passage.reranked:
        line = gettext("A reranker moved it here from rank {rank}.")
        lines.append(line.format(rank=passage.reranked.fused_rank))
    line = gettext("Together: score {score}, rank {rank}.")
    lines.append(line.format(score=write_number(passage.score, 2), rank=passage.rank))
    st.markdown("\n".join(f"- {line}" for line in lines))


def _write_points(points: float) -> str:
    return f"{'+' if points > 0 else '−'}{write_number(abs(points), 2)}"


def find_shared_words(query: str, passage: Passage) -> list[str]:
    """Give the content words of a query that a passage holds, whole or as a beginning.

    Each as it was typed.
    """
    text = fold(passage.chunk.indexed_text)
    typed = {fold(word): word for word in re.findall(r"\w+", query)}
    found = (word for word in dict.fromkeys(content_words(query)) if word in text)
    return [typed.get(word, word) for word in found]
