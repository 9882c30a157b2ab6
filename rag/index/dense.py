"""The dense leg: a FAISS index of unit vectors, and how their cosines spread.

Up to `EXACT` chunks every vector is compared, in single precision; beyond, see `lists`.

Mean and standard deviation of a question's cosines with all chunks follow from the mean vector and
the covariance of the chunks, so that a score can be standardised without computing all of them:
mean(q.x) = q.mean(x), var(q.x) = q' cov(x) q.
"""

from functools import cached_property
from pathlib import Path
from typing import Self

import faiss
import numpy as np
from numpy.typing import NDArray

from rag.encoders import Vectors
from rag.index import lists
from rag.index.arrays import map_array, write_array
from rag.index.lists import Read

EXACT = 50_000
"""Chunks up to which all are compared; at twice as many that takes 26 ms, and the lists 7."""
FILE = "vectors.faiss"
MEAN = "dense-mean.bin"
COVARIANCE = "dense-covariance.bin"
BLOCK = 8_192
"""Vectors held in memory at once while FAISS is filled: 12 MB at 384 dimensions."""
_WRITE_BYTES = 1 << 20


class DenseLeg:
    """Vectors of all chunks, by row."""

    def __init__(
        self, index: faiss.Index, mean: NDArray[np.float64], covariance: NDArray[np.float64]
    ) -> None:
        self._index = index
        self._mean = mean
        self._covariance = covariance
        self._is_asked_again = False

    @classmethod
    def build(
        cls,
        size: int,
        dimension: int,
        read: Read,
        *,
        previous: "DenseLeg | None" = None,
        moved: NDArray[np.int64] | None = None,
        exact: int = EXACT,
    ) -> Self:
        """Build from unit vectors.

        Args:
            size: how many.
            dimension: numbers in each.
            read: gives those of some rows.
            previous: a leg whose centroids are kept if they still fit.
            moved: for each row of `previous`, its row in the new leg, or -1 if it is gone.
            exact: up to how many vectors all are compared.
        """
        known = np.full(size, -1, np.int64)
        old = previous.lists if previous else None
        index: faiss.Index
        if size <= exact:
            index = faiss.IndexFlatIP(dimension)
        elif old and moved is not None and lists.still_fit(old, size):
            index = lists.same_lists(old)
            known[moved[moved >= 0]] = lists.lists_of(old)[moved >= 0]
        else:
            index = lists.new_lists(size, dimension, read)
        total = np.zeros(dimension)
        products = np.zeros((dimension, dimension))
        for start in range(0, size, BLOCK):
            rows = np.arange(start, min(start + BLOCK, size))
            block = np.ascontiguousarray(read(rows))
            if isinstance(index, faiss.IndexIVF):
                lists.add(index, block, known[rows])
            else:
                index.add(block)
            total += block.sum(axis=0, dtype=np.float64)
            products += (block.T @ block).astype(np.float64)
        size = max(size, 1)
        mean = total / size
        return cls(index, mean, products / size - np.outer(mean, mean))

    def __len__(self) -> int:
        return int(self._index.ntotal)

    @property
    def lists(self) -> faiss.IndexIVF | None:
        """The inverted lists; None where all vectors are compared."""
        return self._index if isinstance(self._index, faiss.IndexIVF) else None

    @cached_property
    def _on_gpu(self) -> faiss.Index:
        return lists.on_gpu(self._index)

    def nearest(
        self, vector: NDArray[np.float32], count: int, allowed: NDArray[np.bool_] | None
    ) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
        """Find the rows nearest to a unit vector, best first, with their cosines.

        Fewer than `count` come back only where fewer are there or allowed.
        """
        count = min(count, len(self) if allowed is None else int(allowed.sum()))
        if not count:
            return np.empty(0, np.int64), np.empty(0, np.float32)
        if allowed is None and self._is_asked_again and faiss.get_num_gpus():
            cosines, rows = self._on_gpu.search(vector[None], count)
            if rows[0, -1] >= 0:
                return rows[0], cosines[0]
        # Copying to a GPU takes longer than one search; and FAISS filters on the CPU only.
        self._is_asked_again = True
        with lists.one_thread():
            if self.lists:
                return lists.search(self.lists, vector, count, allowed)
            return self._search_all(vector, count, allowed)

    def _search_all(
        self, vector: NDArray[np.float32], count: int, allowed: NDArray[np.bool_] | None
    ) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
        parameters = None
        if allowed is not None:
            selector = lists.select(allowed)
            parameters = faiss.SearchParameters(sel=selector)  # type: ignore[call-arg]
        cosines, rows = self._index.search(vector[None], count, params=parameters)
        return rows[0], cosines[0]

    def vectors(self, rows: NDArray[np.int64]) -> Vectors:
        """Give the vectors of some rows, in their order; shape [rows, dimension].

        Of an index with inverted lists they are rounded to half precision.
        """
        if not len(rows):
            return np.empty((0, self._index.d), np.float32)
        found: Vectors = self._index.reconstruct_batch(rows)
        return found

    def cosines(self, vector: NDArray[np.float32], rows: NDArray[np.int64]) -> NDArray[np.float32]:
        """Give the cosines of a unit vector with some rows, in their order."""
        return self.vectors(rows) @ vector

    def spread(self, vector: NDArray[np.float32]) -> tuple[float, float]:
        """Give mean and standard deviation of a unit vector's cosines with all rows."""
        variance = float(vector @ self._covariance @ vector)
        return float(vector @ self._mean), max(variance, 0.0) ** 0.5

    def save(self, folder: Path) -> list[Path]:
        """Write the leg; gives the files."""
        # Through our own stream: FAISS's only prints a complaint when the last bytes do not fit.
        with (folder / FILE).open("wb") as stream:
            writer = faiss.PyCallbackIOWriter(stream.write, _WRITE_BYTES)  # type: ignore[attr-defined]
            faiss.write_index(self._index, writer)
        write_array(folder / MEAN, self._mean)
        write_array(folder / COVARIANCE, self._covariance)
        return [folder / FILE, folder / MEAN, folder / COVARIANCE]

    @classmethod
    def load(cls, folder: Path) -> Self:
        """Open what `save` wrote, memory-mapped.

        Raises:
            OSError, ValueError, RuntimeError: a file is missing or not what was written.
        """
        index = faiss.read_index(str(folder / FILE), faiss.IO_FLAG_MMAP_IFC)
        covariance = map_array(folder / COVARIANCE, "f8").reshape(index.d, index.d)
        return cls(index, map_array(folder / MEAN, "f8"), covariance)
