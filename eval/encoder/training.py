"""The training loop: pools of examples, batches of like length, AdamW, a budget of wall clock.

It can be stopped at any time and goes on from its last checkpoint. The learning rate falls linearly
with the time that was spent, so a busy machine makes fewer steps and ends at the same rate.
"""

import json
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import torch
from safetensors.torch import load_file, save_file
from torch import Tensor

from eval.encoder import losses
from eval.encoder.examples import Example, ExampleSource
from eval.encoder.models import Encoder
from rag.encoders.batches import plan_batches

WARM_UP_STEPS = 60
"""Steps until the full learning rate, while AdamW's second moments settle."""

LEAST_RATE = 0.02
"""Share of the learning rate that is left at the end."""

REPORT_STEPS = 25

WEIGHTS = "weights.safetensors"
OPTIMIZER = "optimizer.safetensors"
"""Of a checkpoint."""

BETAS = (0.9, 0.98)
"""The second moment forgets within 50 steps: a run has a few thousand."""

LOSS_WEIGHTS = {"distance": 5.0, "ranking": 1.0, "retrieval": 0.3}
"""So that at the start each has about the same part in the gradient, distance the most."""


@dataclass(frozen=True, slots=True)
class Plan:
    """How long and how fast to train."""

    minutes: float
    seed: int = 0
    embedding_rate: float = 5e-4
    """Of the token table: a row gets gradients only where its token occurs."""
    body_rate: float = 1e-4
    pool: int = 4096
    """Examples drawn at once: the negatives of the ranking loss."""
    padded_tokens: int = 4096
    """Of a batch."""
    checkpoint_minutes: float = 4.0


@dataclass(slots=True)
class Progress:
    """What a run has done so far."""

    seconds: float = 0.0
    steps: int = 0
    examples: int = 0
    pools: int = 0


