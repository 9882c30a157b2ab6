"""What a published state of an index on Milvus says, and its form as bytes."""

import json
import struct
import zlib
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from rag.index.generations import Manifest
from rag.index.lexical import K1, MOST_COUNTED, B
from rag.index.tables import FileState
from rag.notes.grams import Keys, gram_keys
from rag.types import Notice, Skipped

_HEAD = struct.Struct("<I")
_KINDS = {"total": "<f8", "products": "<f8", "grams": "<u4", "documents": "<u4", "weights": "<f8"}
_SPREAD = np.uint64(0x9E3779B97F4A7C15)
"""2^64 divided by the golden ratio: multiplied by it, keys spread evenly over the upper bits (Knuth
1998, "The Art of Computer Programming" 3, section 6.4)."""
_GRAMS = 2**32 - 2
"""Milvus numbers the axes of a sparse vector from 0 to below 2^32 - 1. A million grams in as many
share an axis with another once in four thousand times."""

Grams = NDArray[np.uint32]


@dataclass(frozen=True, slots=True)
class StoredNote:
    """A note and where its chunks are."""

    path: str
    title: str
    tags: tuple[str, ...]
    language: str
    state: FileState
    number: int
    """Of this version of the note; no other version of any note has it."""
    first: int
    """The identity of its first chunk; the others follow."""
    languages: tuple[str, ...]
    """Of its chunks, in order."""
    size: int
    """Bytes of its chunks' texts."""
    problems: tuple[str, ...]
    """What could not be read as its author meant it."""


@dataclass(slots=True)
class Statistics:
    """Sums over all chunks, to which those of more chunks can be added."""

    total: NDArray[np.float64]
    """Of the vectors; shape [dimension]."""
    products: NDArray[np.float64]
    """Of the outer products of each vector with itself; shape [dimension, dimension]."""
    grams: Grams = field(default_factory=lambda: np.empty(0, np.uint32))
    """The distinct 4-grams, as axes of sparse vectors, ascending."""
    documents: NDArray[np.uint32] = field(default_factory=lambda: np.empty(0, np.uint32))
    """How many chunks have each."""
    weights: NDArray[np.float64] = field(default_factory=lambda: np.empty(0))
    """Sum of each one's weights in the chunks."""

    @classmethod
    def empty(cls, dimension: int) -> Self:
        """Make those of no chunks."""
        return cls(np.zeros(dimension), np.zeros((dimension, dimension)))

    def add(
        self, vectors: NDArray[np.float32], sparse: Sequence[dict[int, float]], sign: int = 1
    ) -> None:
        """Add chunks, or with sign -1 take them away."""
        exact = vectors.astype(np.float64)
        self.total += sign * exact.sum(axis=0)
        self.products += sign * (exact.T @ exact)
        grams = np.array([gram for row in sparse for gram in row], np.uint32)
        weights = np.array([weight for row in sparse for weight in row.values()], np.float64)
        joined, places = np.unique(np.concatenate([self.grams, grams]), return_inverse=True)
        old, new = places[: len(self.grams)], places[len(self.grams) :]
        documents = np.zeros(len(joined), np.int64)
        documents[old] = self.documents
        documents += sign * np.bincount(new, minlength=len(joined))
        sums = np.zeros(len(joined))
        sums[old] = self.weights
        sums += sign * np.bincount(new, weights, len(joined))
        alive = documents > 0
        self.grams, self.weights = joined[alive], sums[alive]
        self.documents = documents[alive].astype(np.uint32)

    def rarity(self, keys: Keys, chunks: int) -> NDArray[np.float64]:
        """Give the idf of 4-grams among so many chunks, in their order; > 0."""
        held = self.held(keys).astype(np.float64)
        idf: NDArray[np.float64] = np.log1p((chunks - held + 0.5) / (held + 0.5))
        return idf

    def held(self, keys: Keys) -> NDArray[np.int64]:
        """Give how many chunks have each of some 4-grams."""
        places, known = self._find(axes_of(keys))
        found = np.zeros(len(keys), np.int64)
        found[known] = self.documents[places[known]]
        return found

    def query(
        self, keys: Keys, weights: NDArray[np.float64], chunks: int
    ) -> tuple[dict[int, float], float]:
        """Give the sparse vector of weighted 4-grams, and the sum of all chunks' scores for it."""
        axes = axes_of(keys)
        places, known = self._find(axes)
        gains = weights * self.rarity(keys, chunks)
        known &= gains > 0
        vector: dict[int, float] = {}
        for axis, gain in zip(axes[known].tolist(), gains[known].tolist(), strict=True):
            vector[axis] = vector.get(axis, 0.0) + gain
        return vector, float(gains[known] @ self.weights[places[known]])

    def _find(self, axes: Grams) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
        """Give the place of each axis, and whether it is there."""
        places = np.searchsorted(self.grams, axes)
        known = places < len(self.grams)
        known[known] = self.grams[places[known]] == axes[known]
        return places, known


