"""A server that speaks the OpenAI chat protocol on loopback, well or badly, as a test has it."""

import json
import socket
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Event, Thread
from typing import Any

Reply = Callable[["Handler"], None]
"""How one request for an answer is met."""
WORDS = ("Chlorophyll absorbs ", "red and blue", " light [1].")


@dataclass
class Asked:
    """A request."""

    path: str
    headers: dict[str, str]
    """Names in lower case."""
    body: dict[str, Any]


@dataclass
class OpenAIServer:
    """What a test sets before it asks, and reads afterwards."""

    replies: list[Reply] = field(default_factory=list)
    """One for each request for an answer; the last one again for all others."""
    pages: dict[str, object] = field(default_factory=dict)
    """What is given as JSON at other paths."""
    asked: list[Asked] = field(default_factory=list)
    """What came, the latest last."""
    port: int = 0
    closing: Event = field(default_factory=Event)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def questions(self) -> list[Asked]:
        return [asked for asked in self.asked if asked.path.endswith("/chat/completions")]

    def list_models(self, *names: str, **more: object) -> None:
        self.pages["/v1/models"] = {
            "object": "list",
            "data": [{"id": name, "object": "model", **more} for name in names],
        }


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    state: OpenAIServer

    def handle(self) -> None:
        with suppress(ConnectionError):  # who asked went away
            super().handle()

    def do_GET(self) -> None:
        self.note({})
        self.give_page()

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        self.note(json.loads(body or b"{}"))
        if not self.path.endswith("/chat/completions"):
            self.give_page()
            return
        reply = self.state.replies.pop(0) if self.state.replies[1:] else self.state.replies[0]
        with suppress(OSError):  # who asked went away
            reply(self)

    def note(self, body: dict[str, Any]) -> None:
        headers = {name.lower(): value for name, value in self.headers.items()}
        self.state.asked.append(Asked(self.path, headers, body))

    def give_page(self) -> None:
        if self.path in self.state.pages:
            self.give(200, self.state.pages[self.path])
        else:
            self.give(404, {"error": {"message": "page not found"}})

    def give(self, status: int, content: object, headers: Mapping[str, str] | None = None) -> None:
        body = content if isinstance(content, bytes) else json.dumps(content).encode()
        self.send_response(status)
        for name, value in {"Content-Type": "application/json", **(headers or {})}.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def begin(self) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()

    def send(self, data: bytes) -> None:
        self.wfile.write(b"%x\r\n%s\r\n" % (len(data), data))
        self.wfile.flush()

    def send_piece(self, text: str | None, *, end: str | None = None, **more: object) -> None:
        delta = {"role": "assistant", "content": text, **more}
        choice = {"index": 0, "delta": delta, "finish_reason": end}
        chunk = {"id": "1", "object": "chat.completion.chunk", "created": 1, "model": "m"}
        self.send(b"data: %s\n\n" % json.dumps({**chunk, "choices": [choice]}).encode())

    def drop(self) -> None:
        """End the connection as a process does that was killed."""
        self.wfile.flush()
        self.connection.shutdown(socket.SHUT_RDWR)
        self.close_connection = True

    def log_message(self, *_: object) -> None:
        """Say nothing."""


def says(*pieces: str, end: str | None = "stop", done: bool = True) -> Reply:
    """Answer as a server should; without `end` and `done`, as one that was cut off."""

    def reply(handler: Handler) -> None:
        handler.begin()
        for piece in pieces:
            handler.send_piece(piece)
        if end:
            handler.send_piece("", end=end)
        handler.send(b'data: {"choices":[],"usage":{"total_tokens":9}}\n\n')
        if done:
            handler.send(b"data: [DONE]\n\n")
        handler.send(b"")

    return reply


def fails(status: int, message: str = "", *, headers: Mapping[str, str] | None = None) -> Reply:
    """Refuse, with a message as servers word it."""
    content = {"error": {"message": message, "type": "error", "code": None}}
    return lambda handler: handler.give(status, content, headers)


def dies(*pieces: str) -> Reply:
    """Lose the connection after some pieces."""

    def reply(handler: Handler) -> None:
        handler.begin()
        for piece in pieces:
            handler.send_piece(piece)
        handler.drop()

    return reply


def stalls(*pieces: str) -> Reply:
    """Say nothing more after some pieces, without ending."""

    def reply(handler: Handler) -> None:
        handler.begin()
        for piece in pieces:
            handler.send_piece(piece)
        handler.state.closing.wait(30)
        handler.drop()

    return reply


def repeats(data: bytes) -> Reply:
    """Send the same for ever."""

    def reply(handler: Handler) -> None:
        handler.begin()
        while not handler.state.closing.wait(0):
            handler.send(data)

    return reply


def sends(*data: bytes) -> Reply:
    """Send these bytes as the stream."""

    def reply(handler: Handler) -> None:
        handler.begin()
        for block in data:
            handler.send(block)
        handler.send(b"")

    return reply


@contextmanager
def openai_server(*replies: Reply) -> Iterator[OpenAIServer]:
    """Run a server in threads of this process."""
    state = OpenAIServer(list(replies) or [says(*WORDS)])
    handler = type("ThisHandler", (Handler,), {"state": state})
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        server.daemon_threads = True
        state.port = server.server_port
        Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
        try:
            yield state
        finally:
            state.closing.set()
            server.shutdown()
