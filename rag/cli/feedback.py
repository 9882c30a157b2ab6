"""`rag feedback`."""

import click

from rag.cli import options
from rag.cli.output import put_json, say
from rag.wire_beside import open_feedback


@click.group()
def feedback() -> None:
    """What readers of the page thought of answers."""


@feedback.command()
@options.index
def export(*, index: str | None) -> None:
    """Print all verdicts as JSON Lines.

    Each line has the question, the passages, the answer and the verdict.
    """
    is_empty = True
    for verdict in open_feedback(options.settings(index=index)).export():
        put_json(verdict)
        is_empty = False
    if is_empty:
        say("no verdicts yet: give one on the page, below an answer")
