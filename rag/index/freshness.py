"""What changed in a vault since it was indexed."""

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from rag.index.tables import FileState, NoteRow
from rag.notes.vault import FoundFile, read_bytes, read_note, scan
from rag.types import Skipped

RACY_NS = 2_000_000_000
"""A file as young as the ingest may change again within the same tick of its file system's clock
(2 s on FAT), so its time proves nothing and it is read again. Git does the same."""


@dataclass(frozen=True, slots=True)
class Changes:
    """The files of a vault beside what an index remembers of them."""

    found: tuple[FoundFile, ...]
    """All files that look like notes, in the order of paths."""
    skipped: tuple[Skipped, ...]
    """Files that cannot be notes, or whose folder cannot be listed."""
    unchanged: Mapping[str, FileState]
    """Notes that read as they did, with their file's state of today."""
    suspects: frozenset[str]
    """Paths that are new, or whose content differs, or that cannot be read."""
    removed: frozenset[str]
    """Paths that were indexed and are gone."""


def compare(
    vault: Path, notes: Mapping[str, NoteRow], started_ns: int, *, without: Path | None
) -> Changes:
    """Compare a vault with what was indexed: by size and time, then by content.

    Args:
        vault: the folder of notes.
        notes: what the index remembers, by path; empty for a first ingest.
        started_ns: when the ingest that made the index began.
        without: a folder that is left out of the vault.

    Raises:
        NoVault: the folder cannot be read.
    """
    found, skipped = [], []
    for entry in scan(vault, without=without):
        if isinstance(entry, Skipped):
            skipped.append(entry)
        else:
            found.append(entry)
    found.sort(key=lambda file: file.path)
    unchanged, suspects = {}, set()
    for file in found:
        note = notes.get(file.path)
        if note is not None and _is_same(vault, file, note.state, started_ns):
            unchanged[file.path] = FileState(file.size, file.modified_ns, note.state.digest)
        else:
            suspects.add(file.path)
    removed = notes.keys() - {file.path for file in found}
    return Changes(tuple(found), tuple(skipped), unchanged, frozenset(suspects), frozenset(removed))


def find_differences(vault: Path, changes: Changes, skipped: Iterable[Skipped]) -> set[str]:
    """Name the files that an ingest would treat otherwise than the last one did.

    Args:
        vault: the folder of notes.
        changes: how it differs from what was indexed.
        skipped: what the last ingest skipped; these files are read again.
    """
    before, today = set(skipped), set(changes.skipped)
    passed_over = {item.path for item in before}
    differences = set(changes.removed)
    for path in changes.suspects:
        content = read_note(vault, path) if path in passed_over else None
        if isinstance(content, Skipped):
            today.add(content)
        else:
            differences.add(path)
    return differences | {item.path for item in before ^ today}


def _is_same(vault: Path, file: FoundFile, state: FileState, started_ns: int) -> bool:
    if file.size != state.size:
        return False
    if file.modified_ns == state.modified_ns and file.modified_ns < started_ns - RACY_NS:
        return True
    try:
        return hashlib.sha256(read_bytes(vault, file.path)).digest() == state.digest
    except (OSError, RuntimeError):
        return False
