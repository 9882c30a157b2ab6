"""What every generator keeps: the extractive one, a decoder, a server, one in another's place."""

from collections.abc import Iterator
from dataclasses import replace

import pytest

from rag.answers.prompt import build_prompt
from rag.encoders.embedded_encoder import EmbeddedEncoder
from rag.generators import Generator
from rag.generators.extractive import ExtractiveGenerator
from rag.generators.fallback import FallbackGenerator
from rag.generators.openai_chat.address import parse_server
from rag.generators.openai_chat.generator import OpenAIGenerator
from rag.generators.transformers_chat import TransformersGenerator
from tests.answers.scripted import make_passage
from tests.openai_server import openai_server
from tests.tiny_decoder import build_tiny_decoder

NOTE = make_passage("An LSTM cell has three gates.\n", headings=("LSTM",))
PROMPT = build_prompt("How many gates does an LSTM cell have?", "en", [NOTE])
KINDS = ["extractive", "transformers", "openai", "fallback"]


@pytest.fixture(scope="module", params=KINDS)
def generator(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Generator]:
    extractive = ExtractiveGenerator(EmbeddedEncoder())
    with openai_server() as server:
        nobody = OpenAIGenerator(parse_server("m@http://127.0.0.1:1"))
        match request.param:
            case "transformers":
                folder = tmp_path_factory.mktemp("models") / "tiny"
                build_tiny_decoder(folder, context=4096)
                yield TransformersGenerator(str(folder), max_new_tokens=30)
            case "openai":
                yield OpenAIGenerator(parse_server(f"m@{server.url}"))
            case "fallback":
                yield FallbackGenerator(nobody, extractive, lambda _: None)
            case _:
                yield extractive


def test_it_says_what_it_is(generator: Generator) -> None:
    list(generator.stream(PROMPT))
    assert generator.kind in {"extractive", "transformers", "openai"}
    assert generator.model


def test_it_answers_in_pieces(generator: Generator) -> None:
    pieces = list(generator.stream(PROMPT))
    assert pieces
    assert all(isinstance(piece, str) and piece for piece in pieces)
    assert list(generator.stream(PROMPT)) == pieces


def test_an_answer_can_be_left(generator: Generator) -> None:
    whole = list(generator.stream(PROMPT))
    left = generator.stream(PROMPT)
    assert next(left) == whole[0]
    left.close()  # type: ignore[attr-defined]
    assert list(generator.stream(PROMPT)) == whole


def test_answers_at_once(generator: Generator) -> None:
    whole = list(generator.stream(PROMPT))
    one, other = generator.stream(PROMPT), generator.stream(PROMPT)
    assert [next(one), next(other), *one] == [whole[0], whole[0], *whole[1:]]
    assert list(other) == whole[1:]


def test_a_small_prompt_fits(generator: Generator) -> None:
    assert generator.fits(PROMPT)


def test_of_longer_prompts_none_fits_again(generator: Generator) -> None:
    fits = []
    for copies in (1, 10, 100, 1000):
        message = replace(PROMPT.messages[1], content=PROMPT.messages[1].content * copies)
        fits.append(generator.fits(replace(PROMPT, messages=(PROMPT.messages[0], message))))
    assert fits == sorted(fits, reverse=True)


def test_nothing_is_said_on_the_side(
    generator: Generator, capfd: pytest.CaptureFixture[str], recwarn: pytest.WarningsRecorder
) -> None:
    generator.fits(PROMPT)
    list(generator.stream(PROMPT))
    assert capfd.readouterr() == ("", "")
    assert not recwarn.list
