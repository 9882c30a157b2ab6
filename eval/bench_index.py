"""Measure the dense leg at ten thousand, a hundred thousand and a million chunks.

    python -m eval.bench_index [SIZE ...] [--folder DIR]

Each size is built, saved, opened and asked in a process of its own, on synthetic vectors (see
`synthetic_vectors`), beside FAISS's flat index of the same vectors in single precision. Where FAISS
has a GPU, unfiltered questions are answered on it. Writes eval/results/scale.json and scale.md.
"""

import argparse
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

import faiss
import numpy as np
from numpy.typing import NDArray

from eval.synthetic_vectors import DIMENSION, Vectors, make_chunks, make_questions
from rag.index.dense import DenseLeg

SIZES = (10_000, 100_000, 1_000_000)
QUESTIONS = 200
NEAREST = 10
CANDIDATES = 200
"""What a search asks a leg for."""
SHARES = (0.1, 0.01)
"""Of the chunks that a filter allows."""
RESULTS = Path(__file__).parent / "results"
Found = NDArray[np.int64]


def resident() -> dict[str, float]:
    """Give the memory of this process, its own and of mapped files, in MB; empty off Linux."""
    status = Path("/proc/self/status")
    if not status.exists():
        return {}
    lines = (line.split() for line in status.read_text(encoding="ascii").splitlines())
    return {line[0][3:-1]: int(line[1]) / 1e3 for line in lines if line[0].startswith("Rss")}


def timed(ask: Callable[[Vectors], Found], questions: Vectors) -> tuple[list[Found], list[float]]:
    """Ask all questions; gives what was found, and p50 and p95 in milliseconds."""
    for question in questions[:20]:
        ask(question)
    found, times = [], []
    for question in questions:
        began = time.perf_counter()
        found.append(ask(question))
        times.append(time.perf_counter() - began)
    return found, [round(float(value) * 1e3, 3) for value in np.percentile(times, [50, 95])]


def recall(found: list[Found], right: list[Found]) -> float:
    """Give the share of the true nearest that were found."""
    hits = sum(len(set(one) & set(other)) for one, other in zip(found, right, strict=True))
    return round(hits / sum(map(len, right)), 4)


def ask_all(vectors: Vectors, questions: Vectors) -> tuple[list[Found], list[float]]:
    """Compare all vectors; gives what is nearest, and p50 and p95 in milliseconds."""
    flat = faiss.IndexFlatIP(DIMENSION)
    for start in range(0, len(vectors), 65_536):
        flat.add(np.ascontiguousarray(vectors[start : start + 65_536]))
    return timed(lambda one: flat.search(one[None], NEAREST)[1][0], questions)


def nearest_in(vectors: Vectors, mask: NDArray[np.bool_], questions: Vectors) -> list[Found]:
    """Give the nearest of what a filter allows."""
    rows = np.flatnonzero(mask)
    part = np.ascontiguousarray(vectors[rows])
    return [rows[np.argsort(-(part @ one))[:NEAREST]] for one in questions]


