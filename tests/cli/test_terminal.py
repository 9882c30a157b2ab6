"""What a terminal gets: answers as they are written, bars, and nothing that it would obey."""

import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import redirect_stdout
from io import StringIO
from pathlib import Path

import pytest

from rag import wire
from rag.answers.answer import Answerer
from rag.cli.answering import print_answer
from rag.config import Settings
from rag.errors import NoModel
from rag.history import History
from rag.types import Filters, Prompt
from tests.cli.command import COMMAND, ENVIRONMENT
from tests.cli.conftest import Rag
from tests.cli.vault import ANSWERED_BY, NOTES, QUESTION

if sys.platform != "win32":
    import pty

HOSTILE = "\x1b]0;owned\x07 \x1b[2J \x9b31m \r \u202e \u2066 \u200e \u061c"
UNSAFE = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]")
"""What no output may hold, written down a second time: line feed and tab are not in it."""


@pytest.fixture(scope="module")
def hostile_index(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Notes with escape sequences in text, heading, title, tag and name; one is skipped."""
    vault = tmp_path_factory.mktemp("hostile")
    body = f"Volcanoes {HOSTILE} erupt where plates meet."
    (vault / "lava\x1b[31m\u202e.md").write_text(
        f'---\ntitle: "Lava {HOSTILE[-3:]}"\ntags: ["vol\u202ecano"]\n---\n'
        f"# Heat {HOSTILE}\n\n{body}\n\n```sh\necho {HOSTILE}\n```\n",
        encoding="utf-8",
    )
    (vault / "two\nlines\x1b[1m.md").write_text(f"- {body}\n", encoding="utf-8")
    (vault / "skipped\x1b[5m\n.md").write_bytes(b"\0")
    return vault


def test_nothing_from_notes_is_obeyed(rag: Rag, hostile_index: Path) -> None:
    commands = [
        ["ingest", str(hostile_index)],
        ["search", f"volcanoes {HOSTILE}", "--explain"],
        ["ask", "Where do volcanoes erupt?"],
        ["ask", HOSTILE + " volcanoes erupt"],
        ["status"],
        ["check"],
        ["search", HOSTILE, "--index", HOSTILE],
        ["ask", "x", "--llm", HOSTILE],
        ["ask", "x", "--lang", HOSTILE],
        ["eval", HOSTILE],
        [HOSTILE],
        ["search", "x", f"--{HOSTILE}"],
        ["ingest", HOSTILE],
    ]
    for command in commands:
        for flags in ([], ["--json"]):
            result = rag(*command, *flags)
            assert not UNSAFE.search(result.out + result.err), (command, result)
    found = rag("search", "volcanoes", "--json").json()["results"]
    assert {"lava\x1b[31m\u202e.md", "two\nlines\x1b[1m.md"} == {item["path"] for item in found}
    lines = rag("search", "volcanoes").out.splitlines()
    assert sum(line.startswith(("1. ", "2. ", "3. ")) for line in lines) == len(found)


def in_terminal(*arguments: object, stream: int) -> tuple[str, str]:
    """Run `rag` with one of its streams on a terminal; gives what that and the other one got."""
    leader, follower = pty.openpty()
    streams = {1: subprocess.PIPE, 2: subprocess.PIPE} | {stream: follower}
    process = subprocess.Popen(
        [*COMMAND, *map(str, arguments)],
        stdin=subprocess.DEVNULL,
        stdout=streams[1],
        stderr=streams[2],
        env={**ENVIRONMENT, "TERM": "xterm-256color", "COLUMNS": "60"},
    )
    os.close(follower)
    shown = b""
    try:
        while part := os.read(leader, 4096):
            shown += part
    except OSError:
        pass  # what Linux gives when the other side is closed
    other = process.communicate()[0 if stream == 2 else 1]
    os.close(leader)
    assert process.returncode == 0
    return shown.decode(), other.decode()


@pytest.mark.skipif(sys.platform == "win32", reason="no pseudo-terminals")
def test_answer_on_a_terminal(small_index: Path) -> None:
    shown, told = in_terminal("ask", QUESTION, "--index", small_index, stream=1)
    text = shown.replace("\r\n", "\n")
    assert text.startswith("Chlorophyll absorbs red and blue light and reflects green light. [1]")
    assert text.count("Chlorophyll absorbs red and blue light") == 1
    assert f"\n\n[1] {ANSWERED_BY}:7 › Photosynthesis\n" in text
    assert text.endswith("\n")
    assert "\x1b" not in text
    assert told == "no language model is set: quoting the notes word for word (see --llm)\n"


@pytest.mark.skipif(sys.platform == "win32", reason="no pseudo-terminals")
def test_bars_on_a_terminal(small_vault: Path, tmp_path: Path) -> None:
    index = tmp_path / "ix"
    shown, out = in_terminal("ingest", small_vault, "--index", index, "--rebuild", stream=2)
    assert "Reading notes" in shown
    assert re.search(r"Embedding chunks.*m(\d+)/\1\x1b", shown)
    assert shown.rstrip().endswith("\x1b[2K")  # the lines are empty again
    assert out.startswith(f"{len(NOTES)} notes, ")
    shown, out = in_terminal("ingest", small_vault, "--index", index, "--json", stream=2)
    assert shown == ""


@pytest.mark.skipif(sys.platform == "win32", reason="no pseudo-terminals")
def test_a_chat_brings_back_earlier_lines(index: Path) -> None:
    leader, follower = pty.openpty()
    process = subprocess.Popen(
        [*COMMAND, "chat", "--index", str(index)],
        stdin=follower,
        stdout=follower,
        stderr=subprocess.DEVNULL,
        env={**ENVIRONMENT, "TERM": "xterm-256color", "INPUTRC": os.devnull},
    )
    os.close(follower)
    shown = b""
    for typed in (QUESTION, "\x1b[A\x01First, \x05", ""):  # up, to the start, to the end
        while not shown.endswith(b"> "):
            shown += os.read(leader, 4096)
        os.write(leader, f"{typed}\n".encode())
        shown += os.read(leader, 1)
    process.wait(timeout=60)
    os.close(leader)
    assert process.returncode == 0
    asked = [entry.answer["question"] for entry in History(index, None).latest(5)]
    assert asked == [f"First, {QUESTION}", QUESTION]


class Terminal(StringIO):
    """A standard output that says that it is a terminal."""

    def isatty(self) -> bool:
        return True


class Speaker:
    """A generator that says what it is told to."""

    kind = "fake"
    model = "speaker"

    def __init__(self, *pieces: str) -> None:
        self._pieces = pieces

    def fits(self, prompt: Prompt) -> bool:
        return True

    def stream(self, prompt: Prompt) -> Iterator[str]:
        for piece in self._pieces:
            if piece == "!":
                raise NoModel("it went away", "try again")
            yield piece


Say = Callable[..., str]


@pytest.fixture
def answer_in_terminal(small_index: Path) -> Say:
    """Print what a generator says to a terminal."""

    def say(*pieces: str) -> str:
        retriever = wire.open_retriever(Settings(index=str(small_index)))
        answerer = Answerer(retriever, lambda: Speaker(*pieces), lambda: 0)
        terminal = Terminal()
        with redirect_stdout(terminal):
            try:
                print_answer(answerer, QUESTION, 5, Filters(), None, stream=True)
            except NoModel:
                terminal.write("(error)")
        return terminal.getvalue()

    return say


def test_sound_answer_is_shown_once(
    answer_in_terminal: Say, capsys: pytest.CaptureFixture[str]
) -> None:
    shown = answer_in_terminal("Chlorophyll absorbs ", "red and blue", " light [1].\n")
    assert shown.startswith("Chlorophyll absorbs red and blue light [1].\n")
    assert shown.count("red and blue") == 1 + shown.count("“")
    assert capsys.readouterr().err == ""


def test_answer_with_marks_that_were_made_up_is_shown_again_without(
    answer_in_terminal: Say, capsys: pytest.CaptureFixture[str]
) -> None:
    shown = answer_in_terminal("Chlorophyll absorbs red and blue light [1]", " [77].")
    last = shown.split("\n[1] ")[0].split("\n\n")[0].splitlines()[-1]
    assert last == "Chlorophyll absorbs red and blue light [1]."
    assert "[77]" not in last


def test_error_in_the_middle_of_an_answer_begins_a_line(answer_in_terminal: Say) -> None:
    assert answer_in_terminal("Chlorophyll absorbs ", "!").endswith("absorbs \n(error)")


def test_pieces_of_an_escape_sequence_are_harmless(answer_in_terminal: Say) -> None:
    shown = answer_in_terminal("Chlorophyll \x1b", "[31m", "absorbs light \x9b", "2J [1].")
    assert not UNSAFE.search(shown)
