"""Ingest: bring an index in step with its vault, embedding only what is new.

If anything differs, a whole new generation is built beside the live one: see `build`.
"""

import errno
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from rag.errors import NoIndex, NoSpace, NotAnIndex, RagError
from rag.index import generations
from rag.index.build import Build
from rag.index.generations import REBUILD
from rag.index.ingest import Ingest, check_origin
from rag.index.local import LocalIndex
from rag.index.lock import writer_lock
from rag.index.workshop import Progress, Report, Workshop

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
    task = Ingest(vault, encoder_name, open_workshop, progress)
    if vault.resolve().is_relative_to(folder.resolve()):
        raise NotAnIndex(
            f"the index in {str(folder)!r} would lie among the notes themselves",
            "name a folder of its own for the index: --index DIR",
        )
    with _storage_errors(folder):
        generations.prepare(folder)
        with writer_lock(folder / generations.LOCK):
            previous = None if rebuild else _open_previous(folder, encoder_name)
            if task.look(previous, without=folder):
                Build(task, folder, previous).run()
            else:
                generations.tidy(folder)
    return task.finish()


def _open_previous(folder: Path, encoder_name: str) -> LocalIndex | None:
    try:
        manifest = generations.read_manifest(folder)[1]
    except NoIndex:
        return None
    check_origin(manifest, encoder_name)
    return LocalIndex.open(folder)


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
