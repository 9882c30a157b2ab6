"""The Ask page: the questions of one tab and their answers, the latest on top.

Not the latest at the foot, as in a chat between people: an answer's sources stand below it, and a
page that keeps to its foot would scroll the answer out of sight.
"""

from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from uuid import uuid4

import streamlit as st

from rag import wire
from rag.config import Settings
from rag.page.actions import show_actions
from rag.page.cards import Shelf, show_answer, show_cited, show_sources
from rag.page.examples import choose_examples
from rag.page.opening import Notes, open_writer
from rag.page.preferences import Preferences, read_preferences
from rag.page.problems import show_unmatched
from rag.page.safe_markdown import one_line, safe_label, safe_markdown
from rag.page.words import gettext
from rag.retrieval.query import loosen, parse_query
from rag.types import Answer, Filters
from rag.wire_beside import keep_answer
from rag.wire_llm import EXTRACTIVE, OPENAI

if TYPE_CHECKING:
    from streamlit.delta_generator import DeltaGenerator

    from rag.answers.conversation import Conversation

MOST_TURNS = 20
"""Older ones go: all are drawn again with every answer."""
LONGEST_QUESTION = 2_000
TURNS, CONVERSATION, EXAMPLE, TOLD = "turns", "conversation", "example", "told"
"""What a tab remembers, by name."""


@dataclass(frozen=True, slots=True)
class Turn:
    """A question and its answer."""

    question: str
    """As it was typed."""
    answer: Answer
    identity: str = field(default_factory=lambda: uuid4().hex)
    """Names it in the page's anchors and among the verdicts."""


def show_ask(notes: Notes, settings: Settings, filters: Filters) -> None:
    """Show the Ask page."""
    st.title(gettext("Ask your notes"), anchor=False)
    preferences = read_preferences(settings)
    shelf = Shelf(notes.vault, notes.pictures, preferences.editor)
    question = _read_question()
    if question:
        answer_question(settings, question, filters, preferences, shelf)
    elif _turns():
        _show_latest(settings, shelf)
    else:
        st.caption(gettext("Answers come from your notes alone, with the lines they stand on."))
        _show_examples(notes)
    _show_earlier(shelf)


def _read_question() -> str:
    """Show the question box; gives what was asked since the page was last drawn, or ''."""
    with st.container():  # else it would stand at the page's foot
        typed = st.chat_input(
            gettext("Ask your notes, in any language"), key="question", max_chars=LONGEST_QUESTION
        )
    return one_line(typed or st.session_state.pop(EXAMPLE, ""))


def _show_examples(notes: Notes) -> None:
    examples = choose_examples(notes.paths, list(notes.info.languages))
    if not examples:
        return
    st.markdown(gettext("Try one of these:"))
    for place, question in enumerate(examples):
        st.button(
            safe_label(question),
            key=f"{EXAMPLE}-{place}",
            on_click=_ask_example,
            args=(question,),
            width="stretch",
        )


def _show_latest(settings: Settings, shelf: Shelf) -> None:
    for turn in _turns()[-1:]:
        _show_question(turn.question, turn.answer.question)
        with _answer_bubble():
            _show_answer(settings, turn, shelf)


def _show_answer(settings: Settings, turn: Turn, shelf: Shelf) -> None:
    show_answer(turn.answer, _anchor(turn))
    show_actions(settings, turn.identity, turn.question, turn.answer)
    show_sources(turn.answer, shelf, _anchor(turn))


def _show_earlier(shelf: Shelf) -> None:
    """Show the questions before the latest folded up; what is inside is drawn when one opens."""
    if not _turns():
        return
    earlier = _turns()[:-1]
    with st.container(
        horizontal=True, horizontal_alignment="distribute", vertical_alignment="center"
    ):
        if earlier:
            st.subheader(gettext("Earlier"), anchor=False)
        st.button(
            gettext("New conversation"), on_click=_forget, type="tertiary", icon=":material/add:"
        )
    for turn in reversed(earlier):
        folded = st.expander(
            safe_label(turn.question), key=f"turn-{turn.identity}", on_change="rerun"
        )
        if folded.open:
            with folded:
                show_answer(turn.answer, _anchor(turn))
                show_cited(turn.answer, shelf, _anchor(turn))


def answer_question(
    settings: Settings, question: str, filters: Filters, preferences: Preferences, shelf: Shelf
) -> None:
    """Answer a question, showing the answer as it is written.

    Raises:
        NoModel: the encoder or the language model cannot be had.
        BadSettings: there is no such language model.
    """
    conversation: Conversation = st.session_state.setdefault(CONVERSATION, wire.open_conversation())
    query = parse_query(conversation.standalone(question))
    understood = query.text or question  # of filters alone nothing can be asked
    _show_question(question, understood)
    with _answer_bubble():
        place = st.empty()
        place.caption(gettext("Reading your notes …"))
        pieces: list[str] = []

        def show_piece(piece: str) -> None:
            pieces.append(piece)
            place.markdown(safe_markdown("".join(pieces), citations=preferences.k))

        writer = open_writer(settings, preferences.llm, strict=preferences.strict)
        if preferences.llm.startswith(OPENAI):  # what leaves this machine is told before it does
            _show_notices(writer, gettext("The model may run elsewhere:"))
        unmatched = writer.unmatched(filters & query.filters)
        filters &= loosen(query.filters, unmatched)
        answer = writer.ask(understood, preferences.k, filters, show_piece)
        turn = Turn(question, answer)
        place.empty()
        show_unmatched(unmatched)
        _show_answer(settings, turn, shelf)
        if answer.generator_kind == EXTRACTIVE:
            _show_notices(writer, gettext("No language model wrote this; the notes are quoted:"))
        else:
            _show_notices(writer, gettext("About the language model:"))
        keep_answer(settings, question, answer, _tell)
    _turns().append(turn)
    del _turns()[:-MOST_TURNS]


def _show_notices(writer: Notes, about: str) -> None:
    """Show what there is to say of the language model, once in each tab, and what it is about."""
    told: set[str] = st.session_state.setdefault(TOLD, set())
    notices = [notice for notice in writer.notices if notice not in told]
    if notices:
        st.caption("  \n".join([about, *map(safe_label, notices)]))
        told.update(notices)


def _tell(line: str) -> None:
    st.caption(safe_label(line))


def _turns() -> list[Turn]:
    found: list[Turn] = st.session_state.setdefault(TURNS, [])
    return found


def _anchor(turn: Turn) -> str:
    return f"source-{turn.identity[:8]}"


def _forget() -> None:
    for key in (TURNS, CONVERSATION):
        st.session_state.pop(key, None)


def _answer_bubble() -> "DeltaGenerator":
    return st.chat_message("assistant", avatar=":material/auto_stories:")


def _ask_example(question: str) -> None:
    st.session_state[EXAMPLE] = question


def _show_question(question: str, understood: str) -> None:
    with st.chat_message("user", avatar=":material/person:"):
        st.markdown(safe_markdown(question))
        if understood != question:
            words = gettext("understood as: {question}")
            st.caption(words.format(question=safe_label(understood)))
