"""Ingest: bring an index in step with its vault, embedding only what is new.

If anything differs, a whole new generation is built beside the live one: see `build`.
"""

import errno
import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from rag.errors import NoIndex, NoSpace, NotAnIndex, NoVault, OtherIndex, RagError
from rag.index import generations
from rag.index.build import Build
from rag.index.freshness import Changes, compare, find_differences
from rag.index.generations import REBUILD
from rag.index.local import LocalIndex
from rag.index.lock import writer_lock
from rag.index.workshop import Progress, Report, Workshop
from rag.notes import CHUNKING
from rag.notes.vault import scan

__all__ = ["Progress", "Report", "Workshop", "ingest"]

_ANOTHER_FOLDER = "name a folder that you may write to: --index DIR"
_REMEDIES = {
    errno.EACCES: _ANOTHER_FOLDER,
    errno.EPERM: _ANOTHER_FOLDER,
    errno.EROFS: _ANOTHER_FOLDER,
    errno.ENOTDIR: _ANOTHER_FOLDER,
    errno.ENAMETOOLONG: _ANOTHER_FOLDER,
    errno.EMFILE: "close other programs, or allow more open files: ulimit -n",
    errno.ENFILE: "close other programs and try again",
    errno.ENOMEM: "close other programs and try again",
}


def ingest(
    vault: Path,
    folder: Path,
    encoder_name: str,
    open_workshop: Callable[[], Workshop],
    *,
    rebuild: bool = False,
    progress: Progress = lambda stage, done, total: None,  # noqa: ARG005
) -> Report:
    """Bring the index in `folder` in step with `vault`.

    Raises:
        NoVault: the vault cannot be read, or suddenly holds no note at all.
        NotAnIndex: the folder holds something else.
        Busy: another process is writing this index.
        NoSpace: the disk is full; what was embedded is kept, the old state answers.
        DamagedIndex, OtherIndex: `rebuild` is needed.
        NoModel: the encoder cannot be had, and something is to be embedded.
    """
    began = time.monotonic()
    started_ns = time.time_ns()
    next(scan(vault), None)  # no folder is made for a vault that cannot be read
    if vault.resolve().is_relative_to(folder.resolve()):
        raise NotAnIndex(
            f"the index in {str(folder)!r} would lie among the notes themselves",
            "name a folder of its own for the index: --index DIR",
        )
    with _storage_errors(folder):
        generations.prepare(folder)
        with writer_lock(folder / generations.LOCK):
            previous = None if rebuild else _open_previous(folder, encoder_name)
            changes = _compare(vault, folder, previous)
            if previous and _is_in_step(vault, previous, changes):
                generations.tidy(folder)
                report = _nothing_changed(previous)
            else:
                build = Build(vault, folder, encoder_name, open_workshop, previous, progress)
                report = build.run(changes, started_ns)
    if previous and previous.manifest.vault != str(vault.resolve()):
        report.previous_vault = previous.manifest.vault
    report.seconds = round(time.monotonic() - began, 3)
    return report


def _open_previous(folder: Path, encoder_name: str) -> LocalIndex | None:
    try:
        manifest = generations.read_manifest(folder)[1]
    except NoIndex:
        return None
    if manifest.chunking != CHUNKING:
        raise OtherIndex("the index was made by another version of rag", REBUILD)
    if manifest.encoder != encoder_name:
        raise OtherIndex(
            f"the index was made with the encoder {manifest.encoder!r}, not {encoder_name!r}",
            REBUILD,
        )
    return LocalIndex.open(folder)


def _compare(vault: Path, folder: Path, previous: LocalIndex | None) -> Changes:
    if previous is None:
        return compare(vault, {}, 0, without=folder)
    notes = previous.notes()
    changes = compare(vault, notes, previous.manifest.started_ns, without=folder)
    if notes and not changes.found:
        raise NoVault(
            f"the vault {str(vault)!r} holds no notes any more; the index stays as it is",
            f"is its disk mounted? if you mean it, {REBUILD}",
        )
    return changes


def _is_in_step(vault: Path, previous: LocalIndex, changes: Changes) -> bool:
    """Say whether a new generation would hold what the live one holds."""
    return previous.manifest.vault == str(vault.resolve()) and not find_differences(
        vault, changes, previous.info.skipped
    )


def _nothing_changed(previous: LocalIndex) -> Report:
    info = previous.info
    return Report(
        notes=info.notes,
        chunks=info.chunks,
        unchanged=info.notes,
        reused=info.chunks,
        skipped=info.skipped,
        notices=info.notices,
    )


@contextmanager
def _storage_errors(folder: Path) -> Iterator[None]:
    """Turn what a disk can do to a writer into one line with the remedy."""
    try:
        yield
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise _no_space(folder) from error
        reason = (error.strerror or str(error)).lower()
        raise RagError(
            f"the index in {str(folder)!r} cannot be written ({reason})",
            _REMEDIES.get(error.errno or 0, "is its disk still there? try again"),
        ) from error
    except sqlite3.Error as error:
        if getattr(error, "sqlite_errorcode", None) == sqlite3.SQLITE_FULL:
            raise _no_space(folder) from error
        raise RagError(
            f"the index in {str(folder)!r} cannot be written ({error})", REBUILD
        ) from error


def _no_space(folder: Path) -> NoSpace:
    return NoSpace(
        f"no space left on the disk of {str(folder)!r}; the old index still answers",
        "free some space and run the same command again: it goes on where it was",
    )
