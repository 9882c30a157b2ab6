"""Measure a GPU beside the CPU: embedding chunks, and searching the dense leg.

    python -m eval.bench_gpu [MODEL ...] [--chunks 2000] [--sizes 10000 100000 1000000]

Each MODEL of sentence-transformers (the embedded one is always measured) embeds the same chunks,
put together from the sample vault, on the GPU; the embedded one also on all cores of the CPU, in
fp32, whose vectors are the ones that it should give. The dense leg is asked on both, on synthetic
vectors (`eval.synthetic_vectors`). Seconds are by the clock. Writes gpu.json in eval/results/.
"""

import argparse
import json
import platform
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

import faiss
import numpy as np
import torch

from eval.bench_encoder import make_chunks as make_texts
from eval.bench_index import NEAREST, RESULTS, recall, timed
from eval.bench_search import cpu_name
from eval.synthetic_vectors import DIMENSION, Vectors, make_chunks, make_questions
from rag.encoders import Encoder
from rag.encoders.embedded_encoder import FOLDER, EmbeddedEncoder
from rag.encoders.sentence_transformers_encoder import SentenceTransformersEncoder
from rag.index.dense import DenseLeg

ROUNDS = 3
QUESTIONS = 200


def embed(encoder: Encoder, texts: Sequence[str]) -> tuple[Vectors, float]:
    """Give the vectors, and the most chunks a second of a few rounds."""
    encoder.encode_passages(texts[:8])
    best = 0.0
    for _ in range(ROUNDS):
        began = time.perf_counter()
        vectors = encoder.encode_passages(texts)
        best = max(best, len(texts) / (time.perf_counter() - began))
    return vectors, best


def measure_encoding(models: Sequence[str], count: int) -> list[dict[str, object]]:
    """Give chunks a second of each way, and of the embedded model the lowest cosine."""
    cpu = EmbeddedEncoder(bytewise=False)
    texts = make_texts(cpu, count)
    right, speed = embed(cpu, texts)
    rows: list[dict[str, object]] = [{"way": "embedded, CPU, fp32", "chunks_per_second": speed}]
    for name in (str(FOLDER), *models):
        encoder = SentenceTransformersEncoder(name)
        vectors, speed = embed(encoder, texts)
        row: dict[str, object] = {"way": f"{name}, GPU", "chunks_per_second": speed}
        if name == str(FOLDER):
            row |= {"way": "embedded, GPU", "cosine": float((vectors * right).sum(axis=1).min())}
        rows.append(row)
    return rows


def measure_search(size: int, folder: Path) -> dict[str, object]:
    """Ask the dense leg on the CPU and on the GPU; gives milliseconds and what both found."""
    chunks = make_chunks(folder / f"{size}.bin", size)
    questions = make_questions(chunks, QUESTIONS)
    leg = DenseLeg.build(size, DIMENSION, chunks.__getitem__)
    everything = np.ones(size, np.bool_)  # what is filtered is searched on the CPU
    right, cpu = timed(lambda question: leg.nearest(question, NEAREST, everything)[0], questions)
    found, gpu = timed(lambda question: leg.nearest(question, NEAREST, None)[0], questions)
    return {"chunks": size, "cpu_ms": cpu, "gpu_ms": gpu, "same": round(recall(found, right), 4)}


def main() -> None:
    """Measure, print and write."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("models", nargs="*")
    parser.add_argument("--chunks", type=int, default=2_000)
    parser.add_argument("--sizes", type=int, nargs="+", default=[10_000, 100_000, 1_000_000])
    args = parser.parse_args()
    if not torch.cuda.is_available():
        sys.exit("no GPU that torch can use (torch.cuda.is_available() is false): nothing measured")
    results: dict[str, object] = {
        "gpu": torch.cuda.get_device_name(),
        "cpu": cpu_name(),
        "python": platform.python_version(),
        "torch": torch.__version__,
        "faiss": faiss.__version__,
        "encoding": measure_encoding(args.models, args.chunks),
    }
    if faiss.get_num_gpus():
        with tempfile.TemporaryDirectory() as folder:
            results["search"] = [measure_search(size, Path(folder)) for size in args.sizes]
    else:
        print("this FAISS has no GPU support: the dense leg is searched on the CPU")
    text = json.dumps(results, indent=1)
    print(text)
    (RESULTS / "gpu.json").write_text(text + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