@dataclass(frozen=True, slots=True)
class State:
    """A complete state of an index."""

    manifest: Manifest
    """What it holds and what made it; it names no files."""
    generation: int
    """Counts the states, from 1."""
    collection: str
    """Where the chunks are."""
    replaced: str
    """A collection that the state before was of, if another."""
    rebuilds: int
    next_number: int
    """All notes have numbers below, all rows that are being inserted have others."""
    next_chunk: int
    mean_length: float
    """Of a chunk in 4-grams, when the collection was made: weights are relative to it."""
    notes: tuple[StoredNote, ...]
    """In the order of paths."""
    skipped: tuple[Skipped, ...]
    dead: tuple[int, ...]
    """Numbers of notes whose chunks are still there."""
    statistics: Statistics


def notices(notes: Sequence[StoredNote]) -> tuple[Notice, ...]:
    """Give what could not be read of notes as their author meant it."""
    return tuple(Notice(note.path, problem) for note in notes for problem in note.problems)


def to_axes(text: str) -> tuple[Grams, int]:
    """Give the 4-grams of a text as axes of a sparse vector, with repeats, and how many."""
    axes = axes_of(gram_keys(text))
    return axes, len(axes)


def axes_of(keys: Keys) -> Grams:
    """Give the axes of 4-grams, in their order."""
    axes = ((keys * _SPREAD) >> np.uint64(32)) % np.uint64(_GRAMS)
    return axes.astype(np.uint32)


def to_sparse(text: str, mean_length: float) -> dict[int, float]:
    """Give the sparse vector of a chunk: the BM25 of each gram but for its idf."""
    axes, length = to_axes(text)
    distinct, counts = np.unique(axes, return_counts=True)
    counts = np.minimum(counts, MOST_COUNTED)
    norm = K1 * (1 - B + B * length / mean_length)
    weights = (counts * (K1 + 1) / (counts + norm)).astype(np.float32)
    return dict(zip(distinct.tolist(), weights.tolist(), strict=True))


def pack(state: State) -> bytes:
    """Write a state as bytes."""
    statistics = state.statistics
    upper = np.triu_indices(len(statistics.total))
    arrays: dict[str, NDArray[Any]] = {
        "total": statistics.total,
        "products": statistics.products[upper],
        "grams": statistics.grams,
        "documents": statistics.documents,
        "weights": statistics.weights,
    }
    head = {
        **{name: getattr(state, name) for name in _PLAIN},
        "manifest": asdict(state.manifest),
        "notes": [_note_columns(note) for note in state.notes],
        "skipped": [[item.path, item.reason] for item in state.skipped],
        "lengths": {name: len(array) for name, array in arrays.items()},
    }
    text = json.dumps(head).encode()
    numbers = b"".join(array.astype(_KINDS[name]).tobytes() for name, array in arrays.items())
    return zlib.compress(_HEAD.pack(len(text)) + text + numbers)


_PLAIN = (
    "generation",
    "collection",
    "replaced",
    "rebuilds",
    "next_number",
    "next_chunk",
    "mean_length",
    "dead",
)


def unpack(content: bytes) -> State:
    """Read what `pack` wrote.

    Raises:
        ValueError, KeyError, TypeError: it is something else.
    """
    try:
        content = zlib.decompress(content)
    except zlib.error as error:
        raise ValueError(str(error)) from error
    (size,) = _HEAD.unpack_from(content)
    head: dict[str, Any] = json.loads(content[_HEAD.size : _HEAD.size + size])
    place, arrays = _HEAD.size + size, {}
    for name, length in head["lengths"].items():
        arrays[name] = np.frombuffer(content, _KINDS[name], length, place).copy()
        place += arrays[name].nbytes
    dimension = len(arrays["total"])
    products = np.zeros((dimension, dimension))
    products[np.triu_indices(dimension)] = arrays["products"]
    products += np.triu(products, 1).T
    plain = {name: head[name] for name in _PLAIN}
    plain["dead"] = tuple(plain["dead"])
    return State(
        **plain,
        manifest=Manifest(**head["manifest"]),
        notes=tuple(_note(columns) for columns in head["notes"]),
        skipped=tuple(Skipped(path, reason) for path, reason in head["skipped"]),
        statistics=Statistics(
            arrays["total"], products, arrays["grams"], arrays["documents"], arrays["weights"]
        ),
    )


def _note_columns(note: StoredNote) -> list[object]:
    state = note.state
    return [
        note.path,
        note.title,
        list(note.tags),
        note.language,
        [state.size, state.modified_ns, state.digest.hex()],
        note.number,
        note.first,
        list(note.languages),
        note.size,
        list(note.problems),
    ]


def _note(columns: list[Any]) -> StoredNote:
    path, title, tags, language, (size, modified_ns, digest), *rest = columns
    number, first, languages, length, problems = rest
    return StoredNote(
        path=path,
        title=title,
        tags=tuple(tags),
        language=language,
        state=FileState(size, modified_ns, bytes.fromhex(digest)),
        number=number,
        first=first,
        languages=tuple(languages),
        size=length,
        problems=tuple(problems),
    )
