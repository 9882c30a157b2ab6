from pathlib import Path

import pytest

from rag.errors import NoIndex
from rag.index.check import check
from rag.index.generations import CURRENT, GENERATIONS, VECTORS
from tests.index.ingesting import ingest_notes, write_notes


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    write_notes(tmp_path / "vault", {"a.md": "first\n\nsecond", "b.md": "third"})
    ingest_notes(tmp_path / "vault", tmp_path / "index")
    return tmp_path / "index"


def flip(file: Path, place: int) -> None:
    content = bytearray(file.read_bytes())
    content[place] ^= 1
    file.write_bytes(content)


def test_sound(folder: Path) -> None:
    assert check(folder) == []


def test_no_index(tmp_path: Path) -> None:
    with pytest.raises(NoIndex):
        check(tmp_path)


def test_every_damaged_file_is_named(folder: Path) -> None:
    generation = folder / GENERATIONS / "000001"
    files = [file for file in generation.iterdir() if file.name != "manifest.json"]
    for file in files:
        flip(file, -1)
    problems = check(folder)
    assert {problem.file for problem in problems} == {f"000001/{file.name}" for file in files}
    assert all("is not what its checksum says" in problem.problem for problem in problems)
    assert {problem.remedy for problem in problems} == {"run: rag check --repair"}


@pytest.mark.parametrize("name", [CURRENT, f"{GENERATIONS}/000001/manifest.json"])
def test_what_all_else_hangs_on(folder: Path, name: str) -> None:
    flip(folder / name, 20)
    (problem,) = check(folder)
    assert problem.file == CURRENT
    assert problem.remedy == "run: rag ingest --rebuild"


def test_kept_vectors_are_read_back(folder: Path) -> None:
    flip(folder / VECTORS, 16 + 24 + 5)
    (problem,) = check(folder)
    assert (problem.file, problem.problem) == (VECTORS, "vectors.bin has 1 damaged vectors")
    flip(folder / VECTORS, 0)
    (problem,) = check(folder)
    assert "is not what was written: it holds no vectors of 32 dimensions" in problem.problem
    (folder / VECTORS).unlink()
    (problem,) = check(folder)
    assert problem.problem == "vectors.bin is missing"
    (folder / VECTORS).mkdir()
    (problem,) = check(folder)
    assert problem.problem == "vectors.bin cannot be read (is a directory)"


def test_rebuilding_mends(folder: Path) -> None:
    for file in (folder / GENERATIONS / "000001").iterdir():
        flip(file, -1)
    flip(folder / VECTORS, -1)
    assert check(folder)
    report = ingest_notes(folder.parent / "vault", folder, rebuild=True)
    assert (report.embedded, report.reused) == (1, 2)
    assert check(folder) == []
