"""Where a server is, and which key it gets.

Keys come from the environment alone. The one for OpenAI goes to OpenAI alone: a person who has it
set and names another server did not mean to give it away.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from ipaddress import ip_address
from urllib.parse import urlsplit

from rag.errors import BadSettings

KEY = "RAG_LLM_KEY"
"""The variable with the key for whatever server the user named."""
OPENAI_KEY = "OPENAI_API_KEY"
OPENAI_HOST = "api.openai.com"
EXAMPLE = "give openai:MODEL@URL, e.g. openai:qwen3@http://localhost:11434"

_SPEC = re.compile(r"(?P<model>.+?)@(?P<url>https?://.+)", re.IGNORECASE)
_VERSION = re.compile(r"/v\d\w*(?:/|$)")
_ENDPOINT = re.compile(r"(?:/chat/completions)?/*$")
_KEY = re.compile(r"[!-~]+")
"""Visible ASCII; anything else would end up in an error of the HTTP library, key and all."""
_ELSEWHERE = re.compile(r"[:-]cloud$")
"""How Ollama names models that its maker runs: the local server passes every question on."""


@dataclass(frozen=True, slots=True)
class Server:
    """A model and the server that runs it."""

    model: str
    """As the server names it."""
    url: str
    """What `/chat/completions` is put behind; without a slash at its end."""
    origin: str
    """Scheme, host and port: what people are shown."""
    host: str
    is_here: bool
    """On this machine: its address is one of the loopback."""


def parse_server(text: str) -> Server:
    """Read `MODEL@URL`; the URL may leave out `/v1`.

    Raises:
        BadSettings: it is something else. The line does not repeat the URL, which may hold a
            password.
    """
    found = _SPEC.fullmatch(text)
    if not found or not text.isprintable() or " " in found["url"]:
        raise BadSettings("openai: wants a model and the address of its server", EXAMPLE)
    try:
        parts = urlsplit(found["url"])
        host, port = parts.hostname or "", parts.port
    except ValueError as error:  # a port of letters, a bracket left open
        raise BadSettings("the address of the LLM's server is none", EXAMPLE) from error
    if "@" in parts.netloc:
        remedy = f"leave them out and set the variable {KEY}"
        raise BadSettings("the address of the LLM's server holds a name or a password", remedy)
    if not host or parts.query or parts.fragment:
        raise BadSettings("the address of the LLM's server is not a host and a path", EXAMPLE)
    shown = f"[{host}]" if ":" in host else host
    origin = f"{parts.scheme}://{shown}{f':{port}' if port else ''}"
    path = _ENDPOINT.sub("", parts.path)
    path = path if _VERSION.search(path) else f"{path}/v1"
    return Server(found["model"].strip(), f"{origin}{path}", origin, host, _is_loopback(host))


def find_key(server: Server, environment: Mapping[str, str]) -> str | None:
    """Give the key for a server; None where there is none.

    Raises:
        BadSettings: it holds what no key has. The line does not show it.
    """
    names = [KEY, OPENAI_KEY] if server.host == OPENAI_HOST else [KEY]
    for name in names:
        key = environment.get(name, "").strip()
        if key and not _KEY.fullmatch(key):
            raise BadSettings(f"{name} holds characters that no key has", "set it again")
        if key:
            return key
    return None


def tell_what_leaves(server: Server, key: str | None) -> list[str]:
    """Say in a line each what leaves this machine, and whether it can be read on the way."""
    what = "your questions and the passages found for them"
    lines = []
    if not server.is_here:
        lines.append(f"{what} are sent to {server.origin}")
    elif _ELSEWHERE.search(server.model):
        lines.append(f"{server.model} is not run on this machine: {what} are sent to its maker")
    if key and not server.is_here and server.origin.startswith("http:"):
        lines.append(f"{server.origin} is not encrypted: your key can be read on the way (https)")
    return lines


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
