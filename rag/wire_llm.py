"""Puts a language model together from its specification; `wire` does so for everything else.

Heavy libraries are imported inside the functions that need them.
"""

import os
from collections.abc import Callable
from typing import TYPE_CHECKING

from rag.config import Settings
from rag.errors import BadSettings

if TYPE_CHECKING:
    from rag.encoders import Encoder
    from rag.generators import Generator
    from rag.generators.openai_chat.address import Server

TRANSFORMERS = "hf:"
OPENAI = "openai:"
EXTRACTIVE = "extractive"
AUTO = "auto"


def check_llm(spec: str) -> None:
    """Check what a user gave as LLM, before anything is loaded.

    Raises:
        BadSettings: no such kind, or no such address.
    """
    if spec.startswith(OPENAI):
        _find_server(spec)
        return
    has_name = spec.startswith(TRANSFORMERS) and spec != TRANSFORMERS
    if spec not in (EXTRACTIVE, AUTO) and not has_name:
        # What stands behind an @ may hold a password.
        raise BadSettings(
            f"no such LLM: {spec.partition('@')[0]!r}",
            "give extractive, auto, hf:MODEL or openai:MODEL@URL",
        )


def tell_what_leaves(spec: str) -> list[str]:
    """Say in a line each what a language model takes from this machine.

    Raises:
        BadSettings: no such address.
    """
    if not spec.startswith(OPENAI):
        return []
    from rag.generators.openai_chat import address

    return address.tell_what_leaves(*_find_server(spec))


def _find_server(spec: str) -> "tuple[Server, str | None]":
    """Give the server that a user named, and the key for it."""
    from rag.generators.openai_chat.address import find_key, parse_server

    server = parse_server(spec.removeprefix(OPENAI))
    return server, find_key(server, os.environ)


def open_generator(
    settings: Settings, encoder: "Encoder", notify: Callable[[str], None]
) -> "Generator":
    """Load the generator that the settings name.

    Args:
        settings: which LLM, and how it draws.
        encoder: for the one that needs no LLM.
        notify: given a line for the user that says what `auto` chose.

    Raises:
        BadSettings: no such kind.
        NoModel: it cannot be had.
    """
    spec = settings.llm
    check_llm(spec)
    if spec == AUTO:
        return _choose_generator(settings, encoder, notify)
    if spec == EXTRACTIVE:
        from rag.generators.extractive import ExtractiveGenerator

        return ExtractiveGenerator(encoder)
    if spec.startswith(OPENAI):
        return _open_server(*_find_server(spec), settings)
    from rag.generators.transformers_chat import TransformersGenerator

    name = spec.removeprefix(TRANSFORMERS)
    return TransformersGenerator(name, temperature=settings.temperature, seed=settings.seed)


def _choose_generator(
    settings: Settings, encoder: "Encoder", notify: Callable[[str], None]
) -> "Generator":
    """Take a chat model of an Ollama on this machine, else quote the notes."""
    from rag.generators.extractive import ExtractiveGenerator
    from rag.generators.openai_chat import ollama

    extractive = ExtractiveGenerator(encoder)
    quoting = "quoting the notes word for word (see --llm)"
    port = ollama.find_port(os.environ)
    if port is None or not ollama.is_running(port):
        notify(f"no language model is set: {quoting}")
        return extractive
    from rag.generators.openai_chat.ollama_models import choose_model

    model = choose_model(port)
    if model is None:
        notify(f"Ollama runs here but has no chat model: {quoting}")
        return extractive
    from rag.generators.fallback import FallbackGenerator
    from rag.generators.openai_chat.address import parse_server

    notify(f"answering with {model} of the Ollama on this machine (see --llm)")
    server = parse_server(f"{model}@http://{ollama.ADDRESS}:{port}")
    return FallbackGenerator(_open_server(server, None, settings), extractive, notify)


def _open_server(server: "Server", key: str | None, settings: Settings) -> "Generator":
    from rag.generators.openai_chat.generator import OpenAIGenerator

    return OpenAIGenerator(
        server,
        key=key,
        temperature=settings.temperature,
        seed=settings.seed,
        timeout_s=settings.llm_timeout,
        context=settings.llm_context or None,
    )
