"""What goes over the wire: which headers, to whom, how much, how long.

A server may be anybody's, and the environment of a shell holds settings for others. So headers are
those on a list, whatever the client or its variables (OPENAI_ORG_ID, OPENAI_CUSTOM_HEADERS, …) add;
a redirect is not followed, for it would carry questions and key to a host that nobody named; and
proxies, which the environment also names, are not asked for what is on this machine.
"""

import logging
import time
from collections.abc import Iterator

import httpx2
from openai import OpenAI

from rag.generators.openai_chat.address import Server

CONNECT_S = 5.0
"""To reach a server at all, its name looked up."""
MOST_BYTES = 1 << 23
"""Of one reply. A token comes in some 300 bytes, so that an answer of 1,024 takes 0.3 MB."""
NO_KEY = "-"
"""The client wants one; the header that it makes of it is taken out again."""

_KEPT = frozenset(
    "accept connection content-length content-type host transfer-encoding user-agent".split()
)


class BadReply(Exception):
    """A server's reply that is none, or never ends."""


def open_client(server: Server, key: str | None, *, timeout_s: float) -> OpenAI:
    """Open a client for one server; nothing is sent yet.

    Args:
        server: whom it may talk to.
        key: sent as a bearer token; None sends none.
        timeout_s: how long the server may say nothing, in seconds.
    """
    # What OPENAI_LOG asks for would stand between the lines for people, with the notes in it.
    logging.getLogger("openai").setLevel(logging.CRITICAL)

    def keep_what_is_ours(request: httpx2.Request) -> None:
        for name in [name for name in request.headers if name.lower() not in _KEPT]:
            del request.headers[name]
        request.headers["Accept-Encoding"] = "identity"
        if key is not None:
            request.headers["Authorization"] = f"Bearer {key}"

    def watch(response: httpx2.Response) -> None:
        if response.headers.get("Content-Encoding", "identity") != "identity":
            # Some kilobytes may unpack to gigabytes.
            raise BadReply("compresses its reply, which nobody asked for")
        if isinstance(response.stream, httpx2.SyncByteStream):
            response.stream = _Watched(response.stream, timeout_s)

    http = httpx2.Client(
        trust_env=not server.is_here,
        follow_redirects=False,
        timeout=httpx2.Timeout(timeout_s, connect=min(CONNECT_S, timeout_s)),
        event_hooks={"request": [keep_what_is_ours], "response": [watch]},
    )
    return OpenAI(api_key=NO_KEY, base_url=server.url, http_client=http, max_retries=0)


class _Watched(httpx2.SyncByteStream):
    """A reply that may not be endless, nor go on without a word."""

    def __init__(self, stream: httpx2.SyncByteStream, timeout_s: float) -> None:
        self._stream = stream
        self._timeout_s = timeout_s

    def __iter__(self) -> Iterator[bytes]:
        left, heard = MOST_BYTES, time.monotonic()
        for block in self._stream:
            left -= len(block)
            if left < 0:
                raise BadReply(f"sends more than {MOST_BYTES >> 20} MB")
            # Comments, by which a server says that it is still there, are no word of an answer.
            if b"data" in block:
                heard = time.monotonic()
            elif time.monotonic() - heard > self._timeout_s:
                raise httpx2.ReadTimeout("only comments")
            yield block

    def close(self) -> None:
        self._stream.close()
