"""SIGKILL at any point of an ingest."""

import os
import random
import shutil
import signal
from pathlib import Path

import pytest

from rag.errors import NoIndex
from rag.index.generations import folder_size
from tests.index.forking import Forker
from tests.index.ingesting import ingest_notes, read_all, write_notes

WORDS = "attention heads gradient descent step rețele neuronale uczenie maszynowe softmax".split()
SEED = 4
MOMENTS = 100
"""Half of them of a first ingest, half of a later one."""
STRIDE = 8
"""Of the calls on files, every eighth is a point at which an ingest is killed."""


class Case:
    """A vault before and after edits, and what clean indexes of both say."""

    def __init__(self, root: Path) -> None:
        source = random.Random(SEED)
        self.vault = root / "vault"
        notes = {f"{number:02d}.md": paragraphs(source, 12) for number in range(30)}
        write_notes(self.vault, notes)
        for file in self.vault.iterdir():
            os.utime(file, (1_600_000_000, 1_600_000_000))
        self.old_index = root / "old"
        # Two generations, as any index has that was ever updated.
        (self.vault / "00.md").rename(self.vault / "later.md")
        ingest_notes(self.vault, self.old_index)
        (self.vault / "later.md").rename(self.vault / "00.md")
        ingest_notes(self.vault, self.old_index)
        self.old = read_all(self.old_index)
        for number in range(0, 30, 3):
            write_notes(self.vault, {f"{number:02d}.md": paragraphs(source, 12)})
        (self.vault / "01.md").rename(self.vault / "moved.md")
        (self.vault / "02.md").unlink()
        ingest_notes(self.vault, root / "clean")
        self.new = read_all(root / "clean")
        self.clean_size = folder_size(root / "clean")

    def check(self, folder: Path, *, first: bool) -> str:
        """See that a killed ingest left one whole state, and say which."""
        assert folder_size(folder) <= 3 * self.clean_size
        try:
            found = read_all(folder)
        except NoIndex:
            assert first
            return "none"
        assert found in ([self.new] if first else [self.old, self.new])
        return "new" if found == self.new else "old"

    def finish(self, folder: Path) -> None:
        """See that the next ingest ends well."""
        report = ingest_notes(self.vault, folder)
        assert report.embedded + report.reused == report.chunks
        assert read_all(folder) == self.new
        assert folder_size(folder) <= 3 * self.clean_size
        left = {entry.name for entry in folder.iterdir()}
        assert left == {"CURRENT", "generations", "lock", "vectors.bin"}
        assert len(list((folder / "generations").iterdir())) <= 2


def paragraphs(source: random.Random, count: int) -> str:
    return "\n\n".join(" ".join(source.choices(WORDS, k=8)) for _ in range(count))


@pytest.fixture(scope="module")
def case(tmp_path_factory: pytest.TempPathFactory) -> Case:
    return Case(tmp_path_factory.mktemp("kill"))


def start(case: Case, folder: Path, *, first: bool) -> Path:
    if not first:
        shutil.copytree(case.old_index, folder)
    return folder


@pytest.mark.parametrize("first", [True, False], ids=["first", "update"])
def test_killed_at_a_random_moment(
    case: Case, forker: Forker, tmp_path: Path, *, first: bool
) -> None:
    whole = start(case, tmp_path / "whole", first=first)
    status, seconds = forker.ingest(case.vault, whole)
    assert status == 0
    source = random.Random(SEED)
    ends = []
    for moment in range(MOMENTS // 2):
        folder = start(case, tmp_path / str(moment), first=first)
        delay = source.uniform(0, seconds)
        status, _ = forker.ingest(case.vault, folder, kill_after=delay)
        assert status in {-signal.SIGKILL, 0}
        if folder.exists():
            ends.append(case.check(folder, first=first))
        case.finish(folder)
        shutil.rmtree(folder)
    assert set(ends) - {"new"}


@pytest.mark.parametrize("first", [True, False], ids=["first", "update"])
def test_killed_before_a_call_on_a_file(
    case: Case, forker: Forker, tmp_path: Path, *, first: bool
) -> None:
    ends = []
    for call in range(1 if first else 2, 10_000, STRIDE):
        folder = start(case, tmp_path / str(call), first=first)
        status, _ = forker.ingest(case.vault, folder, kill_at=call)
        if folder.exists():
            ends.append(case.check(folder, first=first))
        if status == 0:
            break
        assert status == -signal.SIGKILL
        case.finish(folder)
        shutil.rmtree(folder)
    # Old first, then new, and never back.
    before = "none" if first else "old"
    assert ends == [before] * ends.count(before) + ["new"] * ends.count("new")
    assert ends.count(before) > 5
    assert "new" in ends


def test_killed_again_and_again(case: Case, forker: Forker, tmp_path: Path) -> None:
    folder = start(case, tmp_path / "index", first=False)
    for call in range(4, 100, 8):
        forker.ingest(case.vault, folder, kill_at=call)
        case.check(folder, first=False)
    case.finish(folder)
