"""What the student is held to. Vectors are rows of length 1, float32."""

import torch
from torch import Tensor
from torch.nn import functional

SCALE = 20.0
"""Cosines are multiplied by this before a softmax, as in the teacher's own training."""


def distance(student: Tensor, target: Tensor) -> Tensor:
    """Mean of 1 - cosine to the targets (Reimers and Gurevych 2020, arXiv:2004.09813).

    Args:
        student: [texts, width].
        target: the teacher's vectors of their English, [texts, width].
    """
    return (1 - (student * target).sum(-1)).mean()


def ranking(student: Tensor, target: Tensor, pool: Tensor) -> Tensor:
    """Divergence between how the teacher and the student rank a pool of English texts.

    A contrastive loss whose negatives are the whole pool, the nearest ones included, and whose
    labels are the teacher's: a text that says nearly the same is nearly as right.

    Args:
        student: [texts, width].
        target: the teacher's vectors of the same texts, [texts, width].
        pool: the teacher's vectors of all English texts, [pool, width].
    """
    wanted = functional.log_softmax(SCALE * target @ pool.T, dim=-1)
    given = functional.log_softmax(SCALE * student @ pool.T, dim=-1)
    return functional.kl_div(given, wanted, reduction="batchmean", log_target=True)


def retrieval(questions: Tensor, passages: Tensor, answers: Tensor) -> Tensor:
    """Cross-entropy of finding each question's passage among a batch of passages.

    Both sides are the student's, so that words which the teacher never saw count too.

    Args:
        questions: [questions, width].
        passages: [passages, width].
        answers: which passage each question belongs to, [questions].
    """
    scores = SCALE * questions @ passages.T
    return functional.cross_entropy(scores, answers.to(scores.device))


def total(parts: dict[str, Tensor], weights: dict[str, float]) -> Tensor:
    """Weigh and add the parts that a batch has."""
    return torch.stack([weights[name] * part for name, part in parts.items()]).sum()
