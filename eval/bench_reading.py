"""Measure what reading and chunking a vault costs beside encoding it, in the same run.

    python eval/bench_reading.py [--notes 3000] [--encoded 400] [--output eval/results/reading.json]

The vault is made of the sections of the sample notes, drawn at random, some five a note, so that
every construct of theirs is in it and no two notes are alike. All of it is read and chunked; of the
chunks a sample is encoded, and the rest reckoned from its time. Figures are CPU seconds of one
process, which other processes disturb least: on a machine of its own a wall clock shows the same
ratio, as both parts use all cores they are given or one.
"""

import argparse
import json
import platform
import random
import re
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from rag.encoders.embedded_encoder import EmbeddedEncoder
from rag.notes.chunking import chunk_document
from rag.notes.markdown import parse
from rag.notes.vault import FoundFile, read_note, scan
from rag.types import Note

ROOT = Path(__file__).parents[1]
SECTIONS = 5
"""Of a note; the sample notes have four to eight."""
BUDGET = 0.10
"""What reading and chunking may take of encoding."""


def make_vault(folder: Path, count: int) -> None:
    """Write notes of random sections of the sample vault; the same each time."""
    chance = random.Random(0)  # noqa: S311 (the same notes each time)
    sections: list[str] = []
    for file in sorted((ROOT / "notes").rglob("*.md")):
        sections += re.split(r"(?m)^(?=## )", file.read_text(encoding="utf-8"))[1:]
    for number in range(count):
        body = "\n".join(chance.choice(sections) for _ in range(SECTIONS))
        text = f"---\ntags: [bench/{number % 7}]\n---\n# Note {number}\n\n{body}"
        (folder / f"{number:05}.md").write_text(text, encoding="utf-8")


def read(folder: Path) -> Iterator[Note]:
    """Read all notes of a folder."""
    for found in scan(folder):
        assert isinstance(found, FoundFile)
        note = read_note(folder, found.path)
        assert isinstance(note, Note)
        yield note


def measure(folder: Path, encoded: int) -> dict[str, float]:
    """Give CPU seconds by stage, for all notes of a folder."""
    encoder = EmbeddedEncoder()
    encoder.encode_passages(["warm"])
    began = time.process_time()
    notes = list(read(folder))
    was_read = time.process_time()
    documents = [parse(note) for note in notes]
    was_parsed = time.process_time()
    texts = [
        chunk.indexed_text
        for document in documents
        for chunk in chunk_document(document, encoder.count_tokens, encoder.max_tokens)
    ]
    was_cut = time.process_time()
    sample = random.Random(1).sample(texts, min(encoded, len(texts)))  # noqa: S311
    start = time.process_time()
    encoder.encode_passages(sample)
    spent = time.process_time() - start
    encoding = spent * sum(encoder.count_tokens(texts)) / sum(encoder.count_tokens(sample))
    reading = was_cut - began
    return {
        "notes": len(notes),
        "chunks": len(texts),
        "read_s": was_read - began,
        "parse_s": was_parsed - was_read,
        "chunk_s": was_cut - was_parsed,
        "encode_s": encoding,
        "ratio": reading / encoding,
        "budget": BUDGET,
    }


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description="reading and chunking beside encoding")
    parser.add_argument("--notes", type=int, default=3000)
    parser.add_argument("--encoded", type=int, default=400)
    parser.add_argument("--output", type=Path)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        make_vault(Path(name), options.notes)
        figures = measure(Path(name), options.encoded)
    for key, value in figures.items():
        print(f"{key:<10}{value:>10.2f}")
    if options.output:
        rounded: dict[str, object] = {key: round(value, 3) for key, value in figures.items()}
        rounded |= {"python": platform.python_version(), "machine": platform.machine()}
        options.output.write_text(json.dumps(rounded, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
