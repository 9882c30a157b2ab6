"""All commands, and what each error that leaves one means: a line, a remedy, an exit code."""

import traceback

import click

import rag
from rag.cli import signals, streams
from rag.cli.answering import ask
from rag.cli.chatting import chat
from rag.cli.doctor import doctor
from rag.cli.encoders import encoders
from rag.cli.evaluating import evaluate
from rag.cli.feedback import feedback
from rag.cli.indexing import check, ingest, status
from rag.cli.log import log
from rag.cli.output import say
from rag.cli.searching import search
from rag.cli.serving import serve
from rag.errors import RagError

USAGE = 2
DEBUG = "--debug"


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(rag.__version__, prog_name="rag")
@click.option(DEBUG, is_flag=True, help="Show where an error came from.")
def cli(*, debug: bool) -> None:
    """Ask questions of your own Markdown notes.

    Exit codes: 0 done, 1 failed, 2 wrong usage, 3 the notes do not answer, 4 no usable index,
    5 the model cannot be had.
    """
    del debug  # read by `run`, which outlives the command


for command in (
    ingest,
    search,
    ask,
    chat,
    log,
    status,
    check,
    doctor,
    encoders,
    evaluate,
    feedback,
    serve,
):
    cli.add_command(command)


def run(arguments: list[str]) -> int:
    """Run a command line; gives its exit code.

    Raises:
        KeyboardInterrupt, SystemExit: the process was told to end.
    """
    end = arguments.index("--") if "--" in arguments else len(arguments)
    debug = DEBUG in arguments[:end]
    if debug:  # wherever it stands, as people write it last
        others = (argument for argument in arguments[:end] if argument != DEBUG)
        arguments = [DEBUG, *others, *arguments[end:]]
    try:
        return int(cli.main(arguments or ["--help"], prog_name="rag", standalone_mode=False) or 0)
    except click.Abort as error:  # what click makes of Ctrl-C
        raise KeyboardInterrupt from error
    except Exception as error:  # noqa: BLE001 - told to people, in full with --debug
        signals.stop_if_told()
        if debug:
            traceback.print_exc()
        return _explain(error)


def _explain(error: Exception) -> int:
    """Tell people what went wrong; gives the exit code."""
    match error:
        case click.UsageError():
            path = error.ctx.command_path if error.ctx else "rag"
            say(f"rag: {error.format_message()}", f"see: {path} --help")
            return USAGE
        case RagError():
            say(f"rag: {error}")
            return error.exit_code
        case OSError() if streams.is_output_failure(error):
            return streams.output_failed(error)
        case FileNotFoundError(filename=None):  # what asking for the current folder gives
            say("rag: the folder you are in is gone; change to another and try again")
        case OSError():
            where = f": {error.filename}" if error.filename else ""
            say(f"rag: {(error.strerror or str(error)).lower()}{where}")
        case ImportError():
            say(f"rag: a library cannot be loaded ({error}); install rag again")
        case MemoryError():
            say("rag: not enough memory; close other programs and try again")
        case _:
            kind = type(error).__name__
            say(f"rag: unexpected error, please report it: {kind}: {str(error)[:200]!r}")
            say("run the same command with --debug to see where")
    return streams.FAILED
