"""The dense leg: an exact FAISS index of unit vectors, and how their cosines spread.

Mean and standard deviation of a question's cosines with all chunks follow from the mean vector and
the covariance of the chunks, so that a score can be standardised without computing all of them:
mean(q.x) = q.mean(x), var(q.x) = q' cov(x) q.
"""

from collections.abc import Iterable
from pathlib import Path
from typing import Self

import faiss
import numpy as np
from numpy.typing import NDArray

from rag.encoders import Vectors
from rag.index.arrays import map_array, write_array

FILE = "vectors.faiss"
MEAN = "dense-mean.bin"
COVARIANCE = "dense-covariance.bin"
_WRITE_BYTES = 1 << 20
ONE_THREAD = 100_000
"""Rows up to which one thread searches. At 10,000 on a machine that has other work, two threads
that wait for each other take 15 ms of CPU and 60 by the clock, one 0.9 of both (eval/LOG.md)."""
_THREADS = faiss.omp_get_max_threads()


class DenseLeg:
    """Vectors of all chunks, by row."""

    def __init__(
        self, index: faiss.Index, mean: NDArray[np.float64], covariance: NDArray[np.float64]
    ) -> None:
        self._index = index
        self._mean = mean
        self._covariance = covariance

    @classmethod
    def build(cls, blocks: Iterable[Vectors], dimension: int) -> Self:
        """Build from blocks of unit vectors, each [some, dimension], in the order of rows."""
        index = faiss.IndexFlatIP(dimension)
        total = np.zeros(dimension)
        products = np.zeros((dimension, dimension))
        for block in blocks:
            index.add(np.ascontiguousarray(block))
            total += block.sum(axis=0, dtype=np.float64)
            products += (block.T @ block).astype(np.float64)
        size = max(index.ntotal, 1)
        mean = total / size
        return cls(index, mean, products / size - np.outer(mean, mean))

    def __len__(self) -> int:
        return int(self._index.ntotal)

    def nearest(
        self, vector: NDArray[np.float32], count: int, allowed: NDArray[np.bool_] | None
    ) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
        """Find the rows nearest to a unit vector, best first, with their cosines.

        Fewer than `count` come back where fewer are there or allowed.
        """
        parameters = None
        if allowed is not None:
            bits = np.packbits(allowed, bitorder="little")
            selector = faiss.IDSelectorBitmap(bits)  # type: ignore[call-arg, arg-type]
            parameters = faiss.SearchParameters(sel=selector)  # type: ignore[call-arg]
            count = min(count, int(allowed.sum()))
        count = min(count, len(self))
        if not count:
            return np.empty(0, np.int64), np.empty(0, np.float32)
        # For the calling thread only; it costs less than a microsecond.
        faiss.omp_set_num_threads(1 if len(self) <= ONE_THREAD else _THREADS)
        cosines, rows = self._index.search(vector[None], count, params=parameters)
        found = rows[0] >= 0
        return rows[0][found], cosines[0][found]

    def vectors(self, rows: NDArray[np.int64]) -> Vectors:
        """Give the vectors of some rows, in their order; shape [rows, dimension]."""
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
        """Open what `save` wrote.

        Raises:
            OSError, ValueError, RuntimeError: a file is missing or not what was written.
        """
        index = faiss.read_index(str(folder / FILE))
        covariance = map_array(folder / COVARIANCE, "f8").reshape(index.d, index.d)
        return cls(index, map_array(folder / MEAN, "f8"), covariance)
