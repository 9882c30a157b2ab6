"""NumPy arrays in files: their numbers, little-endian, and nothing else.

Not `.npy`: `numpy.save` says nothing that a program understands when the disk is full, and
`numpy.load` reads the header with the parser of Python, which in 3.11 fails now and then when two
threads use it at once.
"""

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray


def write_array(file: Path, array: NDArray[Any]) -> None:
    """Write an array's numbers, row after row.

    Raises:
        OSError: with the system's own number, for a full disk too.
    """
    stored = array.astype(array.dtype.newbyteorder("<"), order="C", copy=False)
    with file.open("wb") as stream:
        stream.write(stored.data)


def map_array(file: Path, kind: str) -> NDArray[Any]:
    """Open an array for reading, memory-mapped; it has one axis.

    Args:
        file: what `write_array` wrote.
        kind: the type of its numbers, e.g. `u4`.

    Raises:
        OSError, ValueError: the file is missing or holds half a number.
    """
    if not file.stat().st_size:
        return np.empty(0, kind)  # no system maps an empty file
    return np.asarray(np.memmap(file, np.dtype(kind).newbyteorder("<"), "r"))
