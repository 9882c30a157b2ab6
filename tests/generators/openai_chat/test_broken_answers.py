"""Answers that break off, stall, never end or are none."""

import pytest

from rag.errors import BrokenAnswer
from tests.generators.openai_chat.connecting import PROMPT, connect, failure
from tests.openai_server import OpenAIServer, Reply, dies, repeats, says, sends, stalls


@pytest.mark.parametrize(
    ("reply", "shown"),
    [
        (dies("Da", " [1]"), "Da [1]"),
        (says("Da", end=None), "Da"),
        (says("Da", end=None, done=False), "Da"),
        (says("Da", end="content_filter"), "Da"),
        (says("Da", end="error"), "Da"),
    ],
)
def test_half_an_answer_is_none(server: OpenAIServer, reply: Reply, shown: str) -> None:
    failure(connect(server, reply), BrokenAnswer, shown=shown)


@pytest.mark.parametrize(
    "reply", [dies(), says(end=None), dies("<think>hm"), says("<think>hm", end=None)]
)
def test_no_word_of_an_answer_is_no_model(server: OpenAIServer, reply: Reply) -> None:
    failure(connect(server, reply))


def test_a_model_that_only_thinks(server: OpenAIServer) -> None:
    for reply in (says("<think>hm", end="length"), says(end="length")):
        told = failure(connect(server, reply))
        assert told.startswith("m thought for 64 tokens and said nothing; take a model that thinks")


def test_a_stall(server: OpenAIServer) -> None:
    told = failure(connect(server, stalls(), timeout_s=0.2))
    assert told.startswith(f"{server.url} said nothing for 0.2 s; set llm_timeout to more seconds")
    failure(connect(server, stalls("Da"), timeout_s=1), BrokenAnswer, shown="Da")
    # Comments say that the server is there, not that an answer comes.
    assert "said nothing for 0.2 s" in failure(
        connect(server, repeats(b": ping\n\n"), timeout_s=0.2)
    )


NOT_THE_PROTOCOL = [
    b"data: {\n\n", b"data: []\n\n", b"data: 3\n\n", b"data: null\n\n", b"data: {}\n\n",
    b'data: {"choices":3}\n\n', b'data: {"choices":[3]}\n\n', b'data: {"choices":[null]}\n\n',
    b'data: {"choices":[{"delta":[1]}]}\n\n', b'data: {"choices":[{"delta":{"content":3}}]}\n\n',
    b"data: \xff\xfe\n\n", b"data: " + b"[" * 100_000 + b"\n\n", b"<html>\n\n", b"\0" * 100, b"",
]  # fmt: skip


@pytest.mark.parametrize("data", NOT_THE_PROTOCOL)
def test_what_is_no_answer(server: OpenAIServer, data: bytes) -> None:
    assert failure(connect(server, sends(data))).startswith(server.url)


@pytest.mark.parametrize(
    "reply",
    [
        lambda handler: handler.give(200, {"choices": [{"message": {"content": "Da."}}]}),
        lambda handler: handler.give(200, b"<html>", {"Content-Type": "text/html"}),
        lambda handler: handler.give(200, b"x", {"Content-Encoding": "gzip"}),
        lambda handler: handler.wfile.write(b"SSH-2.0\r\n\r\n"),
    ],
)
def test_what_is_no_stream(server: OpenAIServer, reply: Reply) -> None:
    assert failure(connect(server, reply)).startswith(server.url)


def test_an_endless_answer_ends(server: OpenAIServer) -> None:
    generator = connect(server, repeats(b'data: {"choices":[{"delta":{"content":"Da "}}]}\n\n'))
    pieces: list[str] = []
    with pytest.raises(BrokenAnswer, match="goes on and on"):
        pieces.extend(generator.stream(PROMPT))
    # 64 tokens of at most 32 characters.
    assert len("".join(pieces)) == 2046
    empty = repeats(b'data: {"choices":[]}\n\n')
    assert "goes on and on" in failure(connect(server, empty))


def test_an_endless_line_ends(server: OpenAIServer) -> None:
    assert "sends more than 8 MB" in failure(connect(server, repeats(b"data: " + b"x" * 65536)))
