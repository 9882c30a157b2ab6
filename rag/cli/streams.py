"""Standard input, output and error, whatever the process was started with."""

import errno
import io
import os
import sys

FAILED = 1
MOST_CHARACTERS = 1_000
"""Of one line for people: a path has up to 4,096, and no clear line is longer than this."""


def mend() -> None:
    """Open the streams that are closed, and have all of them speak UTF-8.

    Notes hold any letter, whatever the locale says. A stream that is closed leaves its number free,
    and the first file that is opened, one of the index perhaps, would take it.
    """
    for number in range(3):
        try:
            os.fstat(number)
        except OSError:
            # It gets the lowest free number, this one. Output to it has to fail, so: read-only.
            os.open(os.devnull, os.O_RDWR if number == 2 else os.O_RDONLY)  # noqa: PLR2004
    if sys.stdin is None:
        sys.stdin = open(0, encoding="utf-8", closefd=False)  # noqa: SIM115
    if sys.stdout is None:
        sys.stdout = open(1, "w", encoding="utf-8", closefd=False)  # noqa: SIM115
    if sys.stderr is None:
        sys.stderr = open(2, "w", encoding="utf-8", closefd=False)  # noqa: SIM115
    for stream in (sys.stdin, sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(encoding="utf-8", errors="replace")


def tell(line: str, *, end: str = "\n") -> None:
    """Write a line to standard error, if anybody is there."""
    if len(line) > MOST_CHARACTERS:
        line = line[: MOST_CHARACTERS - 1] + "…"
    try:
        print(line, end=end, file=sys.stderr, flush=True)
    except OSError:
        _silence(2)


def finish(code: int) -> int:
    """Write out what is left; gives the exit code, which is another one if that fails."""
    try:
        sys.stdout.flush()
    except OSError as error:
        return output_failed(error)
    return code


def is_output_failure(error: OSError) -> bool:
    """Say whether an error is that of a standard stream: these have no file name."""
    numbers = (errno.EPIPE, errno.ENOSPC, errno.EBADF, errno.EIO)
    return error.filename is None and error.errno in numbers


def output_failed(error: OSError) -> int:
    """Say why standard output cannot be written; gives the exit code.

    Not for a pipe whose reader has seen enough (`| head`).
    """
    _silence(1)
    if error.errno != errno.EPIPE:
        reason = "it is closed" if error.errno == errno.EBADF else (error.strerror or "").lower()
        tell(f"rag: the output cannot be written: {reason}")
    return FAILED


def _silence(number: int) -> None:
    """Send what is still buffered nowhere: else the interpreter tries again, and complains."""
    handle = os.open(os.devnull, os.O_WRONLY)
    os.dup2(handle, number)
    os.close(handle)
