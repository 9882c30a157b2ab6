"""Measure every budget of the tool: ratios within one run, on notes made from those in `notes/`.

    python -m eval.bench [--notes 3000] [--folder DIR]

Cold searches and ingests are run as a user runs them, in processes of their own. Where other
programs run too the clock says little; so CPU seconds are held against the budgets, which on an
idle machine the clock does not exceed, and those of the clock stand beside. Writes budgets.json
and budgets.md in eval/results/, with the last table of `eval.bench_index` below.
"""

import argparse
import json
import os
import re
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from eval.bench_index import RESULTS
from rag import wire
from rag.config import Settings
from rag.encoders import Vectors
from rag.encoders.embedded_encoder import EmbeddedEncoder
from rag.index.local import LocalIndex
from rag.index.update import Workshop, ingest
from rag.notes.chunking import chunk_document
from rag.notes.markdown import parse
from rag.retrieval.search import Retriever
from rag.types import Chunk, Document, Note

SAMPLE = Path(__file__).parents[1] / "notes"
WORDS_A_NOTE = 45
"""One chunk: 3,000 of them are embedded in a minute, and what is done for each note weighs most."""
COPIES = 4
"""Of the sample notes, no two alike, for the throughput: some nine hundred whole chunks."""
WARM_CHUNKS = 10_000
WARM_QUESTIONS = 200
TRIES = 5
QUESTION = "Ce este RLHF?"
_NO_PROSE = re.compile(r"```.*?```|\$\$.*?\$\$|\$[^$\n]+\$|`[^`\n]+`", re.DOTALL)
"""Code and formulas."""
COMMAND = "from rag.cli import main; main()"
NO_LOAD = "import numpy"
LOAD = """
from rag.encoders.embedded_encoder import EmbeddedEncoder
EmbeddedEncoder().encode_passages(["one"])
"""


@dataclass(frozen=True, slots=True)
class Budget:
    """What was allowed and what was measured."""

    what: str
    allowed: str
    measured: str
    kept: bool


class StandIn(EmbeddedEncoder):
    """The embedded encoder for questions; passages get vectors that cost nothing."""

    def encode_passages(self, texts: Sequence[str]) -> Vectors:
        """Give each text a vector of its own."""
        if len(texts) == 1:
            return super().encode_passages(texts)
        drawn = np.random.default_rng(len(texts)).standard_normal((len(texts), self.dimension))
        unit: Vectors = (drawn / np.linalg.norm(drawn, axis=1, keepdims=True)).astype(np.float32)
        return unit


def write_short_notes(vault: Path, count: int) -> None:
    """Write notes of one chunk each, from the words of one sample note each, an hour old."""
    source = np.random.default_rng(1)
    # No note is in two languages in turns, or in none, as a formula is without its signs: its
    # language would be asked of character statistics, which take 0.5 s to load.
    texts = [file.read_text(encoding="utf-8") for file in sorted(SAMPLE.rglob("*.md"))]
    words = [re.findall(r"\w+", _NO_PROSE.sub(" ", text)) for text in texts]
    windows = [
        found[start : start + WORDS_A_NOTE]
        for found in words
        for start in range(len(found) - WORDS_A_NOTE)
    ]
    hour_ago = time.time() - 3_600
    for number in range(count):
        file = vault / f"{number % 50:02d}" / f"note {number}.md"
        file.parent.mkdir(parents=True, exist_ok=True)
        text = " ".join(windows[source.integers(len(windows))])
        file.write_text(f"# Note {number}\n\n{text}.\n", "utf-8")
        os.utime(file, (hour_ago, hour_ago))


def write_copies(vault: Path) -> None:
    """Write the sample notes a few times; a word in each paragraph makes them differ."""
    for copy in range(COPIES):
        for file in sorted(SAMPLE.rglob("*.md")):
            target = vault / str(copy) / file.relative_to(SAMPLE)
            target.parent.mkdir(parents=True, exist_ok=True)
            paragraphs = file.read_text(encoding="utf-8").split("\n\n")
            changed = [part if part.startswith("---") else f"{part} {copy}" for part in paragraphs]
            target.write_text("\n\n".join(changed), encoding="utf-8")


@dataclass(frozen=True, slots=True, order=True)
class Cost:
    """Seconds."""

    cpu: float
    clock: float

    def __str__(self) -> str:
        """Give both."""
        return f"{self.cpu:.2f} CPU s ({self.clock:.2f} s by the clock)"


def rag(*arguments: object) -> Cost:
    """Run the tool in a process."""
    return run(COMMAND, *arguments)


def run(code: str, *arguments: object) -> Cost:
    """Run Python in a process."""
    command = [sys.executable, "-c", code, *map(str, arguments)]
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    began = time.perf_counter()
    subprocess.run(command, check=True, capture_output=True)  # noqa: S603 - our own code
    clock = time.perf_counter() - began
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return Cost(cpu, clock)


def quickest(run: Callable[[], Cost]) -> Cost:
    """Give the least of a few."""
    return min(run() for _ in range(TRIES))


