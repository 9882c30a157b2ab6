"""Ingest into a Milvus server: embed what is new, insert its rows, publish a state that names them.

Rows are inserted batch by batch as they are embedded. No state names them yet, so nobody finds
them, and the ingest after one that was killed takes their vectors.
"""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from rag.errors import Busy, DamagedIndex, NoIndex, NoVault, OtherIndex
from rag.index import generations
from rag.index.freshness import Changes, compare, find_differences
from rag.index.generations import REBUILD, Manifest
from rag.index.milvus.claim import Claim
from rag.index.milvus.reading import MilvusIndex
from rag.index.milvus.rows import ChunkRows, WaitingChunk
from rag.index.milvus.server import MOST_BYTES, Server
from rag.index.milvus.state import State, Statistics, StoredNote, notices, pack
from rag.index.workshop import CutNote, Progress, Report, Workshop, cut_note
from rag.notes import CHUNKING
from rag.notes.vault import FoundFile, scan
from rag.types import Skipped

WINDOW = 2_048
"""Chunks held in memory at once; among them texts of like length share a batch."""


def ingest(
    vault: Path,
    server: Server,
    encoder_name: str,
    open_workshop: Callable[[], Workshop],
    *,
    rebuild: bool = False,
    progress: Progress = lambda stage, done, total: None,  # noqa: ARG005
) -> Report:
    """Bring the index on a server in step with `vault`; as `rag.index.update.ingest`.

    Raises:
        NoVault: the vault cannot be read, or suddenly holds no note at all.
        Busy: another process is writing this index, or did meanwhile.
        UnreadableIndex: the server does not answer.
        DamagedIndex, OtherIndex: `rebuild` is needed.
        NoModel: the encoder cannot be had, and something is to be embedded.
    """
    began, started_ns = time.monotonic(), time.time_ns()
    next(scan(vault), None)
    server.prepare()
    with _claimed(server) as claim:
        live = _open_live(server, rebuild=rebuild)
        previous = None if rebuild else live
        if previous:
            _check(previous.manifest, encoder_name)
        notes = previous.notes() if previous else {}
        changes = compare(
            vault, notes, previous.manifest.started_ns if previous else 0, without=None
        )
        if notes and not changes.found:
            raise NoVault(
                f"the vault {str(vault)!r} holds no notes any more; the index stays as it is",
                f"is its disk mounted? if you mean it, {REBUILD}",
            )
        is_same_vault = previous and previous.manifest.vault == str(vault.resolve())
        if (
            previous
            and is_same_vault
            and not find_differences(vault, changes, previous.info.skipped)
        ):
            report = _nothing_changed(previous)
        else:
            work = _Work(server, claim, vault, encoder_name, open_workshop, progress)
            report = work.run(live, previous, changes, started_ns)
    if previous and not is_same_vault:
        report.previous_vault = previous.manifest.vault
    report.seconds = round(time.monotonic() - began, 3)
    return report


@contextmanager
def _claimed(server: Server) -> Iterator[Claim]:
    claim = Claim(server)
    claim.take()
    try:
        yield claim
    finally:
        claim.give_up()


def _open_live(server: Server, *, rebuild: bool) -> MilvusIndex | None:
    """Open what answers; a rebuild does without what cannot be read."""
    try:
        return MilvusIndex.open(server)
    except NoIndex:
        return None
    except (DamagedIndex, OtherIndex):
        if rebuild:
            return None
        raise


def _check(manifest: Manifest, encoder_name: str) -> None:
    if manifest.chunking != CHUNKING:
        raise OtherIndex("the index was made by another version of rag", REBUILD)
    if manifest.encoder != encoder_name:
        raise OtherIndex(
            f"the index was made with the encoder {manifest.encoder!r}, not {encoder_name!r}",
            REBUILD,
        )


def _nothing_changed(previous: MilvusIndex) -> Report:
    info = previous.info
    return Report(
        notes=info.notes,
        chunks=info.chunks,
        unchanged=info.notes,
        reused=info.chunks,
        skipped=info.skipped,
        notices=info.notices,
    )


