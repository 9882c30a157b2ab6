"""Small vaults, ingested with the fake encoder, and everything an index of one says."""

import os
from collections.abc import Mapping
from dataclasses import fields
from pathlib import Path
from typing import Any

import numpy as np

from rag.index.local import LocalIndex
from rag.index.update import Progress, Report, Workshop, ingest
from rag.retrieval.search import Retriever
from rag.types import Chunk, Document, Note
from tests.fake_encoder import FakeEncoder

LONG = "RAG_TEST_LONG" in os.environ
"""Whether the tests that could go on for minutes do."""

NOTES = {
    "a.md": "attention heads\n\ngradient descent step",
    "b/c.md": "tags: ml\nlang: ro\nrețele neuronale\n\nattention heads",
    "d.md": "lang: pl\nuczenie maszynowe",
}
QUESTIONS = ("attention heads", "rețele neuronale", "gradient descent step", "uczenie maszynowe")


def write_notes(vault: Path, notes: Mapping[str, str]) -> None:
    for path, text in notes.items():
        file = vault / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")


def cut_paragraphs(note: Note) -> tuple[Document, list[Chunk]]:
    """Make a chunk of each line that is not empty; `tags: a b` tags the note, `problem: x` is a notice."""
    lines = note.text.splitlines()
    title = Path(note.path).stem
    tags = tuple(
        tag for line in lines if line.startswith("tags:") for tag in line.split()[1:] if tag
    )
    language = next((line.split()[1] for line in lines if line.startswith("lang:")), "en")
    problems = tuple(
        line.removeprefix("problem: ") for line in lines if line.startswith("problem:")
    )
    document = Document(note.path, title, tags, (), language, note.text, (), problems=problems)
    chunks = [
        Chunk(note.path, title, (), number, number, line, f"{title}\n{line}", tags, language)
        for number, line in enumerate(lines, start=1)
        if line.strip() and not line.startswith(("tags:", "lang:", "problem:"))
    ]
    return document, chunks


def ingest_notes(
    vault: Path,
    folder: Path,
    encoder: FakeEncoder | None = None,
    *,
    rebuild: bool = False,
    progress: Progress = lambda stage, done, total: None,
) -> Report:
    encoder = encoder or FakeEncoder()

    def open_workshop() -> Workshop:
        return Workshop(encoder, cut_paragraphs)

    return ingest(vault, folder, encoder.name, open_workshop, rebuild=rebuild, progress=progress)


def search(folder: Path, question: str, count: int = 5) -> list[tuple[str, int, str, float]]:
    passages = Retriever(LocalIndex.open(folder), FakeEncoder).search(question, count)
    return [
        (passage.chunk.path, passage.chunk.start_line, passage.chunk.text, passage.score)
        for passage in passages
    ]


def read_all(folder: Path) -> dict[str, Any]:
    """Everything that an index holds, and its answers; equal for indexes of equal notes."""
    index = LocalIndex.open(folder)
    info = index.info
    rows = np.arange(info.chunks)
    return {
        "notes": {
            path: (note.state, note.language, note.first_row, note.chunks)
            for path, note in index.notes().items()
        },
        "tags": index.tables.tags(),
        "chunks": index.chunks(range(info.chunks)),
        "keys": index.tables.vector_keys(),
        "skipped": info.skipped,
        "vectors": index.dense.vectors(rows).tobytes(),
        "lexical": {
            field.name: np.asarray(getattr(index.lexical, field.name)).tolist()
            for field in fields(index.lexical)
        },
        "answers": [search(folder, question) for question in QUESTIONS],
    }


def age(vault: Path) -> None:
    """Make all notes an hour older, beyond what an ingest reads again to be sure."""
    for file in vault.rglob("*.md"):
        status = file.stat()
        os.utime(file, ns=(status.st_atime_ns, status.st_mtime_ns - 3600 * 10**9))


def counts(report: Report) -> tuple[int, int, int, int]:
    return report.added, report.changed, report.removed, report.unchanged


def work(report: Report) -> tuple[int, int]:
    return report.embedded, report.reused


def assert_equals_a_clean_ingest(vault: Path, folder: Path, tmp_path: Path) -> None:
    ingest_notes(vault, tmp_path / "clean")
    assert read_all(folder) == read_all(tmp_path / "clean")
