"""A disk that is full, or that cannot be written to."""

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from rag.errors import NoSpace, RagError
from rag.index.check import check
from tests.index.forking import REFUSED, Forker
from tests.index.ingesting import ingest_notes, read_all, search, write_notes

KB = 1024


def write_many(vault: Path, word: str, count: int) -> None:
    write_notes(
        vault,
        {
            f"{note}.md": f"attention heads {word}{note}\n\n{'gradient descent ' * 30}"
            for note in range(count)
        },
    )


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 1 MB."""
    disk = tmp_path / "disk"
    disk.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", str(disk)],
        check=False,
        capture_output=True,
    )
    if mounted.returncode:
        pytest.skip("a file system can only be mounted by root: " + mounted.stderr.decode())
    try:
        yield disk
    finally:
        subprocess.run(["umount", "-l", str(disk)], check=True)


def fill(disk: Path, free: int) -> Path:
    """Take all the space but so many bytes."""
    file = disk / "filling"
    status = os.statvfs(disk)
    file.write_bytes(bytes(status.f_bavail * status.f_frsize - free))
    return file


def test_a_full_disk(small_disk: Path, tmp_path: Path) -> None:
    vault, folder = tmp_path / "vault", small_disk / "index"
    write_many(vault, "old", 10)
    ingest_notes(vault, folder)
    old = read_all(folder)
    write_many(vault, "new", 60)
    lines = []
    for free in range(0, 700 * KB, 12 * KB):
        filling = fill(small_disk, free)
        try:
            ingest_notes(vault, folder)
        except NoSpace as error:
            lines.append(str(error))
        else:
            break
        assert read_all(folder) == old
        filling.unlink()
    assert len(lines) > 5
    (line,) = set(lines)
    assert line.startswith(f"no space left on the disk of {str(folder)!r}; the old index still")
    assert "; free some space and run the same command again" in line
    assert search(folder, "attention heads new59", 1)[0][0] == "59.md"
    filling.unlink()
    report = ingest_notes(vault, folder)
    assert (report.unchanged, report.embedded) == (60, 0)
    ingest_notes(vault, tmp_path / "clean")
    assert read_all(folder) == read_all(tmp_path / "clean")
    assert check(folder) == []


def test_a_first_ingest_on_a_full_disk(small_disk: Path, tmp_path: Path) -> None:
    vault, folder = tmp_path / "vault", small_disk / "index"
    write_many(vault, "new", 60)
    for free in (0, 4 * KB, 20 * KB, 60 * KB, 150 * KB):
        filling = fill(small_disk, free)
        with pytest.raises(NoSpace):
            ingest_notes(vault, folder)
        filling.unlink()
    ingest_notes(vault, folder)
    assert check(folder) == []


def test_files_that_may_not_grow(forker: Forker, tmp_path: Path) -> None:
    vault, folder = tmp_path / "vault", tmp_path / "index"
    write_many(vault, "old", 3)
    ingest_notes(vault, folder)
    old = read_all(folder)
    write_many(vault, "new", 60)
    for most in (10, 1 * KB, 8 * KB, 16 * KB):
        status, _ = forker.ingest(vault, folder, most_bytes=most)
        assert status == REFUSED
        assert read_all(folder) == old
    assert forker.ingest(vault, folder)[0] == 0
    assert search(folder, "attention heads new59", 1)[0][0] == "59.md"


def test_a_disk_that_is_read_only(small_disk: Path, tmp_path: Path) -> None:
    vault, folder = tmp_path / "vault", small_disk / "index"
    write_many(vault, "old", 10)
    ingest_notes(vault, folder)
    old = read_all(folder)
    write_many(vault, "new", 20)
    subprocess.run(["mount", "-o", "remount,ro", str(small_disk)], check=True)
    assert read_all(folder) == old
    assert check(folder) == []
    with pytest.raises(RagError, match=r"cannot be written \(read-only file system\)"):
        ingest_notes(vault, folder)
    with pytest.raises(RagError, match="cannot be written"):
        ingest_notes(vault, small_disk / "another")


def test_a_folder_that_may_not_be_written_to(tmp_path: Path) -> None:
    if not os.geteuid():
        pytest.skip("root may write anywhere")
    vault, folder = tmp_path / "vault", tmp_path / "index"
    write_many(vault, "old", 3)
    ingest_notes(vault, folder)
    for path in (folder, *folder.rglob("*")):
        path.chmod(0o500 if path.is_dir() else 0o400)
    assert search(folder, "attention heads old2", 1)[0][0] == "2.md"
    (tmp_path / "closed").mkdir(mode=0o500)
    with pytest.raises(RagError, match=r"cannot be written \(permission denied\)"):
        ingest_notes(vault, tmp_path / "closed" / "index")
