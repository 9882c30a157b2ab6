"""The questions of one tab and their answers."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import streamlit as st

from rag import wire
from rag.page.cards import show_answer, show_cited, show_sources
from rag.page.examples import choose_examples
from rag.page.opening import Notes
from rag.page.safe_markdown import safe_label, safe_markdown
from rag.page.sidebar import Choice
from rag.retrieval.query import loosen, parse_query, write_unmatched
from rag.types import Answer

if TYPE_CHECKING:
    from streamlit.delta_generator import DeltaGenerator

    from rag.answers.conversation import Conversation

MOST_TURNS = 20
"""Older ones go: all are drawn again with every answer."""
LONGEST_QUESTION = 2_000
TURNS, CONVERSATION, EXAMPLE = "turns", "conversation", "example"
"""What a tab remembers, by name."""


@dataclass(frozen=True, slots=True)
class Turn:
    """A question and its answer."""

    question: str
    """As it was typed."""
    answer: Answer


def read_question() -> str:
    """Show the question box; gives what was asked since the page was last drawn, or ''."""
    # In a container, for at the foot of the page it would scroll the answer out of sight.
    with st.container():
        typed = st.chat_input("Ask your notes, in any language", max_chars=LONGEST_QUESTION)
    question = typed or st.session_state.pop(EXAMPLE, "")
    return " ".join(question.encode("utf-8", "replace").decode("utf-8").split())


def show_examples(notes: Notes) -> None:
    """Show questions to begin with."""
    examples = choose_examples(notes.paths, list(notes.info.languages))
    if not examples:
        return
    st.markdown("Try one of these:")
    for place, question in enumerate(examples):
        st.button(
            safe_label(question),
            key=f"{EXAMPLE}-{place}",
            on_click=_ask_example,
            args=(question,),
            width="stretch",
        )


def show_latest() -> None:
    """Show the last question, its answer and what that stands on, if anything was asked."""
    for turn in _turns()[-1:]:
        _show_question(turn.question, turn.answer.question)
        with _answer_bubble():
            show_answer(turn.answer)
            show_sources(turn.answer)


def show_earlier(*, besides: int) -> None:
    """Show the questions before the last `besides` folded up, latest first."""
    earlier = _turns()[: len(_turns()) - besides]
    if earlier:
        st.subheader("Earlier", divider="gray", anchor=False)
    for turn in reversed(earlier):
        with st.expander(safe_label(turn.question)):
            show_answer(turn.answer)
            show_cited(turn.answer)


def has_turns() -> bool:
    """Say whether anything was asked in this tab."""
    return bool(_turns())


def answer_question(notes: Notes, question: str, choice: Choice) -> None:
    """Answer a question, showing the answer as it is written.

    Raises:
        NoModel: the encoder or the language model cannot be had.
    """
    conversation: Conversation = st.session_state.setdefault(CONVERSATION, wire.open_conversation())
    query = parse_query(conversation.standalone(question))
    understood = query.text or question  # of filters alone nothing can be asked
    _show_question(question, understood)
    with _answer_bubble():
        place = st.empty()
        place.caption("Reading your notes …")
        pieces: list[str] = []

        def show_piece(piece: str) -> None:
            pieces.append(piece)
            place.markdown(safe_markdown("".join(pieces), citations=choice.k))

        unmatched = notes.unmatched(choice.filters & query.filters)
        filters = choice.filters & loosen(query.filters, unmatched)
        answer = notes.ask(understood, choice.k, filters, show_piece)
        with place.container():
            for item in unmatched:
                st.caption(safe_label(write_unmatched(item)))
            show_answer(answer)
        show_sources(answer)
    _turns().append(Turn(question, answer))
    del _turns()[:-MOST_TURNS]


def _turns() -> list[Turn]:
    found: list[Turn] = st.session_state.setdefault(TURNS, [])
    return found


def _answer_bubble() -> "DeltaGenerator":
    return st.chat_message("assistant", avatar=":material/auto_stories:")


def _ask_example(question: str) -> None:
    st.session_state[EXAMPLE] = question


def _show_question(question: str, understood: str) -> None:
    with st.chat_message("user", avatar=":material/person:"):
        st.markdown(safe_markdown(question))
        if understood != question:
            st.caption(f"understood as: {safe_label(understood)}")
