from dataclasses import replace
from pathlib import Path

import pytest

from rag.errors import Busy, DamagedIndex, NotAnIndex, NoVault, OtherIndex, RagError
from rag.index import generations
from rag.index.lock import writer_lock
from tests.index.ingesting import ingest_notes, write_notes


def test_a_vault_that_is_not_there_leaves_nothing_behind(tmp_path: Path) -> None:
    with pytest.raises(NoVault):
        ingest_notes(tmp_path / "missing", tmp_path / "index")
    assert list(tmp_path.iterdir()) == []


def test_other_chunking_is_refused(vault: Path, folder: Path) -> None:
    generation, manifest = generations.read_manifest(folder)
    generations.publish(folder, generation, replace(manifest, chunking=-1))
    with pytest.raises(OtherIndex, match="made by another version of rag; run: rag ingest"):
        ingest_notes(vault, folder)
    ingest_notes(vault, folder, rebuild=True)
    assert generations.read_manifest(folder)[1].chunking == manifest.chunking


@pytest.mark.parametrize("inner", [".", "notes"])
def test_an_index_around_the_notes_is_refused(tmp_path: Path, inner: str) -> None:
    write_notes(tmp_path / "all" / inner, {"README.md": "the only note"})
    with pytest.raises(NotAnIndex, match="a folder of its own"):
        ingest_notes(tmp_path / "all" / inner, tmp_path / "all")
    assert [file.name for file in (tmp_path / "all").rglob("*") if file.is_file()] == ["README.md"]


@pytest.mark.parametrize("rebuild", [False, True])
def test_a_folder_of_something_else_is_left_alone(
    vault: Path, tmp_path: Path, *, rebuild: bool
) -> None:
    write_notes(tmp_path / "mine", {"thesis.tex": "mine"})
    with pytest.raises(NotAnIndex):
        ingest_notes(vault, tmp_path / "mine", rebuild=rebuild)
    assert [entry.name for entry in (tmp_path / "mine").iterdir()] == ["thesis.tex"]
    with pytest.raises(RagError, match="cannot be written"):
        ingest_notes(vault, tmp_path / "mine" / "thesis.tex" / "index", rebuild=rebuild)


def test_a_damaged_index_asks_for_a_rebuild(vault: Path, folder: Path) -> None:
    (folder / generations.GENERATIONS / "000001" / "lexical-rows.bin").write_bytes(b"")
    with pytest.raises(DamagedIndex, match="run: rag ingest --rebuild"):
        ingest_notes(vault, folder)


def test_a_second_writer_is_refused(vault: Path, folder: Path) -> None:
    write_notes(vault, {"e.md": "new"})
    with writer_lock(folder / generations.LOCK), pytest.raises(Busy):
        ingest_notes(vault, folder)
    assert ingest_notes(vault, folder).added == 1
