"""`rag eval`."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from rag import wire
from rag.cli import options
from rag.cli.output import progress_bars, put, put_json, say
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
@click.option("--llm", metavar="SPEC", help="What answers them. [default: auto]")
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
    """Measure retrieval, and with --answers answers, on QUESTIONS whose answers are known."""
    settings = options.settings(index=index, llm=llm, k=k)
    items = wire.load_questions(Path(questions))
    outcomes: list[Outcome] = []
    with progress_bars(quiet=as_json) as progress:
        for outcome in wire.evaluate(settings, items, mode=Mode(mode), answers=answers):
            outcomes.append(outcome)
            progress("questions", len(outcomes), len(items))
    report = wire.report(outcomes)
    if details:
        lines = (wire.details_line(outcome) for outcome in outcomes)
        Path(details).write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
        say(f"details of each question: {details}")
    if as_json:
        put_json({"questions": questions, "mode": mode, "report": report})
        return
    names = list(report["all"])
    put("".join(["language  ", *(f"{name:>14}" for name in names)]))
    for language, figures in report.items():
        put("".join([f"{language:<10}", *(f"{figures.get(name, 0):>14.3f}" for name in names)]))