def measure(size: int, folder: Path) -> dict[str, object]:
    """Measure one size, in this process."""
    faiss.omp_set_num_threads(1)
    file = folder / "chunks.f4"
    vectors = make_chunks(file, size)
    questions = make_questions(vectors, QUESTIONS)
    masks = {share: np.random.default_rng(5).random(size) < share for share in SHARES}

    began = time.process_time()
    leg = DenseLeg.build(size, DIMENSION, vectors.__getitem__)
    built = time.process_time() - began
    # An update: one in a hundred goes, as many come.
    moved = np.where(np.arange(size) % 100 == 0, -1, np.arange(size))
    began = time.process_time()
    DenseLeg.build(size, DIMENSION, vectors.__getitem__, previous=leg, moved=moved)
    updated = time.process_time() - began
    files = leg.save(folder)
    del leg

    right, flat_ms = ask_all(vectors, questions)
    right_in = {share: nearest_in(vectors, mask, questions) for share, mask in masks.items()}
    del vectors

    before = resident()
    began = time.perf_counter()
    leg = DenseLeg.load(folder)
    opened = time.perf_counter() - began
    found, leg_ms = timed(lambda one: leg.nearest(one, NEAREST, None)[0], questions)
    _, many_ms = timed(lambda one: leg.nearest(one, CANDIDATES, None)[0], questions)
    after = resident()
    filtered = {}
    for share, mask in masks.items():
        ask = partial(leg.nearest, count=NEAREST, allowed=mask)
        kept, kept_ms = timed(lambda one, ask=ask: ask(one)[0], questions)  # type: ignore[misc]
        filtered[str(share)] = {
            "recall": recall(kept, right_in[share]),
            "fewest": min(map(len, kept)),
            "ms": kept_ms,
        }
    return {
        "size": size,
        "kind": f"{leg.lists.nlist} lists, fp16" if leg.lists else "flat, fp32",
        "gpus": faiss.get_num_gpus(),
        "build_s": round(built, 1),
        "update_s": round(updated, 1),
        "bytes_a_chunk": round(sum(one.stat().st_size for one in files) / size),
        "open_ms": round(opened * 1e3, 1),
        "own_mb": round(after.get("Anon", 0) - before.get("Anon", 0), 1),
        "mapped_mb": round(after.get("File", 0) - before.get("File", 0), 1),
        "recall": recall(found, right),
        "ms": leg_ms,
        "candidates_ms": many_ms,
        "flat_ms": flat_ms,
        "speed": round(flat_ms[0] / leg_ms[0], 2),
        "filtered": filtered,
    }


def table(rows: list[dict[str, object]]) -> str:
    """Write the measurements as Markdown."""
    head = (
        "| chunks | index | recall@10 | p50 / p95 ms | flat fp32 in the same run | times as fast "
        "| 200 nearest | 10 % allowed: recall, ms | 1 % allowed | build CPU s | update CPU s "
        "| bytes a chunk | own + mapped MB |"
    )
    lines = [head, "|" + "---|" * (head.count("|") - 1)]
    for row in rows:
        some, few = (row["filtered"][str(share)] for share in SHARES)  # type: ignore[index]
        pair = "{0[0]:g} / {0[1]:g}"
        lines.append(
            f"| {row['size']:,} | {row['kind']} | {row['recall']} | {pair.format(row['ms'])} "
            f"| {pair.format(row['flat_ms'])} | {row['speed']} "
            f"| {pair.format(row['candidates_ms'])} | {some['recall']}, {pair.format(some['ms'])} "
            f"| {few['recall']}, {pair.format(few['ms'])} | {row['build_s']} | {row['update_s']} "
            f"| {row['bytes_a_chunk']} | {row['own_mb']} + {row['mapped_mb']} |"
        )
    return "\n".join(lines) + "\n"


def main() -> None:
    """Measure each size in a process of its own."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("sizes", type=int, nargs="*", default=SIZES)
    parser.add_argument("--folder", help="for temporary files; a million chunks take 2.4 GB")
    parser.add_argument("--alone", action="store_true", help="measure in this process")
    arguments = parser.parse_args()
    if arguments.alone:
        with tempfile.TemporaryDirectory(dir=arguments.folder) as folder:
            print(json.dumps(measure(arguments.sizes[0], Path(folder))))
        return
    rows = []
    for size in arguments.sizes:
        command = [sys.executable, "-m", "eval.bench_index", str(size), "--alone"]
        command += ["--folder", arguments.folder] if arguments.folder else []
        done = subprocess.run(  # noqa: S603 - itself
            command, check=True, capture_output=True, text=True
        )
        rows.append(json.loads(done.stdout))
        print(table(rows[-1:]), flush=True)
    RESULTS.mkdir(exist_ok=True)
    (RESULTS / "scale.json").write_text(json.dumps(rows, indent=1) + "\n", encoding="utf-8")
    (RESULTS / "scale.md").write_text(table(rows), encoding="utf-8")


if __name__ == "__main__":
    main()
