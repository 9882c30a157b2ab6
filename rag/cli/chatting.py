"""`rag chat`."""

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from rag import wire
from rag.cli import options, streams
from rag.cli.answering import ONLY_FILTERS, AnsweringCommand, Manner, answering, print_answer
from rag.cli.output import plural, put, say
from rag.cli.searching import place
from rag.types import Answer
from rag.wire_beside import keep_answer

if TYPE_CHECKING:
    from rag.answers.conversation import Conversation

PROMPT = "> "


@click.command(cls=AnsweringCommand)
@answering
def chat(*, manner: Manner) -> None:
    """Answer one question after another.

    A follow-up builds on the question before. /sources shows what the last answer was written from,
    /save FILE.md writes the chat to a new file, /reset forgets the questions before.
    """
    settings = manner.settings
    conversation = wire.open_conversation()
    answerer = manner.open_answerer()
    answers: list[Answer] = []
    has_editor = sys.stdin.isatty() and sys.stdout.isatty() and wire.open_line_editor()
    say("ask a question; /reset forgets the ones before, an empty line or Ctrl-D ends")
    while True:
        line = _read_line(has_editor=has_editor)
        if not line:
            return
        if line.startswith("/"):
            _obey(line, conversation, answers)
            continue
        question = conversation.standalone(line)
        if question != line:
            say(f"understood as: {question}")
        words, filters = options.narrow(
            question, manner.filters, answerer.retriever, is_question=True
        )
        if words:
            answers.append(
                print_answer(answerer, words, settings.k, filters, manner.language, stream=True)
            )
            keep_answer(settings, line, answers[-1], say)
        else:
            say(ONLY_FILTERS)
        sys.stdout.flush()  # a program that asks through a pipe waits for it


def _read_line(*, has_editor: bool) -> str:
    """Give the next line that is typed, empty at the end."""
    if has_editor:
        try:
            return options.clean_text(input(PROMPT))
        except EOFError:
            put()
            return ""
    if sys.stdin.isatty():
        streams.tell(PROMPT, end="")
    return options.clean_text(sys.stdin.readline(options.MOST_CHARACTERS))


def _obey(line: str, conversation: "Conversation", answers: Sequence[Answer]) -> None:
    """Do what a line that begins with `/` says."""
    command, _, rest = line.partition(" ")
    if command == "/reset":
        conversation.reset()
    elif command == "/sources":
        for passage in answers[-1].passages if answers else ():
            put(f"{passage.rank:>3}  {place(passage.chunk)}")
        sys.stdout.flush()
    elif command == "/save" and rest.strip():
        _save(Path(rest.strip()).expanduser(), answers)
    else:
        say("there is /sources, /save FILE.md and /reset")


def _save(file: Path, answers: Sequence[Answer]) -> None:
    parts = []
    for answer in answers:
        lines = [f"- [{one.number}] {place(one)}" for one in answer.citations]
        parts.append("\n".join((f"## {answer.question}", "", answer.text, "", *lines)).strip())
    try:
        # Never over a file: what is there may be a note.
        with file.open("x", encoding="utf-8") as out:
            out.write("\n\n".join(parts) + "\n")
    except FileExistsError:
        say(f"{str(file)!r} is there already: name a new file")
    except OSError as error:
        say(f"{str(file)!r} cannot be written: {error.strerror}")
    else:
        say(f"{plural(len(answers), 'answer')} saved in {str(file)!r}")
