"""The server that answers well or badly."""

from collections.abc import Iterator

import pytest

from tests.openai_server import OpenAIServer, openai_server


@pytest.fixture
def server() -> Iterator[OpenAIServer]:
    with openai_server() as running:
        running.list_models("m")
        yield running
