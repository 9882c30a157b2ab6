"""Ingest: bring an index in step with its vault, embedding only what is new.

A whole new generation is built beside the live one: notes that did not change are copied from it,
vectors come from the store if their text was ever embedded. Vectors are stored batch by batch as
they are computed, so an ingest that is killed goes on where it was.
"""

import errno
import hashlib
import shutil
import sqlite3
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from rag.encoders import Encoder, Vectors
from rag.errors import NoIndex, NoSpace, NoVault, OtherIndex, RagError
from rag.index import generations
from rag.index.dense import DenseLeg
from rag.index.freshness import Changes, compare
from rag.index.generations import REBUILD, Manifest
from rag.index.lexical import LexicalLeg
from rag.index.local import LocalIndex
from rag.index.lock import writer_lock
from rag.index.tables import FILE as TABLES
from rag.index.tables import FileState, TableWriter
from rag.index.vectors import VectorStore, vector_key
from rag.notes import CHUNKING
from rag.notes.vault import FoundFile, decode, explain, read_bytes, read_note
from rag.types import Chunk, Document, Note, Skipped

BATCH = 128
"""Texts embedded between two commits: about two seconds of work on two cores."""
BLOCK = 8_192
"""Vectors held in memory at once while FAISS is filled: 12 MB at 384 dimensions."""


@dataclass(frozen=True, slots=True)
class Workshop:
    """What turns notes into chunks and chunks into vectors; opened only for something new."""

    encoder: Encoder
    cut: Callable[[Note], tuple[Document, list[Chunk]]]


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
    seconds: float = 0.0
    previous_vault: str | None = None
    """The vault that this index held before, if it was another."""


Progress = Callable[[str, int, int], None]
"""Called with the stage (`read` notes, `embed` chunks), how many are done, and of how many."""


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
    with _storage_errors(folder):
        generations.prepare(folder)
        with writer_lock(folder / generations.LOCK):
            report = _Ingest(vault, folder, encoder_name, open_workshop, progress).run(
                rebuild=rebuild
            )
    report.seconds = round(time.monotonic() - began, 3)
    return report


