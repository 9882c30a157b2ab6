from collections.abc import Sequence
from pathlib import Path

import pytest

from rag.encoders import Vectors
from rag.index import build, generations
from tests.fake_encoder import FakeEncoder
from tests.index.ingesting import (
    assert_equals_a_clean_ingest,
    counts,
    ingest_notes,
    read_all,
    work,
    write_notes,
)


class Interrupted(FakeEncoder):
    """Is interrupted at one of its calls."""

    def __init__(self, call: int, name: str = "fake", *, dimension: int = 32) -> None:
        super().__init__(name, dimension=dimension)
        self.calls_left = call

    def encode_passages(self, texts: Sequence[str]) -> Vectors:
        self.calls_left -= 1
        if not self.calls_left:
            raise KeyboardInterrupt
        return super().encode_passages(texts)


def test_an_interrupted_ingest_goes_on_where_it_was(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(build, "BATCH", 2)
    vault, folder = tmp_path / "vault", tmp_path / "index"
    write_notes(vault, {f"{number}.md": f"note {number}\n\ntext" for number in range(5)})
    for call in range(1, 6):
        encoder = Interrupted(1 if call == 1 else 2)
        with pytest.raises(KeyboardInterrupt):
            ingest_notes(vault, folder, encoder)
        assert encoder.passages_embedded == (0 if call == 1 else 2)
        assert list((folder / generations.GENERATIONS).iterdir()) == []
    report = ingest_notes(vault, folder)
    assert work(report) == (2, 8)
    assert_equals_a_clean_ingest(vault, folder, tmp_path)

    write_notes(vault, {f"{number}.md": f"other {number}\n\ntext" for number in range(5)})
    before = read_all(folder)
    for call in (1, 2, 2):
        with pytest.raises(KeyboardInterrupt):
            ingest_notes(vault, folder, Interrupted(call))
        assert read_all(folder) == before
        assert [entry.name for entry in (folder / generations.GENERATIONS).iterdir()] == ["000001"]
    assert work(ingest_notes(vault, folder)) == (1, 9)
    assert_equals_a_clean_ingest(vault, folder, tmp_path)


def test_an_interrupted_change_of_encoder_costs_the_old_one_nothing(
    vault: Path, folder: Path
) -> None:
    other = Interrupted(1, "other", dimension=16)
    with pytest.raises(KeyboardInterrupt):
        ingest_notes(vault, folder, other, rebuild=True)
    write_notes(vault, {"e.md": "new"})
    assert work(ingest_notes(vault, folder)) == (1, 5)


def test_lost_vectors_are_restored_from_the_last_generation(vault: Path, folder: Path) -> None:
    (folder / generations.VECTORS).unlink()
    write_notes(vault, {"e.md": "new"})
    report = ingest_notes(vault, folder)
    assert work(report) == (1, 5)
    assert work(ingest_notes(vault, folder, rebuild=True)) == (0, 6)


def test_a_rebuild_embeds_nothing_that_is_kept(vault: Path, folder: Path, tmp_path: Path) -> None:
    report = ingest_notes(vault, folder, rebuild=True)
    assert (counts(report), work(report)) == ((3, 0, 0, 0), (0, 5))
    assert_equals_a_clean_ingest(vault, folder, tmp_path)
