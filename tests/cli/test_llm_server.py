"""`rag` with a language model behind a server: what is printed, what is told, and the code."""

import json
import signal
import sys
import threading
from collections.abc import Iterator
from io import StringIO
from pathlib import Path

import pytest

from rag.cli.commands import run
from tests.cli import shapes
from tests.cli.command import ENVIRONMENT, run_process
from tests.cli.conftest import Rag
from tests.cli.test_signals import end, started
from tests.cli.vault import ANSWERED_BY, QUESTION, UNANSWERED
from tests.openai_server import Handler, OpenAIServer, dies, fails, openai_server, says

KEY = "sk-test-0123456789"
ANSWER = "Chlorophyll absorbs red and blue light [1]."
CITED = f"\n[1] {ANSWERED_BY}:7 › Photosynthesis\n"


@pytest.fixture
def server() -> Iterator[OpenAIServer]:
    with openai_server() as running:
        running.list_models("m")
        yield running


@pytest.fixture
def ollama(server: OpenAIServer, monkeypatch: pytest.MonkeyPatch) -> OpenAIServer:
    """The server as an Ollama that runs on this machine."""
    server.pages["/api/tags"] = {"models": [{"name": "qwen3:4b"}]}
    monkeypatch.setenv("OLLAMA_HOST", f"127.0.0.1:{server.port}")
    return server


def ask(index: Path, server: OpenAIServer, *more: str) -> list[str]:
    """Give the command line that asks the server."""
    return ["ask", QUESTION, "--index", str(index), "--llm", f"openai:m@{server.url}", *more]


def test_an_answer(small_index: Path, server: OpenAIServer) -> None:
    environment = ENVIRONMENT | {"RAG_LLM_KEY": KEY, "http_proxy": "http://127.0.0.1:1"}
    result = run_process(*ask(small_index, server), environment=environment)
    assert result.code == 0
    assert result.out.startswith(f"{ANSWER}\n\n[1] {ANSWERED_BY}:7")
    assert result.err == ""
    assert server.questions[0].headers["authorization"] == f"Bearer {KEY}"
    assert "absorbs red and blue light" in server.questions[0].body["messages"][1]["content"]


def test_an_answer_as_json(rag: Rag, small_index: Path, server: OpenAIServer) -> None:
    options = ["--json", "--temperature", "0.7", "--seed", "3"]
    result = rag(*ask(small_index, server, *options))
    answer = result.json()
    shapes.assert_shape(answer, shapes.ASK)
    assert (result.code, result.err) == (0, "")
    assert answer["answer"] == ANSWER
    assert answer["generator"] == {"kind": "openai", "model": "m"}
    assert [citation["status"] for citation in answer["citations"]] == ["verified"]
    body = server.questions[0].body
    assert (body["temperature"], body["seed"]) == (0.7, 3)


def test_a_refusal(rag: Rag, small_index: Path, server: OpenAIServer) -> None:
    server.replies[:] = [says("NOT_IN", "_NOTES")]
    result = rag(*ask(small_index, server))
    assert (result.code, result.err) == (3, "")
    assert result.out.startswith("Your notes do not answer this question.")


def test_the_weakest_passages_go_first(rag: Rag, small_index: Path, server: OpenAIServer) -> None:
    server.list_models("m", max_model_len=1024 + 600)
    rag(*ask(small_index, server, "-k", "5"))
    sent = server.questions[0].body["messages"][1]["content"]
    assert "[1]\n<<<" in sent
    assert "absorbs red and blue" in sent
    assert "[4]\n<<<" not in sent