def measure_processes(folder: Path, count: int) -> list[Budget]:
    """Measure whole processes on a vault of many short notes."""
    vault, index = folder / "short", folder / "short-index"
    write_short_notes(vault, count)
    rag("--version")
    cold = rag("ingest", vault, "--index", index, "--quiet")
    memory = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1e6
    still = quickest(lambda: rag("ingest", vault, "--index", index, "--quiet"))
    for number in range(0, count, 100):
        file = vault / f"{number % 50:02d}" / f"note {number}.md"
        file.write_text(file.read_text(encoding="utf-8") + "\nOne more line.\n", encoding="utf-8")
    edited = rag("ingest", vault, "--index", index, "--quiet")
    load = min(run(LOAD) for _ in range(TRIES)).cpu - min(run(NO_LOAD) for _ in range(TRIES)).cpu
    search = quickest(lambda: rag("search", QUESTION, "--index", index))
    allowed = 0.03 * cold.cpu + load
    return [
        Budget(f"ingest, nothing changed, {count:,} notes", "1 s", str(still), still.cpu <= 1),
        Budget(
            "ingest after editing 1 % of notes",
            f"3 % of the cold ingest ({cold.cpu:.0f} CPU s) + model load: {allowed:.2f} s",
            f"{edited}, of which {still.cpu:.2f} are those of nothing changed",
            edited.cpu <= allowed,
        ),
        Budget("rag search, whole process, cold", "1 s", str(search), search.cpu <= 1),
        Budget("memory while ingesting", "1.5 GB", f"{memory:.2f} GB", memory <= 1.5),
    ]


def ignore(stage: str, done: int, total: int) -> None:
    """Show no progress."""
    del stage, done, total


def measure_throughput(folder: Path) -> Budget:
    """Compare an ingest with the encoder alone, on the same chunks, by CPU time."""
    vault, index = folder / "copies", folder / "copies-index"
    write_copies(vault)
    settings = Settings(vault=str(vault), index=str(index))
    EmbeddedEncoder().encode_passages(["one"])
    began = time.process_time()
    wire.ingest(settings, rebuild=False, progress=ignore)
    whole = time.process_time() - began
    chunks = LocalIndex.open(index).chunks(range(LocalIndex.open(index).info.chunks))
    texts = [chunk.indexed_text for chunk in chunks]
    encoder = EmbeddedEncoder()
    encoder.encode_passages(texts[:1])
    began = time.process_time()
    encoder.encode_passages(list(dict.fromkeys(texts)))
    alone = time.process_time() - began
    share = alone / whole
    return Budget(
        f"ingest, cold, {len(texts):,} chunks",
        "90 % of the throughput of the encoder alone",
        f"{share:.1%}",
        share >= 0.9,
    )


def measure_warm(folder: Path) -> Budget:
    """Measure questions to an open index of ten thousand chunks."""
    vault, index = folder / "warm", folder / "warm-index"
    write_short_notes(vault, WARM_CHUNKS)
    encoder = StandIn()

    def cut(note: Note) -> tuple[Document, list[Chunk]]:
        document = parse(note)
        return document, chunk_document(document, encoder.count_tokens, encoder.max_tokens)

    ingest(vault, index, encoder.name, lambda: Workshop(encoder, cut))
    retriever = Retriever(LocalIndex.open(index), EmbeddedEncoder)
    lines = (Path(__file__).parent / "questions.jsonl").read_text(encoding="utf-8").splitlines()
    questions = [json.loads(line)["question"] for line in lines[:WARM_QUESTIONS]]
    clock, cpu = [], []
    for question in [*questions[:10], *questions]:
        began, began_cpu = time.perf_counter(), time.process_time()
        retriever.search(question, 5)
        clock.append(1e3 * (time.perf_counter() - began))
        cpu.append(1e3 * (time.process_time() - began_cpu))
    p50, p95 = np.percentile(clock[10:], [50, 95])
    median = float(np.median(cpu[10:]))
    size = retriever.index.info.chunks
    return Budget(
        f"search, warm, {size:,} chunks, encoder included",
        "p50 15 ms",
        f"p50 {median:.1f} CPU ms (by the clock {p50:.1f}, p95 {p95:.1f})",
        median <= 15,
    )


def main() -> None:
    """Measure all and write the tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--notes", type=int, default=3_000)
    parser.add_argument("--folder", help="for temporary files")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=arguments.folder) as name:
        folder = Path(name)
        budgets = [
            measure_throughput(folder),
            *measure_processes(folder, arguments.notes),
            measure_warm(folder),
        ]
    RESULTS.mkdir(exist_ok=True)
    values = [{key: getattr(one, key) for key in Budget.__slots__} for one in budgets]
    (RESULTS / "budgets.json").write_text(json.dumps(values, indent=1) + "\n", encoding="utf-8")
    rows = [
        f"| {one.what} | {one.allowed} | {one.measured} | {'yes' if one.kept else '**no**'} |"
        for one in budgets
    ]
    load = os.getloadavg()[0] / (os.cpu_count() or 1)
    text = f"Other programs at work, for each core: {max(load - 1, 0):.1f} on average.\n\n"
    text += "\n".join(["| what | budget | measured | kept |", "|---|---|---|---|", *rows, ""])
    scale = RESULTS / "scale.md"
    if scale.exists():
        text += f"\nThe dense leg by size:\n\n{scale.read_text(encoding='utf-8')}"
    (RESULTS / "budgets.md").write_text(text, encoding="utf-8")
    print(text)


if __name__ == "__main__":
    main()
