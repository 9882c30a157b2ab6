"""The command line: parse, call, print. Every error ends in one line and an exit code.

Here is only what must stand before the libraries are loaded, which takes a moment: a signal that
comes meanwhile ends the process without a traceback too.
"""

import sys
from typing import NoReturn

from rag.cli import signals, streams


def main() -> NoReturn:
    """Run the command line and exit with its code."""
    try:
        signals.heed()
        streams.mend()
        from rag.cli.commands import run

        code = run(sys.argv[1:])
    except KeyboardInterrupt:
        streams.tell("rag: interrupted")
        code = signals.INTERRUPTED
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else streams.FAILED
    sys.exit(streams.finish(code))
