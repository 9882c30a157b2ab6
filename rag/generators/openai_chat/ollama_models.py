"""Which of the models of an Ollama on this machine to take."""

import json
from collections.abc import Iterator, Mapping
from http.client import HTTPConnection, HTTPException
from typing import Any

from rag.generators.openai_chat.ollama import ADDRESS

ANSWER_S = 2.0
"""It lists its models in milliseconds, and in a second while it loads one."""
MOST_BYTES = 1 << 22
"""A description of a model holds its licence and template, some 100 KB."""
MOST_ASKED = 8
"""Models that are asked what they can do."""


def choose_model(port: int) -> str | None:
    """Choose a chat model among those installed; None if there is none, or no Ollama.

    The one that is in memory already, else the one that was fetched last. Models that only embed
    are passed over, and those that run elsewhere: nothing may leave the machine unasked.
    """
    models = [model for model in _list(port, "/api/tags") if _is_here(model)]
    loaded = {model.get("name") for model in _list(port, "/api/ps")}
    models.sort(key=lambda model: str(model.get("modified_at")), reverse=True)
    models.sort(key=lambda model: model["name"] not in loaded)
    for model in models[:MOST_ASKED]:
        if _can_chat(port, model):
            return str(model["name"])
    return None


def _is_here(model: Mapping[str, Any]) -> bool:
    name = model.get("name")
    if not isinstance(name, str) or not name or not name.isprintable():
        return False
    runs_elsewhere = model.get("remote_host") or model.get("remote_model")
    return not runs_elsewhere and not name.endswith(("-cloud", ":cloud"))


def _can_chat(port: int, model: Mapping[str, Any]) -> bool:
    abilities = _ask(port, "/api/show", {"model": model["name"]}).get("capabilities")
    if isinstance(abilities, list):
        return "completion" in abilities
    # An Ollama from before 2025 does not say; the networks that embed are all of BERT's family.
    details = model.get("details")
    family = str(details.get("family")) if isinstance(details, Mapping) else ""
    return "bert" not in family and "embed" not in model["name"]


def _list(port: int, path: str) -> Iterator[Mapping[str, Any]]:
    models = _ask(port, path).get("models")
    for model in models if isinstance(models, list) else []:
        if isinstance(model, Mapping):
            yield model


def _ask(port: int, path: str, question: Mapping[str, str] | None = None) -> Mapping[str, Any]:
    """Give what it says, nothing where it says nothing sensible."""
    connection = HTTPConnection(ADDRESS, port, timeout=ANSWER_S)
    try:
        body = json.dumps(question) if question else None
        connection.request("POST" if question else "GET", path, body)
        response = connection.getresponse()
        content = response.read(MOST_BYTES)
        said = json.loads(content) if response.status == 200 else {}  # noqa: PLR2004 - OK
    except (OSError, HTTPException, ValueError, RecursionError):
        return {}
    finally:
        connection.close()
    return said if isinstance(said, Mapping) else {}
