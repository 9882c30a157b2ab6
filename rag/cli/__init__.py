"""The command line: parse, call, print. Every error ends in one line and an exit code.

Here is only what must stand before the libraries are loaded, which takes a moment: a signal that
comes meanwhile ends the process without a traceback too.
"""

import signal
import sys
from types import FrameType
from typing import NoReturn

from rag.cli import streams

INTERRUPTED = 130
TERMINATED = 143


def main() -> NoReturn:
    """Run the command line and exit with its code."""
    signal.signal(signal.SIGTERM, _terminate)
    try:
        streams.mend()
        from rag.cli.commands import run

        code = run(sys.argv[1:])
    except KeyboardInterrupt:
        # A second Ctrl-C, while threads are waited for, ends the process at once.
        signal.signal(signal.SIGINT, signal.SIG_DFL)
        streams.tell("rag: interrupted")
        code = INTERRUPTED
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else 1
    sys.exit(streams.finish(code))


def _terminate(number: int, frame: FrameType | None) -> None:
    del frame
    signal.signal(number, signal.SIG_DFL)
    raise SystemExit(TERMINATED)
