r"""Measure how long a search takes, warm and from a cold start, beside LlamaIndex in the same run.

    python eval/bench_search.py [--chunks 10000] [--vault DIR] [--peer PYTHON] [--rounds 3]

Warm: the questions of eval/questions.jsonl one after another in one process: encoder, FAISS and
lexical leg, the five best passages. Cold: `rag search` as a process of its own, from its start to
its end. Notes are put together from the sentences of the sample vault, the same ones each time, and
a chunk's vector from those of its sentences: a search takes as long whatever the numbers are, and
embedding 10,000 chunks takes minutes. `--vault` measures on real notes, really embedded.
LlamaIndex gets the same chunks, their vectors and the same encoder, and does the same work: FAISS
and BM25, fused. Both take turns, round by round, and the best round of each counts: the one that
other processes disturbed least. On a busy machine read the CPU time. Results go to
eval/results/search.json and search.md.

The peer needs a Python of its own:

    python -m venv .cache/peer
    .cache/peer/bin/pip install llama-index-core llama-index-embeddings-huggingface \
        llama-index-vector-stores-faiss llama-index-retrievers-bm25 faiss-cpu
"""

import argparse
import json
import os
import platform
import random
import re
import resource
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

from rag import wire
from rag.config import Settings
from rag.encoders import Vectors
from rag.encoders.cores import count_cores
from rag.encoders.embedded_encoder import FOLDER, EmbeddedEncoder
from rag.evaluation.questions import load_questions
from rag.index.local import LocalIndex
from rag.index.update import Workshop, ingest
from rag.notes.chunking import chunk_document
from rag.notes.markdown import parse
from rag.notes.terms import find_terms, weigh_grams
from rag.types import Chunk, Document, Note

ROOT = Path(__file__).parents[1]
RESULTS = ROOT / "eval" / "results"
WORK = ROOT / ".cache" / "bench_search"
PEER = Path(__file__).with_name("bench_search_peer.py")
INSTALL = "llama-index-core llama-index-embeddings-huggingface llama-index-vector-stores-faiss"
INSTALL += " llama-index-retrievers-bm25 faiss-cpu"
COUNT = 5
SECTIONS = 4
"""In a note; each becomes one chunk."""
SECTION_TOKENS = 150
"""With title and heading about 165, as chunks of real notes have."""
COMMAND = (sys.executable, "-c", "from rag.cli import main; main()")
HEAVY = (
    "torch transformers sentence_transformers huggingface_hub streamlit pandas scipy sklearn"
    " matplotlib ir_measures langchain_core"
).split()
"""None may be loaded by a search."""


SENTENCE = re.compile(r"(?<=[.!?])\s+|\n+")


class MeanEncoder:
    """The embedded encoder, but a passage's vector is the mean of its sentences'.

    Each distinct sentence is embedded once; made notes have few.
    """

    def __init__(self) -> None:
        self._encoder = EmbeddedEncoder()
        self._known: dict[str, Vectors] = {}
        self.name = self._encoder.name
        self.fingerprint = self._encoder.fingerprint
        self.dimension = self._encoder.dimension
        self.max_tokens = self._encoder.max_tokens
        self.count_tokens = self._encoder.count_tokens
        self.encode_questions = self._encoder.encode_questions

    def encode_passages(self, texts: Sequence[str]) -> Vectors:
        """See `Encoder`."""
        parts = [SENTENCE.split(text.strip()) for text in texts]
        new = sorted({part for some in parts for part in some} - self._known.keys())
        self._known |= zip(new, self._encoder.encode_passages(new), strict=True)
        sums = [np.sum([self._known[part] for part in some], axis=0) for some in parts]
        vectors = np.array(sums, np.float32).reshape(len(texts), self.dimension)
        found: Vectors = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
        return found


@dataclass(frozen=True, slots=True)
class Times:
    """The milliseconds of one round."""

    p50: float
    p95: float
    cpu: float
    """Median CPU time."""


