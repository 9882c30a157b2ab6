"""Measure each way of running the embedded encoder, and models of other shapes, in the same run.

    python -m eval.bench_encoder [--chunks 96] [--rounds 3]

Chunks of about 165 tokens are put together from the sentences of the sample vault. All ways take
turns, round by round, each on one core, and the best round of each counts: the one that other
processes disturbed least. Figures are chunks for each second of CPU time, which a busy machine
changes least. The first way is `SentenceTransformer.encode` as people call it: batches of 32, fp32.
A model takes as long whatever its weights are, so other shapes are measured with random ones, on
fewer chunks. Writes encoder.json and encoder.md in eval/results/.
"""

import argparse
import json
import platform
import random
import re
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import torch
from sentence_transformers import SentenceTransformer
from transformers import BertConfig, BertModel

from eval.bench_search import RESULTS, cpu_name
from eval.encoder.models import Encoder, load_encoder
from rag.encoders.embedded_encoder import FOLDER, EmbeddedEncoder

ROOT = Path(__file__).parents[1]
MEAN_TOKENS, DEVIATION = 165, 20
PADDED_TOKENS = 2_048
"""Of a batch in torch, as `rag.encoders.sentence_transformers_encoder` has it."""
SHAPES = {
    "intfloat/multilingual-e5-small": (12, 384, 12),
    "intfloat/multilingual-e5-base": (12, 768, 12),
    "Snowflake/snowflake-arctic-embed-l-v2.0": (24, 1024, 16),
}
"""Layers, width and heads. paraphrase-multilingual-MiniLM-L12-v2 has the shape of the first."""
FEWER = 8
"""Other shapes are measured on one chunk in this many."""
Way = tuple[Callable[[Sequence[str]], object], Sequence[str]]
"""What embeds, and what it is given."""
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


def random_encoder(layers: int, width: int, heads: int, like: Encoder) -> Encoder:
    """Make a BERT of some shape with random weights, which reads the tokens of another model."""
    config = BertConfig(
        vocab_size=like.model.config.vocab_size,
        hidden_size=width,
        num_hidden_layers=layers,
        num_attention_heads=heads,
        intermediate_size=4 * width,
    )
    return Encoder(BertModel(config).train(False), like.tokenizer)


def ways_to_embed(chunks: list[str]) -> dict[str, Way]:
    """Load everything that is measured; the embedded encoder's own ways come first."""
    fp32 = {"dtype": torch.float32}  # the file holds fp16, which is slow on a CPU
    floor = SentenceTransformer(str(FOLDER), device="cpu", model_kwargs=fp32)
    in_bf16 = load_encoder(FOLDER, "cpu", trained=False)
    in_fp32 = Encoder(
        BertModel.from_pretrained(FOLDER, dtype=torch.float32, local_files_only=True).train(False),
        in_bf16.tokenizer,
    )
    some = chunks[::FEWER]

    def in_torch(encoder: Encoder) -> Callable[[Sequence[str]], object]:
        return lambda texts: encoder.embed_all(texts, padded_tokens=PADDED_TOKENS).float().numpy()

    ways: dict[str, Way] = {
        "SentenceTransformer.encode": (lambda texts: floor.encode(list(texts)), chunks),
        "torch fp32, batches by tokens": (in_torch(in_fp32), chunks),
        "torch bf16, batches by tokens": (in_torch(in_bf16), chunks),
        "ONNX fp32": (EmbeddedEncoder(threads=1, bytewise=False).encode_passages, chunks),
        "ONNX int8": (EmbeddedEncoder(threads=1, bytewise=True).encode_passages, chunks),
    }
    for name, shape in SHAPES.items():
        ways[f"torch fp32, shape of {name}"] = (in_torch(random_encoder(*shape, in_bf16)), some)
    return ways


