"""Options that several commands share, and how flags become settings."""

import re
import sys
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

import click

from rag.cli.output import as_text, say
from rag.config import MOST_PASSAGES, MOST_SEED, MOST_TEMPERATURE, Settings, load_settings
from rag.retrieval.query import loosen, parse_query, write_filters, write_unmatched
from rag.types import Filters, Mode

if TYPE_CHECKING:
    from rag.retrieval.search import Retriever

Command = TypeVar("Command", bound=Callable[..., Any])
MOST_CHARACTERS = 1_000_000
"""Of a question: standard input may never end."""
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\ufeff]")

index = click.option("--index", metavar="DIR", help="Folder of the index. [default: index]")
as_json = click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
count = click.option(
    "-k", "--k", "k", type=click.IntRange(1, MOST_PASSAGES), help="Passages. [default: 5]"
)
llm = click.option(
    "--llm", metavar="SPEC", help="extractive, auto, hf:MODEL or openai:MODEL@URL. [default: auto]"
)
mode = click.option(
    "--mode",
    type=click.Choice([str(mode) for mode in Mode]),
    default=str(Mode.HYBRID),
    show_default=True,
    help="Which legs of retrieval rank.",
)


rerank = click.option(
    "--rerank", metavar="MODEL", help="Cross-encoder that reorders the first 40 passages."
)


def filters(command: Command) -> Command:
    """Add the filter options."""
    for option in (
        click.option(
            "--note-lang", "languages", multiple=True, metavar="CODE", help="Only in: ro, pl, …"
        ),
        click.option(
            "--path",
            "paths",
            multiple=True,
            metavar="GLOB",
            help="Only in a folder, or by pattern.",
        ),
        click.option(
            "--tag", "tags", multiple=True, metavar="T", help="Only notes with it, or one below it."
        ),
    ):
        command = option(command)
    return command


def drawing(command: Command) -> Command:
    """Add the options for how a language model draws its words."""
    for option in (
        click.option(
            "--seed", type=click.IntRange(0, MOST_SEED), help="For the draws. [default: 0]"
        ),
        click.option(
            "--temperature",
            type=click.FloatRange(0, MOST_TEMPERATURE),
            help="0 always takes the likeliest word. [default: 0]",
        ),
    ):
        command = option(command)
    return command


def make_filters(
    tags: tuple[str, ...], paths: tuple[str, ...], languages: tuple[str, ...]
) -> Filters:
    """Gather the filter options."""
    return Filters(tags=tags, paths=paths, languages=languages)


def settings(**flags: object) -> Settings:
    """Gather the settings of this run; an option that was not given is None."""
    return load_settings(flags)


def read_text(argument: str, what: str) -> str:
    """Give the question of a command line; `-` reads it from standard input.

    Raises:
        click.UsageError: it is empty, or too long.
    """
    text = sys.stdin.read(MOST_CHARACTERS + 1) if argument == "-" else argument
    if len(text) > MOST_CHARACTERS:
        raise click.UsageError(f"the {what} is longer than {MOST_CHARACTERS:,} characters")
    text = clean_text(text)
    if not text:
        raise click.UsageError(f"the {what} is empty; write one in quotes")
    return text


def narrow(
    text: str, filters: Filters, retriever: "Retriever", *, is_question: bool
) -> tuple[str, Filters]:
    """Take the filters out of a query, and tell people of those to which nothing answers.

    Args:
        text: the query or question.
        filters: from the options; what the query says narrows them.
        retriever: on the index that is searched.
        is_question: a phrase that stands in no note is told, and not asked for.

    Returns:
        The words to look for, empty if there are none, and all filters.
    """
    query = parse_query(text)
    inner = query.filters
    if inner:
        say(f"filters: {write_filters(inner)}; words: {query.text or 'none'}")
    unmatched = retriever.index.unmatched(filters & inner) if filters or inner else []
    loose = loosen(inner, unmatched) if is_question else inner
    for item in unmatched:
        say(write_unmatched(item))
    if loose != inner:
        say("asked without the phrases that no passage holds")
    return query.text, filters & loose


def clean_text(text: str) -> str:
    """Put a question on one line, without what arrow keys and other programs leave in it."""
    return " ".join(_CONTROL.sub(" ", as_text(text)).split())
