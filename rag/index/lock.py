"""The lock of the one writer. It belongs to the open file, so it dies with its process."""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from rag.errors import Busy

if sys.platform == "win32":
    import msvcrt

    def _take(handle: int) -> None:
        # Far behind the text, which stays readable for the other process.
        os.lseek(handle, 1 << 20, os.SEEK_SET)
        msvcrt.locking(handle, msvcrt.LK_NBLCK, 1)
        os.lseek(handle, 0, os.SEEK_SET)

else:
    import fcntl

    def _take(handle: int) -> None:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)


@contextmanager
def writer_lock(file: Path) -> Iterator[None]:
    """Hold the lock while the block runs.

    Raises:
        Busy: at once, if another process holds it; names that process.
    """
    handle = os.open(file, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        try:
            _take(handle)
        except (BlockingIOError, PermissionError) as error:
            holder = os.read(handle, 32).decode("ascii", "replace").strip()
            who = f"process {holder}" if holder.isdecimal() else "another process"
            raise Busy(
                f"{who} holds the lock of this index",
                "wait until it is done, or use another --index",
            ) from error
        os.truncate(handle, 0)
        os.write(handle, f"{os.getpid()}\n".encode("ascii"))
        yield
    finally:
        os.close(handle)
