"""Options that several commands share, and how flags become settings."""

import re
import sys
from collections.abc import Callable
from typing import Any, TypeVar

import click

from rag.cli.output import as_text
from rag.config import MOST_PASSAGES, Settings, load_settings
from rag.types import Filters, Mode

Command = TypeVar("Command", bound=Callable[..., Any])
MOST_CHARACTERS = 1_000_000
"""Of a question: standard input may never end."""
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\ufeff]")

index = click.option("--index", metavar="DIR", help="Folder of the index. [default: index]")
as_json = click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
count = click.option(
    "-k", "--k", "k", type=click.IntRange(1, MOST_PASSAGES), help="Passages. [default: 5]"
)
mode = click.option(
    "--mode",
    type=click.Choice([str(mode) for mode in Mode]),
    default=str(Mode.HYBRID),
    show_default=True,
    help="Which legs of retrieval rank.",
)


def filters(command: Command) -> Command:
    """Add the filter options."""
    for option in (
        click.option("--note-lang", "languages", multiple=True, metavar="CODE", help="ro, pl, …"),
        click.option("--path", "paths", multiple=True, metavar="GLOB", help="Notes by path."),
        click.option("--tag", "tags", multiple=True, metavar="T", help="Notes by tag."),
    ):
        command = option(command)
    return command


def make_filters(
    tags: tuple[str, ...], paths: tuple[str, ...], languages: tuple[str, ...]
) -> Filters:
    """Gather the filter options."""
    return Filters(tags=tags, paths=paths, languages=tuple(code.lower() for code in languages))


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


def clean_text(text: str) -> str:
    """Put a question on one line, without what arrow keys and other programs leave in it."""
    return " ".join(_CONTROL.sub(" ", as_text(text)).split())
