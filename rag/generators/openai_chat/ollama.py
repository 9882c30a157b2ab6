"""An Ollama on this machine: whether one runs.

Asked only at 127.0.0.1, before every answer for which no model was named. That nobody listens is
found in 0.2 ms; to ask for its models is another module's work, since an HTTP library takes 40 ms
to load.
"""

import socket
from collections.abc import Mapping

ADDRESS = "127.0.0.1"
PORT = 11434
"""Ollama's own default; another one is in its variable OLLAMA_HOST."""
CONNECT_S = 0.2
"""On one machine a connection is made in microseconds or refused; more is a firewall's silence."""


def find_port(environment: Mapping[str, str]) -> int | None:
    """Say on which port of this machine Ollama listens; None where it was set elsewhere."""
    host = environment.get("OLLAMA_HOST", "").strip().removeprefix("http://").rstrip("/")
    name, _, port = host.rpartition(":") if ":" in host else (host, "", "")
    if name not in {"", "localhost", ADDRESS, "0.0.0.0", "[::]", "[::1]"}:  # noqa: S104 - none is opened
        return None
    if not port:
        return PORT
    return int(port) if port.isascii() and port.isdigit() and 0 < int(port) < 1 << 16 else None


def is_running(port: int, host: str = ADDRESS) -> bool:
    """Say whether anything listens at a port of this machine."""
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as probe:
        probe.settimeout(CONNECT_S)
        try:
            probe.connect((host, port))
        except OSError:
            return False
        return True