def test_chat(
    rag: Rag, small_index: Path, server: OpenAIServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stdin", StringIO(f"{QUESTION}\nAnd why?\n"))
    llm = f"openai:m@{server.url}"
    result = rag("chat", "--index", small_index, "--llm", llm, "--temperature", "1", "--seed", "2")
    assert result.code == 0
    assert result.out.count(ANSWER) == 2
    assert [asked.body["seed"] for asked in server.questions] == [2, 2]


@pytest.mark.parametrize("flags", [[], ["--json"], ["--no-stream"]])
def test_half_an_answer_is_not_passed_off(
    rag: Rag, small_index: Path, server: OpenAIServer, flags: list[str]
) -> None:
    server.replies[:] = [dies("Chlorophyll absorbs", " red")]
    result = rag(*ask(small_index, server, *flags))
    assert (result.code, result.out) == (1, "")
    assert result.err == (
        f"rag: the answer broke off: {server.url} closed the connection; look at the server's log, "
        "or use --llm extractive, which needs no model\n"
    )


FAILING = [
    (fails(401, f"no such key: {KEY}"), "refuses the key; set the variable RAG_LLM_KEY"),
    (fails(404, "no such model"), "has no model m"),
    (fails(429, "slow down", headers={"Retry-After": "60"}), "takes no more questions now"),
    (fails(500, f"{KEY} broke"), "failed (500: *** broke)"),
    (fails(307, headers={"Location": "http://evil.test"}), "sends requests on to http://evil.test"),
]


@pytest.mark.parametrize(("reply", "told"), FAILING)
def test_failures_are_one_line_without_the_key(
    capsys: pytest.CaptureFixture[str],
    small_index: Path,
    server: OpenAIServer,
    monkeypatch: pytest.MonkeyPatch,
    reply: object,
    told: str,
) -> None:
    monkeypatch.setenv("RAG_LLM_KEY", KEY)
    server.replies[:] = [reply]  # type: ignore[list-item]
    for more in ([], ["--debug", "--json"]):
        assert run(ask(small_index, server, *more)) == 5
        out, err = capsys.readouterr()
        assert out == ""
        assert KEY not in err
        lines = err.splitlines()
        assert lines[-1].startswith(f"rag: {server.url} {told}")
        assert len(lines) == 1 or more


def test_nobody_there(rag: Rag, small_index: Path) -> None:
    result = rag("ask", QUESTION, "--index", small_index, "--llm", "openai:m@http://localhost:1")
    assert (result.code, result.out) == (5, "")
    assert result.err.startswith("rag: nothing answers at http://localhost:1; start the server")


def test_what_leaves_the_machine_is_told_first(
    rag: Rag, small_index: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RAG_LLM_KEY", KEY)
    host = "http://no-such-host.invalid"
    result = rag("ask", QUESTION, "--index", small_index, "--llm", f"openai:m@{host}/v1")
    assert (result.code, result.out) == (5, "")
    sent, readable, failed = result.err.splitlines()
    assert sent == f"your questions and the passages found for them are sent to {host}"
    assert readable == f"{host} is not encrypted: your key can be read on the way (https)"
    assert failed.startswith("rag: the name no-such-host.invalid is not known; check the address")


def test_eval_tells_it_too(rag: Rag, small_index: Path, tmp_path: Path) -> None:
    questions = tmp_path / "questions.jsonl"
    questions.write_text(
        json.dumps({"id": "1", "question": UNANSWERED, "lang": "en", "answerable": False})
    )
    llm = ["--llm", "openai:m@https://no-such-host.invalid", "--answers"]
    result = rag("eval", questions, "--index", small_index, *llm)
    assert result.err.startswith("your questions and the passages found for them are sent to http")


def test_auto_takes_an_ollama_that_runs_here(
    rag: Rag, small_index: Path, ollama: OpenAIServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RAG_LLM_KEY", KEY)
    result = rag("ask", QUESTION, "--index", small_index, "--json")
    assert result.err == "answering with qwen3:4b of the Ollama on this machine (see --llm)\n"
    assert result.json()["generator"] == {"kind": "openai", "model": "qwen3:4b"}
    assert not any("authorization" in asked.headers for asked in ollama.asked)


def test_auto_quotes_where_ollama_fails(rag: Rag, small_index: Path, ollama: OpenAIServer) -> None:
    ollama.replies[:] = [fails(500, "model requires more system memory")]
    result = rag("ask", QUESTION, "--index", small_index, "--json")
    chosen, failed = result.err.splitlines()
    assert chosen.startswith("answering with qwen3:4b")
    assert failed.endswith(
        "(500: model requires more system memory): quoting the notes word for word"
    )
    assert result.json()["generator"]["kind"] == "extractive"
    assert result.code == 0


def test_auto_quotes_where_ollama_has_no_model(
    rag: Rag, small_index: Path, ollama: OpenAIServer
) -> None:
    ollama.pages["/api/tags"] = {"models": [{"name": "nomic-embed-text:latest"}]}
    result = rag("ask", QUESTION, "--index", small_index)
    assert result.err == (
        "Ollama runs here but has no chat model: quoting the notes word for word (see --llm)\n"
    )
    assert ollama.questions == []


def test_who_asks_for_quotes_asks_nobody(rag: Rag, small_index: Path, ollama: OpenAIServer) -> None:
    result = rag("ask", QUESTION, "--index", small_index, "--llm", "extractive")
    assert (result.code, result.err, ollama.asked) == (0, "", [])


@pytest.mark.skipif(sys.platform == "win32", reason="signals of Unix")
def test_ctrl_c_while_it_streams(small_index: Path) -> None:
    streaming = threading.Event()

    def reply(handler: Handler) -> None:
        handler.begin()
        handler.send_piece("Chlorophyll absorbs")
        streaming.set()
        handler.state.closing.wait(60)

    with openai_server(reply) as server, started(*ask(small_index, server)) as process:
        assert streaming.wait(30)
        result = end(process, signal.SIGINT)
    assert (result.code, result.out, result.err.strip()) == (130, "", "rag: interrupted")
