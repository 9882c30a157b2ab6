"""The Find page: passages for a few words, and why each was found."""

import streamlit as st

from rag.config import MOST_PASSAGES, Settings
from rag.notes.folding import fold
from rag.notes.language import content_words
from rag.page.cards import Shelf, show_passage
from rag.page.opening import Notes
from rag.page.preferences import read_preferences
from rag.page.safe_markdown import safe_label
from rag.page.words import gettext, mark, ngettext
from rag.retrieval.query import parse_query, write_unmatched
from rag.types import Filters, Mode, Passage

QUERY, MODE, RESULTS = "query", "mode", "results"
USUAL_RESULTS = 10
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
    with st.container(horizontal=True, vertical_alignment="bottom"):
        mode = st.segmented_control(
            gettext("Search by"),
            list(MODES),
            default=Mode.HYBRID,
            key=MODE,
            format_func=lambda mode: gettext(MODES[mode]),
            persist_state="session",
            required=True,
        )
        count = st.number_input(
            gettext("Results"),
            1,
            MOST_PASSAGES,
            USUAL_RESULTS,
            key=RESULTS,
            width=130,
            persist_state="session",
        )
    words = " ".join(typed.encode("utf-8", "replace").decode("utf-8").split())
    if not words:
        return
    shelf = Shelf(notes.vault, notes.pictures, read_preferences(settings).editor)
    query = parse_query(words)
    unmatched = notes.unmatched(filters & query.filters)
    for item in unmatched:
        st.caption(safe_label(write_unmatched(item)))
    filters &= query.filters
    found = notes.search(query.text, count, filters, mode or Mode.HYBRID)
    if not found:
        st.info(gettext("Nothing was found: no note has these words, or the filters allow none."))
        return
    st.caption(ngettext("{count} passage", "{count} passages", len(found)))
    for passage in found:
        show_passage(passage, shelf)
        if query.text:  # what filters alone list has no score
            with st.expander(gettext("Why this result?"), icon=":material/help:"):
                _explain(query.text, passage)


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
        line.format(value=f"{value:.2f}", points=f"{points:+.2f}")
        for line, value, points in parts
        if points
    ]
    if passage.reranked:
        line = gettext("A reranker moved it here from rank {rank}.")
        lines.append(line.format(rank=passage.reranked.fused_rank))
    line = gettext("Together: score {score}, rank {rank}.")
    lines.append(line.format(score=f"{passage.score:.2f}", rank=passage.rank))
    st.markdown("\n".join(f"- {line}" for line in lines))


def find_shared_words(query: str, passage: Passage) -> list[str]:
    """Give the content words of a query that a passage holds, whole or as a beginning."""
    text = fold(passage.chunk.indexed_text)
    return [word for word in dict.fromkeys(content_words(query)) if word in text]
