"""Vectors that were computed once, kept by what was embedded.

The key is a hash of the encoder's fingerprint and the text, so a note that is renamed, moved or
edited elsewhere costs nothing again, and an ingest that was killed goes on where it was.

One file of records of one size, appended to: key, checksum, numbers. It is only ever a shortcut: a
record that was flipped or half written is passed over, and costs one text embedded again.
"""

import hashlib
import os
import shutil
import struct
import zlib
from collections.abc import Iterable, Iterator, Sequence
from io import FileIO
from pathlib import Path

import numpy as np

from rag.encoders import Vectors
from rag.index.generations import sync

_MAGIC = b"rag vectors\n"
_DIMENSION = struct.Struct("<I")
_HEADER = len(_MAGIC) + _DIMENSION.size
_CHECKSUM = struct.Struct("<I")
_KEY = 20
_FRONT = _KEY + _CHECKSUM.size
_NUMBER = 4
_SCANNED = 1 << 20
"""Bytes read at once while the file is looked through."""


def vector_key(fingerprint: str, text: str) -> bytes:
    """Give the key of an embedded text: 20 bytes."""
    content = f"{fingerprint}\0{text}".encode("utf-8", "surrogatepass")
    return hashlib.sha256(content).digest()[:_KEY]


class VectorStore:
    """The vectors of one index, for its one writer."""

    def __init__(self, file: Path, dimension: int) -> None:
        """Open the store; what is not a store of this dimension is replaced by an empty one."""
        self._file = file
        self._dimension = dimension
        self._record = _FRONT + _NUMBER * dimension
        self._open()

    def _open(self) -> None:
        if self._file.is_dir():
            shutil.rmtree(self._file)
        self._stream = _open_private(self._file, os.O_RDWR | os.O_CREAT)
        header = _MAGIC + _DIMENSION.pack(self._dimension)
        if self._stream.read(_HEADER) != header:
            self._stream.truncate(0)
            self._stream.seek(0)
            _write(self._stream, header)
            os.fsync(self._stream.fileno())
            sync(self._file.parent)
        self._places: dict[bytes, int] = {}
        self._count = 0
        for key, is_sound in _scan(self._stream, self._record):
            if is_sound:
                self._places[key] = self._count
            self._count += 1

    def __contains__(self, key: bytes) -> bool:
        return key in self._places

    def get(self, keys: Sequence[bytes]) -> Vectors:
        """Read vectors, in the order asked for; shape [keys, dimension].

        Raises:
            KeyError: one is not there.
        """
        vectors = np.empty((len(keys), self._dimension), "<f4")
        row = 0
        for content in self._read([self._places[key] for key in keys]):
            records = np.frombuffer(content, np.uint8).reshape(-1, self._record)
            numbers = records[:, _FRONT:].copy().view("<f4")
            vectors[row : row + len(numbers)] = numbers
            row += len(numbers)
        return vectors.astype(np.float32, copy=False)

    def _read(self, places: Sequence[int]) -> Iterator[bytes]:
        """Read records, those at once that follow one another: most do, in the order of notes."""
        most = max(1, _SCANNED // self._record)
        start = 0
        while start < len(places):
            end = start + 1
            while end < min(len(places), start + most) and places[end] == places[end - 1] + 1:
                end += 1
            self._stream.seek(_HEADER + places[start] * self._record)
            yield self._stream.read((end - start) * self._record)
            start = end

    def put(self, keys: Sequence[bytes], vectors: Vectors) -> None:
        """Keep vectors of shape [keys, dimension]; they are on disk when this returns."""
        records = b"".join(
            _pack(key, vector.astype("<f4").tobytes())
            for key, vector in zip(keys, vectors, strict=True)
        )
        self._stream.seek(_HEADER + self._count * self._record)
        _write(self._stream, records)
        os.fsync(self._stream.fileno())
        for key in keys:
            self._places[key] = self._count
            self._count += 1

    def keep_only(self, keys: Iterable[bytes]) -> None:
        """Forget the vectors of texts that no note has any more, and what is damaged."""
        wanted = sorted({self._places[key] for key in keys if key in self._places})
        if len(wanted) == self._count:
            return
        fresh = self._file.with_name(f"{self._file.name}.new")
        try:
            with _open_private(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC) as stream:
                _write(stream, _MAGIC + _DIMENSION.pack(self._dimension))
                for records in self._read(wanted):
                    _write(stream, records)
                os.fsync(stream.fileno())
        except BaseException:
            fresh.unlink(missing_ok=True)
            raise
        self._stream.close()  # Windows replaces no open file
        fresh.replace(self._file)
        sync(self._file.parent)
        self._open()

    def close(self) -> None:
        """Let go of the file."""
        self._stream.close()


def count_damaged(file: Path, dimension: int) -> int:
    """Count the records of a store that are not what was written.

    Raises:
        OSError: it cannot be read.
        ValueError: it is not a store of vectors of this dimension.
    """
    with file.open("rb", buffering=0) as stream:
        if stream.read(_HEADER) != _MAGIC + _DIMENSION.pack(dimension):
            raise ValueError(f"it holds no vectors of {dimension} dimensions")
        records = _scan(stream, _FRONT + _NUMBER * dimension)
        return sum(not is_sound for _, is_sound in records)


def _scan(stream: FileIO, record: int) -> Iterator[tuple[bytes, bool]]:
    """Give each whole record's key, and whether it is what was written."""
    place = _HEADER
    while True:
        stream.seek(place)
        block = stream.read(max(1, _SCANNED // record) * record)
        whole = len(block) // record * record
        if not whole:
            return
        for start in range(0, whole, record):
            content = block[start : start + record]
            key = content[:_KEY]
            yield key, content == _pack(key, content[_FRONT:])
        place += whole


def _pack(key: bytes, numbers: bytes) -> bytes:
    return key + _CHECKSUM.pack(zlib.crc32(numbers, zlib.crc32(key))) + numbers


def _open_private(file: Path, flags: int) -> FileIO:
    handle = os.open(file, flags | getattr(os, "O_BINARY", 0), 0o600)
    return os.fdopen(handle, "r+b" if flags & os.O_RDWR else "wb", buffering=0)


def _write(stream: FileIO, content: bytes) -> None:
    """Write all of it: the system may take a part, and then says why."""
    rest = memoryview(content)
    while rest:
        rest = rest[stream.write(rest) :]
