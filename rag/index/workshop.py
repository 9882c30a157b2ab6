"""What turns notes into chunks and chunks into vectors, and what an ingest tells of it."""

import errno
import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from rag.encoders import Encoder
from rag.errors import RagError
from rag.index.tables import FileState
from rag.index.vectors import vector_key
from rag.notes.vault import FoundFile, decode, explain, read_bytes
from rag.types import Chunk, Document, Note, Notice, Skipped

BATCH = 128
"""Texts embedded between two commits: about two seconds of work on two cores."""
_NOT_ITS_FAULT = (errno.EMFILE, errno.ENFILE, errno.ENOMEM)
"""What the system lacks ends the ingest: the note would lose its place in the index for it."""


@dataclass(frozen=True, slots=True)
class Workshop:
    """What turns notes into chunks and chunks into vectors; opened only for something new."""

    encoder: Encoder
    cut: Callable[[Note], tuple[Document, list[Chunk]]]


@dataclass(frozen=True, slots=True)
class CutNote:
    """A note that was read and cut."""

    document: Document
    state: FileState
    chunks: Sequence[Chunk]
    keys: Sequence[bytes]
    """Of the vectors of the chunks."""


@dataclass(slots=True)
class Report:
    """What an ingest did."""

    notes: int = 0
    chunks: int = 0
    added: int = 0
    changed: int = 0
    removed: int = 0
    unchanged: int = 0
    embedded: int = 0
    """Vectors that were computed."""
    reused: int = 0
    """Chunks whose vector was there already."""
    skipped: tuple[Skipped, ...] = ()
    notices: tuple[Notice, ...] = ()
    seconds: float = 0.0
    previous_vault: str | None = None
    """The vault that this index held before, if it was another."""


Progress = Callable[[str, int, int], None]
"""Called with the stage (`read` notes, `embed` chunks), how many are done, and of how many."""


def cut_note(
    vault: Path, file: FoundFile, open_workshop: Callable[[], Workshop]
) -> CutNote | Skipped:
    """Read a note and cut it; the workshop is opened only where there is something to cut.

    Raises:
        OSError: the system lacks memory, or lets no more files be opened.
    """
    try:
        content = read_bytes(vault, file.path)
    except (OSError, RuntimeError) as error:
        if isinstance(error, OSError) and error.errno in _NOT_ITS_FAULT:
            raise
        return Skipped(file.path, explain(error))
    note = decode(file.path, content)
    if isinstance(note, Skipped):
        return note
    work = open_workshop()
    try:
        document, chunks = work.cut(note)
    except RagError:
        raise
    except Exception as error:  # noqa: BLE001 - one bad note never stops the others
        return Skipped(file.path, f"it cannot be parsed, please report it: {error!r:.100}")
    # The time from before it was read: a note changed meanwhile is looked at again next time.
    state = FileState(file.size, file.modified_ns, hashlib.sha256(content).digest())
    keys = [vector_key(work.encoder.fingerprint, chunk.indexed_text) for chunk in chunks]
    return CutNote(document, state, chunks, keys)
