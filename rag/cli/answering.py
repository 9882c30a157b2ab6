"""`rag ask` and `rag chat`."""

import sys
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import click

from rag import wire
from rag.cli import options
from rag.cli.output import put, put_json, say
from rag.cli.searching import as_result
from rag.types import Answer, Citation, CitationStatus, Filters

if TYPE_CHECKING:
    from rag.answers.answer import Answerer

NOT_ANSWERED = 3
_REMARKS = {
    CitationStatus.VERIFIED: "",
    CitationStatus.MOVED: " (moved since it was indexed)",
    CitationStatus.STALE: " (the note changed: run rag ingest)",
    CitationStatus.UNSUPPORTED: " (does not support the sentence)",
}

_llm = click.option("--llm", metavar="SPEC", help="extractive, auto or hf:MODEL. [default: auto]")
_language = click.option("--lang", "language", metavar="CODE", help="Language of the answer.")


@click.command()
@click.argument("question")
@options.count
@options.index
@options.as_json
@_llm
@_language
@click.option("--no-stream", is_flag=True, help="Print the answer when it is whole.")
@options.filters
def ask(
    *,
    question: str,
    k: int | None,
    index: str | None,
    as_json: bool,
    llm: str | None,
    language: str | None,
    no_stream: bool,
    tags: tuple[str, ...],
    paths: tuple[str, ...],
    languages: tuple[str, ...],
) -> int:
    """Answer QUESTION from the notes, with the lines it stands on; `-` reads it from stdin."""
    text = options.read_text(question, "question")
    settings = options.settings(index=index, k=k, llm=llm)
    answerer = wire.open_answerer(settings, say)
    filters = options.make_filters(tags, paths, languages)
    if as_json:
        answer = answerer.ask(text, settings.k, filters=filters, language=language)
        put_json(as_object(answer))
    else:
        answer = _print_answer(answerer, text, settings.k, filters, language, stream=not no_stream)
    return NOT_ANSWERED if answer.abstained else 0


@click.command()
@options.count
@options.index
@_llm
@_language
@options.filters
def chat(
    *,
    k: int | None,
    index: str | None,
    llm: str | None,
    language: str | None,
    tags: tuple[str, ...],
    paths: tuple[str, ...],
    languages: tuple[str, ...],
) -> None:
    """Answer one question after another; follow-ups build on the question before."""
    settings = options.settings(index=index, k=k, llm=llm)
    conversation = wire.open_conversation()
    answerer = wire.open_answerer(settings, say)
    filters = options.make_filters(tags, paths, languages)
    say("ask a question; /reset forgets the ones before, an empty line or Ctrl-D ends")
    while True:
        if sys.stdin.isatty():
            print("> ", end="", file=sys.stderr, flush=True)
        line = sys.stdin.readline().strip()
        if not line:
            return
        if line == "/reset":
            conversation.reset()
            continue
        question = conversation.standalone(line)
        if question != line:
            say(f"understood as: {question}")
        _print_answer(answerer, question, settings.k, filters, language, stream=True)


def _print_answer(
    answerer: "Answerer",
    question: str,
    k: int,
    filters: Filters,
    language: str | None,
    *,
    stream: bool,
) -> Answer:
    live = stream and sys.stdout is not None and sys.stdout.isatty()
    answer = answerer.ask(
        question,
        k,
        filters=filters,
        language=language,
        on_text=(lambda piece: put(piece, end="")) if live else (lambda piece: None),  # noqa: ARG005
    )
    put("" if live else answer.text)
    if answer.citations:
        put()
    for citation in answer.citations:
        put(f"[{citation.number}] {_where(citation)}{_REMARKS[citation.status]}")
        if citation.quote not in answer.text:
            put(f"    “{' '.join(citation.quote.split())}”")
    if answer.behind:
        say(f"{answer.behind} notes changed since they were indexed: run rag ingest")
    return answer


def _where(citation: Citation) -> str:
    lines = str(citation.start_line)
    if citation.end_line != citation.start_line:
        lines += f"-{citation.end_line}"
    return " › ".join((f"{citation.path}:{lines}", *citation.headings))


def as_object(answer: Answer) -> dict[str, Any]:
    """Give an answer as the contract has it."""
    return {
        "question": answer.question,
        "language": answer.language,
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
