import os
import stat
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from rag.index.vectors import VectorStore, count_damaged, vector_key

HANDLES = Path("/proc/self/fd")

DIMENSION = 4
HEADER = 16
RECORD = 20 + 4 + 4 * DIMENSION
KEYS = [vector_key("model", text) for text in ("one", "two", "three")]
VECTORS: NDArray[np.float32] = np.arange(12, dtype=np.float32).reshape(3, DIMENSION)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """A store of three vectors."""
    file = tmp_path / "vectors.bin"
    with closing(VectorStore(file, DIMENSION)) as store:
        store.put(KEYS[:2], VECTORS[:2])
        store.put(KEYS[2:], VECTORS[2:])
    return file


def kept(file: Path, dimension: int = DIMENSION) -> list[bool]:
    with closing(VectorStore(file, dimension)) as store:
        held = [key in store for key in KEYS]
        for key, vector, is_held in zip(KEYS, VECTORS, held, strict=True):
            if is_held:
                assert store.get([key])[0].tolist() == vector.tolist()
        return held


def test_a_key_is_of_the_encoder_and_the_text() -> None:
    # The first 20 bytes of: printf 'a\0b' | sha256sum
    assert vector_key("a", "b").hex() == "59b271ae1bbcb1d31d41929817f4b16fb439eb4f"
    assert len({vector_key("a", "b"), vector_key("a", "c"), vector_key("c", "b")}) == 3
    assert len(vector_key("a", "\ud800")) == 20


def test_put_and_get(file: Path) -> None:
    with closing(VectorStore(file, DIMENSION)) as store:
        found = store.get([KEYS[2], KEYS[0], KEYS[2]])
        assert found.dtype == np.float32
        assert found.tolist() == VECTORS[[2, 0, 2]].tolist()
        assert store.get([]).shape == (0, DIMENSION)
        missing = vector_key("model", "four")
        assert missing not in store
        with pytest.raises(KeyError):
            store.get([missing])
    assert file.stat().st_size == HEADER + 3 * RECORD
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


@pytest.mark.skipif(not HANDLES.exists(), reason="the system does not name open files")
def test_what_was_put_is_on_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    synced: list[tuple[str, int]] = []
    fsync = os.fsync

    def record(handle: int) -> None:
        path = (HANDLES / str(handle)).readlink()
        synced.append((path.name, path.stat().st_size if path.is_file() else 0))
        fsync(handle)

    monkeypatch.setattr(os, "fsync", record)
    with closing(VectorStore(tmp_path / "vectors.bin", DIMENSION)) as store:
        assert synced == [("vectors.bin", HEADER), (tmp_path.name, 0)]
        store.put(KEYS[:2], VECTORS[:2])
        assert synced[2:] == [("vectors.bin", HEADER + 2 * RECORD)]
        store.keep_only(KEYS[:1])
        assert synced[3:] == [("vectors.bin.new", HEADER + RECORD), (tmp_path.name, 0)]


def test_a_key_that_is_put_again_is_replaced(file: Path) -> None:
    with closing(VectorStore(file, DIMENSION)) as store:
        store.put(KEYS[:1], VECTORS[2:])
        assert store.get(KEYS[:1]).tolist() == VECTORS[2:].tolist()
    with closing(VectorStore(file, DIMENSION)) as store:
        assert store.get(KEYS[:1]).tolist() == VECTORS[2:].tolist()


@pytest.mark.parametrize("place", range(3 * RECORD))
def test_a_flipped_byte_loses_its_vector_and_no_other(file: Path, place: int) -> None:
    content = bytearray(file.read_bytes())
    content[HEADER + place] ^= 0x20
    file.write_bytes(content)
    expected = [number != place // RECORD for number in range(3)]
    assert count_damaged(file, DIMENSION) == 1
    assert kept(file) == expected


@pytest.mark.parametrize("place", range(HEADER))
def test_a_flipped_header_begins_anew(file: Path, place: int) -> None:
    content = bytearray(file.read_bytes())
    content[place] ^= 0x80
    file.write_bytes(content)
    with pytest.raises(ValueError, match="no vectors of 4 dimensions"):
        count_damaged(file, DIMENSION)
    assert kept(file) == [False, False, False]
    assert file.stat().st_size == HEADER


@pytest.mark.parametrize(
    ("size", "expected"),
    [
        (0, [False] * 3),
        (HEADER - 1, [False] * 3),
        (HEADER, [False] * 3),
        (HEADER + RECORD - 1, [False] * 3),
        (HEADER + RECORD, [True, False, False]),
        (HEADER + 3 * RECORD - 1, [True, True, False]),
    ],
)
def test_a_shorter_file_keeps_what_is_whole(file: Path, size: int, expected: list[bool]) -> None:
    os.truncate(file, size)
    assert kept(file) == expected
    with closing(VectorStore(file, DIMENSION)) as store:
        store.put(KEYS, VECTORS)
    assert kept(file) == [True] * 3


@pytest.mark.parametrize("content", [b"", b"12345\n", b"SQLite format 3\0" * 100, bytes(5_000)])
def test_another_file_in_its_place(file: Path, content: bytes) -> None:
    file.write_bytes(content)
    assert kept(file) == [False] * 3


def test_a_folder_in_its_place(file: Path) -> None:
    file.unlink()
    file.mkdir()
    (file / "inside").touch()
    with pytest.raises(OSError, match="directory"):
        count_damaged(file, DIMENSION)
    assert kept(file) == [False] * 3


def test_vectors_of_another_dimension(file: Path) -> None:
    with closing(VectorStore(file, 2)) as store:
        assert not any(key in store for key in KEYS)
    assert file.stat().st_size == HEADER


def test_forgetting_shrinks_the_file(file: Path) -> None:
    with closing(VectorStore(file, DIMENSION)) as store:
        store.keep_only([KEYS[1], vector_key("model", "four")])
        assert [key in store for key in KEYS] == [False, True, False]
        assert store.get([KEYS[1]]).tolist() == VECTORS[1:2].tolist()
        store.put([KEYS[0]], VECTORS[:1])
    assert file.stat().st_size == HEADER + 2 * RECORD
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert kept(file) == [True, True, False]
    assert [entry.name for entry in file.parent.iterdir()] == [file.name]


def test_forgetting_removes_what_is_damaged(file: Path) -> None:
    content = bytearray(file.read_bytes())
    content[HEADER] ^= 1
    file.write_bytes(content)
    with closing(VectorStore(file, DIMENSION)) as store:
        store.keep_only(KEYS)
    assert count_damaged(file, DIMENSION) == 0
    assert kept(file) == [False, True, True]


def test_forgetting_nothing_writes_nothing(file: Path) -> None:
    before = file.stat()
    with closing(VectorStore(file, DIMENSION)) as store:
        store.keep_only(reversed(KEYS))
    after = file.stat()
    assert (after.st_ino, after.st_mtime_ns) == (before.st_ino, before.st_mtime_ns)
