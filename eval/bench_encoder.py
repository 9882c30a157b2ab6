"""Measure the embedded encoder against sentence-transformers, on the same chunks in the same run.

    python eval/bench_encoder.py [--chunks 256] [--rounds 3]

Chunks of about 165 tokens are put together from the sentences of the sample vault. Both encoders
take turns, round by round, and the best round of each counts: the one that other processes
disturbed least. The floor is `SentenceTransformer.encode` as people call it: batches of 32, fp32.
On a busy machine trust the figures from CPU time: chunks a second if every core were free.
"""

import argparse
import random
import re
import statistics
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import torch
from sentence_transformers import SentenceTransformer

from rag.encoders.cores import count_cores
from rag.encoders.embedded_encoder import FOLDER, EmbeddedEncoder

if TYPE_CHECKING:
    from collections.abc import Callable

ROOT = Path(__file__).parents[1]
MEAN_TOKENS, DEVIATION = 165, 20
QUESTIONS = [
    "Ce este atenția într-un transformer?",
    "Czym różni się regularyzacja L1 od L2?",
    "O que é o gradiente descendente?",
    "How do I evaluate a retrieval system?",
]
FRESH_PROCESS = """
import time
start = time.perf_counter()
from rag.encoders.embedded_encoder import EmbeddedEncoder
imported = time.perf_counter()
EmbeddedEncoder().encode_questions(["Ce este atenția?"])
print(imported - start, time.perf_counter() - imported)
"""


def make_chunks(encoder: EmbeddedEncoder, count: int) -> list[str]:
    """Put sentences of the sample vault together, at random, until each chunk is long enough."""
    files = sorted((ROOT / "notes").rglob("*.md"))
    text = "\n".join(file.read_text(encoding="utf-8") for file in files)
    found = {part.strip() for part in re.split(r"(?<=[.!?])\s+|\n+", text)}
    sentences = sorted(part for part in found if 30 <= len(part) <= 300)
    tokens = encoder.count_tokens(sentences)
    chance = random.Random(0)  # noqa: S311 (the same chunks each time)
    chunks = []
    for _ in range(count):
        wanted = min(encoder.max_tokens, chance.gauss(MEAN_TOKENS, DEVIATION))
        chosen: list[int] = []
        while sum(tokens[place] for place in chosen) < wanted:
            chosen.append(chance.randrange(len(sentences)))
        chunks.append(" ".join(sentences[place] for place in chosen))
    return chunks


def measure_passages(encoder: EmbeddedEncoder, chunks: list[str], rounds: int) -> None:
    """Print chunks a second of both encoders, and their ratio."""
    kwargs = {"dtype": torch.float32}  # the file holds fp16, which is slow on a CPU
    floor = SentenceTransformer(str(FOLDER), device="cpu", model_kwargs=kwargs)
    ways: dict[str, Callable[[], object]] = {
        "SentenceTransformer.encode": lambda: floor.encode(chunks, batch_size=32),
        "EmbeddedEncoder.encode_passages": lambda: encoder.encode_passages(chunks),
    }
    walls: dict[str, list[float]] = {way: [] for way in ways}
    cpus: dict[str, list[float]] = {way: [] for way in ways}
    for way in [*ways] * rounds:
        wall, cpu = time.perf_counter(), time.process_time()
        ways[way]()
        walls[way].append(len(chunks) / (time.perf_counter() - wall))
        cpus[way].append(len(chunks) / (time.process_time() - cpu) * count_cores())
    for way in ways:
        wall, cpu = max(walls[way]), max(cpus[way])
        print(f"{way:33}{wall:8.1f} chunks/s{cpu:8.1f} chunks/s from CPU time")
    floor_wall, wall = map(max, walls.values())
    floor_cpu, cpu = map(max, cpus.values())
    print(f"{'ratio':33}{wall / floor_wall:8.2f}{cpu / floor_cpu:17.2f}")


def measure_questions(encoder: EmbeddedEncoder, rounds: int) -> None:
    """Print the milliseconds that one question takes."""
    taken = []
    for question in QUESTIONS * 10 * rounds:
        start = time.perf_counter()
        encoder.encode_questions([question])
        taken.append(1000 * (time.perf_counter() - start))
    ranks = statistics.quantiles(taken, n=20)
    print(f"one question: median {ranks[9]:.1f} ms, 95 of 100 within {ranks[18]:.1f} ms")


def measure_start(rounds: int) -> None:
    """Print the seconds that a fresh process takes until it has embedded a question."""
    starts = []
    for _ in range(rounds):
        command = [sys.executable, "-c", FRESH_PROCESS]
        done = subprocess.run(  # noqa: S603 (our own words)
            command, cwd=ROOT, capture_output=True, text=True, check=True
        )
        starts.append([float(number) for number in done.stdout.split()])
    importing, loading = min(starts, key=sum)
    print(f"fresh process: imports {importing:.2f} s, load and first question {loading:.2f} s")


def main() -> None:
    """Read the command line and print the three measurements."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--chunks", type=int, default=256)
    parser.add_argument("--rounds", type=int, default=3)
    args = parser.parse_args()
    encoder = EmbeddedEncoder()
    chunks = make_chunks(encoder, args.chunks)
    tokens = statistics.mean(encoder.count_tokens(chunks))
    print(f"{len(chunks)} chunks of {tokens:.0f} tokens on average, {count_cores()} cores")
    measure_passages(encoder, chunks, args.rounds)
    measure_questions(encoder, args.rounds)
    measure_start(args.rounds)


if __name__ == "__main__":
    main()
