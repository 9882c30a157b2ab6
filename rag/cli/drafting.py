"""`rag eval --make`."""

import click

from rag import wire_eval
from rag.cli.output import plural, put_json, say
from rag.cli.progress import progress_bars
from rag.config import Settings
from rag.errors import BadQuestions


def make_questions(settings: Settings, name: str, count: int, *, as_json: bool) -> None:
    """Draft questions from the indexed notes into a new file, line by line as they are ready.

    Raises:
        BadQuestions: the notes hold nothing to ask about.
    """
    drafts = wire_eval.draft_questions(settings, count)
    if not drafts:
        raise BadQuestions(
            "the notes hold no heading, bold term, definition or table to draft a question from",
            "write questions by hand, one JSON object a line",
        )
    try:
        file = open(name, "x", encoding="utf-8")  # noqa: PTH123, SIM115 - any name a shell gives
    except FileExistsError as error:
        raise click.UsageError(f"--make {name!r} exists; name a new file") from error
    except (OSError, ValueError) as error:
        reason = (getattr(error, "strerror", None) or str(error)).lower()
        raise click.UsageError(f"--make {name!r} cannot be written: {reason}") from error
    worded = 0
    with file, progress_bars(quiet=as_json) as progress:
        for done, (line, by_model) in enumerate(
            wire_eval.word_drafts(settings, drafts, say), start=1
        ):
            file.write(f"{line}\n")
            file.flush()  # a model takes seconds for each, and what it wrote stays
            worded += by_model
            progress("drafts", done, len(drafts))
    notes = len({draft.chunk.path for draft in drafts})
    if as_json:
        put_json({"file": name, "drafted": len(drafts), "notes": notes, "by_model": worded})
    by = f", {worded} of them worded by {settings.llm}" if worded else ""
    say(
        f"{plural(len(drafts), 'question')} drafted from {plural(notes, 'note')}{by}: {name}",
        "read them in an editor: mend the wording and the answers, delete what nobody would ask",
        f"then measure: rag eval {name}",
    )
