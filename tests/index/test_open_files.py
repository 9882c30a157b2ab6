"""When no more files may be opened: said as it is, and nothing is taken for damage."""

import os
import resource
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from rag.errors import RagError, UnreadableIndex
from rag.index.check import check
from rag.index.local import LocalIndex
from tests.index.ingesting import ingest_notes, read_all, write_notes

MOST = 1_024
"""Open files of this process while a test runs; each test with milvus-lite before left seven."""
ENOUGH = 40
"""An ingest never has that many open."""


@contextmanager
def files_left(count: int) -> Iterator[None]:
    """Let only so many more files be opened while the block runs."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (MOST, hard))
    taken: list[int] = []
    try:
        while True:
            try:
                taken.append(os.open(os.devnull, os.O_RDONLY))
            except OSError:
                break
        for _ in range(count):
            os.close(taken.pop())
        yield
    finally:
        for handle in taken:
            os.close(handle)
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def test_a_search(folder: Path) -> None:
    right = read_all(folder)
    lines = []
    for count in range(ENOUGH):
        with files_left(count):
            try:
                index = LocalIndex.open(folder)
            except UnreadableIndex as error:
                lines.append(str(error))
            else:
                assert index.info.notes == len(right["notes"])
    assert 0 < len(lines) < ENOUGH
    for line in lines:
        assert "too many open files" in line
        assert line.endswith("; close other programs, or allow more open files: ulimit -n")
    with files_left(0), pytest.raises(UnreadableIndex):
        check(folder)
    assert read_all(folder) == right


def test_an_ingest(vault: Path, folder: Path) -> None:
    old = read_all(folder)
    write_notes(vault, {"a.md": "attention heads\n\nsoftmax", "new.md": "new"})
    lines = []
    for count in range(ENOUGH):
        with files_left(count):
            try:
                report = ingest_notes(vault, folder)
            except RagError as error:
                lines.append(str(error))
            else:
                assert report.skipped == ()
                break
        assert read_all(folder) == old
    assert 0 < len(lines) < ENOUGH
    assert all("too many open files" in line for line in lines)
    assert check(folder) == []
