"""`rag ask`, and what `rag chat` shares with it."""

import re
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import click

from rag import wire
from rag.cli import options
from rag.cli.output import plural, put, put_json, say
from rag.cli.searching import place
from rag.config import Settings
from rag.schema import as_object
from rag.types import Answer, Citation, CitationStatus, Filters
from rag.wire_beside import keep_answer

if TYPE_CHECKING:
    from rag.answers.answer import Answerer

NOT_ANSWERED = 3
ONLY_FILTERS = "the question is only filters; ask something beside them"
_REMARKS = {
    CitationStatus.VERIFIED: "",
    CitationStatus.MOVED: " (moved since it was indexed)",
    CitationStatus.STALE: " (the note changed: run rag ingest)",
    CitationStatus.UNSUPPORTED: " (does not support the sentence)",
}
_SETTINGS = ("index", "k", "llm", "temperature", "seed", "rerank", "strict")
"""The shared options that are settings of the same name."""


@dataclass(frozen=True, slots=True)
class Manner:
    """How questions are answered, by the options that `ask` and `chat` share."""

    settings: Settings
    filters: Filters
    language: str | None
    """Of the answer; None for the question's."""
    is_fresh: bool
    """Whether changed notes are ingested first."""

    def open_answerer(self) -> "Answerer":
        """Open what answers, its index fresh where that is wanted."""
        if self.is_fresh:
            behind = wire.refresh(self.settings, _ignore)
            if behind > wire.MOST_FRESH:
                say(f"{plural(behind, 'note')} changed, too many to ingest now: run rag ingest")
        return wire.open_answerer(self.settings, say)


def _ignore(stage: str, done: int, total: int) -> None:
    del stage, done, total


def _read_code(context: click.Context, option: click.Parameter, value: str | None) -> str | None:
    if value is None:
        return None
    code = value.lower().replace("_", "-").partition("-")[0]
    if not re.fullmatch("[a-z]{2,3}", code):
        raise click.BadParameter("give a code such as en, pl, pt or ro", context, option)
    return code


def answering(command: options.Command) -> options.Command:
    """Add the options that `ask` and `chat` share."""
    for option in (
        options.filters,
        options.rerank,
        click.option("--no-log", is_flag=True, help="Keep nothing of this for rag log."),
        click.option("--fresh", is_flag=True, help="Ingest changed notes first, if few."),
        click.option(
            "--strict", is_flag=True, default=None, help="Leave out what no passage supports."
        ),
        click.option(
            "--lang",
            "language",
            metavar="CODE",
            callback=_read_code,
            help="Language of the answer.",
        ),
        options.drawing,
        options.llm,
        options.index,
        options.count,
    ):
        command = option(command)
    return command


class AnsweringCommand(click.Command):
    """A command with the options of `answering`, given to it as one `manner`."""

    def invoke(self, context: click.Context) -> object:
        """Run the command."""
        values = context.params
        flags = {name: values.pop(name) for name in _SETTINGS}
        if values.pop("no_log"):
            flags["log"] = False
        filters = options.make_filters(
            *(values.pop(name) for name in ("tags", "paths", "languages"))
        )
        values["manner"] = Manner(
            options.settings(**flags), filters, values.pop("language"), values.pop("fresh")
        )
        return super().invoke(context)


@click.command(cls=AnsweringCommand)
@click.argument("question")
@answering
@options.as_json
@click.option("--no-stream", is_flag=True, help="Print the answer when it is whole.")
def ask(*, question: str, manner: Manner, as_json: bool, no_stream: bool) -> int:
    """Answer QUESTION from the notes, with the lines.

    `-` as QUESTION reads standard input. Exit code 3: the notes do not answer it. QUESTION may hold
    filters, such as tag:ml path:2024/ lang:pl "exact phrase" -word: see rag search --help.
    """
    text = options.read_text(question, "question")
    answerer = manner.open_answerer()
    words, filters = options.narrow(text, manner.filters, answerer.retriever, is_question=True)
    if not words:
        raise click.UsageError(ONLY_FILTERS)
    count, language = manner.settings.k, manner.language
    if as_json:
        answer = answerer.ask(words, count, filters=filters, language=language)
        put_json(as_object(answer) | {"question": text})
    else:
        answer = print_answer(answerer, words, count, filters, language, stream=not no_stream)
    keep_answer(manner.settings, text, answer, say)
    return NOT_ANSWERED if answer.abstained else 0


def print_answer(
    answerer: "Answerer",
    question: str,
    k: int,
    filters: Filters,
    language: str | None,
    *,
    stream: bool,
) -> Answer:
    """Print an answer and its citations; with `stream`, to a terminal as it is written."""
    is_live = stream and sys.stdout.isatty()
    shown: list[str] = []

    def show(piece: str) -> None:
        if is_live:
            shown.append(piece)
            put(piece, end="")

    try:
        answer = answerer.ask(question, k, filters=filters, language=language, on_text=show)
    finally:
        if shown:
            put()
    if "".join(shown).strip() != answer.text.strip():
        if shown:
            # What a model wrote can only be checked when it is whole.
            say("some of this did not pass the check; the answer is:")
        put(answer.text)
    print_citations(answer.text, answer.citations)
    _tell_languages(answer)
    if answer.behind:
        say(f"{plural(answer.behind, 'note')} changed since the last rag ingest")
    return answer


def print_citations(text: str, citations: Sequence[Citation]) -> None:
    """Print where each citation of an answer stands, and its quote where the answer has it not.

    Two sentences of one line are one place.
    """
    if citations:
        put()
    told = []
    for citation in citations:
        line = f"[{citation.number}] {place(citation)}{_REMARKS[citation.status]}"
        if citation.quote not in text:
            line += f"\n    “{' '.join(citation.quote.split())}”"
        told.append(line)
    for line in dict.fromkeys(told):
        put(line)


def _tell_languages(answer: Answer) -> None:
    if others := [wire.name_language(code) for code in answer.other_languages]:
        asked = wire.name_language(answer.language)
        what = "the quotes are" if answer.generator_kind == "extractive" else "the answer is"
        say(f"{what} in {', '.join(others)}; the question's language is {asked}")
