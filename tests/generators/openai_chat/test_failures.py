"""What is told when a server refuses, fails or is not there, and what never is."""

import os
import time

import pytest

from rag.generators.openai_chat.address import parse_server
from rag.generators.openai_chat.generator import OpenAIGenerator
from tests.generators.openai_chat.connecting import KEY, connect, failure, read
from tests.openai_server import Handler, OpenAIServer, fails, openai_server, says, sends


def test_a_busy_server_is_asked_again(server: OpenAIServer) -> None:
    busy, loading = (
        fails(429, headers={"Retry-After": "0"}),
        fails(503, headers={"Retry-After": "0"}),
    )
    assert read(connect(server, busy, loading, says("Da."))) == "Da."
    generator = connect(server, busy, key=KEY)
    before = len(server.questions)
    assert "takes no more questions now; try again later" in failure(generator)
    assert len(server.questions) - before == 3


@pytest.mark.parametrize("wait", ["3600", "-1", "nan"])
def test_a_long_pause_is_not_waited_for(server: OpenAIServer, wait: str) -> None:
    began = time.monotonic()
    failure(connect(server, fails(429, headers={"Retry-After": wait})))
    assert time.monotonic() - began < 5  # seconds; it takes milliseconds


STATUSES = [
    (401, "wants a key; set the variable RAG_LLM_KEY"),
    (403, "wants a key; set the variable RAG_LLM_KEY"),
    (404, "has no model m, or does not speak the OpenAI protocol; check the name and the address"),
    (400, "refuses the request (400: it is odd); ask with a smaller -k"),
    (500, "failed (500: it is odd); look at the server's log"),
    (502, "failed (502: it is odd); look at the server's log"),
]


@pytest.mark.parametrize(("status", "told"), STATUSES)
def test_refusals(server: OpenAIServer, status: int, told: str) -> None:
    text = failure(connect(server, fails(status, "it is odd.\nand more")))
    assert text.startswith(f"{server.url} {told}")
    assert text.endswith("or use --llm extractive, which needs no model")


def test_an_unknown_model_names_those_that_there_are(server: OpenAIServer) -> None:
    server.list_models(*(f"m{number}" for number in range(10)))
    generator = connect(server, fails(404, "model 'qwen9' not found"), model="qwen9")
    assert failure(generator) == (
        f"{server.url} has no model qwen9; take one it has: m0, m1, m2, m3, m4, m5, m6, m7 and 2 more"
    )
    server.list_models("qwen3:latest")
    told = failure(connect(server, fails(404, "model not found"), model="qwen3"))
    assert "take one it has" not in told


def test_a_server_s_page_of_html_is_not_shown(server: OpenAIServer) -> None:
    def reply(handler: Handler) -> None:
        handler.give(500, b"<html>Bad", {"Content-Type": "text/html"})

    assert "failed (500); look" in failure(connect(server, reply))


@pytest.mark.parametrize("status", [400, 401, 403, 404, 422, 429, 500])
def test_a_key_that_the_server_repeats_is_not_shown(server: OpenAIServer, status: int) -> None:
    reply = fails(
        status, f"the model says: key {KEY} is bad", headers={"X-Key": KEY, "Retry-After": "0"}
    )
    text = failure(connect(server, reply, key=KEY))
    assert server.questions[-1].headers["authorization"] == f"Bearer {KEY}"
    assert KEY not in text
    text = failure(
        connect(server, sends(b'data: {"error":{"message":"%s!"}}\n\n' % KEY.encode()), key=KEY)
    )
    assert "failed: ***!" in text


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_is_not_followed(server: OpenAIServer, status: int) -> None:
    with openai_server() as other:
        there = {"Location": f"{other.url}/v1/chat/completions?q=secret"}
        text = failure(connect(server, fails(status, headers=there), key=KEY))
        assert other.asked == []
    assert "sends requests on to http://127.0.0.1; name that address" in text


def test_nobody_there() -> None:
    def told(url: str) -> str:
        return failure(OpenAIGenerator(parse_server(f"m@{url}"), timeout_s=5))

    assert told("http://127.0.0.1:1").startswith(
        "nothing answers at http://127.0.0.1:1; start the server there"
    )
    assert told("http://no-such-host.invalid").startswith("the name no-such-host.invalid is not kn")


def test_no_certificate(server: OpenAIServer) -> None:
    url = server.url.replace("http", "https")
    text = failure(OpenAIGenerator(parse_server(f"m@{url}"), timeout_s=5))
    assert text.startswith(f"{url} has no certificate that this computer trusts")


def test_nothing_is_said_on_the_side(
    server: OpenAIServer,
    capfd: pytest.CaptureFixture[str],
    recwarn: pytest.WarningsRecorder,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(os.environ, "OPENAI_LOG", "debug")
    read(connect(server))
    failure(connect(server, fails(500)))
    assert capfd.readouterr() == ("", "")
    # What an earlier test left open may be collected, and told, now.
    assert not [one for one in recwarn.list if one.category is not ResourceWarning]


def test_the_key_is_in_no_representation(server: OpenAIServer) -> None:
    generator = connect(server, key=KEY)
    assert KEY not in repr(generator)
    assert KEY not in repr(generator._client)
    assert KEY not in repr(generator._client.api_key)
