"""What can go wrong with a server, each as one line with its remedy.

A server's own words are shown where they help, its first line, without the key: some repeat it.
"""

import socket
import ssl
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import httpx2
import openai

from rag.generators.openai_chat.address import KEY, OPENAI_HOST, OPENAI_KEY, Server
from rag.generators.openai_chat.transport import BadReply

FAILURES = (openai.OpenAIError, httpx2.HTTPError, BadReply, ValueError, RecursionError)
"""What the client raises; the last two for replies that are no JSON or no text."""
ELSE = "or use --llm extractive, which needs no model"
MOST_SHOWN = 200
"""Characters of a server's own words."""
MOST_NAMED = 8
"""Models that are named to choose from."""

_NOT_ALLOWED = (401, 403)
_NOT_FOUND = 404
_TOO_MANY = 429
_ITS_FAULT = 500


@dataclass(frozen=True, slots=True)
class Failure:
    """What is told."""

    problem: str
    remedy: str


def explain(
    error: Exception, server: Server, *, key: str | None, timeout_s: float, models: Sequence[str]
) -> Failure:
    """Put a failure into one line.

    Args:
        error: one of `FAILURES`.
        server: which server it was.
        key: never shown.
        timeout_s: how long the server was waited for.
        models: those that the server has; empty where it does not say.
    """
    if isinstance(error, openai.APIStatusError):
        return _explain_status(error, server, key, models)
    return _explain_connection(error, server) or _explain_reply(error, server, key, timeout_s)


def _explain_connection(error: Exception, server: Server) -> Failure | None:
    where, causes = server.origin, list(_causes(error))
    if any(isinstance(cause, socket.gaierror) for cause in causes):
        return Failure(f"the name {server.host} is not known", f"check the address, {ELSE}")
    if any(isinstance(cause, ssl.SSLError) for cause in causes):
        problem = f"{where} has no certificate that this computer trusts"
        return Failure(problem, f"check the address, {ELSE}")
    if any(isinstance(cause, httpx2.ConnectError | httpx2.ConnectTimeout) for cause in causes):
        return Failure(f"nothing answers at {where}", f"start the server there, {ELSE}")
    return None


def _explain_reply(error: Exception, server: Server, key: str | None, timeout_s: float) -> Failure:
    where = server.origin
    if isinstance(error, openai.APITimeoutError | httpx2.TimeoutException):
        problem = f"{where} said nothing for {timeout_s:g} s"
        return Failure(problem, f"set llm_timeout to more seconds, take a smaller model, {ELSE}")
    remedy = f"look at the server's log, {ELSE}"
    if isinstance(error, openai.APIConnectionError | httpx2.TransportError):
        return Failure(f"{where} closed the connection", remedy)
    if isinstance(error, BadReply):
        return Failure(f"{where} {error}", remedy)
    if isinstance(error, openai.APIError) and (said := _quote(error, key)):
        return Failure(f"{where} failed: {said}", remedy)
    problem = f"{where} does not answer as an OpenAI-compatible server does"
    return Failure(problem, f"check the address, {ELSE}")


def _explain_status(
    error: openai.APIStatusError, server: Server, key: str | None, models: Sequence[str]
) -> Failure:
    status, where = error.status_code, server.origin
    if status in _NOT_ALLOWED:
        variable = OPENAI_KEY if server.host == OPENAI_HOST else KEY
        problem = f"{where} refuses the key" if key else f"{where} wants a key"
        return Failure(problem, f"set the variable {variable} to one that it takes, {ELSE}")
    if error.response.is_redirect:
        problem = f"{where} sends requests on to {_origin(error.response.headers)}"
        return Failure(problem, f"name that address in --llm if you trust it, {ELSE}")
    said = _quote(error, key)
    # Of 400, for which there are many reasons, only one that is about the model.
    about_model = status == _NOT_FOUND or "model" in said.lower()
    if models and about_model and not has_model(models, server.model):
        named = ", ".join(_clean(name, key) for name in models[:MOST_NAMED])
        more = f" and {len(models) - MOST_NAMED} more" if len(models) > MOST_NAMED else ""
        return Failure(f"{where} has no model {server.model}", f"take one it has: {named}{more}")
    if status == _NOT_FOUND:
        problem = f"{where} has no model {server.model}, or does not speak the OpenAI protocol"
        return Failure(problem, f"check the name and the address, {ELSE}")
    if status == _TOO_MANY:
        return Failure(f"{where} takes no more questions now", f"try again later, {ELSE}")
    what = f"{status}: {said}" if said else f"{status}"
    if status >= _ITS_FAULT:
        return Failure(f"{where} failed ({what})", f"look at the server's log, {ELSE}")
    remedy = f"ask with a smaller -k, take another model, {ELSE}"
    return Failure(f"{where} refuses the request ({what})", remedy)


def has_model(models: Sequence[str], model: str) -> bool:
    """Say whether a name is among those that a server has; Ollama's may leave out `:latest`."""
    return model in models or f"{model}:latest" in models


def _quote(error: openai.APIError, key: str | None) -> str:
    body: Any = error.body
    if isinstance(body, dict):
        # {"message": …} from most, {"detail": …} from those made with FastAPI.
        body = body.get("message") or body.get("detail")
    return _clean(body, key) if isinstance(body, str) and "<html" not in body.lower() else ""


def _clean(text: str, key: str | None) -> str:
    """Give the first line, short, without the key."""
    if key:
        text = text.replace(key, "***")
    line = next(iter(text.strip().splitlines()), "")
    return line[:MOST_SHOWN].rstrip(". ")


def _origin(headers: httpx2.Headers) -> str:
    """Say where a redirect leads, without the path, which may hold what was asked."""
    try:
        parts = urlsplit(headers.get("Location", ""))
        host = parts.hostname
    except ValueError:
        host = None
    return f"{parts.scheme}://{host}"[:MOST_SHOWN] if host else "another address"


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__
