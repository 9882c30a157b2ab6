"""Names on the hub, against a server that speaks as the hub does."""

import hashlib
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest

COMMIT = "c" * 40
LOAD_EACH = """
import json, sys, time
from rag.errors import NoModel
from rag.generators.transformers_chat.loading import load_decoder
for line in sys.stdin:
    began = time.monotonic()
    try:
        load_decoder(line.strip())
        outcome = "loaded"
    except NoModel as error:
        outcome = str(error)
    print(json.dumps([outcome, time.monotonic() - began]), flush=True)
"""


class Hub(BaseHTTPRequestHandler):
    """Serves the files of one folder as `tiny/chat`, and as `tiny/gated` to nobody."""

    folder: Path
    asked: list[str]

    def do_GET(self) -> None:
        self.asked.append(self.path)
        path = self.path.partition("?")[0]
        model = next((name for name in ("tiny/chat", "tiny/gated") if name in path), None)
        files = sorted(file for file in self.folder.iterdir() if file.is_file())
        if model is None:
            self.answer(404, b"", {"X-Error-Code": "RepoNotFound"})
        elif path.startswith(f"/api/models/{model}/tree/"):
            listed = [
                {"type": "file", "path": file.name, "size": file.stat().st_size, "oid": etag(file)}
                for file in files
            ]
            self.answer(200, json.dumps(listed).encode(), {})
        elif path.startswith("/api/models/"):
            siblings = [{"rfilename": file.name} for file in files]
            found = {"id": model, "modelId": model, "sha": COMMIT, "siblings": siblings, "tags": []}
            self.answer(200, json.dumps(found).encode(), {})
        elif model == "tiny/gated":
            self.answer(403, b"", {"X-Error-Code": "GatedRepo"})
        else:
            file = self.folder / path.rpartition("/")[2]
            self.answer(
                200, file.read_bytes(), {"ETag": f'"{etag(file)}"', "X-Repo-Commit": COMMIT}
            )

    def do_HEAD(self) -> None:
        self.do_GET()

    def answer(self, status: int, body: bytes, headers: dict[str, str]) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command == "GET":
            self.wfile.write(body)

    def log_message(self, *_: Any) -> None:
        """Say nothing."""


def etag(file: Path) -> str:
    return hashlib.sha1(file.read_bytes()).hexdigest()


@dataclass
class Client:
    """A process that loads models, with a cache of its own, and the hub that it asks."""

    process: "subprocess.Popen[str]"
    server: ThreadingHTTPServer
    asked: list[str]

    def load(self, name: str) -> tuple[str, float]:
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write(f"{name}\n")
        self.process.stdin.flush()
        outcome, seconds = json.loads(self.process.stdout.readline())
        return outcome, seconds


@pytest.fixture
def client(tiny_decoder: Path, tmp_path: Path) -> Iterator[Client]:
    asked: list[str] = []
    (tiny_decoder / "pytorch_model.bin").write_bytes(b"pickle")
    (tiny_decoder / "consolidated.safetensors").write_bytes(b"the same once more")
    handler = type("ThisHub", (Hub,), {"folder": tiny_decoder, "asked": asked})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    Thread(target=server.serve_forever, daemon=True).start()
    environment = os.environ | {
        "HF_ENDPOINT": f"http://127.0.0.1:{server.server_port}",
        "HF_HOME": str(tmp_path / "home"),
        "NO_PROXY": "127.0.0.1",
    }
    with subprocess.Popen(
        [sys.executable, "-c", LOAD_EACH],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=environment,
    ) as process:
        yield Client(process, server, asked)
        process.kill()
    server.shutdown()
    server.server_close()
    (tiny_decoder / "pytorch_model.bin").unlink()
    (tiny_decoder / "consolidated.safetensors").unlink()


def test_names_on_the_hub(client: Client) -> None:
    """One story, as a process that has loaded transformers is dear: first with a hub, then without."""
    outcome, _ = client.load("tiny/nothing")
    assert outcome.startswith("the hub has no model tiny/nothing; check the name, or use --llm")
    outcome, _ = client.load("tiny/gated")
    assert outcome.startswith(
        "tiny/gated is given only to those who accepted its terms; accept its"
    )

    outcome, _ = client.load("tiny/chat")
    assert outcome == "loaded"
    fetched = {path.rpartition("/")[2] for path in client.asked if "/tiny/chat/resolve/" in path}
    assert {"config.json", "model.safetensors", "tokenizer.json", "chat_template.jinja"} <= fetched
    assert fetched.isdisjoint({"pytorch_model.bin", "consolidated.safetensors"})

    assert all(path.startswith(("/api/models/", "/tiny/")) for path in client.asked)

    client.asked.clear()
    assert client.load("tiny/chat")[0] == "loaded"
    assert client.asked == []  # what is at hand needs no hub

    client.server.shutdown()
    client.server.server_close()
    assert client.load("tiny/chat")[0] == "loaded"
    outcome, seconds = client.load("tiny/other")
    assert outcome.startswith("tiny/other is not on this computer and cannot be downloaded: ")
    assert "; check the name and the connection, or use --llm extractive" in outcome
    assert seconds < 5

    assert client.process.stdin is not None
    client.process.stdin.close()
    assert client.process.stderr is not None
    assert client.process.stderr.read() == ""
