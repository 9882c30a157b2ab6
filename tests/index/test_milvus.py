"""What is Milvus's own: its addresses, who may write, what is missing, how states are kept."""

import json
import os
import socket
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import pytest

from rag.encoders import Vectors
from rag.errors import BadSettings, Busy, DamagedIndex, UnreadableIndex
from rag.notes.terms import find_terms, weigh_grams
from tests.fake_encoder import FakeEncoder
from tests.index.contract import kinds
from tests.index.ingesting import write_notes

pytest.importorskip("pymilvus", reason="pymilvus is not installed")
pytest.importorskip("milvus_lite", reason="milvus-lite is not installed")

from rag.index.milvus import claim as claims
from rag.index.milvus.check import check
from rag.index.milvus.server import Server
from rag.index.milvus.state import pack, to_sparse, unpack


@pytest.fixture
def milvus(vault: Path, tmp_path: Path) -> Iterator["kinds.Milvus"]:
    milvus = kinds.Milvus(tmp_path)
    milvus.ingest(vault)
    yield milvus
    milvus.server.close()


@pytest.mark.parametrize(
    "address", ["milvus+http://host:19530", "milvus+http://host:19530/", "milvus+", "milvus+x/a-b"]
)
def test_addresses_without_a_name(address: str) -> None:
    with pytest.raises(BadSettings, match="names no collection; write milvus"):
        Server.connect(address)


def test_no_server() -> None:
    with pytest.raises(UnreadableIndex, match="is the server running") as caught:
        Server.connect("milvus+http://127.0.0.1:9/notes")
    assert "\n" not in str(caught.value)


def hold(server: Server, host: str, process: int, time: float) -> None:
    content = json.dumps({"host": host, "process": process, "time": time})
    server.put(f"{claims.PREFIX}other", content)


def test_a_second_writer_is_told_who_writes(milvus: "kinds.Milvus", vault: Path) -> None:
    hold(milvus.server, socket.gethostname(), os.getppid(), 0)
    write_notes(vault, {"e.md": "new"})
    with pytest.raises(Busy, match=rf"process {os.getppid()} on .* holds the lock"):
        milvus.ingest(vault)
    milvus.server.remove([f"{claims.PREFIX}other"])
    assert milvus.ingest(vault).added == 1
    assert milvus.server.texts(claims.PREFIX) == {}


def test_a_dead_writer_is_in_nobodys_way(milvus: "kinds.Milvus", vault: Path) -> None:
    gone = subprocess.Popen([sys.executable, "-c", ""])
    gone.wait()
    hold(milvus.server, socket.gethostname(), gone.pid, 9e9)
    milvus.ingest(vault)
    hold(milvus.server, "another machine", 1, 9e9)
    with pytest.raises(Busy, match="process 1 on another machine"):
        milvus.ingest(vault)
    hold(milvus.server, "another machine", 1, 0)
    milvus.ingest(vault)
    assert milvus.server.texts(claims.PREFIX) == {}


class Overtaken(FakeEncoder):
    """While it embeds, another writer takes its claim for dead, and writes."""

    def __init__(self, milvus: "kinds.Milvus", vault: Path) -> None:
        super().__init__()
        self._milvus, self._vault = milvus, vault

    def encode_passages(self, texts: Sequence[str]) -> Vectors:
        if not self.passages_embedded:
            server = self._milvus.server
            server.remove(list(server.texts(claims.PREFIX)))
            self._milvus.ingest(self._vault)
        return super().encode_passages(texts)


def test_a_writer_that_was_overtaken_publishes_nothing(
    milvus: "kinds.Milvus", vault: Path, tmp_path: Path
) -> None:
    write_notes(tmp_path / "other", {"a.md": "attention heads", "o.md": "other"})
    write_notes(vault, {"e.md": "new"})
    with pytest.raises(Busy, match="wrote this index meanwhile; run the same command again"):
        milvus.ingest(vault, Overtaken(milvus, tmp_path / "other"))
    assert list(milvus.open().notes()) == ["a.md", "o.md"]
    milvus.ingest(vault)
    assert list(milvus.open().notes()) == ["a.md", "b/c.md", "d.md", "e.md"]
    assert check(milvus.server) == []


def test_chunks_that_are_missing_are_noticed(milvus: "kinds.Milvus") -> None:
    assert check(milvus.server) == []
    state = milvus.open().state
    index = milvus.open()
    milvus.server.delete(state.collection, "note", [state.notes[0].number])
    (problem,) = check(milvus.server)
    assert (problem.problem, problem.remedy) == (
        "2 chunks are missing",
        "run: rag ingest --rebuild",
    )
    with pytest.raises(UnreadableIndex, match="replaced twice while it was open; try again"):
        index.chunks([0])
    milvus.server.drop_other_chunks([])
    (problem,) = check(milvus.server)
    assert "is missing" in problem.problem


@pytest.mark.parametrize("key", ["CURRENT", "1:0"])
@pytest.mark.parametrize(
    "content", ["", "{}", "AAAA", '{"generation": 1, "parts": 1, "digest": ""}']
)
def test_a_state_that_is_not_what_was_written(
    milvus: "kinds.Milvus", vault: Path, key: str, content: str
) -> None:
    milvus.server.put(key, content)
    with pytest.raises(DamagedIndex, match="; run: rag ingest --rebuild"):
        milvus.open()
    assert len(check(milvus.server)) == 1
    milvus.ingest(vault, rebuild=True)
    assert check(milvus.server) == []
    assert milvus.open().info.chunks == 5


def test_what_is_replaced_goes(milvus: "kinds.Milvus", vault: Path) -> None:
    for number in range(6):
        write_notes(vault, {"a.md": f"attention {number}"})
        milvus.ingest(vault)
    state = milvus.open().state
    rows = list(milvus.server.walk(state.collection, "id >= 0", ["note"]))
    # The note of this state, and the one that it replaced.
    assert {row["note"] for row in rows} == {note.number for note in state.notes} | set(state.dead)
    assert len(state.dead) == 1
    assert len(milvus.server.texts("")) == 3


def test_a_state_is_read_as_it_was_written(milvus: "kinds.Milvus") -> None:
    state = milvus.open().state
    again = unpack(pack(state))
    assert (again.manifest, again.notes, again.skipped) == (
        state.manifest,
        state.notes,
        state.skipped,
    )
    for name in ("total", "products", "grams", "documents", "weights"):
        np.testing.assert_array_equal(
            getattr(again.statistics, name), getattr(state.statistics, name)
        )


def test_the_sum_of_all_scores_is_known(milvus: "kinds.Milvus") -> None:
    index = milvus.open()
    for question in ("attention heads", "rețele", "nothing like it"):
        query = weigh_grams(find_terms(question))
        _, total = index.state.statistics.query(*query, index.info.chunks)
        assert index.lexical_scores(*query).sum() == pytest.approx(total, abs=1e-4)


def test_bm25_by_hand() -> None:
    # With its borders the word is one gram, `_ab_`.
    (weight,) = to_sparse("ab", 1.0).values()
    # Once, in a chunk of mean length: 1 * 2.2 / (1 + 1.2).
    assert weight == pytest.approx(1.0)
    (weight,) = to_sparse("ab ab ab", 3.0).values()
    assert weight == pytest.approx(3 * 2.2 / (3 + 1.2))
