"""What is on disk at the moment when the pointer is replaced, by the calls that a whole ingest makes.

Of every call it is noted what the file was like, so that what is written after its last sync shows.
"""

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from rag.index.generations import CURRENT, GENERATIONS, VECTORS
from tests.index.ingesting import ingest_notes, write_notes

HANDLES = Path("/proc/self/fd")

pytestmark = pytest.mark.skipif(not HANDLES.exists(), reason="the system does not name open files")


def state(path: Path) -> tuple[int, int, tuple[str, ...]]:
    """A file's size and time, or a folder's names."""
    status = path.stat()
    if path.is_dir():
        return 0, 0, tuple(sorted(entry.name for entry in path.iterdir()))
    return status.st_size, status.st_mtime_ns, ()


class Disk:
    """Notes what was synced, and what was not when a pointer was replaced."""

    def __init__(self, folder: Path, patch: pytest.MonkeyPatch) -> None:
        self._folder = folder
        self._synced: dict[Path, tuple[int, int, tuple[str, ...]]] = {}
        self._is_replaced = False
        self.published = 0
        self.problems: list[str] = []
        self._record(patch, "fsync", self._sync)
        self._record(patch, "replace", self._replace)
        self._record(patch, "rename", self._replace)

    def _record(self, patch: pytest.MonkeyPatch, name: str, note: Callable[..., None]) -> None:
        call = getattr(os, name)

        def recorded(*arguments: object) -> None:
            if name != "fsync":
                note(*arguments)
            call(*arguments)
            if name == "fsync":
                note(*arguments)

        patch.setattr(os, name, recorded)

    def _sync(self, handle: int) -> None:
        path = (HANDLES / str(handle)).readlink()
        self._synced[path] = state(path)
        if path == self._folder:
            self._is_replaced = False

    def _replace(self, source: Path, target: Path) -> None:
        source, target = Path(source), Path(target)
        if target.name != CURRENT:
            self._synced[target] = self._synced.pop(source, (0, 0, ()))
            return
        generations = self._folder / GENERATIONS
        live = max(generations.iterdir())
        vectors = self._folder / VECTORS
        needed = (source, vectors, *live.iterdir(), live, generations, self._folder)
        self.problems += [
            str(path.relative_to(self._folder))
            for path in needed
            if self._synced.get(path) != state(path)
        ]
        self.published += 1
        self._is_replaced = True

    @property
    def is_settled(self) -> bool:
        """Whether the folder was synced after the pointer was replaced."""
        return not self._is_replaced and self._synced[self._folder] == state(self._folder)

    def has(self, path: Path) -> bool:
        return self._synced.get(path) == state(path)


def test_all_is_on_disk_before_the_pointer_moves(
    vault: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "index"
    disk = Disk(folder, monkeypatch)
    for number in range(3):
        write_notes(vault, {"new.md": f"attention {number}"})
        ingest_notes(vault, folder, rebuild=number == 2)
        assert disk.problems == []
        assert disk.published == number + 1
        assert disk.is_settled
        assert disk.has(folder / VECTORS)
