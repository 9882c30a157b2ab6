import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from rag.errors import Busy
from rag.index.lock import writer_lock

HOLD = """
import sys, time
from pathlib import Path
from rag.index.lock import writer_lock
with writer_lock(Path(sys.argv[1])):
    print("held", flush=True)
    time.sleep(60)
"""


def test_a_second_writer_is_refused_at_once_and_told_who_writes(tmp_path: Path) -> None:
    file = tmp_path / "lock"
    with subprocess.Popen(
        [sys.executable, "-c", HOLD, str(file)], stdout=subprocess.PIPE, text=True
    ) as holder:
        try:
            assert holder.stdout is not None
            assert holder.stdout.readline() == "held\n"
            began = time.monotonic()
            with pytest.raises(Busy) as caught, writer_lock(file):
                pass
            assert time.monotonic() - began < 1
            line = str(caught.value)
            assert line.startswith(f"process {holder.pid} holds the lock of this index; ")
            assert "\n" not in line
        finally:
            holder.send_signal(signal.SIGKILL)
    # It died with its process, without any tidying.
    with writer_lock(file):
        assert file.read_text() == f"{os.getpid()}\n"


def test_the_lock_is_let_go(tmp_path: Path) -> None:
    file = tmp_path / "lock"
    for _ in range(2):
        with pytest.raises(KeyError), writer_lock(file):
            raise KeyError


def test_within_one_process(tmp_path: Path) -> None:
    file = tmp_path / "lock"
    with writer_lock(file), pytest.raises(Busy, match=f"process {os.getpid()}"), writer_lock(file):
        pass


@pytest.mark.parametrize("content", [b"", b"x" * 100, b"\xff\n"])
def test_a_damaged_lock_still_locks(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "lock"
    with writer_lock(file):
        file.write_bytes(content)
        with pytest.raises(Busy, match="another process holds the lock"), writer_lock(file):
            pass
    with writer_lock(file):
        assert file.read_text() == f"{os.getpid()}\n"
