"""Opens the generator on a server of the tests, and reads what it gives."""

import pytest

from rag.errors import NoModel, RagError
from rag.generators.openai_chat.address import parse_server
from rag.generators.openai_chat.generator import OpenAIGenerator
from rag.types import Message, Prompt
from tests.openai_server import OpenAIServer, Reply

KEY = "sk-test-0123456789"
SYSTEM, USER = Message("system", "Answer from the notes."), Message("user", "Ce este atenția?")
PROMPT = Prompt("Ce este atenția?", "ro", (), (SYSTEM, USER))


def connect(
    server: OpenAIServer,
    *replies: Reply,
    model: str = "m",
    key: str | None = None,
    timeout_s: float = 10.0,
    max_new_tokens: int = 64,
) -> OpenAIGenerator:
    """Open a generator; with replies the server gives these instead of its own."""
    if replies:
        server.replies[:] = replies
    return OpenAIGenerator(
        parse_server(f"{model}@{server.url}"),
        key=key,
        timeout_s=timeout_s,
        max_new_tokens=max_new_tokens,
    )


def read(generator: OpenAIGenerator, prompt: Prompt = PROMPT) -> str:
    return "".join(generator.stream(prompt))


def failure(generator: OpenAIGenerator, kind: type[RagError] = NoModel, *, shown: str = "") -> str:
    """Give what is told when no answer, or none to its end, can be had."""
    pieces: list[str] = []
    with pytest.raises(kind) as caught:
        pieces.extend(generator.stream(PROMPT))  # what came before the error stays
    assert type(caught.value) is kind
    assert "".join(pieces) == shown
    text = str(caught.value)
    assert "\n" not in text
    assert len(text) < 600
    # --debug prints the whole chain.
    assert caught.value.__suppress_context__
    return text
