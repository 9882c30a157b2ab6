"""`rag ingest`, `rag status`, `rag check`."""

from dataclasses import asdict
from typing import TYPE_CHECKING

import click

from rag import wire
from rag.cli import options
from rag.cli.output import progress_bars, put, put_json, say
from rag.config import Settings

if TYPE_CHECKING:
    from rag.index.update import Report

UNUSABLE = 4
MOST_NAMED = 10
"""Skipped files that are named on a terminal; `rag status` names all."""


@click.command()
@click.argument("vault", required=False)
@options.index
@click.option("--encoder", metavar="NAME", help="embedded, or a sentence-transformers model.")
@click.option("--rebuild", is_flag=True, help="Build anew; vectors already computed are kept.")
@click.option("--watch", is_flag=True, help="Stay, and ingest whenever a note changes.")
@options.as_json
@click.option("--quiet", is_flag=True, help="No progress, no notices.")
def ingest(
    *,
    vault: str | None,
    index: str | None,
    encoder: str | None,
    rebuild: bool,
    watch: bool,
    as_json: bool,
    quiet: bool,
) -> None:
    """Index the notes in VAULT (default: notes), embedding only what is new."""
    settings = options.settings(vault=vault, index=index, encoder=encoder)
    _ingest_once(settings, rebuild=rebuild, as_json=as_json, quiet=quiet)
    if watch:
        say(f"watching {settings.vault}; Ctrl-C ends")
        for _ in wire.watch(settings):
            _ingest_once(settings, rebuild=False, as_json=as_json, quiet=quiet)


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
                "seconds": report.seconds,
            }
        )
    elif not quiet:
        put(
            f"{report.notes} notes, {report.chunks} chunks in {settings.index}: "
            f"{report.added} added, {report.changed} changed, {report.removed} removed, "
            f"{report.unchanged} unchanged; "
            f"{report.embedded} chunks embedded in {report.seconds:.1f} s"
        )


def _tell(report: "Report", settings: Settings) -> None:
    if report.previous_vault:
        say(f"this index held the notes of {report.previous_vault}; it now holds {settings.vault}")
    for item in report.skipped[:MOST_NAMED]:
        say(f"skipped {item.path}: {item.reason}")
    if len(report.skipped) > MOST_NAMED:
        say(f"skipped {len(report.skipped) - MOST_NAMED} more: rag status names them")
    if not report.notes:
        say(f"no notes in {settings.vault}: it holds no .md file with text")


@click.command()
@options.index
@options.as_json
def status(*, index: str | None, as_json: bool) -> None:
    """Tell what the index holds and how far it is behind the notes."""
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
    put(
        f"behind     {behind} notes changed since" if behind else "behind     nothing changed since"
    )
    for item in info.skipped:
        put(f"skipped    {item.path}: {item.reason}")


@click.command()
@options.index
@options.as_json
@click.option("--repair", is_flag=True, help="Rebuild what is damaged from notes and vectors.")
def check(*, index: str | None, as_json: bool, repair: bool) -> int:
    """Read the whole index back and compare it with its checksums."""
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