class _Work:
    """One new state, written under a claim."""

    def __init__(
        self,
        server: Server,
        claim: Claim,
        vault: Path,
        encoder_name: str,
        open_workshop: Callable[[], Workshop],
        progress: Progress,
    ) -> None:
        self._server = server
        self._claim = claim
        self._vault = vault
        self._encoder_name = encoder_name
        self._open_workshop = open_workshop
        self._workshop: Workshop | None = None
        self._previous: State | None = None
        self._progress = progress
        self._report = Report()
        self._waiting: list[WaitingChunk] = []
        self._pointer = server.find_pointer()

    def run(
        self,
        live: MilvusIndex | None,
        previous: MilvusIndex | None,
        changes: Changes,
        started_ns: int,
    ) -> Report:
        """Insert what is new and publish.

        Args:
            live: what answers now, if anything does.
            previous: the same, or nothing for a rebuild.
            changes: how the vault differs from `previous`.
            started_ns: when the ingest began, by the clock.
        """
        state = self._previous = previous.state if previous else None
        self._begin(live.state if live else None)
        notes = self._fill(changes)
        kept = {note.number for note in notes}
        removed = [note for note in state.notes if note.number not in kept] if state else []
        self._rows.subtract([note.number for note in removed])
        report = self._report
        report.notes, report.chunks = len(notes), sum(len(note.languages) for note in notes)
        report.reused = report.chunks - report.embedded
        report.removed = len(state.notes) - report.unchanged - report.changed if state else 0
        fingerprint, dimension = self._space()
        manifest = Manifest(
            format=generations.FORMAT,
            chunking=CHUNKING,
            encoder=self._encoder_name,
            fingerprint=fingerprint,
            dimension=dimension,
            vault=str(self._vault.resolve()),
            started_ns=started_ns,
            updated_at=datetime.now(UTC).isoformat(timespec="seconds"),
            notes=report.notes,
            chunks=report.chunks,
            files={},
        )
        dead = [note.number for note in removed]
        fresh = replace(
            self._fresh,
            manifest=manifest,
            next_number=self._next_number,
            next_chunk=self._next_chunk,
            mean_length=self._rows.mean_length or 1.0,
            notes=tuple(notes),
            skipped=report.skipped,
            dead=(*dead, *self._orphans),
        )
        self._publish(live.state if live else None, fresh)
        return report

    def _begin(self, live: State | None) -> None:
        """Find out what is there, and from where the new rows are numbered."""
        state = self._previous
        fingerprint, dimension = self._space()
        rebuilds = state.rebuilds if state else live.rebuilds + 1 if live else 0
        collection = (
            state.collection if state else self._server.chunk_collection(fingerprint, rebuilds)
        )
        self._server.make_chunks(collection, dimension)
        first = state.next_number if state else 0
        ids = [state.next_chunk - 1] if state else [-1]
        orphans = set()
        for row in self._server.walk(collection, f"note >= {first}", ["id", "note"]):
            ids.append(row["id"])
            orphans.add(row["note"])
        self._orphans = sorted(orphans)
        self._next_number = max([first - 1, *orphans]) + 1
        self._next_chunk = max(ids) + 1
        # Vectors may be taken from where they were computed with the same encoder.
        sources = [collection]
        if live and live.collection != collection and live.manifest.fingerprint == fingerprint:
            sources.append(live.collection)
        statistics = state.statistics if state else Statistics.empty(dimension)
        mean_length = state.mean_length if state and state.notes else 0.0
        self._rows = ChunkRows(self._server, sources, statistics, mean_length)
        self._fresh = State(
            manifest=live.manifest if live else None,  # type: ignore[arg-type]
            generation=self._server.last_generation() + 1,
            collection=collection,
            replaced=live.collection if live and live.collection != collection else "",
            rebuilds=rebuilds,
            next_number=0,
            next_chunk=0,
            mean_length=0.0,
            notes=(),
            skipped=(),
            dead=(),
            statistics=statistics,
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
        if self._previous:
            return self._previous.manifest.fingerprint, self._previous.manifest.dimension
        return self._work.encoder.fingerprint, self._work.encoder.dimension

    def _fill(self, changes: Changes) -> list[StoredNote]:
        """Give the notes of the new state, those that are new inserted."""
        report = self._report
        old = {note.path: note for note in self._previous.notes} if self._previous else {}
        skipped = list(changes.skipped)
        notes: list[StoredNote] = []
        for done, file in enumerate(changes.found):
            self._progress("read", done, len(changes.found))
            if state := changes.unchanged.get(file.path):
                notes.append(replace(old[file.path], state=state))
                report.unchanged += 1
                continue
            note = self._add_note(file)
            if isinstance(note, Skipped):
                skipped.append(note)
                continue
            notes.append(note)
            report.changed += file.path in old
            report.added += file.path not in old
            if len(self._waiting) >= WINDOW:
                self._insert_waiting()
        self._progress("read", len(changes.found), len(changes.found))
        self._insert_waiting()
        report.skipped = tuple(sorted(skipped, key=lambda item: item.path))
        report.notices = notices(notes)
        return notes

    def _add_note(self, file: FoundFile) -> StoredNote | Skipped:
        cut = cut_note(self._vault, file, lambda: self._work)
        if isinstance(cut, Skipped):
            return cut
        sizes = [
            max(len(text.encode("utf-8", "replace")) for text in (chunk.text, chunk.indexed_text))
            for chunk in cut.chunks
        ]
        if max(sizes, default=0) > MOST_BYTES:
            return Skipped(file.path, f"a passage is longer than Milvus's {MOST_BYTES} bytes")
        return self._number(cut, sum(sizes))

    def _number(self, cut: CutNote, size: int) -> StoredNote:
        """Give a note its number and its chunks theirs."""
        document = cut.document
        note = StoredNote(
            path=document.path,
            title=document.title,
            tags=document.tags,
            language=document.language,
            state=cut.state,
            number=self._next_number,
            first=self._next_chunk,
            languages=tuple(chunk.language for chunk in cut.chunks),
            size=size,
            problems=document.problems,
        )
        self._waiting += [
            WaitingChunk(note.first + place, note.number, chunk, key.hex())
            for place, (chunk, key) in enumerate(zip(cut.chunks, cut.keys, strict=True))
        ]
        self._next_number += 1
        self._next_chunk += len(cut.chunks)
        return note

    def _insert_waiting(self) -> None:
        """Insert the chunks that wait."""
        waiting, self._waiting = self._waiting, []
        if waiting:
            self._report.embedded += self._rows.insert(
                waiting, lambda: self._work.encoder, self._step
            )

    def _step(self, done: int, total: int) -> None:
        self._claim.renew()
        self._progress("embed", done, total)

    def _publish(self, live: State | None, fresh: State) -> None:
        if not self._claim.is_held() or self._server.find_pointer() != self._pointer:
            raise Busy("another process wrote this index meanwhile", "run the same command again")
        self._server.publish(fresh.generation, pack(fresh))
        # From here on all is done; what is left to be removed now is removed by the next ingest.
        kept = [fresh.generation, live.generation if live else 0]
        self._server.forget_states(kept)
        collections = [fresh.collection, fresh.replaced]
        self._server.drop_other_chunks(collections)
        gone = [
            *self._orphans,
            *(live.dead if live and live.collection == fresh.collection else ()),
        ]
        self._server.delete(fresh.collection, "note", gone)
