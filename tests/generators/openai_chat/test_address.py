"""What a user may write as a server, which key it gets, and what is said of it."""

import pytest

from rag.errors import BadSettings
from rag.generators.openai_chat.address import find_key, parse_server, tell_what_leaves


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("http://localhost:11434", "http://localhost:11434/v1"),
        ("http://localhost:11434/", "http://localhost:11434/v1"),
        ("http://localhost:11434/v1", "http://localhost:11434/v1"),
        ("http://localhost:11434/v1/", "http://localhost:11434/v1"),
        ("http://[::1]:8080", "http://[::1]:8080/v1"),
        ("HTTPS://API.OpenAI.com/v1/chat/completions", "https://api.openai.com/v1"),
        ("https://box.lan/llama", "https://box.lan/llama/v1"),
        ("https://x.test/v1beta/openai/", "https://x.test/v1beta/openai"),
    ],
)
def test_the_url_may_leave_out_the_version(url: str, expected: str) -> None:
    assert parse_server(f"qwen3:4b@{url}").url == expected


def test_a_server() -> None:
    server = parse_server("@cf/meta/llama-3@https://api.test:8443/v1")
    assert (server.model, server.origin) == ("@cf/meta/llama-3", "https://api.test:8443")
    assert (server.host, server.is_here) == ("api.test", False)


@pytest.mark.parametrize(
    ("host", "is_here"),
    [
        ("localhost", True),
        ("LOCALHOST", True),
        ("127.0.0.1", True),
        ("127.9.9.9", True),
        ("[::1]", True),
        ("192.168.0.7", False),
        ("localhost.evil.test", False),
        ("127.0.0.1.evil.test", False),
        ("[2001:db8::1]", False),
    ],
)
def test_what_is_on_this_machine(host: str, *, is_here: bool) -> None:
    assert parse_server(f"m@http://{host}:1").is_here == is_here


@pytest.mark.parametrize(
    "spec",
    [
        "",
        "qwen3",
        "@http://localhost",
        "qwen3@localhost:11434",
        "qwen3@ftp://localhost",
        "qwen3@http://",
        "qwen3@http://:1",
        "qwen3@http://[::1",
        "qwen3@http://localhost:port",
        "qwen3@http://localhost:99999",
        "qwen3@http://local host",
        "qwen3@http://localhost/\nX: y",
        "qwen3@http://localhost?key=sk-secret",
        "qwen3@http://localhost#sk-secret",
        "qwen3@http://ana:sk-secret@localhost",
    ],
)
def test_what_is_no_server(spec: str) -> None:
    with pytest.raises(BadSettings) as caught:
        parse_server(spec)
    assert "\n" not in str(caught.value)
    assert "sk-secret" not in str(caught.value)


def test_a_password_in_the_address_has_its_own_remedy() -> None:
    with pytest.raises(BadSettings, match="set the variable RAG_LLM_KEY"):
        parse_server("m@https://ana:pw@x.test")


BOTH = {"RAG_LLM_KEY": " one ", "OPENAI_API_KEY": "two"}


@pytest.mark.parametrize(
    ("host", "environment", "key"),
    [
        ("x.test", {}, None),
        ("x.test", {"RAG_LLM_KEY": ""}, None),
        ("x.test", BOTH, "one"),
        ("localhost", BOTH, "one"),
        ("api.openai.com", BOTH, "one"),
        ("api.openai.com", {"OPENAI_API_KEY": "two"}, "two"),
        ("x.test", {"OPENAI_API_KEY": "two"}, None),
        ("api.openai.com.evil.test", {"OPENAI_API_KEY": "two"}, None),
        ("localhost", {"OPENAI_API_KEY": "two"}, None),
    ],
)
def test_whose_key_it_is(host: str, environment: dict[str, str], key: str | None) -> None:
    assert find_key(parse_server(f"m@https://{host}"), environment) == key


@pytest.mark.parametrize("key", ["sk-se\ncret", "sk-se cret", "sk-secreț", "sk-se\0cret"])
def test_a_key_that_no_header_can_hold_is_not_shown(key: str) -> None:
    with pytest.raises(BadSettings) as caught:
        find_key(parse_server("m@https://x.test"), {"RAG_LLM_KEY": key})
    assert str(caught.value) == "RAG_LLM_KEY holds characters that no key has; set it again"


WHAT = "your questions and the passages found for them are sent to"


@pytest.mark.parametrize(
    ("spec", "key", "lines"),
    [
        ("m@http://localhost:1", "k", []),
        ("m@https://x.test/v1", "k", [f"{WHAT} https://x.test"]),
        ("m@http://x.test:8/v1", None, [f"{WHAT} http://x.test:8"]),
        (
            "m@http://x.test:8/v1",
            "k",
            [
                f"{WHAT} http://x.test:8",
                "http://x.test:8 is not encrypted: your key can be read on the way (https)",
            ],
        ),
        (
            "gpt-oss:120b-cloud@http://localhost:1",
            None,
            [f"gpt-oss:120b-cloud is not run on this machine: {WHAT} its maker"],
        ),
    ],
)
def test_what_leaves_is_told(spec: str, key: str | None, lines: list[str]) -> None:
    assert tell_what_leaves(parse_server(spec), key) == lines
