"""Runs `rag`: in a process of its own where that is what is tried, else in this one."""

import json
import os
import shlex
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import rag

COMMAND = (sys.executable, "-c", "from rag.cli import main; main()")
"""What the `rag` script does, wherever it is installed."""
ENVIRONMENT = {
    name: value for name, value in os.environ.items() if not name.startswith(("RAG_", "PYTHON"))
} | {"HF_HUB_OFFLINE": "1", "PYTHONPATH": str(Path(rag.__file__).parents[1])}
FAILURE_LINES = 3
CODES = {0, 1, 2, 3, 4, 5, 130, 143}


@dataclass(frozen=True, slots=True)
class Result:
    """What a command line did."""

    code: int
    out: str
    err: str

    def check(self) -> "Result":
        """Hold it to what is promised of every command line."""
        assert self.code in CODES, self
        assert "Traceback" not in self.out + self.err, self
        assert "unexpected error" not in self.err, self
        if self.code not in (0, 3):
            assert len(self.err.splitlines()) <= FAILURE_LINES, self
        return self

    def json(self) -> dict[str, Any]:
        """Read standard output as one strict JSON object."""
        assert self.out.count("\n") == 1, self.out
        value = json.loads(self.out, parse_constant=_refuse)
        assert isinstance(value, dict)
        assert value["schema"] == 1
        return value


def _refuse(constant: str) -> None:
    raise AssertionError(f"{constant} is not JSON")


def run_process(
    *arguments: str | bytes,
    stdin: bytes = b"",
    folder: Path | None = None,
    environment: Mapping[str, str] = ENVIRONMENT,
    command: Sequence[str] = COMMAND,
) -> Result:
    """Run `rag` in a process of its own, with pipes."""
    done = subprocess.run(
        [*command, *arguments],
        input=stdin,
        capture_output=True,
        cwd=folder,
        env=environment,
        check=False,
        timeout=60,
    )
    return Result(done.returncode, done.stdout.decode(), done.stderr.decode()).check()


def run_shell(line: str, *, folder: Path | None = None) -> Result:
    """Run a line of shell in which `rag` stands for the command; the code is the line's."""
    done = subprocess.run(
        ["/bin/bash", "-c", f'rag() {{ {shlex.join(COMMAND)} "$@"; }}; {line}'],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        cwd=folder,
        env=ENVIRONMENT,
        check=False,
        timeout=60,
    )
    return Result(done.returncode, done.stdout.decode(), done.stderr.decode()).check()