def measure_passages(ways: dict[str, Way], rounds: int) -> list[dict[str, object]]:
    """Give each way's chunks a CPU second, their ratio to the first's, and its lowest cosine."""
    best = dict.fromkeys(ways, 0.0)
    vectors: dict[str, object] = {}
    for way in [*ways] * rounds:
        embed, texts = ways[way]
        begun = time.process_time()
        vectors[way] = embed(texts)
        best[way] = max(best[way], len(texts) / (time.process_time() - begun))
    first = next(iter(ways))
    exact = np.asarray(vectors[first])
    rows: list[dict[str, object]] = []
    for way, speed in best.items():
        found = np.asarray(vectors[way])
        row: dict[str, object] = {"way": way, "chunks": speed, "ratio": speed / best[first]}
        if "shape of" not in way:
            row["cosine"] = float((exact * found).sum(axis=1).min())
        rows.append(row)
    return rows


def measure_questions(encoder: EmbeddedEncoder, rounds: int) -> float:
    """Give the median milliseconds of CPU time that one question takes."""
    taken = []
    for question in QUESTIONS * 10 * rounds:
        start = time.process_time()
        encoder.encode_questions([question])
        taken.append(1000 * (time.process_time() - start))
    return statistics.median(taken)


def measure_start(rounds: int) -> tuple[float, float]:
    """Give the seconds in which a fresh process imports, then loads and embeds a question."""
    starts = []
    for _ in range(rounds):
        command = [sys.executable, "-c", FRESH_PROCESS]
        done = subprocess.run(  # noqa: S603 (our own words)
            command, cwd=ROOT, capture_output=True, text=True, check=True
        )
        starts.append([float(number) for number in done.stdout.split()])
    importing, loading = min(starts, key=sum)
    return importing, loading


def write_results(results: dict[str, object], rows: list[dict[str, object]]) -> None:
    """Write the JSON, and the table for people."""
    text = json.dumps(results | {"ways": rows}, indent=1, ensure_ascii=False)
    (RESULTS / "encoder.json").write_text(f"{text}\n", encoding="utf-8")
    head = (
        f"Written by eval/bench_encoder.py: {results['chunks']} chunks of {results['tokens']:.0f} "
        f"tokens, one core ({results['cpu']}), best of {results['rounds']} rounds."
    )
    lines = [head, ""]
    lines += ["| | chunks a CPU second | ratio | lowest cosine |", "| --- | --: | --: | --: |"]
    for row in rows:
        cosine = f"{row['cosine']:.4f}" if "cosine" in row else ""
        lines.append(f"| {row['way']} | {row['chunks']:.1f} | {row['ratio']:.2f} | {cosine} |")
    question = (
        f"One question: {results['question_ms']:.1f} ms in fp32, "
        f"{results['question_int8_ms']:.1f} ms in int8. A fresh process imports for "
        f"{results['import_s']:.2f} s, then loads and embeds one in {results['load_s']:.2f} s."
    )
    lines += ["", question]
    table = "\n".join(lines)
    (RESULTS / "encoder.md").write_text(f"{table}\n", encoding="utf-8")
    print(table)


def main() -> None:
    """Read the command line, measure, and write."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--chunks", type=int, default=96)
    parser.add_argument("--rounds", type=int, default=3)
    args = parser.parse_args()
    torch.set_num_threads(1)
    encoder = EmbeddedEncoder(threads=1, bytewise=False)
    chunks = make_chunks(encoder, args.chunks)
    rows = measure_passages(ways_to_embed(chunks), args.rounds)
    importing, loading = measure_start(args.rounds)
    results: dict[str, object] = {
        "chunks": len(chunks),
        "tokens": statistics.mean(encoder.count_tokens(chunks)),
        "rounds": args.rounds,
        "cpu": cpu_name(),
        "python": platform.python_version(),
        "torch": torch.__version__,
        "question_ms": measure_questions(encoder, args.rounds),
        "question_int8_ms": measure_questions(
            EmbeddedEncoder(threads=1, bytewise=True), args.rounds
        ),
        "import_s": importing,
        "load_s": loading,
    }
    write_results(results, rows)


if __name__ == "__main__":
    main()
