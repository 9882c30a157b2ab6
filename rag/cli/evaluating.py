"""`rag eval`."""

import io
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO

import click

import rag
from rag import wire_eval
from rag.cli import options
from rag.cli.drafting import make_questions
from rag.cli.output import plural, put, put_json, say
from rag.cli.progress import progress_bars
from rag.cli.tables import difference_lines, figure_lines
from rag.errors import RagError
from rag.types import Mode

if TYPE_CHECKING:
    from rag.evaluation.compare import Comparison
    from rag.evaluation.evaluation import Evaluation
    from rag.evaluation.report import Report
    from rag.evaluation.saved import About, SavedRun

QUESTIONS = "eval/questions.jsonl"
NAMED = 3
"""Ids that a notice gives before it says that there are more."""
DRAFTS = 40
"""As many as somebody reads and mends in an hour."""
LEAST_COMPARED = 10
"""Questions of a pair of languages that a printed comparison shows: an interval on fewer says
nothing. The JSON has all."""


@click.command("eval")
@click.argument("questions", required=False)
@options.index
@options.as_json
@options.count
@click.option("--details", metavar="OUT.jsonl", help="Write a line for each question.")
@click.option("--output", metavar="OUT.json", help="Save the run, and a picture of it as OUT.png.")
@click.option("--against", metavar="RUN.json", help="Compare with a saved run.")
@click.option("--answers", is_flag=True, help="Answer the questions too.")
@options.llm
@options.rerank
@options.mode
@click.option("--make", metavar="OUT.jsonl", help="Draft questions from the notes instead.")
@click.option(
    "--count",
    type=click.IntRange(1),
    default=DRAFTS,
    show_default=True,
    help="How many to draft at most.",
)
def evaluate(
    *,
    questions: str | None,
    index: str | None,
    as_json: bool,
    k: int | None,
    details: str | None,
    output: str | None,
    against: str | None,
    answers: bool,
    llm: str | None,
    rerank: str | None,
    mode: str,
    make: str | None,
    count: int,
) -> None:
    """Measure on QUESTIONS with known answers.

    QUESTIONS is a file with one JSON object a line [default: eval/questions.jsonl]; retrieval is
    measured, with --answers the answers too. With --make such a file is drafted from the indexed
    notes, for you to read and mend.
    """
    settings = options.settings(index=index, llm=llm, k=k, rerank=rerank)
    if make is not None:
        if questions or details or output or against or answers:
            raise click.UsageError("--make drafts questions and measures nothing; give it alone")
        make_questions(settings, make, count, as_json=as_json)
        return
    file = questions or QUESTIONS
    items = wire_eval.load_questions(Path(file))
    before = wire_eval.read_run(Path(against)) if against else None
    run = wire_eval.open_evaluation(settings, items, mode=Mode(mode), answers=answers, notify=say)
    if before and against:
        run.check_against(before, against)
    _say_lost(run.lost)
    with (
        progress_bars(quiet=as_json) as progress,
        _open_details(details, file) as lines,
        _open_output(output, file) as saved,
    ):
        for done, outcome in enumerate(run.run(), start=1):
            lines.write(f"{wire_eval.details_line(outcome)}\n")
            progress("questions", done, len(items))
        about = run.about(
            questions=file,
            llm=settings.llm,
            date=datetime.now(UTC).isoformat(timespec="seconds"),
            version=rag.__version__,
        )
        saved.write(run.as_json(about))
    if details:
        say(f"details of each question: {details}")
    if output:
        _draw(run, about, Path(output))
    comparison = run.compare(before, against) if before and against else None
    report = run.report()
    if as_json:
        found: dict[str, Any] = {"questions": file, "mode": mode, "report": report.languages}
        found |= {"pairs": report.pairs, "lost": list(run.lost)}
        if before and comparison:
            found["against"] = {"file": against, **asdict(before.about), **asdict(comparison)}
        put_json(found)
        return
    _print_report(report)
    if before and comparison:
        _print_comparison(before, comparison)


def _print_report(report: "Report") -> None:
    wide = max(len(name) for name in (*report.languages, *report.pairs))
    for line in figure_lines("language", report.languages, wide):
        put(line)
    # Where every question is answered in its own language, the pairs say nothing new.
    if len(report.pairs) >= len(report.languages):
        put()
        for line in figure_lines("pair", report.pairs, wide):
            put(line)


def _print_comparison(before: "SavedRun", comparison: "Comparison") -> None:
    about = before.about
    put()
    put(
        f"against {about.date}, rag {about.version}, {about.encoder}, {about.mode}: "
        f"{plural(comparison.shared, 'question')} in both, {comparison.only_now} only now, "
        f"{comparison.only_before} only then; 95 % paired bootstrap intervals"
    )
    groups = comparison.languages | {
        name: figures
        for name, figures in comparison.pairs.items()
        if any(change.questions >= LEAST_COMPARED for change in figures.values())
    }
    for line in difference_lines(groups):
        put(line)


def _say_lost(lost: Sequence[str]) -> None:
    if lost:
        names = ", ".join(lost[:NAMED]) + (", …" if len(lost) > NAMED else "")
        say(
            f"{plural(len(lost), 'question')} ({names}) name a note or a quote that no passage of "
            "the index holds; they count as not found"
        )


def _draw(run: "Evaluation", about: "About", output: Path) -> None:
    """Draw what was saved, beside it."""
    picture = output.with_suffix(".png")
    title = f"{about.questions}: {about.mode}, {about.encoder}, {about.date[:10]}"
    say(f"saved: {output}")
    try:
        if wire_eval.draw_run(picture, run.scored(), title):
            say(f"drawn: {picture}")
    except RagError as error:
        say(str(error))


def _open_details(name: str | None, questions: str) -> TextIO:
    """Open the file of details, before the work that may take an hour."""
    if name is None:
        return io.StringIO()
    file = Path(name)
    _refuse_questions("--details", file, questions)
    try:
        return file.open("w", encoding="utf-8", errors="replace")
    except OSError as error:
        raise _cannot_write("--details", name, error) from error


@contextmanager
def _open_output(name: str | None, questions: str) -> Iterator[TextIO]:
    """Open what becomes the saved run when the block is done; an earlier one stays till then."""
    if name is None:
        yield io.StringIO()
        return
    file = Path(name)
    _refuse_questions("--output", file, questions)
    if file.suffix != ".json":
        raise click.UsageError(f"--output {name!r} does not end in .json")
    part = file.with_name(f"{file.name}.part")
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        stream = part.open("w", encoding="utf-8", errors="replace")
    except OSError as error:
        raise _cannot_write("--output", name, error) from error
    try:
        with stream:
            yield stream
        part.replace(file)
    except BaseException:
        part.unlink(missing_ok=True)
        raise


def _refuse_questions(option: str, file: Path, questions: str) -> None:
    if file.resolve() == Path(questions).resolve():
        raise click.UsageError(f"{option} would write over the questions; name another file")


def _cannot_write(option: str, name: str, error: OSError) -> click.UsageError:
    reason = (error.strerror or str(error)).lower()
    return click.UsageError(f"{option} {name!r} cannot be written: {reason}")
