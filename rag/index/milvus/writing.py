"""Ingest into a Milvus server: embed what is new, insert its rows, publish a state that names them.

Rows are inserted batch by batch as they are embedded. No state names them yet, so nobody finds
them, and the ingest after one that was killed takes their vectors.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from rag.errors import Busy, DamagedIndex, NoIndex, OtherIndex
from rag.index.ingest import Ingest, check_origin
from rag.index.milvus.claim import Claim
from rag.index.milvus.reading import MilvusIndex
from rag.index.milvus.rows import ChunkRows, WaitingChunk
from rag.index.milvus.server import MOST_BYTES, Server
from rag.index.milvus.state import State, Statistics, StoredNote, notices, pack
from rag.index.tables import FileState
from rag.index.workshop import CutNote, Progress, Report, Workshop
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
    task = Ingest(vault, encoder_name, open_workshop, progress)
    server.prepare()
    with _claimed(server) as claim:
        live = _open_live(server, rebuild=rebuild)
        previous = None if rebuild else live
        if previous:
            check_origin(previous.manifest, encoder_name)
        if task.look(previous, without=None):
            _Writing(task, server, claim, live, previous).run()
    return task.finish()


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


class _Writing:
    """One new state, written under a claim."""

    def __init__(
        self,
        task: Ingest,
        server: Server,
        claim: Claim,
        live: MilvusIndex | None,
        previous: MilvusIndex | None,
    ) -> None:
        """Take what to write, and where.

        Args:
            task: what changed.
            server: where.
            claim: what keeps others from writing.
            live: what answers now, if anything does.
            previous: the same, or nothing for a rebuild.
        """
        self._task = task
        self._server = server
        self._claim = claim
        self._live = live.state if live else None
        self._previous = previous.state if previous else None
        self._waiting: list[WaitingChunk] = []
        self._pointer = server.find_pointer()

    def run(self) -> None:
        """Insert what is new and publish."""
        self._begin()
        notes = self._fill()
        kept = {note.number for note in notes}
        before = self._previous.notes if self._previous else ()
        removed = [note.number for note in before if note.number not in kept]
        self._rows.subtract(removed)
        live, collection = self._live, self._collection
        fresh = State(
            manifest=self._task.manifest({}),
            generation=self._server.last_generation() + 1,
            collection=collection,
            replaced=live.collection if live and live.collection != collection else "",
            rebuilds=self._rebuilds,
            next_number=self._next_number,
            next_chunk=self._next_chunk,
            mean_length=self._rows.mean_length or 1.0,
            notes=tuple(notes),
            skipped=self._task.report.skipped,
            dead=(*removed, *self._orphans),
            statistics=self._rows.statistics,
        )
        self._publish(fresh)

    def _begin(self) -> None:
        """Find out what is there, and from where the new rows are numbered."""
        live, state = self._live, self._previous
        fingerprint, dimension = self._task.space
        self._rebuilds = state.rebuilds if state else live.rebuilds + 1 if live else 0
        collection = self._collection = (
            state.collection
            if state
            else self._server.chunk_collection(fingerprint, self._rebuilds)
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

    def _fill(self) -> list[StoredNote]:
        """Give the notes of the new state, those that are new inserted."""
        old = {note.path: note for note in self._previous.notes} if self._previous else {}
        notes: list[StoredNote] = []

        def keep(path: str, state: FileState) -> None:
            notes.append(replace(old[path], state=state))

        def add(cut: CutNote) -> Skipped | None:
            sizes = [
                max(len(text.encode("utf-8", "replace")) for text in (one.text, one.indexed_text))
                for one in cut.chunks
            ]
            if max(sizes, default=0) > MOST_BYTES:
                problem = f"a passage is longer than Milvus's {MOST_BYTES} bytes"
                return Skipped(cut.document.path, problem)
            notes.append(self._number(cut, sum(sizes)))
            if len(self._waiting) >= WINDOW:
                self._insert_waiting()
            return None

        self._task.go_through(keep, add)
        self._insert_waiting()
        self._task.report.notices = notices(notes)
        return notes

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
            self._task.report.embedded += self._rows.insert(
                waiting, lambda: self._task.workshop.encoder, self._step
            )

    def _step(self, done: int, total: int) -> None:
        self._claim.renew()
        self._task.progress("embed", done, total)

    def _publish(self, fresh: State) -> None:
        live = self._live
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
