"""Ctrl-C and SIGTERM end a long ingest soon, with their codes, and it goes on next time."""

import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from rag.index.generations import VECTORS
from tests.cli.command import COMMAND, ENVIRONMENT, Result
from tests.cli.conftest import Rag

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="signals of Unix")
NOTES = 450
"""Three batches and a half: enough to interrupt twice."""
BATCH_BYTES = 128 * 384 * 4
SOON = 10.0
"""Seconds; on an idle machine it takes one batch."""
LATE = 50.0
"""Seconds after which something hangs."""


@contextmanager
def started(*arguments: object, prelude: str = "") -> Iterator[subprocess.Popen[str]]:
    """Run `rag` while the block runs, and not for ever."""
    # Whoever ignores Ctrl-C, as a job in the background does, hands that on.
    heed = "import signal; signal.signal(signal.SIGINT, signal.default_int_handler)"
    with subprocess.Popen(
        [sys.executable, "-c", "\n".join((heed, prelude, COMMAND[-1])), *map(str, arguments)],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=ENVIRONMENT,
        encoding="utf-8",
    ) as process:
        timer = threading.Timer(LATE, process.kill)
        timer.start()
        try:
            yield process
        finally:
            timer.cancel()
            process.kill()


def end(process: subprocess.Popen[str], number: signal.Signals) -> Result:
    """Send a signal and wait for the end."""
    process.send_signal(number)
    out, err = process.communicate(timeout=SOON)
    return Result(process.returncode, out, err).check()


def wait_for_more(file: Path, process: subprocess.Popen[str]) -> None:
    """Wait until a batch of vectors is on disk."""
    enough = size(file) + BATCH_BYTES
    while size(file) < enough:
        assert process.poll() is None
        time.sleep(0.005)


def size(file: Path) -> int:
    """Give the bytes of a file; none if it is not there yet."""
    return file.stat().st_size if file.exists() else 0


def test_interrupted_ingest_goes_on(rag: Rag, tmp_path: Path) -> None:
    vault, index = tmp_path / "vault", tmp_path / "ix"
    vault.mkdir()
    for number in range(NOTES):
        (vault / f"{number}.md").write_text(f"Rule {number}: {number * 7} is seven times as much.")
    with started("ingest", vault, "--index", index) as process:
        wait_for_more(index / VECTORS, process)

        second = rag("ingest", vault, "--index", index)
        assert second.code == 1
        assert "lock" in second.err
        assert str(process.pid) in second.err
        assert len(second.err.splitlines()) == 1
        assert rag("search", "rule", "--index", index).code == 4

        result = end(process, signal.SIGINT)
        assert (result.code, result.out) == (130, "")
        assert "the next ingest goes on from here" in result.err
    with started("ingest", vault, "--index", index) as process:
        wait_for_more(index / VECTORS, process)
        result = end(process, signal.SIGTERM)
        assert (result.code, result.out, result.err) == (143, "", "")
    assert rag("status", "--index", index).code == 4
    report = rag("ingest", vault, "--index", index, "--json").json()
    assert report["notes"] == NOTES
    assert report["reused"] >= 2 * 128
    assert report["embedded"] + report["reused"] == report["chunks"]
    assert rag("check", "--index", index).code == 0


HIDING = """
import os, sys
class Finder:
    def find_spec(self, name, path=None, target=None):
        if name == {module!r}:
            try:
                os.kill(os.getpid(), {number})
            except BaseException as error:
                if {hides}:
                    raise ImportError("initialization failed") from None
                raise
sys.meta_path.insert(0, Finder())
"""


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
@pytest.mark.parametrize(("module", "hides"), [("click", False), ("numpy", True)])
def test_signal_while_libraries_are_loaded(
    number: signal.Signals, code: int, module: str, *, hides: bool
) -> None:
    """The process sends it to itself; compiled libraries make another error of it."""
    prelude = HIDING.format(module=module, number=int(number), hides=hides)
    with started("status", prelude=prelude) as process:
        out, err = process.communicate()
    assert (process.returncode, out) == (code, "")
    assert err == ("rag: interrupted\n" if number == signal.SIGINT else "")


SOONER = "from rag import wire; wire.WATCH_SECONDS = 0.5"
NEVER = "from rag import wire; wire.WATCH_SECONDS = 1000.0"


def test_watch(tmp_path: Path) -> None:
    """What changes is seen at once, a vault that went soon."""
    vault, index = tmp_path / "vault", tmp_path / "ix"
    vault.mkdir()
    (vault / "one.md").write_text("The first note.")
    with started("ingest", vault, "--index", index, "--watch", prelude=SOONER) as process:
        assert process.stdout
        assert process.stderr
        assert "1 added" in process.stdout.readline()
        assert process.stderr.readline() == f"watching {vault}; Ctrl-C ends\n"
        (vault / "two.md").write_text("The second note.")
        assert "1 added" in process.stdout.readline()

        away = vault.rename(tmp_path / "away")
        assert "waiting for it to come back" in process.stderr.readline()
        away.rename(vault)
        assert "is back" in process.stderr.readline()

        away = vault.rename(tmp_path / "away")
        vault.mkdir()  # as an unmounted disk leaves it
        while "holds no notes any more" not in (line := process.stderr.readline()):
            assert line, "the process ended"
        vault.rmdir()
        away.rename(vault)
        (vault / "one.md").write_text("The first note, written anew.")
        assert "1 changed" in process.stdout.readline()

        assert end(process, signal.SIGINT).code == 130


def test_watch_is_told_of_changes(tmp_path: Path) -> None:
    """It does not look by itself; what is no note is none."""
    vault, index = tmp_path / "vault", tmp_path / "ix"
    vault.mkdir()
    (vault / "one.md").write_text("The first note.")
    with started("ingest", vault, "--index", index, "--watch", prelude=NEVER) as process:
        assert process.stdout
        assert process.stderr
        assert "1 added" in process.stdout.readline()
        assert "watching" in process.stderr.readline()
        time.sleep(1)  # until it has told the system
        # As editors do: a temporary file beside the note, moved over it.
        for name in (".one.md.swp", "one.md~", "4913", "one.md.tmp"):
            (vault / name).write_text("The first note, half wri")
        (vault / "one.md.tmp").write_text("The first note, written anew.")
        (vault / "one.md.tmp").replace(vault / "one.md")
        (vault / "deep" / "er").mkdir(parents=True)
        line = process.stdout.readline()
        assert "0 added, 1 changed, 0 removed" in line
        (vault / "deep" / "er" / "two.md").write_text("The second note.")
        assert "1 added, 0 changed" in process.stdout.readline()
        assert end(process, signal.SIGTERM).code == 143
