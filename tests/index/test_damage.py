"""Any damage to any file of an index: the right answer, or one clear line with the remedy."""

import os
import random
import shutil
from collections.abc import Callable, Iterator
from itertools import combinations
from pathlib import Path
from typing import Any

import pytest

from rag.errors import UnusableIndex
from rag.index.check import check
from tests.index.ingesting import ingest_notes, read_all, write_notes

SEED = 4
POSITIONS = 50
"""Of each file, where one bit is flipped."""
NOTES = {
    f"{number}.md": f"tags: ml\nattention heads {number}\n\nrețele neuronale {number}"
    for number in range(6)
}
NAMES = (
    "CURRENT",
    "lock",
    "vectors.bin",
    "generations/000002/manifest.json",
    "generations/000002/notes.sqlite",
    "generations/000002/vectors.faiss",
    "generations/000002/dense-mean.bin",
    "generations/000002/dense-covariance.bin",
    "generations/000002/lexical-grams.bin",
    "generations/000002/lexical-ends.bin",
    "generations/000002/lexical-rows.bin",
    "generations/000002/lexical-counts.bin",
    "generations/000002/lexical-lengths.bin",
)
"""Every file but those of the last generation but one, which nobody reads."""


class Case:
    def __init__(self, root: Path) -> None:
        self.vault = root / "vault"
        self.sound = root / "sound"
        write_notes(self.vault, {"0.md": "first"})
        ingest_notes(self.vault, self.sound)
        write_notes(self.vault, NOTES)
        ingest_notes(self.vault, self.sound)
        self.right: dict[str, Any] = read_all(self.sound)

    def look(self, folder: Path) -> bool:
        """See that nothing wrong is answered; says whether there is an answer."""
        try:
            assert read_all(folder) == self.right
        except UnusableIndex as error:
            line = str(error)
            assert "; run: rag ingest" in line
            assert "\n" not in line
            return False
        return True

    def recover(self, folder: Path) -> None:
        ingest_notes(self.vault, folder, rebuild=True)
        assert read_all(folder) == self.right
        assert check(folder) == []


@pytest.fixture(scope="module")
def case(tmp_path_factory: pytest.TempPathFactory) -> Case:
    return Case(tmp_path_factory.mktemp("damage"))


@pytest.fixture
def folder(case: Case, tmp_path: Path) -> Path:
    return shutil.copytree(case.sound, tmp_path / "index")


def test_every_file_is_named(folder: Path) -> None:
    found = {str(file.relative_to(folder)) for file in folder.rglob("*") if file.is_file()}
    assert {name for name in found if "/000001/" not in name} == set(NAMES)


@pytest.mark.parametrize("name", NAMES)
def test_flipped(case: Case, folder: Path, name: str) -> None:
    content = (folder / name).read_bytes()
    source = random.Random(SEED)
    places = source.sample(range(len(content)), min(POSITIONS, len(content)))
    for place in (0, len(content) - 1, *places):
        flipped = bytearray(content)
        flipped[place] ^= 1 << source.randrange(8)
        (folder / name).write_bytes(flipped)
        is_answered = case.look(folder)
        assert is_answered == (name in {"lock", "vectors.bin"})
    case.recover(folder)


def remove(path: Path) -> None:
    path.unlink()


def empty(path: Path) -> None:
    path.write_bytes(b"")


def cut_in_half(path: Path) -> None:
    os.truncate(path, path.stat().st_size // 2)


def lengthen(path: Path) -> None:
    path.write_bytes(path.read_bytes() + bytes(100))


def replace_by_folder(path: Path) -> None:
    path.unlink()
    path.mkdir()
    (path / "inside").touch()


def replace_by_broken_link(path: Path) -> None:
    path.unlink()
    path.symlink_to("nowhere")


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize(
    "damage", [remove, empty, cut_in_half, lengthen, replace_by_folder, replace_by_broken_link]
)
def test_damaged(case: Case, folder: Path, name: str, damage: Callable[[Path], None]) -> None:
    damage(folder / name)
    is_answered = case.look(folder)
    assert is_answered or name not in {"lock", "vectors.bin"}
    if is_answered:
        # What is only a shortcut is mended on the way.
        write_notes(case.vault, {"new.md": "new"})
        assert ingest_notes(case.vault, folder).added == 1
        (case.vault / "new.md").unlink()
        ingest_notes(case.vault, folder)
        assert case.look(folder)
    case.recover(folder)


def swaps() -> Iterator[tuple[str, str]]:
    """Each file takes part in a few of all possible pairs."""
    pairs = list(combinations(NAMES, 2))
    random.Random(SEED).shuffle(pairs)
    yield from pairs[:: len(pairs) // 25]


@pytest.mark.parametrize(("one", "other"), swaps())
def test_swapped(case: Case, folder: Path, one: str, other: str) -> None:
    (folder / one).rename(folder / "aside")
    (folder / other).rename(folder / one)
    (folder / "aside").rename(folder / other)
    case.look(folder)
    case.recover(folder)


@pytest.mark.parametrize("name", ["generations", "generations/000002"])
def test_folders(case: Case, folder: Path, name: str) -> None:
    shutil.rmtree(folder / name)
    assert not case.look(folder)
    case.recover(folder)
    shutil.rmtree(folder / "generations")
    (folder / "generations").touch()
    assert not case.look(folder)
    case.recover(folder)


def test_an_older_state_put_back_in_part(case: Case, folder: Path, tmp_path: Path) -> None:
    old = tmp_path / "old"
    write_notes(tmp_path / "vault", {"0.md": "first"})
    ingest_notes(tmp_path / "vault", old)
    for name in NAMES:
        if "/" in name:
            kept = (folder / name).read_bytes()
            shutil.copy(old / name.replace("000002", "000001"), folder / name)
            assert not case.look(folder)
            (folder / name).write_bytes(kept)
    shutil.copy(old / "vectors.bin", folder)
    assert case.look(folder)
    shutil.copy(old / "CURRENT", folder)
    assert not case.look(folder)
    case.recover(folder)
