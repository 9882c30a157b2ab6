"""Why a passage was found: what `rag search --explain` shows."""

from collections.abc import Iterator, Mapping
from dataclasses import asdict
from typing import Any

from rag.types import Legs, Passage

UNITS = {"dense": "cosine", "lexical": "BM25"}
"""What the scores of the legs are."""


def as_explained(passage: Passage) -> dict[str, Any]:
    """Give what led to a passage's place, by name."""
    found: dict[str, Any] = _rounded(asdict(passage.legs))
    found["parts"] = _rounded(passage.legs.parts)
    if passage.reranked is not None:
        found["reranked"] = _rounded(asdict(passage.reranked))
    return found


def explain_place(passage: Passage) -> Iterator[str]:
    """Write what led to a passage's place: the parts of its score, and what they come from."""
    legs, after = passage.legs, passage.reranked
    for name, part in legs.parts.items():
        yield f"{name:<9}{part:+7.2f}   {_measured(legs, name)}".rstrip()
    for name in (name for name in UNITS if name not in legs.parts):
        yield f"{name:<9}{'':7}   {_measured(legs, name)}"
    yield f"{'fused':<9}{after.fused_score if after else passage.score:+7.2f}"
    if after:
        yield f"{'reranked':<9}{after.score:+7.2f}   from place {after.fused_rank}"


def _measured(legs: Legs, name: str) -> str:
    """Write the score of a leg and how far it stands out; empty for a part that is no leg."""
    if name not in UNITS:
        return ""
    values = asdict(legs)
    text = f"{UNITS[name]} {values[name]:.3f}, {values[f'{name}_z']:+.1f} deviations"
    weight = values.get(f"{name}_weight")
    return text if weight is None else f"{text} × {weight:.2f}"


def _rounded(values: Mapping[str, float]) -> dict[str, float]:
    return {name: round(value, 6) for name, value in values.items()}
