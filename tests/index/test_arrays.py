from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from rag.index.arrays import map_array, write_array


def test_the_bytes_by_hand(tmp_path: Path) -> None:
    write_array(tmp_path / "array", np.array([1, 258], np.uint32))
    assert (tmp_path / "array").read_bytes().hex(" ") == "01 00 00 00 02 01 00 00"
    write_array(tmp_path / "array", np.array([[1, 2], [3, 4]], ">u2"))
    assert (tmp_path / "array").read_bytes().hex(" ") == "01 00 02 00 03 00 04 00"


@pytest.mark.parametrize(
    "array",
    [
        np.arange(5, dtype=np.uint32),
        np.empty(0, np.float64),
        np.arange(6, dtype=np.float32).reshape(2, 3),
        np.asfortranarray(np.arange(6).reshape(2, 3)),
        np.arange(10)[::2],
    ],
)
def test_what_was_written_is_read(tmp_path: Path, array: NDArray[Any]) -> None:
    write_array(tmp_path / "array", array)
    found = map_array(tmp_path / "array", array.dtype.str[1:])
    assert found.dtype == array.dtype
    np.testing.assert_array_equal(found, array.flatten())
    assert not found.size or not found.flags.writeable


def test_what_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(OSError, match="No such file"):
        map_array(tmp_path / "array", "u4")
    (tmp_path / "array").write_bytes(b"12345")
    with pytest.raises(ValueError, match="multiple"):
        map_array(tmp_path / "array", "u4")
