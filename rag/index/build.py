"""Build a generation: copy what did not change, cut and embed the rest, publish it all.

Vectors are stored batch by batch as they are computed, so a build that is killed goes on where it
was.
"""

import shutil
from contextlib import closing, suppress
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from rag.encoders import Vectors
from rag.index import generations
from rag.index.dense import BLOCK, DenseLeg
from rag.index.ingest import Ingest
from rag.index.lexical import LexicalLeg
from rag.index.local import LocalIndex
from rag.index.tables import FILE as TABLES
from rag.index.tables import FileState, TableWriter
from rag.index.vectors import VectorStore
from rag.index.workshop import BATCH, CutNote


class Build:
    """One new generation, written under the lock."""

    def __init__(self, task: Ingest, folder: Path, previous: LocalIndex | None) -> None:
        """Take what to build, and where; `previous` is the generation to copy from, if any."""
        self._task = task
        self._folder = folder
        self._previous = previous

    def run(self) -> None:
        """Build and publish; whatever ends this early leaves no half generation behind."""
        generation = generations.begin(self._folder)
        try:
            self._write(generation)
        except BaseException:
            if generations.live_name(self._folder) != generation.name:
                shutil.rmtree(generation, ignore_errors=True)
            raise

    def _write(self, generation: Path) -> None:
        store_file = self._folder / generations.VECTORS
        previous = self._previous.tables if self._previous else None
        with closing(TableWriter(generation, previous)) as tables:
            moved, fresh = self._fill_tables(tables)
            keys = tables.vector_keys()
            _, dimension = self._task.space
            with closing(VectorStore(store_file, dimension)) as store:
                self._restore(store)
                self._embed_missing(tables, keys, store)
                files = self._dense(moved, keys, store).save(generation)
                old = self._previous.lexical if self._previous else LexicalLeg.empty()
                texts = ((row, tables.indexed_texts([row])[0]) for row in fresh)
                files += old.updated(moved, texts, len(keys)).save(generation)
                tables.finish()
                files.append(generation / TABLES)
                checksums = {file.name: generations.checksum(file) for file in files}
                generations.publish(self._folder, generation, self._task.manifest(checksums))
                # What a full disk keeps from being forgotten now is forgotten by the next ingest.
                with suppress(OSError):
                    store.keep_only(keys)

    def _dense(self, moved: NDArray[np.int64], keys: list[bytes], store: VectorStore) -> DenseLeg:
        def read(rows: NDArray[np.int64]) -> Vectors:
            return store.get([keys[row] for row in rows])

        _, dimension = self._task.space
        previous = self._previous.dense if self._previous else None
        return DenseLeg.build(len(keys), dimension, read, previous=previous, moved=moved)

    def _fill_tables(self, tables: TableWriter) -> tuple[NDArray[np.int64], list[int]]:
        """Write all notes; gives each old row's new row (-1: gone), and the rows that are new."""
        task, previous = self._task, self._previous
        moved = np.full(previous.manifest.chunks if previous else 0, -1, np.int64)
        fresh: list[int] = []

        def keep(path: str, state: FileState) -> None:
            note, start = task.old[path], tables.rows
            tables.copy_note(note, state)
            moved[note.first_row : note.first_row + note.chunks] = range(start, tables.rows)

        def add(cut: CutNote) -> None:
            start = tables.rows
            tables.add_note(cut.document, cut.state, cut.chunks, cut.keys)
            fresh.extend(range(start, tables.rows))

        task.go_through(keep, add)
        tables.add_skipped(task.report.skipped)
        task.report.notices = tables.notices()
        return moved, fresh

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
            self._task.progress("embed", start, len(todo))
            part = todo[start : start + BATCH]
            texts = tables.indexed_texts([row for _, row in part])
            store.put([key for key, _ in part], self._task.workshop.encoder.encode_passages(texts))
        if todo:
            self._task.progress("embed", len(todo), len(todo))
        self._task.report.embedded = len(todo)
