from pathlib import Path

import pytest

from rag.errors import Busy, DamagedIndex, NotAnIndex, NoVault, OtherIndex, RagError
from rag.index import build, generations
from rag.index.local import LocalIndex
from rag.index.lock import writer_lock
from tests.fake_encoder import FakeEncoder
from tests.index.ingesting import NOTES, counts, ingest_notes, read_all, search, work, write_notes


def test_an_emptied_vault_is_refused(vault: Path, folder: Path) -> None:
    before = read_all(folder)
    for path in NOTES:
        (vault / path).unlink()
    with pytest.raises(NoVault, match="holds no notes any more; the index stays as it is"):
        ingest_notes(vault, folder)
    assert read_all(folder) == before
    report = ingest_notes(vault, folder, rebuild=True)
    assert (report.notes, report.chunks) == (0, 0)
    assert search(folder, "attention") == []
    assert counts(ingest_notes(vault, folder)) == (0, 0, 0, 0)


def test_a_vault_that_is_not_there_leaves_nothing_behind(tmp_path: Path) -> None:
    with pytest.raises(NoVault):
        ingest_notes(tmp_path / "missing", tmp_path / "index")
    assert list(tmp_path.iterdir()) == []


def test_another_encoder_is_refused(vault: Path, folder: Path) -> None:
    before = read_all(folder)
    with pytest.raises(OtherIndex, match="made with the encoder 'fake', not 'other'; run: rag"):
        ingest_notes(vault, folder, FakeEncoder("other"))
    # The same name, but not the same model any more: found out when it is first needed.
    changed = FakeEncoder(dimension=16)
    assert counts(ingest_notes(vault, folder, changed)) == (0, 0, 0, 3)
    write_notes(vault, {"e.md": "new"})
    with pytest.raises(OtherIndex, match="the encoder 'fake' is not what it was; run: rag ingest"):
        ingest_notes(vault, folder, changed)
    assert read_all(folder) == before
    report = ingest_notes(vault, folder, changed, rebuild=True)
    assert work(report) == (6, 0)
    assert LocalIndex.open(folder).info.dimension == 16


def test_other_chunking_is_refused(
    vault: Path, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    generation, manifest = generations.read_manifest(folder)
    with monkeypatch.context() as patch:
        patch.setattr(build, "CHUNKING", -1)
        ingest_notes(vault, folder, rebuild=True)
    with pytest.raises(OtherIndex, match="made by another version of rag; run: rag ingest"):
        ingest_notes(vault, folder)
    ingest_notes(vault, folder, rebuild=True)
    assert generations.read_manifest(folder)[1].chunking == manifest.chunking
    assert generation.name == "000001"


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
