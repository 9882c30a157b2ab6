"""`rag eval`."""

import io
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

import click

from rag import wire
from rag.cli import options
from rag.cli.output import put, put_json, say
from rag.cli.progress import progress_bars
from rag.types import Mode

if TYPE_CHECKING:
    from rag.evaluation.run import Outcome


@click.command("eval")
@click.argument("questions", default="eval/questions.jsonl")
@options.index
@options.as_json
@options.count
@click.option("--details", metavar="OUT.jsonl", help="Write a line for each question.")
@click.option("--answers", is_flag=True, help="Answer the questions too.")
@options.llm
@options.mode
def evaluate(
    *,
    questions: str,
    index: str | None,
    as_json: bool,
    k: int | None,
    details: str | None,
    answers: bool,
    llm: str | None,
    mode: str,
) -> None:
    """Measure on QUESTIONS with known answers.

    QUESTIONS is a file with one JSON object a line; retrieval is measured, with --answers the
    answers too.
    """
    settings = options.settings(index=index, llm=llm, k=k)
    items = wire.load_questions(Path(questions))
    outcomes: list[Outcome] = []
    run = wire.evaluate(settings, items, mode=Mode(mode), answers=answers, notify=say)
    with progress_bars(quiet=as_json) as progress, _open_details(details, questions) as file:
        for outcome in run:
            outcomes.append(outcome)
            file.write(f"{wire.details_line(outcome)}\n")
            progress("questions", len(outcomes), len(items))
    report = wire.report(outcomes)
    if details:
        say(f"details of each question: {details}")
    if as_json:
        put_json({"questions": questions, "mode": mode, "report": report})
        return
    names = list(report["all"])
    put("".join(["language  ", *(f"{name:>14}" for name in names)]))
    for language, figures in report.items():
        put("".join([f"{language:<10}", *(f"{figures.get(name, 0):>14.3f}" for name in names)]))


def _open_details(name: str | None, questions: str) -> TextIO:
    """Open the file of details, before the work that may take an hour."""
    if name is None:
        return io.StringIO()
    file = Path(name)
    if file.resolve() == Path(questions).resolve():
        raise click.UsageError("--details would write over the questions; name another file")
    try:
        return file.open("w", encoding="utf-8", errors="replace")
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise click.UsageError(f"--details {name!r} cannot be written: {reason}") from error