class Trainer:
    """Trains a student.

    Args:
        student: what learns; changed in place.
        teacher: what it learns from.
        plan: how long and how fast.
        folder: for checkpoints; one that is there is gone on from.
        clock: seconds, ever growing.
    """

    def __init__(
        self,
        student: Encoder,
        teacher: Encoder,
        plan: Plan,
        folder: Path,
        *,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.student, self.teacher, self.plan = student, teacher, plan
        self.progress = Progress()
        self._folder, self._clock = folder, clock
        named = list(student.model.named_parameters())
        table = [value for name, value in named if "word_embeddings" in name]
        body = [value for name, value in named if "word_embeddings" not in name]
        self._optimizer = torch.optim.AdamW(
            [
                {"params": table, "lr": plan.embedding_rate, "weight_decay": 0.0},
                {"params": body, "lr": plan.body_rate, "weight_decay": 0.01},
            ],
            betas=BETAS,
            fused=True,
        )
        self._rates = (plan.embedding_rate, plan.body_rate)
        if (folder / "progress.json").is_file():
            self._resume()

    def run(self, source: ExampleSource, report: Callable[[str], None]) -> None:
        """Train until the budget is spent, with a checkpoint every few minutes and at the end."""
        if self.progress.seconds >= 60 * self.plan.minutes:
            return
        self.student.model.train()
        started, before = self._clock(), self.progress.seconds
        saved = started
        means: dict[str, float] = {}
        pools = source.pools(self.plan.pool)
        for examples, targets in self._embedded(pools):
            rng = np.random.default_rng((self.plan.seed, self.progress.pools))
            self.progress.pools += 1
            for batch in self._batches(examples, rng):
                self.progress.seconds = before + self._clock() - started
                if self.progress.seconds >= 60 * self.plan.minutes:
                    self.save()
                    return
                parts = self._step([examples[place] for place in batch], targets[batch], targets)
                self.progress.steps += 1
                self.progress.examples += len(batch)
                for name, value in parts.items():
                    means[name] = 0.98 * means.get(name, value) + 0.02 * value
                if self.progress.steps % REPORT_STEPS == 0:
                    report(self._line(means))
                if self._clock() - saved >= 60 * self.plan.checkpoint_minutes:
                    self.save()
                    saved = self._clock()

    def _embedded(self, pools: Iterator[list[Example]]) -> Iterator[tuple[list[Example], Tensor]]:
        for examples in pools:
            yield examples, self.teacher.embed_all([example.english for example in examples])

    def _batches(self, examples: list[Example], rng: np.random.Generator) -> list[list[int]]:
        """Group a pool by length, the batches in random order."""
        tokens = [len(row) for row in self.student.tokenize([item.text for item in examples])]
        batches = plan_batches(tokens, padded_tokens=self.plan.padded_tokens)
        return [batches[place] for place in rng.permutation(len(batches))]

    def _step(self, examples: list[Example], targets: Tensor, pool: Tensor) -> dict[str, float]:
        rate = self.rate()
        for group, full in zip(self._optimizer.param_groups, self._rates, strict=True):
            group["lr"] = full * rate
        vectors = self.student.embed(self.student.tokenize([item.text for item in examples]))
        parts = {
            "distance": losses.distance(vectors, targets),
            "ranking": losses.ranking(vectors, targets, pool),
        }
        asked = [place for place, item in enumerate(examples) if item.question]
        if asked:
            rows = self.student.tokenize([examples[place].question for place in asked])
            parts["retrieval"] = losses.retrieval(
                self.student.embed(rows), vectors, torch.tensor(asked)
            )
        self._optimizer.zero_grad(set_to_none=True)
        losses.total(parts, LOSS_WEIGHTS).backward()  # type: ignore[no-untyped-call]
        torch.nn.utils.clip_grad_norm_(self.student.model.parameters(), 1.0)
        self._optimizer.step()
        return {name: part.item() for name, part in parts.items()}

    def rate(self) -> float:
        """Give the share of the full learning rate for the next step: up to 1."""
        spent = self.progress.seconds / (60 * self.plan.minutes)
        warm = min(1.0, (self.progress.steps + 1) / WARM_UP_STEPS)
        return warm * max(LEAST_RATE, 1 - spent)

    def _line(self, means: dict[str, float]) -> str:
        done = self.progress
        values = "  ".join(f"{name} {value:.4f}" for name, value in sorted(means.items()))
        return (
            f"{done.seconds / 60:6.1f} min  {done.steps} steps  {done.examples} examples  {values}"
        )

    def save(self) -> None:
        """Write a checkpoint: weights, optimiser and progress; the last is written last."""
        self._folder.mkdir(parents=True, exist_ok=True)
        weights = {
            name: value.contiguous() for name, value in self.student.model.state_dict().items()
        }
        save_file(weights, self._folder / "weights.tmp")
        moments = {
            f"{place}.{name}": value
            for place, state in self._optimizer.state_dict()["state"].items()
            for name, value in state.items()
        }
        save_file(moments, self._folder / "optimizer.tmp")
        (self._folder / "progress.tmp").write_text(
            json.dumps({"plan": asdict(self.plan), "progress": asdict(self.progress)}, indent=2)
        )
        for name, final in (
            ("weights", WEIGHTS),
            ("optimizer", OPTIMIZER),
            ("progress", "progress.json"),
        ):
            (self._folder / f"{name}.tmp").replace(self._folder / final)

    def _resume(self) -> None:
        content = json.loads((self._folder / "progress.json").read_text())
        self.progress = Progress(**content["progress"])
        self.student.model.load_state_dict(load_file(self._folder / WEIGHTS))
        state: dict[int, dict[str, Tensor]] = {}
        for key, value in load_file(self._folder / OPTIMIZER).items():
            place, _, name = key.partition(".")
            state.setdefault(int(place), {})[name] = value
        self._optimizer.load_state_dict({**self._optimizer.state_dict(), "state": state})
