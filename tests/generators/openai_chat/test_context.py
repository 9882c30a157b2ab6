"""Which prompts fit a server's context."""

import pytest

from rag.generators.openai_chat.address import parse_server
from rag.generators.openai_chat.generator import OpenAIGenerator
from rag.types import Message, Prompt
from tests.generators.openai_chat.connecting import PROMPT, connect
from tests.openai_server import OpenAIServer


def prompt_of(size: int) -> Prompt:
    return Prompt("?", "en", (), (Message("user", "a" * size),))


def test_it_fits_a_context_that_the_server_does_not_name(server: OpenAIServer) -> None:
    generator = connect(server, max_new_tokens=1000)
    # 4,096 tokens, less 1,000 for the answer and 16 for the turn, of two bytes.
    assert generator.fits(prompt_of(6160))
    assert not generator.fits(prompt_of(6161))
    assert not generator.fits(Prompt("?", "en", (), (Message("user", "ă" * 3081),)))
    assert len(server.asked) == 1  # it asked once


@pytest.mark.parametrize(
    "more",
    [
        {"max_model_len": 2048},
        {"context_length": 2048},
        {"meta": {"n_ctx": 2048, "n_ctx_train": 9}},
    ],
)
def test_it_fits_a_context_that_the_server_names(
    server: OpenAIServer, more: dict[str, object]
) -> None:
    server.list_models("other.gguf", **more)  # llama.cpp has one model, whatever it is called
    generator = connect(server, max_new_tokens=1000)
    assert generator.fits(prompt_of(2064))
    assert not generator.fits(prompt_of(2065))


def test_it_fits_a_context_that_the_user_names(server: OpenAIServer) -> None:
    generator = OpenAIGenerator(parse_server(f"m@{server.url}"), max_new_tokens=24, context=2048)
    # 2,048 tokens, less 24 for the answer and 16 for the turn, of two bytes.
    assert generator.fits(prompt_of(4016))
    assert not generator.fits(prompt_of(4017))
    assert server.asked == []


@pytest.mark.parametrize("page", [None, 3, [], {"data": None}, {"data": [None, 3, {"id": 4}]}])
def test_a_list_of_models_that_is_none(server: OpenAIServer, page: object) -> None:
    server.pages["/v1/models"] = page
    assert connect(server).fits(PROMPT)
