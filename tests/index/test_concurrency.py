"""One writer and many readers at once."""

import threading
import time
from pathlib import Path

from rag.errors import NoIndex
from rag.index.check import check
from rag.index.local import LocalIndex
from rag.retrieval.search import Retriever
from tests.fake_encoder import FakeEncoder
from tests.index.forking import Forker
from tests.index.ingesting import LONG, ingest_notes, write_notes

SECONDS = 30 if LONG else 3
READERS = 4
STATES = 5
"""That each reader sees at least, however busy the machine is."""
LATE = 120
"""Seconds after which something hangs."""
NOTES = 8


def write_state(vault: Path, number: int) -> None:
    write_notes(
        vault,
        {f"{note}.md": f"attention heads state{number}" for note in range(NOTES - number % 3)},
    )
    for note in range(NOTES - number % 3, NOTES):
        (vault / f"{note}.md").unlink(missing_ok=True)


class Reader(threading.Thread):
    """Opens and searches until it is told to stop."""

    def __init__(self, folder: Path, stop: threading.Event) -> None:
        super().__init__()
        self._folder = folder
        self._stop_reading = stop
        self.states: list[int] = []
        self.error: BaseException | None = None

    def run(self) -> None:
        try:
            while not self._stop_reading.is_set():
                self.states.append(self._read())
        except BaseException as error:  # noqa: BLE001 - it is raised where it is seen
            self.error = error

    def _read(self) -> int:
        """Give the one state that an open index is of."""
        index = LocalIndex.open(self._folder)
        passages = Retriever(index, FakeEncoder).search("attention heads", NOTES)
        texts = {passage.chunk.text for passage in passages}
        texts |= {chunk.text for chunk in index.chunks(range(index.info.chunks))}
        (text,) = texts
        number = int(text.rpartition("state")[2])
        assert index.info.notes == len(passages) == NOTES - number % 3
        return number


def test_readers_see_whole_states_only(forker: Forker, tmp_path: Path) -> None:
    vault, folder = tmp_path / "vault", tmp_path / "index"
    write_state(vault, 0)
    ingest_notes(vault, folder)
    stop = threading.Event()
    readers = [Reader(folder, stop) for _ in range(READERS)]
    for reader in readers:
        reader.start()
    number = 0
    began = time.monotonic()
    while time.monotonic() < began + SECONDS or any(
        reader.is_alive() and len(set(reader.states)) < STATES for reader in readers
    ):
        assert time.monotonic() < began + LATE
        number += 1
        write_state(vault, number)
        assert forker.ingest(vault, folder)[0] == 0
    stop.set()
    for reader in readers:
        reader.join()
        if reader.error:
            raise reader.error
        # Each saw many states, and none came back.
        assert reader.states == sorted(reader.states)
        assert len(set(reader.states)) >= STATES
    assert check(folder) == []


def test_readers_of_a_first_ingest(forker: Forker, tmp_path: Path) -> None:
    vault, folder = tmp_path / "vault", tmp_path / "index"
    write_state(vault, 0)
    seen: list[bool] = []
    stop = threading.Event()

    def read() -> None:
        while not stop.is_set():
            try:
                seen.append(LocalIndex.open(folder).info.notes == NOTES)
            except NoIndex:
                seen.append(False)

    reader = threading.Thread(target=read)
    reader.start()
    assert forker.ingest(vault, folder)[0] == 0
    stop.set()
    reader.join()
    assert seen == sorted(seen)
    assert LocalIndex.open(folder).info.notes == NOTES
