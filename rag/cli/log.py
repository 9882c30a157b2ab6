"""`rag log`."""

from typing import Any

import click

from rag.cli import options
from rag.cli.answering import print_citations
from rag.cli.output import one_line, put, put_json, say
from rag.errors import RagError
from rag.history import Entry
from rag.types import Citation, CitationStatus
from rag.wire_beside import open_history

SHOWN = 20
"""Entries: a screen of them."""
_NUMBER = click.IntRange(1, 2**31 - 1)
"""More than anybody asks; SQLite cannot count beyond 2**63."""


@click.command()
@click.argument("number", type=_NUMBER, required=False)
@click.option("-n", "--limit", type=_NUMBER, default=SHOWN, show_default=True, help="How many.")
@click.option("--clear", is_flag=True, help="Forget all of them.")
@options.index
@options.as_json
def log(*, number: int | None, limit: int, clear: bool, index: str | None, as_json: bool) -> None:
    """List what was asked, newest first; with NUMBER, show that answer in full."""
    if clear and number:
        raise click.UsageError("name an entry, or --clear to forget all of them")
    history = open_history(options.settings(index=index))
    if clear:
        history.clear()
        if as_json:
            put_json({"entries": []})
        say("the log is empty")
    elif number:
        entry = history.get(number)
        if entry is None:
            raise RagError(f"there is no entry {number} in the log", "see which there are: rag log")
        if as_json:
            put_json(_as_object(entry))
        else:
            _show(entry)
    else:
        entries = history.latest(limit)
        if as_json:
            put_json({"entries": [_as_object(entry) for entry in entries]})
            return
        for entry in entries:
            put(f"{entry.number:>4}  {_time(entry)}  {_name(entry)}")
        if not entries:
            say("nothing was asked yet, or nothing kept of it")


def _as_object(entry: Entry) -> dict[str, Any]:
    return {"number": entry.number, "at": entry.at.isoformat(), **entry.answer}


def _time(entry: Entry) -> str:
    return f"{entry.at.astimezone():%Y-%m-%d %H:%M}"


def _name(entry: Entry) -> str:
    remark = " (not answered)" if entry.answer["abstained"] else ""
    return f"{one_line(entry.answer['question'])}{remark}"


def _show(entry: Entry) -> None:
    answer = entry.answer
    put(f"{_time(entry)}  {one_line(answer['question'])}")
    if answer["understood"] != answer["question"]:
        put(f"understood as: {one_line(answer['understood'])}")
    put()
    put(answer["answer"])
    print_citations(
        answer["answer"],
        [
            Citation(
                **one
                | {"headings": tuple(one["headings"]), "status": CitationStatus(one["status"])}
            )
            for one in answer["citations"]
        ],
    )