class _Ingest:
    """One run, under the lock."""

    def __init__(
        self,
        vault: Path,
        folder: Path,
        encoder_name: str,
        open_workshop: Callable[[], Workshop],
        progress: Progress,
    ) -> None:
        self._vault = vault
        self._folder = folder
        self._encoder_name = encoder_name
        self._open_workshop = open_workshop
        self._workshop: Workshop | None = None
        self._progress = progress

    @property
    def workshop(self) -> Workshop:
        if self._workshop is None:
            self._workshop = self._open_workshop()
        return self._workshop

    def run(self, *, rebuild: bool) -> Report:
        started_ns = time.time_ns()
        previous = None if rebuild else self._open_previous()
        notes = previous.notes() if previous else {}
        began_ns = previous.manifest.started_ns if previous else 0
        changes = compare(self._vault, notes, began_ns, without=self._folder)
        if notes and not changes.found:
            raise NoVault(
                f"the vault {str(self._vault)!r} holds no notes any more; the index stays as it is",
                f"is its disk mounted? if you mean it, {REBUILD}",
            )
        report = Report(unchanged=len(changes.unchanged), removed=len(changes.removed))
        if previous and self._is_in_step(previous, changes):
            report.notes, report.chunks = previous.manifest.notes, previous.manifest.chunks
            report.reused, report.skipped = report.chunks, previous.info.skipped
            return report
        if previous and previous.manifest.vault != self._root:
            report.previous_vault = previous.manifest.vault
        self._build(report, changes, previous, started_ns)
        return report

    @property
    def _root(self) -> str:
        return str(self._vault.resolve())

    def _open_previous(self) -> LocalIndex | None:
        try:
            manifest = generations.read_manifest(self._folder)[1]
        except NoIndex:
            return None
        if manifest.chunking != CHUNKING:
            raise OtherIndex("the index was made by another version of rag", REBUILD)
        if manifest.encoder != self._encoder_name:
            raise OtherIndex(
                f"the index was made with the encoder {manifest.encoder!r}, "
                f"not {self._encoder_name!r}",
                REBUILD,
            )
        return LocalIndex.open(self._folder)

    def _is_in_step(self, previous: LocalIndex, changes: Changes) -> bool:
        """Say whether a new generation would hold what the live one holds."""
        if changes.removed or previous.manifest.vault != self._root:
            return False
        known = {(item.path, item.reason) for item in previous.info.skipped}
        skipped = {(item.path, item.reason) for item in changes.skipped}
        for path in changes.suspects:
            if not any(path == known_path for known_path, _ in known):
                return False
            content = read_note(self._vault, path)
            if isinstance(content, Note):
                return False
            skipped.add((content.path, content.reason))
        return skipped == known

    def _build(
        self, report: Report, changes: Changes, previous: LocalIndex | None, started_ns: int
    ) -> None:
        generation = generations.begin(self._folder)
        try:
            tables = TableWriter(generation)
            try:
                moved, fresh = self._fill_tables(tables, report, changes, previous)
                dimension = self._dimension(previous)
                store = VectorStore(self._folder / generations.VECTORS, dimension)
                try:
                    report.embedded = self._embed_missing(tables, store)
                    report.reused = tables.rows - report.embedded
                    blocks = self._vector_blocks(tables, store)
                    files = DenseLeg.build(blocks, dimension).save(generation)
                    texts = ((row, tables.indexed_texts([row])[0]) for row in fresh)
                    old = previous.lexical if previous else LexicalLeg.empty()
                    files += old.updated(moved, texts, tables.rows).save(generation)
                    keys = list(tables.vector_keys())
                    tables.close()
                    files.append(generation / TABLES)
                    manifest = self._manifest(report, previous, started_ns, files)
                    generations.publish(self._folder, generation, manifest)
                    store.keep_only(keys)
                finally:
                    store.close()
            finally:
                tables.abandon()
        except BaseException:
            if not generations.is_live(self._folder, generation):
                shutil.rmtree(generation, ignore_errors=True)
            raise

    def _fill_tables(
        self, tables: TableWriter, report: Report, changes: Changes, previous: LocalIndex | None
    ) -> tuple[NDArray[np.int64], list[int]]:
        """Write all notes; gives each old row's new row (-1: gone), and the rows that are new."""
        old = previous.notes() if previous else {}
        moved = np.full(previous.manifest.chunks if previous else 0, -1, np.int64)
        fresh: list[int] = []
        skipped = list(changes.skipped)
        for done, file in enumerate(changes.found):
            self._progress("read", done, len(changes.found))
            start = tables.rows
            if previous and (state := changes.unchanged.get(file.path)):
                tables.copy_note(previous.tables, file.path, state)
                note = old[file.path]
                moved[note.first_row : note.first_row + note.chunks] = range(start, tables.rows)
                continue
            if problem := self._add_note(tables, file):
                skipped.append(problem)
                report.removed += file.path in old
                continue
            fresh.extend(range(start, tables.rows))
            if file.path in old:
                report.changed += 1
            else:
                report.added += 1
        self._progress("read", len(changes.found), len(changes.found))
        tables.add_skipped(skipped)
        report.skipped = tuple(sorted(skipped, key=lambda item: item.path))
        report.notes, report.chunks = tables.notes, tables.rows
        return moved, fresh

    def _add_note(self, tables: TableWriter, file: FoundFile) -> Skipped | None:
        try:
            content = read_bytes(self._vault, file.path)
        except (OSError, RuntimeError) as error:
            return Skipped(file.path, explain(error))
        note = decode(file.path, content)
        if isinstance(note, Skipped):
            return note
        document, chunks = self.workshop.cut(note)
        # The time from before it was read: a note changed meanwhile is looked at again next time.
        state = FileState(file.size, file.modified_ns, hashlib.sha256(content).digest())
        fingerprint = self.workshop.encoder.fingerprint
        keys = [vector_key(fingerprint, chunk.indexed_text) for chunk in chunks]
        tables.add_note(document, state, chunks, keys)
        return None

    def _dimension(self, previous: LocalIndex | None) -> int:
        if previous and self._workshop is None:
            return previous.manifest.dimension
        encoder = self.workshop.encoder
        if previous and encoder.fingerprint != previous.manifest.fingerprint:
            raise OtherIndex(f"the encoder {encoder.name!r} is not what it was", REBUILD)
        return encoder.dimension

    def _embed_missing(self, tables: TableWriter, store: VectorStore) -> int:
        """Embed what the store does not know, longest texts first; gives how many."""
        known = store.known(tables.vector_keys())
        missing: dict[bytes, int] = {}
        for row, key in enumerate(tables.vector_keys()):
            if key not in known:
                missing.setdefault(key, row)
        if not missing:
            return 0
        # Texts of one length share a batch without padding; the longest first, so that a lack of
        # memory shows at once and the time left is not underestimated.
        lengths = tables.indexed_lengths()
        todo = sorted(missing.items(), key=lambda item: -lengths[item[1]])
        for start in range(0, len(todo), BATCH):
            self._progress("embed", start, len(todo))
            part = todo[start : start + BATCH]
            texts = tables.indexed_texts([row for _, row in part])
            store.put([key for key, _ in part], self.workshop.encoder.encode_passages(texts))
        self._progress("embed", len(todo), len(todo))
        return len(todo)

    def _vector_blocks(self, tables: TableWriter, store: VectorStore) -> Iterator[Vectors]:
        keys = list(tables.vector_keys())
        for start in range(0, len(keys), BLOCK):
            block = keys[start : start + BLOCK]
            found = store.get(block)
            yield np.stack([found[key] for key in block])

    def _manifest(
        self, report: Report, previous: LocalIndex | None, started_ns: int, files: Sequence[Path]
    ) -> Manifest:
        if self._workshop is None and previous is not None:
            fingerprint, dimension = previous.manifest.fingerprint, previous.manifest.dimension
        else:
            encoder = self.workshop.encoder
            fingerprint, dimension = encoder.fingerprint, encoder.dimension
        return Manifest(
            format=generations.FORMAT,
            chunking=CHUNKING,
            encoder=self._encoder_name,
            fingerprint=fingerprint,
            dimension=dimension,
            vault=self._root,
            started_ns=started_ns,
            updated_at=datetime.now(UTC).isoformat(timespec="seconds"),
            notes=report.notes,
            chunks=report.chunks,
            files={file.name: generations.checksum(file) for file in files},
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
            "name a folder that you may write to: --index DIR",
        ) from error
    except sqlite3.Error as error:
        if error.sqlite_errorcode == sqlite3.SQLITE_FULL:
            raise _no_space(folder) from error
        raise RagError(
            f"the index in {str(folder)!r} cannot be written ({error})", REBUILD
        ) from error
    except RuntimeError as error:  # what FAISS raises for a failed write, with the system's words
        if "No space left" in str(error):
            raise _no_space(folder) from error
        raise


def _no_space(folder: Path) -> NoSpace:
    return NoSpace(
        f"no space left on the disk of {str(folder)!r}; the old index still answers",
        "free some space and run the same command again: it goes on where it was",
    )
