"""Who may write an index on a server."""

import json
import os
import socket
import time
import uuid
from typing import Any

from rag.errors import Busy
from rag.index.milvus.server import Server

PREFIX = "CLAIM:"
LEASE_SECONDS = 300.0
"""A writer on another machine that has been silent for so long is taken for dead; loading a model
and embedding a batch take less."""


class Claim:
    """The right to write an index. Milvus has no locks, so whoever finds another's claim gives way.

    Two that begin at once may both give way; both are told, and neither writes.
    """

    def __init__(self, server: Server) -> None:
        self._server = server
        self._key = f"{PREFIX}{uuid.uuid4().hex}"

    def take(self) -> None:
        """Claim the index.

        Raises:
            Busy: another process has a claim, which is named.
        """
        self.renew()
        for key, content in self._server.texts(PREFIX).items():
            holder = json.loads(content)
            if key == self._key:
                continue
            if _is_dead(holder):
                self._server.remove([key])
                continue
            self.give_up()
            raise Busy(
                f"process {holder['process']} on {holder['host']} holds the lock of this index",
                "wait until it is done, or use another --index",
            )

    def renew(self) -> None:
        """Say that this process is alive."""
        content = {"host": socket.gethostname(), "process": os.getpid(), "time": time.time()}
        self._server.put(self._key, json.dumps(content))

    def is_held(self) -> bool:
        """Say whether nobody took this process for dead."""
        return self._key in self._server.texts(self._key)

    def give_up(self) -> None:
        """Let others write."""
        self._server.remove([self._key])


def _is_dead(holder: dict[str, Any]) -> bool:
    """Say whether a process is gone: at once on this machine, after a while on others."""
    if holder["host"] != socket.gethostname():
        return bool(time.time() - holder["time"] > LEASE_SECONDS)
    try:
        os.kill(holder["process"], 0)
    except ProcessLookupError:
        return True
    except PermissionError:
        pass
    return False
