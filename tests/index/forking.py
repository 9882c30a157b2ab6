"""Ingests that can be killed: a process with everything loaded forks a child for each.

Run as a program it reads orders, one JSON object a line, and answers with the child's exit status
(negative: the signal that ended it) and its seconds.
"""

import json
import os
import resource
import signal
import subprocess
import sys
import time
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from rag.errors import RagError
from tests.index.ingesting import ingest_notes

FILE_EVENTS = frozenset(
    {"open", "os.mkdir", "os.rename", "os.remove", "os.rmdir", "os.chmod", "os.truncate"}
    | {"sqlite3.connect"}
)
REFUSED = 17
"""Exit code of a child that ended in an error of ours; its line is on stderr."""


class Forker:
    """The other side: orders ingests."""

    def __init__(self, process: "subprocess.Popen[str]") -> None:
        self._process = process

    def ingest(
        self,
        vault: Path,
        folder: Path,
        *,
        kill_after: float | None = None,
        kill_at: int | None = None,
        most_bytes: int | None = None,
    ) -> tuple[int, float]:
        """Ingest in a child, which is killed if asked for.

        Args:
            vault: the notes.
            folder: the index.
            kill_after: seconds until SIGKILL.
            kill_at: it kills itself just before this file-system call in the index, from 1.
            most_bytes: it may write no file beyond this size.

        Returns:
            Exit status, negative if a signal ended it, and seconds.
        """
        order = [str(vault), str(folder), kill_after, kill_at, most_bytes]
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps(order) + "\n")
        self._process.stdin.flush()
        status, seconds = json.loads(self._process.stdout.readline())
        return int(status), float(seconds)


@contextmanager
def open_forker() -> Iterator[Forker]:
    command = [sys.executable, "-m", "tests.index.forking"]
    root = Path(__file__).parents[2]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=root
    ) as process:
        yield Forker(process)
        assert process.stdin is not None
        process.stdin.close()


def serve() -> None:
    for line in sys.stdin:
        vault, folder, kill_after, kill_at, most_bytes = json.loads(line)
        began = time.monotonic()
        child = os.fork()
        if not child:
            run(Path(vault), Path(folder), kill_at, most_bytes)
        if kill_after is not None:
            time.sleep(kill_after)
            os.kill(child, signal.SIGKILL)
        status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        sys.stdout.write(json.dumps([status, time.monotonic() - began]) + "\n")
        sys.stdout.flush()


def run(vault: Path, folder: Path, kill_at: int | None, most_bytes: int | None) -> None:
    """Be the child."""
    code = 1
    try:
        if kill_at is not None:
            count_down(folder, kill_at)
        if most_bytes is not None:
            resource.setrlimit(resource.RLIMIT_FSIZE, (most_bytes, most_bytes))
        ingest_notes(vault, folder)
        code = 0
    except RagError as error:
        sys.stderr.write(f"{error}\n")
        code = REFUSED
    except BaseException:  # noqa: BLE001 - it must not return into its parent's loop
        traceback.print_exc()
    finally:
        sys.stderr.flush()
        os._exit(code)


def count_down(folder: Path, calls: int) -> None:
    """Have this process kill itself before a call on a file of the index."""
    left = calls

    def watch(event: str, arguments: tuple[object, ...]) -> None:
        nonlocal left
        # What is removed with its folder is named by its last part only.
        if event in FILE_EVENTS and (
            str(arguments[0]).startswith(str(folder)) or event in {"os.remove", "os.rmdir"}
        ):
            left -= 1
            if not left:
                os.kill(os.getpid(), signal.SIGKILL)

    sys.addaudithook(watch)


if __name__ == "__main__":
    serve()
