"""Measure an encoder on pairs held aside: the right English sentence among thousands, by language.

It is a proxy that is always at hand; the question sets decide (`eval/LOG.md`).
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from eval.encoder.models import Encoder
from eval.encoder.noise import add_typos
from eval.encoder.pairs import Pairs

MOST_PAIRS = 1000
"""A language; its standard error is then below 1.6 points."""


@dataclass(frozen=True, slots=True)
class Score:
    """How near the student's vectors are to the teacher's of the English."""

    cosine: float
    """Mean to the teacher's vector of its own English, 0 to 1."""
    recall: float
    """Share of the texts whose own English is the nearest of all held aside in that language."""


def to_upper(text: str, _: np.random.Generator) -> str:
    """Put a text in capitals."""
    return text.upper()


CHANGES: dict[str, Callable[[str, np.random.Generator], str]] = {
    "typos": add_typos,
    "capitals": to_upper,
}
"""Ways of typing that should change little. Diacritics need no row: the tokenizer drops them."""


def score(vectors: Tensor, targets: Tensor) -> Score:
    """Compare vectors with their targets, row by row; both [texts, width], rows of length 1."""
    cosines = vectors @ targets.T
    own = torch.arange(len(vectors), device=vectors.device)
    return Score(
        cosine=cosines.diagonal().mean().item(),
        recall=(cosines.argmax(dim=1) == own).float().mean().item(),
    )


def measure(
    student: Encoder, teacher: Encoder, held: Mapping[str, Pairs], *, seed: int = 0
) -> dict[str, Score]:
    """Measure on each language, on English itself, and on what people type.

    Returns:
        `ro`, `ro typos`, `ro capitals` and so on; `en` is the English side of the first language.
    """
    scores: dict[str, Score] = {}
    for language, pairs in held.items():
        rng = np.random.default_rng(seed)
        english, other = distinct(pairs, rng)
        targets = teacher.embed_all(english).float()
        if "en" not in scores:
            scores["en"] = score(student.embed_all(english), targets)
        scores[language] = score(student.embed_all(other), targets)
        for name, change in CHANGES.items():
            changed = [change(text, rng) for text in other]
            scores[f"{language} {name}"] = score(student.embed_all(changed), targets)
    return scores


def distinct(pairs: Pairs, rng: np.random.Generator) -> tuple[Sequence[str], Sequence[str]]:
    """Draw at most MOST_PAIRS pairs, each English sentence once."""
    once = dict(zip(pairs.english, pairs.other, strict=True))
    english = list(once)
    chosen = [english[place] for place in rng.permutation(len(english))[:MOST_PAIRS]]
    return chosen, [once[sentence] for sentence in chosen]
