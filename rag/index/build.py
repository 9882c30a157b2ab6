"""Build a generation: copy what did not change, cut and embed the rest, publish it all.

Vectors are stored batch by batch as they are computed, so a build that is killed goes on where it
was.
"""

import shutil
from collections.abc import Callable
from contextlib import closing, suppress
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from rag.encoders import Vectors
from rag.errors import OtherIndex
from rag.index import generations
from rag.index.dense import BLOCK, DenseLeg
from rag.index.freshness import Changes
from rag.index.generations import REBUILD, Manifest
from rag.index.lexical import LexicalLeg
from rag.index.local import LocalIndex
from rag.index.tables import FILE as TABLES
from rag.index.tables import TableWriter
from rag.index.vectors import VectorStore
from rag.index.workshop import BATCH, Progress, Report, Workshop, cut_note
from rag.notes import CHUNKING
from rag.notes.vault import FoundFile
from rag.types import Skipped


class Build:
    """One new generation, written under the lock."""

    def __init__(
        self,
        vault: Path,
        folder: Path,
        encoder_name: str,
        open_workshop: Callable[[], Workshop],
        previous: LocalIndex | None,
        progress: Progress,
    ) -> None:
        """Take what to build from; `previous` is the generation to copy from, if any."""
        self._vault = vault
        self._folder = folder
        self._encoder_name = encoder_name
        self._open_workshop = open_workshop
        self._workshop: Workshop | None = None
        self._previous = previous
        self._progress = progress
        self._report = Report()

    def run(self, changes: Changes, started_ns: int) -> Report:
        """Build and publish; whatever ends this early leaves no half generation behind."""
        generation = generations.begin(self._folder)
        try:
            self._write(generation, changes, started_ns)
        except BaseException:
            if generations.live_name(self._folder) != generation.name:
                shutil.rmtree(generation, ignore_errors=True)
            raise
        return self._report

    def _write(self, generation: Path, changes: Changes, started_ns: int) -> None:
        store_file = self._folder / generations.VECTORS
        with closing(TableWriter(generation)) as tables:
            moved, fresh = self._fill_tables(tables, changes)
            keys = tables.vector_keys()
            _, dimension = self._space()
            with closing(VectorStore(store_file, dimension)) as store:
                self._restore(store)
                self._embed_missing(tables, keys, store)
                files = self._dense(moved, keys, store).save(generation)
                old = self._previous.lexical if self._previous else LexicalLeg.empty()
                texts = ((row, tables.indexed_texts([row])[0]) for row in fresh)
                files += old.updated(moved, texts, len(keys)).save(generation)
                tables.finish()
                files.append(generation / TABLES)
                generations.publish(self._folder, generation, self._manifest(files, started_ns))
                # What a full disk keeps from being forgotten now is forgotten by the next ingest.
                with suppress(OSError):
                    store.keep_only(keys)

    def _dense(self, moved: NDArray[np.int64], keys: list[bytes], store: VectorStore) -> DenseLeg:
        def read(rows: NDArray[np.int64]) -> Vectors:
            return store.get([keys[row] for row in rows])

        _, dimension = self._space()
        previous = self._previous.dense if self._previous else None
        return DenseLeg.build(len(keys), dimension, read, previous=previous, moved=moved)

    def _manifest(self, files: list[Path], started_ns: int) -> Manifest:
        fingerprint, dimension = self._space()
        return Manifest(
            format=generations.FORMAT,
            chunking=CHUNKING,
            encoder=self._encoder_name,
            fingerprint=fingerprint,
            dimension=dimension,
            vault=str(self._vault.resolve()),
            started_ns=started_ns,
            updated_at=datetime.now(UTC).isoformat(timespec="seconds"),
            notes=self._report.notes,
            chunks=self._report.chunks,
            files={file.name: generations.checksum(file) for file in files},
        )

    @property
    def _work(self) -> Workshop:
        """The workshop, opened when first needed."""
        if self._workshop is None:
            workshop = self._open_workshop()
            previous = self._previous
            if previous and workshop.encoder.fingerprint != previous.manifest.fingerprint:
                raise OtherIndex(
                    f"the encoder {workshop.encoder.name!r} is not what it was", REBUILD
                )
            self._workshop = workshop
        return self._workshop

    def _space(self) -> tuple[str, int]:
        """Give fingerprint and dimension, from the last generation if it has both."""
        if self._previous:
            return self._previous.manifest.fingerprint, self._previous.manifest.dimension
        encoder = self._work.encoder
        return encoder.fingerprint, encoder.dimension

    def _fill_tables(
        self, tables: TableWriter, changes: Changes
    ) -> tuple[NDArray[np.int64], list[int]]:
        """Write all notes; gives each old row's new row (-1: gone), and the rows that are new."""
        report, previous = self._report, self._previous
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
                report.unchanged += 1
            elif problem := self._add_note(tables, file):
                skipped.append(problem)
            else:
                fresh.extend(range(start, tables.rows))
                report.changed += file.path in old
                report.added += file.path not in old
        self._progress("read", len(changes.found), len(changes.found))
        tables.add_skipped(skipped)
        report.removed = len(old) - report.unchanged - report.changed
        report.skipped = tuple(sorted(skipped, key=lambda item: item.path))
        report.notices = tables.notices()
        report.notes, report.chunks = tables.notes, tables.rows
        return moved, fresh

    def _add_note(self, tables: TableWriter, file: FoundFile) -> Skipped | None:
        cut = cut_note(self._vault, file, lambda: self._work)
        if isinstance(cut, Skipped):
            return cut
        tables.add_note(cut.document, cut.state, cut.chunks, cut.keys)
        return None

    def _restore(self, store: VectorStore) -> None:
        """Give back to the store what the last generation knows and the store lost."""
        if not self._previous:
            return
        known = enumerate(self._previous.tables.vector_keys())
        lost = [
            (key, row) for key, row in {key: row for row, key in known}.items() if key not in store
        ]
        for start in range(0, len(lost), BLOCK):
            keys, rows = zip(*lost[start : start + BLOCK], strict=True)
            store.put(keys, self._previous.dense.vectors(np.array(rows)))

    def _embed_missing(self, tables: TableWriter, keys: list[bytes], store: VectorStore) -> None:
        """Embed what the store does not know."""
        missing: dict[bytes, int] = {}
        for row, key in enumerate(keys):
            if key not in store:
                missing.setdefault(key, row)
        # Texts of one length share a batch without padding; the longest first, so that a lack of
        # memory shows at once and the time left is not underestimated.
        lengths = tables.indexed_lengths()
        todo = sorted(missing.items(), key=lambda item: -lengths[item[1]])
        for start in range(0, len(todo), BATCH):
            self._progress("embed", start, len(todo))
            part = todo[start : start + BATCH]
            texts = tables.indexed_texts([row for _, row in part])
            store.put([key for key, _ in part], self._work.encoder.encode_passages(texts))
        if todo:
            self._progress("embed", len(todo), len(todo))
        self._report.embedded = len(todo)
        self._report.reused = len(keys) - len(todo)
