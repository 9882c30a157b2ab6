"""The page: widgets in, Answer out. Start it with `rag serve`."""

import shlex

import streamlit as st

from rag.config import Settings, load_settings
from rag.errors import NoIndex, RagError
from rag.page import conversation, guard
from rag.page.opening import Notes, open_notes
from rag.page.safe_markdown import safe_code, safe_label
from rag.page.sidebar import show_sidebar


def main() -> None:
    """Draw the page."""
    guard.forbid_look_ups()
    st.set_page_config(page_title="Ask your notes", layout="centered")
    st.title("Ask your notes", anchor=False)
    try:
        guard.check_host(st.context.headers.get("Host"))
        settings = load_settings({})
        try:
            notes = open_notes(settings)
        except NoIndex as error:
            _show_first_steps(error, settings)
        else:
            _show_notes(notes, settings)
    except RagError as error:
        st.error(safe_label(str(error)))


def _show_first_steps(error: NoIndex, settings: Settings) -> None:
    st.error(safe_label(str(error)))
    command = shlex.join(["rag", "ingest", "YOUR-NOTES", "--index", settings.index])
    st.markdown(
        "Your notes have to be read once before they can answer. In a terminal, with the folder of "
        f"your notes in place of YOUR-NOTES:\n\n{safe_code(command)}"
    )
    st.button("Look again")


def _show_notes(notes: Notes, settings: Settings) -> None:
    choice = show_sidebar(notes, settings)
    question = conversation.read_question()
    if question:
        conversation.answer_question(notes, question, choice)
    elif conversation.has_turns():
        conversation.show_latest()
    else:
        st.caption("Answers come from your notes alone, with the lines they stand on.")
        conversation.show_examples(notes)
    conversation.show_earlier(besides=1)


if __name__ == "__main__":
    main()
