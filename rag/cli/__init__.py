"""The command line: parse, call, print. Every error ends in one line and an exit code."""

import errno
import os
import signal
import sys
from types import FrameType

import click

from rag.cli.answering import ask, chat
from rag.cli.evaluating import evaluate
from rag.cli.indexing import check, ingest, status
from rag.cli.output import say
from rag.cli.searching import search
from rag.cli.serving import serve
from rag.errors import RagError

USAGE = 2
INTERRUPTED = 130
TERMINATED = 143
DEBUG = "--debug"


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="rag-notes", prog_name="rag")
@click.option(DEBUG, is_flag=True, help="Show where an error came from.")
def cli(*, debug: bool) -> None:
    """Ask questions of your own Markdown notes.

    Exit codes: 0 done, 1 failed, 2 wrong usage, 3 the notes do not answer, 4 no usable index,
    5 the model cannot be had.
    """
    del debug  # read by `main`, which outlives the command


for command in (ingest, search, ask, chat, status, check, evaluate, serve):
    cli.add_command(command)


def main() -> None:
    """Run the command line and exit with its code."""
    for stream in (sys.stdout, sys.stderr):
        if stream is not None and hasattr(stream, "reconfigure"):
            # Notes hold any letter, whatever the locale says.
            stream.reconfigure(encoding="utf-8", errors="replace")
    signal.signal(signal.SIGTERM, _terminate)
    code = _run(sys.argv[1:])
    try:
        if sys.stdout is not None:
            sys.stdout.flush()
    except OSError as error:
        code = _stdout_failed(error)
    sys.exit(code)


def _run(arguments: list[str]) -> int:
    debug = DEBUG in arguments
    # Wherever it stands, as people write it last.
    arguments = [DEBUG] * debug + [argument for argument in arguments if argument != DEBUG]
    try:
        return int(cli.main(arguments, prog_name="rag", standalone_mode=False) or 0)
    except click.UsageError as error:
        path = error.ctx.command_path if error.ctx else "rag"
        say(f"rag: {error.format_message()}", f"see: {path} --help")
        return USAGE
    except (KeyboardInterrupt, click.Abort):
        say("rag: interrupted; nothing is lost, the next ingest goes on from here")
        return INTERRUPTED
    except RagError as error:
        if debug:
            raise
        say(f"rag: {error}")
        return error.exit_code
    except OSError as error:
        if debug:
            raise
        if error.errno in (errno.EPIPE, errno.ENOSPC, errno.EBADF):
            return _stdout_failed(error)
        say(f"rag: {(error.strerror or str(error)).lower()}: {error.filename or ''}")
        return 1
    except Exception as error:
        if debug:
            raise
        kind = type(error).__name__
        say(f"rag: unexpected error, please report it: {kind}: {str(error)[:200]!r}")
        say("run the same command with --debug to see where")
        return 1


def _stdout_failed(error: OSError) -> int:
    # What is buffered cannot be written either; without this the interpreter tries, and says so.
    if sys.stdout is not None:
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
    if error.errno != errno.EPIPE:
        say(f"rag: standard output cannot be written: {(error.strerror or '').lower()}")
    return 1


def _terminate(number: int, frame: FrameType | None) -> None:
    del number, frame
    raise SystemExit(TERMINATED)
