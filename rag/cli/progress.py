"""How far a long command is, told on a terminal only."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager


@contextmanager
def progress_bars(*, quiet: bool) -> Iterator[Callable[[str, int, int], None]]:
    """Give what takes the stage, how much is done and of how much, and shows it or not."""
    # Not rich's `is_terminal`: that is also true where FORCE_COLOR is set.
    if quiet or sys.stderr is None or not sys.stderr.isatty():
        yield lambda stage, done, total: None  # noqa: ARG005
        return
    from rag.cli.bars import show_bars  # rich takes 30 ms, of every command

    with show_bars() as bars:
        yield bars
