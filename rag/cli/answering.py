"""`rag ask` and `rag chat`."""

import re
import sys
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from rag import wire
from rag.cli import options, streams
from rag.cli.output import plural, put, put_json, say
from rag.cli.searching import as_result, place
from rag.types import Answer, CitationStatus, Filters

if TYPE_CHECKING:
    from rag.answers.answer import Answerer
    from rag.answers.conversation import Conversation
    from rag.config import Settings

NOT_ANSWERED = 3
ONLY_FILTERS = "the question is only filters; ask something beside them"
_REMARKS = {
    CitationStatus.VERIFIED: "",
    CitationStatus.MOVED: " (moved since it was indexed)",
    CitationStatus.STALE: " (the note changed: run rag ingest)",
    CitationStatus.UNSUPPORTED: " (does not support the sentence)",
}


def _read_code(context: click.Context, option: click.Parameter, value: str | None) -> str | None:
    if value is None:
        return None
    code = value.lower().replace("_", "-").partition("-")[0]
    if not re.fullmatch("[a-z]{2,3}", code):
        raise click.BadParameter("give a code such as en, pl, pt or ro", context, option)
    return code


_language = click.option(
    "--lang", "language", metavar="CODE", callback=_read_code, help="Language of the answer."
)
_strict = click.option(
    "--strict", is_flag=True, default=None, help="Leave out what no passage supports."
)
_fresh = click.option("--fresh", is_flag=True, help="Ingest changed notes first, if few.")


@click.command()
@click.argument("question")
@options.count
@options.index
@options.as_json
@options.llm
@options.drawing
@_language
@_strict
@_fresh
@click.option("--no-stream", is_flag=True, help="Print the answer when it is whole.")
@options.rerank
@options.filters
def ask(
    *,
    question: str,
    k: int | None,
    index: str | None,
    as_json: bool,
    llm: str | None,
    temperature: float | None,
    seed: int | None,
    language: str | None,
    strict: bool | None,
    fresh: bool,
    no_stream: bool,
    rerank: str | None,
    tags: tuple[str, ...],
    paths: tuple[str, ...],
    languages: tuple[str, ...],
) -> int:
    """Answer QUESTION from the notes, with the lines.

    `-` as QUESTION reads standard input. Exit code 3: the notes do not answer it. QUESTION may hold
    filters, such as tag:ml path:2024/ lang:pl "exact phrase" -word: see rag search --help.
    """
    text = options.read_text(question, "question")
    settings = options.settings(
        index=index,
        k=k,
        llm=llm,
        temperature=temperature,
        seed=seed,
        rerank=rerank,
        strict=strict,
    )
    if fresh:
        _refresh(settings)
    answerer = wire.open_answerer(settings, say)
    words, filters = options.narrow(
        text,
        options.make_filters(tags, paths, languages),
        answerer.retriever,
        is_question=True,
    )
    if not words:
        raise click.UsageError(ONLY_FILTERS)
    if as_json:
        answer = answerer.ask(words, settings.k, filters=filters, language=language)
        put_json(as_object(answer) | {"question": text})
    else:
        answer = print_answer(answerer, words, settings.k, filters, language, stream=not no_stream)
    return NOT_ANSWERED if answer.abstained else 0


@click.command()
@options.count
@options.index
@options.llm
@options.drawing
@_language
@_strict
@_fresh
@options.rerank
@options.filters
def chat(
    *,
    k: int | None,
    index: str | None,
    llm: str | None,
    temperature: float | None,
    seed: int | None,
    language: str | None,
    strict: bool | None,
    fresh: bool,
    rerank: str | None,
    tags: tuple[str, ...],
    paths: tuple[str, ...],
    languages: tuple[str, ...],
) -> None:
    """Answer one question after another.

    A follow-up builds on the question before. /sources shows what the last answer was written from,
    /save FILE.md writes the chat to a new file, /reset forgets the questions before.
    """
    settings = options.settings(
        index=index,
        k=k,
        llm=llm,
        temperature=temperature,
        seed=seed,
        rerank=rerank,
        strict=strict,
    )
    if fresh:
        _refresh(settings)
    conversation = wire.open_conversation()
    answerer = wire.open_answerer(settings, say)
    filters = options.make_filters(tags, paths, languages)
    answers: list[Answer] = []
    say("ask a question; /reset forgets the ones before, an empty line or Ctrl-D ends")
    while True:
        if sys.stdin.isatty():
            streams.tell("> ", end="")
        line = options.clean_text(sys.stdin.readline(options.MOST_CHARACTERS))
        if not line:
            return
        if line.startswith("/"):
            _obey(line, conversation, answers)
            continue
        question = conversation.standalone(line)
        if question != line:
            say(f"understood as: {question}")
        words, narrowed = options.narrow(question, filters, answerer.retriever, is_question=True)
        if words:
            answers.append(
                print_answer(answerer, words, settings.k, narrowed, language, stream=True)
            )
        else:
            say(ONLY_FILTERS)
        sys.stdout.flush()  # a program that asks through a pipe waits for it


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


def _ignore(stage: str, done: int, total: int) -> None:
    del stage, done, total


def _refresh(settings: "Settings") -> None:
    behind = wire.refresh(settings, _ignore)
    if behind > wire.MOST_FRESH:
        say(f"{plural(behind, 'note')} changed, too many to ingest now: run rag ingest")


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
    if answer.citations:
        put()
    for citation in answer.citations:
        put(f"[{citation.number}] {place(citation)}{_REMARKS[citation.status]}")
        if citation.quote not in answer.text:
            put(f"    “{' '.join(citation.quote.split())}”")
    _tell_languages(answer)
    if answer.behind:
        say(f"{plural(answer.behind, 'note')} changed since the last rag ingest")
    return answer


def _tell_languages(answer: Answer) -> None:
    others = [wire.name_language(code) for code in answer.languages if code != answer.language]
    if others:
        asked = wire.name_language(answer.language)
        what = "the quotes are" if answer.generator_kind == "extractive" else "the answer is"
        say(f"{what} in {', '.join(others)}; the question's language is {asked}")


def as_object(answer: Answer) -> dict[str, Any]:
    """Give an answer as the contract has it."""
    return {
        "question": answer.question,
        "language": answer.language,
        "languages": list(answer.languages),
        "answer": answer.text,
        "abstained": answer.abstained,
        "confidence": round(answer.confidence, 4),
        "citations": [
            asdict(citation) | {"status": str(citation.status)} for citation in answer.citations
        ],
        "passages": [as_result(passage) for passage in answer.passages],
        "generator": {"kind": answer.generator_kind, "model": answer.generator_model},
        "behind": answer.behind,
        "timings_ms": answer.timings_ms,
    }
