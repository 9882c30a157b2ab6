"""An index that is kept in step for years stays as small, and as right, as one made today."""

import random
from pathlib import Path

from rag.index.generations import folder_size
from tests.index.ingesting import LONG, ingest_notes, read_all, write_notes

CYCLES = 1_000 if LONG else 150
LOOKS = 25
"""Cycles between two comparisons with a clean index."""
NOTES = 6
WORDS = "attention heads gradient descent step rețele neuronale uczenie maszynowe softmax".split()


def edit(vault: Path, source: random.Random, cycle: int) -> None:
    """Write a note anew, rename one, remove one, or add to one."""
    notes = sorted(vault.rglob("*.md"))
    note = source.choice(notes)
    text = " ".join(source.choices(WORDS, k=20)) + f" {cycle}"
    match source.randrange(4):
        case 0:
            note.rename(note.with_name(f"{cycle}.md"))
        case 1 if len(notes) > NOTES // 2:
            note.unlink()
        case 2 if len(notes) < NOTES:
            write_notes(vault, {f"folder {cycle % 3}/{cycle}.md": text})
        case _:
            head = note.read_text(encoding="utf-8").partition("\n\n")[0]
            note.write_text(f"{head}\n\n{text}", encoding="utf-8")


def test_many_edits_leave_no_trace(tmp_path: Path) -> None:
    source = random.Random(7)
    vault, folder = tmp_path / "vault", tmp_path / "index"
    write_notes(vault, {f"{number}.md": f"note {number}\n\ntext" for number in range(NOTES)})
    ingest_notes(vault, folder)
    for cycle in range(1, CYCLES + 1):
        edit(vault, source, cycle)
        report = ingest_notes(vault, folder)
        # No edit makes more than two texts: one that is written, and one under a new title.
        assert report.embedded <= 2
        if cycle % LOOKS:
            continue
        clean = tmp_path / f"clean {cycle}"
        ingest_notes(vault, clean)
        assert read_all(folder) == read_all(clean)
        # The generation before this one is still there, and the vectors are those of this one.
        assert folder_size(folder) <= 2.2 * folder_size(clean)
        assert (folder / "vectors.bin").stat().st_size == (clean / "vectors.bin").stat().st_size
