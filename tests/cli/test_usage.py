"""Wrong usage: exit code 2, what is wrong, and where help is."""

from pathlib import Path

import pytest

import rag as package
from rag.cli.commands import run
from tests.cli.command import run_process
from tests.cli.conftest import Rag
from tests.cli.vault import QUESTION

COMMANDS = ["ingest", "search", "ask", "chat", "log", "status", "check", "eval", "serve"]


@pytest.mark.parametrize("command", COMMANDS)
@pytest.mark.parametrize("flag", ["--help", "-h"])
def test_help_of_each_command(rag: Rag, command: str, flag: str) -> None:
    result = rag(command, flag)
    assert (result.code, result.err) == (0, "")
    assert result.out.startswith(f"Usage: rag {command} ")
    assert "--index" in result.out


@pytest.mark.parametrize("arguments", [[], ["--help"], ["-h"]])
def test_help_names_each_command(rag: Rag, arguments: list[str]) -> None:
    result = rag(*arguments)
    assert (result.code, result.err) == (0, "")
    assert all(f"\n  {command} " in result.out for command in COMMANDS)


def test_version(rag: Rag) -> None:
    result = rag("--version")
    assert (result.code, result.out) == (0, f"rag, version {package.__version__}\n")


@pytest.mark.parametrize(
    ("arguments", "problem", "page"),
    [
        (["bogus"], "No such command 'bogus'", "rag"),
        (["--bogus"], "No such option", "rag"),
        (["search"], "Missing argument 'QUERY'", "rag search"),
        (["search", "x", "--bogus"], "No such option", "rag search"),
        (["search", "x", "y"], "unexpected extra argument", "rag search"),
        (["search", "x", "--k", "0"], "not in the range", "rag search"),
        (["search", "x", "-k", "101"], "not in the range", "rag search"),
        (["search", "x", "-k", "five"], "not a valid integer", "rag search"),
        (["search", "x", "--mode", "magic"], "magic", "rag search"),
        (["search", "x", "--index"], "requires an argument", "rag"),
        (["search", ""], "the query is empty", "rag search"),
        (["search", " \t\n"], "the query is empty", "rag search"),
        (["search", "\x00\x1b\ufeff"], "the query is empty", "rag search"),
        (["ask", ""], "the question is empty", "rag ask"),
        (["ask", "x" * 1_000_001], "longer than 1,000,000 characters", "rag ask"),
        (["ask", "x", "--lang", "klingon"], "give a code", "rag ask"),
        (["ask", "x", "--lang", ""], "give a code", "rag ask"),
        (["ingest", "one", "two"], "unexpected extra argument", "rag ingest"),
        (["ask", "x", "--temperature", "2.1"], "not in the range", "rag ask"),
        (["ask", "x", "--temperature", "warm"], "not a valid float", "rag ask"),
        (["chat", "--seed", "-1"], "not in the range", "rag chat"),
        (["serve", "--port", "0"], "not in the range", "rag serve"),
    ],
)
def test_wrong_usage(rag: Rag, arguments: list[str], problem: str, page: str) -> None:
    result = rag(*arguments)
    assert (result.code, result.out) == (2, "")
    first, second = result.err.splitlines()
    assert first.startswith("rag: ")
    assert problem in first
    assert second == f"see: {page} --help"


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        (["ask", "x", "--llm", "gpt"], "no such LLM: 'gpt'"),
        (["ask", "x", "--llm", "hf:"], "no such LLM: 'hf:'"),
        (["chat", "--llm", ""], "no such LLM: ''"),
        (["serve", "--llm", "gpt"], "no such LLM: 'gpt'"),
        (["ask", "x", "--llm", "open:m@http://u:pw@h"], "no such LLM: 'open:m'"),
        (["ask", "x", "--llm", "openai:m"], "openai: wants a model and the address of its server"),
        (
            ["ask", "x", "--llm", "openai:m@http://u:pw@h"],
            "the address of the LLM's server holds a name or a password",
        ),
        (["ask", "x", "--temperature", "nan"], "command line: temperature is nan"),
        (["search", "x", "--index", ""], "command line: index is ''"),
        (["ingest", ""], "command line: vault is ''"),
    ],
)
def test_bad_settings(rag: Rag, arguments: list[str], problem: str) -> None:
    result = rag(*arguments)
    assert (result.code, result.out) == (2, "")
    assert result.err.startswith(f"rag: {problem}; ")


def test_bad_variable(rag: Rag, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RAG_K", "many")
    assert "environment (RAG_*): k is 'many'" in rag("search", "x").err
    monkeypatch.setenv("RAG_K", "0")
    assert "environment (RAG_*): k is 0" in rag("search", "x").err
    monkeypatch.delenv("RAG_K")
    monkeypatch.setenv("RAG_COLOUR", "1")
    result = rag("status")
    assert result.code == 2
    assert "unknown setting 'colour'" in result.err


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (b"k = ", "rag.toml cannot be read"),
        (b"\xff", "rag.toml cannot be read"),
        (b"colour = 1", "rag.toml: unknown setting 'colour'"),
        (b"k = 'five'", "rag.toml: k is 'five'"),
        (b"k = 1000", "rag.toml: k is 1000"),
        (b"vault = 3", "rag.toml: vault is 3"),
        (b"[vault]", "rag.toml: vault is {}"),
    ],
)
def test_bad_settings_file(rag: Rag, content: bytes, problem: str) -> None:
    Path("rag.toml").write_bytes(content)
    result = rag("status")
    assert result.code == 2
    assert problem in result.err


def test_settings_file_and_variable_and_flag(
    rag: Rag, small_index: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    Path("rag.toml").write_text("index = 'nowhere'\nk = 3\n")
    assert "'nowhere'" in rag("search", "x").err
    monkeypatch.setenv("RAG_INDEX", str(small_index))
    assert len(rag("search", QUESTION, "--json").json()["results"]) == 3
    assert len(rag("search", QUESTION, "--json", "-k", "1").json()["results"]) == 1
    assert "'elsewhere'" in rag("search", "x", "--index", "elsewhere").err


@pytest.mark.parametrize("place", [0, 1, 3])
def test_debug_shows_where_an_error_came_from(
    capsys: pytest.CaptureFixture[str], place: int
) -> None:
    arguments = ["status", "--index", "nowhere"]
    arguments.insert(place, "--debug")
    assert run(arguments) == 4
    lines = capsys.readouterr().err.splitlines()
    assert lines[0].startswith("Traceback")
    assert lines[-1].startswith("rag: no index in 'nowhere'")


def test_double_dash_ends_the_options(rag: Rag, small_index: Path) -> None:
    found = rag("search", "--json", "--index", small_index, "--", "--debug").json()
    assert found["query"] == "--debug"
    assert rag("search", "--index", small_index, "--", "-h").code == 0


def test_unknown_encoder_offline() -> None:
    result = run_process("ingest", ".", "--index", "ix", "--encoder", "no/such-encoder")
    assert result.code == 5
    assert "no/such-encoder" in result.err


def test_unknown_language_model(rag: Rag, small_index: Path) -> None:
    result = rag("ask", QUESTION, "--index", small_index, "--llm", "hf:./nowhere")
    assert (result.code, result.out) == (5, "")
    assert "./nowhere is not a folder" in result.err
