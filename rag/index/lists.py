"""Approximate search for large indexes: FAISS's inverted lists over half-precision vectors.

Chunks are parted among lists by the nearest of some centroids (k-means on a sample), and a question
looks only into the lists whose centroids are nearest to it (Jégou, Douze and Schmid 2011, "Product
Quantization for Nearest Neighbor Search", section IV, without the product quantisation). Why lists
and not HNSW, and the figures behind the numbers here: eval/LOG.md.

The lists stay in their file, memory-mapped. An update keeps the centroids, and each kept chunk its
list, until there are four times as many chunks or a quarter. So which neighbours are missed, a few
in a hundred, may differ between an index that grew and one made at once.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from math import ceil, log2

import faiss
import numpy as np
from numpy.typing import NDArray

from rag.encoders import Vectors

SAMPLE = 64
"""Vectors a list that k-means sees; FAISS warns below 39, and above 256 uses no more."""
PROBED = 1 / 3
"""Share of the lists that a question looks into. Of real passages' ten nearest a fifth of the lists
holds .93, three tenths hold .97; of a million synthetic ones' an eighth .89, a quarter .97."""
GROWN = 2.0
"""Factor between the lists that there are and those that there should be, from which they are made
anew: lists grow with the root of the chunks, so at four times as many."""
_PLACE_BITS = 32
"""A number in FAISS's direct map is the list before the place in it."""

Read = Callable[[NDArray[np.int64]], Vectors]
"""Gives the vectors of some rows, in their order."""


def on_gpu(index: faiss.Index) -> faiss.Index:
    """Copy a FAISS index to the first GPU; without one it is given back as it is."""
    if not faiss.get_num_gpus():
        return index
    copy: faiss.Index = faiss.index_cpu_to_gpu(faiss.StandardGpuResources(), 0, index)
    return copy


@contextmanager
def one_thread() -> Iterator[None]:
    """Have FAISS search with this thread alone while the block runs.

    Its other threads would go on spinning after a question: with two on a busy machine a search of
    10,000 chunks, the encoder included, took 22 ms of CPU time instead of 9.
    """
    before = faiss.omp_get_max_threads()
    faiss.omp_set_num_threads(1)
    try:
        yield
    finally:
        faiss.omp_set_num_threads(before)


def count_lists(size: int) -> int:
    """Give how many lists so many chunks are parted among: about the root, a power of two.

    With twice as many a question compares as many vectors for the same recall, and they take four
    times as long to make.
    """
    return int(2 ** round(log2(max(size, 1)) / 2))


def new_lists(size: int, dimension: int, read: Read) -> faiss.IndexIVF:
    """Make empty lists with centroids that fit `size` vectors, from a sample of them."""
    number = count_lists(size)
    index = _empty(faiss.IndexFlatIP(dimension), number)
    index.cp.spherical = True
    wanted = min(size, SAMPLE * number)
    sample = np.sort(np.random.default_rng(0).choice(size, wanted, replace=False))
    index.clustering_index = on_gpu(faiss.IndexFlatIP(dimension))
    index.train(read(sample))
    index.clustering_index = None  # type: ignore[assignment]
    return index


def same_lists(old: faiss.IndexIVF) -> faiss.IndexIVF:
    """Make empty lists with the centroids of others."""
    centroids = faiss.IndexFlatIP(old.d)
    centroids.add(faiss.downcast_index(old.quantizer).reconstruct_n(0, old.nlist))
    index = _empty(centroids, old.nlist)
    index.is_trained = True
    return index


def _empty(centroids: faiss.Index, number: int) -> faiss.IndexIVF:
    index = faiss.IndexIVFScalarQuantizer(
        centroids,
        centroids.d,
        number,
        faiss.ScalarQuantizer.QT_fp16,
        faiss.METRIC_INNER_PRODUCT,
        False,  # of the vectors themselves, so that what is decoded encodes to the same again
    )
    centroids.this.disown()  # type: ignore[attr-defined]
    index.own_fields = True
    index.nprobe = ceil(PROBED * number)
    index.make_direct_map(True)
    return index


def still_fit(index: faiss.IndexIVF, size: int) -> bool:
    """Say whether centroids made for another number of vectors serve `size` of them."""
    return 1 / GROWN < index.nlist / count_lists(size) < GROWN


def lists_of(index: faiss.IndexIVF) -> NDArray[np.int64]:
    """Give the list of each row; shape [rows]."""
    places = faiss.vector_to_array(index.direct_map.array)
    lists: NDArray[np.int64] = places >> _PLACE_BITS
    return lists


def add(index: faiss.IndexIVF, vectors: Vectors, lists: NDArray[np.int64]) -> None:
    """Add the vectors of the next rows.

    Args:
        index: what they are added to.
        vectors: shape [rows, dimension].
        lists: which list each belongs to; -1 where it is to be found out. Shape [rows].
    """
    lists = lists.copy()
    unknown = lists < 0
    if unknown.any():
        lists[unknown] = index.quantizer.search(vectors[unknown], 1)[1][:, 0]
    index.add_core(len(vectors), faiss.swig_ptr(vectors), None, faiss.swig_ptr(lists))


def search(
    index: faiss.IndexIVF,
    vector: NDArray[np.float32],
    count: int,
    allowed: NDArray[np.bool_] | None,
) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
    """Find the rows nearest to a unit vector, best first, with their cosines.

    The rarer what is allowed, the more lists are looked into, so that as many allowed vectors are
    compared; and all of them where `count` would not be found otherwise.
    """
    probed, selector = index.nprobe, None
    if allowed is not None:
        selector = select(allowed)
        probed = min(index.nlist, ceil(probed * len(allowed) / max(int(allowed.sum()), 1)))
    for lists in (probed, index.nlist):
        parameters = faiss.SearchParametersIVF(sel=selector, nprobe=lists)  # type: ignore[call-arg]
        cosines, rows = index.search(vector[None], count, params=parameters)
        if rows[0, -1] >= 0:
            break
    found = rows[0] >= 0
    return rows[0][found], cosines[0][found]


def select(allowed: NDArray[np.bool_]) -> faiss.IDSelector:
    """Say to FAISS which rows may be found."""
    bits = np.packbits(allowed, bitorder="little")
    return faiss.IDSelectorBitmap(bits)  # type: ignore[call-arg, arg-type]