def make_vault(folder: Path, chunks: int) -> None:
    """Write notes whose sections are about one chunk long."""
    encoder = EmbeddedEncoder()
    files = sorted((ROOT / "notes").rglob("*.md"))
    text = "\n".join(file.read_text(encoding="utf-8") for file in files)
    found = {part.strip() for part in SENTENCE.split(text)}
    sentences = sorted(part for part in found if 30 <= len(part) <= 300 and part[0].isalpha())
    tokens = encoder.count_tokens(sentences)
    chance = random.Random(0)  # noqa: S311 (the same notes each time)
    folder.mkdir(parents=True)
    for number in range(-(-chunks // SECTIONS)):
        parts = [f"# Note {number}"]
        for section in range(SECTIONS):
            chosen: list[int] = []
            while sum(tokens[place] for place in chosen) < SECTION_TOKENS - 15:
                chosen.append(chance.randrange(len(sentences)))
            words = " ".join(sentences[place] for place in chosen)
            parts.append(f"## Part {section + 1}\n\n{words}")
        (folder / f"{number:05d}.md").write_text("\n\n".join(parts), encoding="utf-8")


def prepare(work: Path, vault: str | None, chunks: int) -> tuple[Path, list[str]]:
    """Ingest the notes unless it is done; gives the index and the questions."""
    name = f"made-{chunks}" if vault is None else f"vault-{Path(vault).resolve().name}"
    index = work / name / "index"
    if vault is not None:
        settings = Settings(vault=vault, index=str(index))
        wire.ingest(settings, rebuild=False, progress=_ignore)
    elif not index.exists():
        notes = work / name / "notes"
        if not notes.exists():
            make_vault(notes, chunks)
        encoder = MeanEncoder()

        def open_workshop() -> Workshop:
            return Workshop(encoder, cut)

        def cut(note: Note) -> tuple[Document, list[Chunk]]:
            document = parse(note)
            return document, chunk_document(document, encoder.count_tokens, encoder.max_tokens)

        ingest(notes, index, encoder.name, open_workshop)
    items = load_questions(ROOT / "eval" / "questions.jsonl")
    return index, [item.question for item in items]


def export(index: Path, folder: Path) -> None:
    """Write what the peer builds its index of."""
    folder.mkdir(exist_ok=True)
    opened = LocalIndex.open(index)
    rows = np.arange(opened.info.chunks)
    texts = [chunk.indexed_text for chunk in opened.chunks(rows.tolist())]
    (folder / "chunks.json").write_text(json.dumps(texts), encoding="utf-8")
    (folder / "encoder.txt").write_text(str(FOLDER), encoding="utf-8")
    np.save(folder / "vectors.npy", opened.dense.vectors(rows))


def measure(questions: Sequence[str], search: Callable[[str], object]) -> Times:
    """Time one call a question."""
    search(questions[0])
    times = []
    for question in questions:
        start, cpu = time.perf_counter(), time.process_time()
        search(question)
        times.append((time.perf_counter() - start, time.process_time() - cpu))
    return summarise(times)


def summarise(seconds: Sequence[Sequence[float]]) -> Times:
    """Give the milliseconds of calls from their seconds by the clock and of CPU."""
    clock, cpu = ([1000 * value for value in values] for values in zip(*seconds, strict=True))
    ranks = statistics.quantiles(clock, n=20)
    return Times(round(ranks[9], 2), round(ranks[18], 2), round(statistics.median(cpu), 2))


def measure_warm(index: Path, questions: Sequence[str]) -> dict[str, Times]:
    """Time a whole search and its parts."""
    retriever = wire.open_retriever(Settings(index=str(index)))
    encoder, opened = retriever.encoder, retriever.index
    vectors = dict(zip(questions, encoder.encode_questions(questions), strict=True))
    return {
        "search": measure(questions, lambda text: retriever.search(text, COUNT)),
        "encoder": measure(questions, lambda text: encoder.encode_questions([text])),
        "FAISS": measure(questions, lambda text: opened.nearest(vectors[text], COUNT, None)),
        "lexical leg": measure(
            questions, lambda text: opened.lexical_scores(*weigh_grams(find_terms(text)))
        ),
    }


def measure_cold(command: Sequence[str], environment: dict[str, str]) -> tuple[float, float]:
    """Run a process; gives its seconds, by the clock and of CPU."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    start = time.perf_counter()
    subprocess.run(  # noqa: S603 (our own words)
        command, cwd=ROOT, env=environment, check=True, capture_output=True
    )
    seconds = time.perf_counter() - start
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return seconds, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def import_seconds(command: Sequence[str], environment: dict[str, str]) -> dict[str, float]:
    """Give the seconds that a search spends importing, by top-level package, most first.

    Raises:
        SystemExit: it loads what a search does not need.
    """
    done = subprocess.run(  # noqa: S603 (our own words)
        [command[0], "-X", "importtime", *command[1:]],
        cwd=ROOT,
        env=environment,
        check=True,
        capture_output=True,
        text=True,
    )
    found: dict[str, float] = {}
    for own, name in re.findall(r"import time:\s+(\d+) \|\s+\d+ \|\s+(\S+)", done.stderr):
        package = name.partition(".")[0]
        found[package] = found.get(package, 0) + int(own) / 1e6
    if loaded := sorted(found.keys() & set(HEAVY)):
        raise SystemExit(f"a search loads {', '.join(loaded)}")
    return dict(sorted(found.items(), key=lambda item: -item[1]))


def has_peer(python: str) -> bool:
    """Say whether LlamaIndex and what it needs are there; if not, what to install."""
    done = subprocess.run(  # noqa: S603 (a Python that the user named)
        [python, str(PEER), "check", "."], capture_output=True, check=False
    )
    if done.returncode:
        print(f"no LlamaIndex in {python}: pip install {INSTALL}; then --peer PYTHON")
    return not done.returncode


def write_results(results: dict[str, object], rows: Sequence[tuple[str, str, str]]) -> None:
    """Write the JSON, and the table for people."""
    RESULTS.mkdir(exist_ok=True)
    text = json.dumps(results, indent=1, ensure_ascii=False)
    (RESULTS / "search.json").write_text(f"{text}\n", encoding="utf-8")
    head = (
        f"Written by eval/bench_search.py: {results['chunks']} chunks, {results['questions']} "
        f"questions, {results['cores']} cores ({results['cpu']}), best of {results['rounds']} "
        "rounds."
    )
    lines = [
        head,
        "",
        "| | rag | LlamaIndex |",
        "| --- | --: | --: |",
        *(f"| {name} | {ours} | {peer} |" for name, ours, peer in rows),
    ]
    table = "\n".join(lines)
    (RESULTS / "search.md").write_text(f"{table}\n", encoding="utf-8")
    print(table)


def cpu_name() -> str:
    """Give the processor's name, where the system tells it."""
    try:
        content = Path("/proc/cpuinfo").read_text(encoding="utf-8")
    except OSError:
        return platform.processor()
    found = re.search(r"model name\s*: (.+)", content)
    return found[1] if found else platform.machine()


def main() -> None:
    """Read the command line, measure, and write the results."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--chunks", type=int, default=10_000)
    parser.add_argument("--vault", help="Measure on these notes instead of made ones.")
    parser.add_argument("--peer", default=sys.executable, help="A Python with LlamaIndex.")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--work", type=Path, default=WORK, help="Where indexes are kept.")
    args = parser.parse_args()
    index, questions = prepare(args.work, args.vault, args.chunks)
    size = LocalIndex.open(index).info.chunks
    # One thread, as the embedded encoder takes for a question: two that wait for each other lose
    # more than they gain on a machine that has other work.
    environment = os.environ | {"PYTHONPATH": str(ROOT), "HF_HUB_OFFLINE": "1"}
    environment |= {"OMP_NUM_THREADS": "1"}
    ours = [*COMMAND, "search", questions[0], "--index", str(index), "--json"]
    lexical = [*ours, "--mode", "lexical"]
    made = re.sub(r"\W", "", LocalIndex.open(index).info.updated_at)
    folder = index.parent / f"peer-{made}"
    peer = [args.peer, str(PEER)]
    with_peer = has_peer(args.peer)
    if with_peer and not (folder / "lexical").exists():
        export(index, folder)
        subprocess.run([*peer, "build", str(folder)], check=True, env=environment)  # noqa: S603
    if with_peer:
        (folder / "questions.json").write_text(json.dumps(questions), encoding="utf-8")
    warm: list[dict[str, Times]] = []
    cold: dict[str, list[tuple[float, float]]] = {}
    for _ in range(args.rounds):
        warm.append(measure_warm(index, questions))
        tasks = {"rag": ours, "lexical": lexical, "python": [sys.executable, "-c", "pass"]}
        if with_peer:
            done = subprocess.run(  # noqa: S603 (our own words)
                [*peer, "warm", str(folder)], check=True, env=environment, capture_output=True
            )
            warm[-1]["LlamaIndex"] = summarise(json.loads(done.stdout.splitlines()[-1]))
            tasks["LlamaIndex"] = [*peer, "cold", str(folder)]
        for name, command in tasks.items():
            cold.setdefault(name, []).append(measure_cold(command, environment))
    best = {name: min((times[name] for times in warm), key=lambda one: one.p50) for name in warm[0]}
    started = {
        name: (min(clock for clock, _ in runs), min(cpu for _, cpu in runs))
        for name, runs in cold.items()
    }
    imports = import_seconds(ours, environment)
    rows = [
        (
            "warm, p50 / p95 (CPU)",
            _milliseconds(best["search"]),
            _milliseconds(best.get("LlamaIndex")),
        )
    ]
    rows += [
        (f"— {name} alone", _milliseconds(best[name]), "")
        for name in ("encoder", "FAISS", "lexical leg")
    ]
    rows += [
        (
            "whole process, cold (CPU)",
            _seconds(started["rag"]),
            _seconds(started.get("LlamaIndex")),
        ),
        ("— imports", f"{sum(imports.values()):.2f} s", ""),
        ("— lexical mode", _seconds(started["lexical"]), ""),
        ("— an interpreter that does nothing", _seconds(started["python"]), ""),
    ]
    results: dict[str, object] = {
        "chunks": size,
        "questions": len(questions),
        "rounds": args.rounds,
        "cores": count_cores(),
        "cpu": cpu_name(),
        "python": platform.python_version(),
        "warm_ms": {name: asdict(one) for name, one in best.items()},
        "cold_s": {
            name: {"clock": round(clock, 3), "cpu": round(cpu, 3)}
            for name, (clock, cpu) in started.items()
        },
        "import_s": {name: round(own, 3) for name, own in list(imports.items())[:10]},
    }
    write_results(results, rows)


def _ignore(stage: str, done: int, total: int) -> None:
    del stage, done, total  # nobody watches


def _milliseconds(times: Times | None) -> str:
    return f"{times.p50:.1f} / {times.p95:.1f} ms ({times.cpu:.1f} ms)" if times else ""


def _seconds(times: tuple[float, float] | None) -> str:
    return f"{times[0]:.2f} s ({times[1]:.2f} s)" if times else ""


if __name__ == "__main__":
    main()
