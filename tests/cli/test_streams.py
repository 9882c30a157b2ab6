"""Standard streams and surroundings as a process may find them: closed, full, cut off, ASCII."""

import os
import shlex
import sys
from pathlib import Path

import pytest

from tests.cli.command import ENVIRONMENT, run_process, run_shell
from tests.cli.conftest import Rag
from tests.cli.vault import ANSWERED_BY, NOTES, QUESTION

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="streams are closed by a shell")
CLOSED = "rag: the output cannot be written: it is closed\n"
FULL = "rag: the output cannot be written: no space left on device\n"
needs_full = pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full")


@pytest.fixture
def status(small_index: Path) -> str:
    """The quickest command that reads an index."""
    return f"rag status --index {shlex.quote(str(small_index))}"


def test_closed_output(status: str) -> None:
    for line in (f"{status} >&-", f"{status} --json >&-", "rag --help >&-"):
        result = run_shell(line)
        assert (result.code, result.err) == (1, CLOSED)


def test_closed_output_that_nothing_is_written_to(small_vault: Path, small_index: Path) -> None:
    vault, index = shlex.quote(str(small_vault)), shlex.quote(str(small_index))
    assert run_shell(f"rag ingest {vault} --index {index} --quiet >&-").code == 0


@needs_full
def test_full_output(status: str) -> None:
    for line in (f"{status} >/dev/full", f"{status} --json >/dev/full", "rag --version >/dev/full"):
        result = run_shell(line)
        assert (result.code, result.err) == (1, FULL)


def test_reader_that_has_seen_enough(small_index: Path) -> None:
    search = f"rag search rzeka --index {shlex.quote(str(small_index))} --mode lexical"
    for command in (search, f"{search} --json", "rag search --help"):
        # The pipe is closed before anything is written.
        result = run_shell(f"{{ {command}; echo $? >code; }} | sleep 0; cat code")
        assert result.out in ("0\n", "1\n")
        assert result.err == ""


@pytest.mark.parametrize("stream", ["2>&-", pytest.param("2>/dev/full", marks=needs_full)])
def test_nobody_to_tell(status: str, stream: str) -> None:
    assert run_shell(f"{status} {stream}").code == 0
    assert run_shell(f"rag status --index nowhere {stream}").code == 4
    assert run_shell(f"rag bogus {stream}").code == 2


def test_all_streams_closed(status: str, small_vault: Path, tmp_path: Path) -> None:
    assert run_shell(f"{status} <&- >&- 2>&-").code == 1
    # None of the index's files may take the number of a stream.
    vault, index = shlex.quote(str(small_vault)), shlex.quote(str(tmp_path / "ix"))
    assert run_shell(f"rag ingest {vault} --index {index} --quiet <&- >&- 2>&-").code == 0
    assert run_shell(f"rag check --index {index}").out == "the index is sound\n"


def test_closed_input(small_index: Path) -> None:
    index = shlex.quote(str(small_index))
    result = run_shell(f"rag search - --index {index} <&-")
    assert (result.code, result.err.splitlines()[0][:23]) == (2, "rag: the query is empty")
    assert run_shell(f"rag chat --index {index} <&-").code == 0


def test_question_from_input(small_index: Path) -> None:
    command = ("search", "-", "--index", str(small_index), "--mode", "lexical", "--json")
    found = run_process(*command, stdin=f"\ufeff{QUESTION}\r\n".encode()).json()
    assert found["query"] == QUESTION
    assert found["results"][0]["path"] == ANSWERED_BY
    found = run_process(*command, stdin=b"\xff\xfechloro\x00phyll \xc5\x82\n\n").json()
    assert found["query"] == "\ufffd\ufffdchloro phyll ł"
    assert run_process(*command).code == 2
    assert run_process(*command, stdin=b"x" * 1_000_001).code == 2


def test_long_question(rag: Rag, small_index: Path) -> None:
    question = "Chlorophyll absorbs light. " * 4_000
    assert len(question) > 100_000
    asked = rag("ask", question, "--index", small_index, "--json").json()
    assert asked["question"] == question.strip()


def test_question_that_is_not_utf8(small_index: Path) -> None:
    command = ("search", "--index", str(small_index), "--mode", "lexical", "--json")
    assert run_process(*command, b"wis\xc5\x82a \xff\xed\xa0\x80").json()["query"] == (
        "wisła " + "\ufffd" * 4
    )


@pytest.mark.parametrize(
    "extra",
    [
        {"LC_ALL": "C"},
        {"LC_ALL": "C", "PYTHONCOERCECLOCALE": "0", "PYTHONUTF8": "0"},
        {"LC_ALL": "no_SUCH.locale"},
    ],
)
def test_any_locale(small_index: Path, extra: dict[str, str]) -> None:
    path = os.pathsep.join((str(Path(sys.executable).parent), os.defpath))
    environment = {"PATH": path, "PYTHONPATH": ENVIRONMENT["PYTHONPATH"], **extra}
    command = ("search", "długość Wisły", "--index", str(small_index), "--mode", "lexical")
    found = run_process(*command, "--json", environment=environment).json()
    assert found["query"] == "długość Wisły"
    assert found["results"][0]["path"] == "Rzeki/Wisła.md"
    assert "Wisła jest najdłuższą rzeką" in run_process(*command, environment=environment).out


def test_no_home_and_no_environment(small_vault: Path, small_index: Path, tmp_path: Path) -> None:
    environment = {"PYTHONPATH": ENVIRONMENT["PYTHONPATH"]}
    command = ("ingest", str(small_vault), "--index", str(tmp_path / "ix"), "--json")
    assert run_process(*command, environment=environment).json()["notes"] == len(NOTES)
    asked = run_process("ask", QUESTION, "--index", str(small_index), environment=environment)
    assert "absorbs red and blue light" in asked.out


def test_without_a_terminal_there_is_no_colour_and_no_bar(
    small_vault: Path, tmp_path: Path
) -> None:
    environment = {**ENVIRONMENT, "FORCE_COLOR": "1", "TERM": "xterm-256color"}
    command = ("ingest", str(small_vault), "--index", str(tmp_path / "ix"))
    result = run_process(*command, environment=environment)
    assert result.err == ""
    assert result.out.startswith(f"{len(NOTES)} notes, ")
    assert "\x1b" not in result.out
