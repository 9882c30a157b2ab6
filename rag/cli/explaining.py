"""Why a passage was found: what `rag search --explain` shows."""

from collections.abc import Iterator, Mapping
from dataclasses import asdict
from typing import Any

from rag.types import Legs, Passage

LEGS = {"dense": ("dense", "cosine"), "grams": ("lexical", "BM25")}
"""For a part of the score the leg that it comes from, and what that leg's score is."""


def as_explained(passage: Passage) -> dict[str, Any]:
    """Give what led to a passage's place, by name."""
    found: dict[str, Any] = _rounded(asdict(passage.legs))
    found["parts"] = _rounded(passage.legs.parts)
    if passage.embedded_in:
        found["embedded_in"] = passage.embedded_in
    if passage.reranked is not None:
        found["reranked"] = _rounded(asdict(passage.reranked))
    return found


def explain_place(passage: Passage) -> Iterator[str]:
    """Write what led to a passage's place: the parts of its score, and what they come from."""
    legs, after = passage.legs, passage.reranked
    if passage.embedded_in:
        yield f"embedded in {passage.embedded_in}"
        return
    for name, part in legs.parts.items():
        yield f"{name:<9}{part:+7.2f}   {_measured(legs, name)}".rstrip()
    yield f"{'fused':<9}{after.fused_score if after else passage.score:+7.2f}"
    if after:
        yield f"{'reranked':<9}{after.score:+7.2f}   from place {after.fused_rank}"


def _measured(legs: Legs, name: str) -> str:
    """Write the score of a leg and how far it stands out; empty for a part that is no leg."""
    if name not in LEGS:
        return ""
    leg, unit = LEGS[name]
    values = asdict(legs)
    return f"{unit} {values[leg]:.3f}, {values[f'{leg}_z']:+.1f} deviations"


def _rounded(values: Mapping[str, float]) -> dict[str, float]:
    return {name: round(value, 6) for name, value in values.items()}
