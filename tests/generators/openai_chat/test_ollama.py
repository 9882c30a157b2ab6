"""Which model of an Ollama on this machine is taken, against a server that lists models as it does."""

from collections.abc import Iterator

import pytest

from rag.generators.openai_chat import ollama
from rag.generators.openai_chat.ollama_models import choose_model
from tests.openai_server import OpenAIServer, openai_server


@pytest.fixture
def server() -> Iterator[OpenAIServer]:
    with openai_server() as running:
        yield running


def install(server: OpenAIServer, *models: dict[str, object], loaded: str = "") -> None:
    """Have the server list models, the older first."""
    dated = [{"modified_at": f"2026-01-0{day}", **model} for day, model in enumerate(models, 1)]
    server.pages["/api/tags"] = {"models": dated}
    server.pages["/api/ps"] = {"models": [{"name": loaded}] if loaded else []}


@pytest.mark.parametrize(
    ("value", "port"),
    [
        ("", 11434),
        ("127.0.0.1:8", 8),
        ("localhost:8", 8),
        ("0.0.0.0", 11434),
        ("0.0.0.0:8", 8),
        (":8", 8),
        ("http://127.0.0.1:8/", 8),
        ("[::]:8", 8),
        ("192.168.0.7:8", None),
        ("x.test", None),
        ("127.0.0.1.x.test:8", None),
        ("127.0.0.1:0", None),
        ("127.0.0.1:99999", None),
        ("127.0.0.1:x", None),
    ],
)
def test_only_this_machine_is_asked(value: str, port: int | None) -> None:
    assert ollama.find_port({"OLLAMA_HOST": value}) == port
    assert ollama.find_port({}) == 11434


def test_whether_it_runs(server: OpenAIServer) -> None:
    assert ollama.is_running(server.port)
    assert not ollama.is_running(1)
    assert choose_model(1) is None


def test_the_one_fetched_last(server: OpenAIServer) -> None:
    install(server, {"name": "old:1b"}, {"name": "new:1b"})
    assert choose_model(server.port) == "new:1b"


def test_the_one_in_memory(server: OpenAIServer) -> None:
    install(server, {"name": "old:1b"}, {"name": "new:1b"}, loaded="old:1b")
    assert choose_model(server.port) == "old:1b"


def test_models_that_embed_are_passed_over(server: OpenAIServer) -> None:
    install(
        server,
        {"name": "chat:1b", "details": {"family": "llama"}},
        {"name": "bge-m3:latest", "details": {"family": "bert"}},
        {"name": "nomic:latest", "details": {"family": "nomic-bert"}},
        {"name": "mxbai-embed-large:latest"},
        {"name": "qwen3-embedding:latest"},
        loaded="bge-m3:latest",
    )
    assert choose_model(server.port) == "chat:1b"


def test_what_a_model_says_of_itself_counts(server: OpenAIServer) -> None:
    install(server, {"name": "vectors:1b"})
    server.pages["/api/show"] = {"capabilities": ["embedding"]}
    assert choose_model(server.port) is None
    server.pages["/api/show"] = {"capabilities": ["completion", "tools"]}
    assert choose_model(server.port) == "vectors:1b"
    assert server.asked[-1].body == {"model": "vectors:1b"}


def test_models_that_run_elsewhere_are_never_taken(server: OpenAIServer) -> None:
    install(
        server,
        {"name": "gpt-oss:120b-cloud"},
        {"name": "kimi:cloud"},
        {"name": "mine:latest", "remote_host": "https://ollama.com"},
        {"name": "mine2:latest", "remote_model": "gpt-oss:120b"},
        loaded="kimi:cloud",
    )
    assert choose_model(server.port) is None


@pytest.mark.parametrize(
    "page", [None, [], {}, {"models": None}, {"models": [1, {}, {"name": 2}, {"name": "a\nb"}]}]
)
def test_nonsense_is_no_model(server: OpenAIServer, page: object) -> None:
    server.pages["/api/tags"] = server.pages["/api/ps"] = page
    assert choose_model(server.port) is None


def test_another_program_on_its_port(server: OpenAIServer) -> None:
    assert choose_model(server.port) is None
    server.pages["/api/tags"] = b"<html>"
    assert choose_model(server.port) is None
    server.pages["/api/tags"] = b"[" * 100_000
    assert choose_model(server.port) is None
