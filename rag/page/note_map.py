"""A map of the notes: passages as points, so that those alike lie near each other.

The points are the chunks' vectors on their two main axes (principal component analysis; Jolliffe
2002, "Principal Component Analysis"): a projection that needs no library, gives the same map each
time, and on which a question can be put too. Distances on it are a shadow of the real ones.
"""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rag.types import Chunk, Passage

MOST_POINTS = 4_000
"""Beyond this a browser draws slowly and points hide each other; every n-th passage is shown."""
COLORS = ("#0072B2", "#E69F00", "#009E73", "#CC79A7", "#56B4E9", "#D55E00", "#8C6BB1")
"""Told apart by colour-blind readers too, on white and on black (after Okabe and Ito 2008, "Color
Universal Design"). The groups with fewest passages share the grey."""
GREY = "#8a8a8a"
LONGEST_TEXT = 160
"""Characters of a passage that a tip shows."""
HEIGHT = 420
"""In pixels: what a laptop shows beside its controls."""


class Grouping(StrEnum):
    """What points are coloured by."""

    LANGUAGE = "language"
    TAG = "tag"
    FOLDER = "folder"


@dataclass(frozen=True, slots=True)
class NoteMap:
    """Passages on a plane."""

    chunks: tuple[Chunk, ...]
    points: NDArray[np.float32]
    """Shape [chunks, 2]."""
    center: NDArray[np.float32]
    """The mean of the vectors; shape [dimension]."""
    axes: NDArray[np.float32]
    """Orthonormal; shape [dimension, 2]."""

    def place(self, vector: NDArray[np.float32]) -> tuple[float, float]:
        """Put another vector of shape [dimension] on the map."""
        x, y = (vector - self.center) @ self.axes
        return float(x), float(y)


def draw_map(
    vectors: Callable[[NDArray[np.int64]], NDArray[np.float32]],
    chunks: Callable[[Sequence[int]], Sequence[Chunk]],
    rows: NDArray[np.int64],
) -> NoteMap:
    """Project chunks.

    Args:
        vectors: gives the vectors of some rows, of shape [rows, dimension].
        chunks: gives the chunks of some rows.
        rows: all of the index.
    """
    rows = rows[:: -(-len(rows) // MOST_POINTS)]
    found = vectors(rows)
    center = found.mean(axis=0)
    found = found - center
    # Eigenvectors of the covariance: of 384 x 384 numbers, whatever the number of chunks.
    _, axes = np.linalg.eigh(found.T @ found)
    axes = axes[:, ::-1][:, :2]
    # An axis has no direction of its own: its largest part points up, so that each run agrees.
    largest = np.abs(axes).argmax(axis=0)
    axes = axes * np.sign(axes[largest, range(axes.shape[1])])
    return NoteMap(tuple(chunks([int(row) for row in rows])), found @ axes, center, axes)


def group_of(chunk: Chunk, grouping: Grouping) -> str:
    """Name the group of a chunk; empty if it has none."""
    if grouping is Grouping.LANGUAGE:
        return chunk.language
    if grouping is Grouping.TAG:
        return chunk.tags[0] if chunk.tags else ""
    folder, slash, _ = chunk.path.partition("/")
    return folder if slash else ""


def make_rows(
    found: NoteMap,
    grouping: Grouping,
    names: Callable[[str], str],
    others: str,
    lit: Sequence[Passage],
) -> dict[str, list[Any]]:
    """Give the columns of the chart: x, y, group, note, passage, lit.

    Args:
        found: the map.
        grouping: what the groups are.
        names: gives the name of a group.
        others: the name of the group of all that are too small for a colour of their own.
        lit: passages that are shown larger.
    """
    groups = [group_of(chunk, grouping) for chunk in found.chunks]
    largest = {name for name, _ in Counter(groups).most_common(len(COLORS))}
    shining = {_identity(passage.chunk) for passage in lit}
    return {
        "x": found.points[:, 0].tolist(),
        "y": found.points[:, 1].tolist(),
        "group": [names(name) if name in largest else others for name in groups],
        "note": [_describe(chunk) for chunk in found.chunks],
        "passage": [_shorten(chunk.text) for chunk in found.chunks],
        "lit": [_identity(chunk) in shining for chunk in found.chunks],
    }


def make_chart(
    rows: dict[str, list[Any]],
    titles: dict[str, str],
    question: tuple[float, float] | None,
    asked: str,
) -> dict[str, Any]:
    """Write the chart in Vega-Lite: as data, so that no text of a note becomes part of it.

    Args:
        rows: as `make_rows` gives them.
        titles: of the columns `group`, `note` and `passage`, for people.
        question: where the question stands.
        asked: what that point is called.
    """
    has_lit = any(rows["lit"])
    groups = [name for name, _ in Counter(rows["group"]).most_common()]
    tips = [{"field": name, "type": "nominal", "title": titles[name]} for name in titles]
    axis = {"axis": None, "scale": {"zero": False, "nice": False, "padding": 12}}
    points = {
        "mark": {"type": "point", "filled": True},
        # Without Shift the wheel scrolls the page, also where the map lies under the pointer.
        "params": [
            {
                "name": "view",
                "select": {"type": "interval", "zoom": "wheel![event.shiftKey]"},
                "bind": "scales",
            }
        ],
        "encoding": {
            "x": {"field": "x", "type": "quantitative", **axis},
            "y": {"field": "y", "type": "quantitative", **axis},
            "color": {
                "field": "group",
                "type": "nominal",
                "sort": groups,
                "scale": {"domain": groups, "range": [*COLORS, GREY][: len(groups)]},
                "legend": {"orient": "bottom", "title": None, "columns": 3},
            },
            "size": {"condition": {"test": "datum.lit", "value": 220}, "value": 45},
            "opacity": {
                "condition": {"test": "datum.lit", "value": 1},
                "value": 0.4 if has_lit else 0.75,
            },
            "tooltip": tips,
        },
    }
    layers: list[dict[str, Any]] = [points]
    if question:
        x, y = question
        layers.append(
            {
                "data": {"values": [{"x": x, "y": y, "note": asked}]},
                "mark": {"type": "point", "shape": "cross", "size": 320, "filled": True},
                "encoding": {
                    "x": {"field": "x", "type": "quantitative"},
                    "y": {"field": "y", "type": "quantitative"},
                    "color": {"value": "#d62728"},
                    "tooltip": [{"field": "note", "type": "nominal", "title": titles["note"]}],
                },
            }
        )
    return {"height": HEIGHT, "layer": layers}


def _describe(chunk: Chunk) -> str:
    lines = f"{chunk.start_line}–{chunk.end_line}"
    return " › ".join((f"{chunk.path}:{lines}", *chunk.headings[-1:]))


def _shorten(text: str) -> str:
    text = " ".join(text.split())
    return text if len(text) <= LONGEST_TEXT else f"{text[:LONGEST_TEXT]} …"


def _identity(chunk: Chunk) -> tuple[str, int, int, str]:
    return chunk.path, chunk.start_line, chunk.end_line, chunk.text
