"""`rag ingest`, `rag status`, `rag check`."""

import sys
from dataclasses import asdict
from typing import TYPE_CHECKING

import click

from rag import wire
from rag.cli import options, signals
from rag.cli.output import one_line, plural, put, put_json, say
from rag.cli.progress import progress_bars
from rag.config import Settings
from rag.errors import Busy, NoSpace, NoVault, RagError

if TYPE_CHECKING:
    from rag.index.update import Report

UNUSABLE = 4
MOST_NAMED = 10
"""Skipped files that are named on a terminal; `rag status` names all."""


@click.command()
@click.argument("vault", required=False)
@options.index
@click.option("--encoder", metavar="NAME", help="embedded, or a sentence-transformers model.")
@click.option("--ocr", metavar="LANGS", help="Read pictures with tesseract: ron+eng, or auto.")
@click.option("--rebuild", is_flag=True, help="Build anew; vectors already computed are kept.")
@click.option("--watch", is_flag=True, help="Stay, and ingest whenever a note changes.")
@options.as_json
@click.option("--quiet", is_flag=True, help="No progress, no notices.")
def ingest(
    *,
    vault: str | None,
    index: str | None,
    encoder: str | None,
    ocr: str | None,
    rebuild: bool,
    watch: bool,
    as_json: bool,
    quiet: bool,
) -> None:
    """Index the notes in VAULT, a folder.

    Only what is new is embedded. Without VAULT: the folder `notes`, or what the settings name.
    """
    settings = options.settings(vault=vault, index=index, encoder=encoder, ocr=ocr)
    try:
        _ingest_once(settings, rebuild=rebuild, as_json=as_json, quiet=quiet)
    except KeyboardInterrupt:
        say("what was done is kept: the next ingest goes on from here")
        raise
    if watch:
        _watch(settings, as_json=as_json, quiet=quiet)


def _watch(settings: Settings, *, as_json: bool, quiet: bool) -> None:
    """Ingest at every change; what may pass by itself is told once and tried again."""

    def notify(line: str) -> None:
        if not quiet:
            say(line)

    notify(f"watching {settings.vault}; Ctrl-C ends")
    told: RagError | None = None
    try:
        for _ in wire.watch(settings, notify):
            try:
                _ingest_once(settings, rebuild=False, as_json=as_json, quiet=quiet)
            except (NoVault, Busy, NoSpace) as error:
                if str(error) != str(told):
                    notify(f"{error.problem}; trying again")
                told = error
            else:
                told = None
    except KeyboardInterrupt:
        signals.stop_if_told()  # the library that waits makes Ctrl-C of every signal
        raise


def _ingest_once(settings: Settings, *, rebuild: bool, as_json: bool, quiet: bool) -> None:
    with progress_bars(quiet=quiet or as_json) as progress:
        report = wire.ingest(settings, rebuild=rebuild, progress=progress)
    if not quiet:
        _tell(report, settings)
    if as_json:
        put_json(
            {
                "index": settings.index,
                "notes": report.notes,
                "chunks": report.chunks,
                "added": report.added,
                "changed": report.changed,
                "removed": report.removed,
                "unchanged": report.unchanged,
                "embedded": report.embedded,
                "reused": report.reused,
                "skipped": [asdict(item) for item in report.skipped],
                "notices": [asdict(item) for item in report.notices],
                "seconds": report.seconds,
            }
        )
    elif not quiet:
        put(
            f"{plural(report.notes, 'note')}, {plural(report.chunks, 'chunk')} in "
            f"{settings.index}: "
            f"{report.added} added, {report.changed} changed, {report.removed} removed, "
            f"{report.unchanged} unchanged; "
            f"{plural(report.embedded, 'chunk')} embedded in {report.seconds:.1f} s"
        )
    sys.stdout.flush()  # a program that reads along while we watch waits for it


def _tell(report: "Report", settings: Settings) -> None:
    if report.previous_vault:
        say(f"this index held the notes of {report.previous_vault}; it now holds {settings.vault}")
    for item in report.skipped[:MOST_NAMED]:
        say(f"skipped {item.path}: {item.reason}")
    if len(report.skipped) > MOST_NAMED:
        say(f"skipped {len(report.skipped) - MOST_NAMED} more: rag status names them")
    for notice in report.notices[:MOST_NAMED]:
        say(f"{notice.path}: {notice.problem}; the rest of it is indexed")
    if len(report.notices) > MOST_NAMED:
        say(f"{len(report.notices) - MOST_NAMED} more such notices: rag status gives them")
    if not report.notes:
        say(f"no notes in {settings.vault}: it holds no .md file with text")


@click.command()
@options.index
@options.as_json
def status(*, index: str | None, as_json: bool) -> None:
    """Tell what the index holds.

    And what was skipped and why, and how many notes changed since.
    """
    settings = options.settings(index=index)
    info, behind = wire.read_status(settings)
    if as_json:
        put_json(
            {
                "index": settings.index,
                "vault": info.vault,
                "notes": info.notes,
                "chunks": info.chunks,
                "languages": info.languages,
                "encoder": {"name": info.encoder, "dimension": info.dimension},
                "skipped": [asdict(item) for item in info.skipped],
                "notices": [asdict(item) for item in info.notices],
                "updated_at": info.updated_at,
                "bytes": info.size,
                "behind": behind,
            }
        )
        return
    languages = ", ".join(f"{code} {notes}" for code, notes in info.languages.items())
    put(f"index      {settings.index} ({info.size / 1e6:.1f} MB, {info.updated_at})")
    put(f"vault      {info.vault}")
    put(f"notes      {info.notes} ({languages})")
    put(f"chunks     {info.chunks}")
    put(f"encoder    {info.encoder} ({info.dimension} dimensions)")
    changed = plural(behind, "note") if behind else "nothing"
    put(f"behind     {changed} changed since")
    for item in info.skipped:
        put(one_line(f"skipped    {item.path}: {item.reason}"))
    for notice in info.notices:
        put(one_line(f"notice     {notice.path}: {notice.problem}"))


@click.command()
@options.index
@options.as_json
@click.option("--repair", is_flag=True, help="Rebuild what is damaged from notes and vectors.")
def check(*, index: str | None, as_json: bool, repair: bool) -> int:
    """Compare the index with its checksums."""
    settings = options.settings(index=index)
    with progress_bars(quiet=as_json) as progress:
        problems = wire.check(settings, repair=repair, progress=progress)
    if as_json:
        put_json({"ok": not problems, "problems": [asdict(problem) for problem in problems]})
    else:
        for problem in problems:
            put(f"{problem.file}: {problem.problem}; {problem.remedy}")
        if not problems:
            put("the index is sound")
    return UNUSABLE if problems else 0
