"""What the commands print: results to stdout, everything for people's information to stderr."""

import json
import re
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, ClassVar

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    ProgressColumn,
    Task,
    TextColumn,
    TimeRemainingColumn,
)
from rich.text import Text

SCHEMA = 1
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b\u200e\u200f\u202a-\u202e\u2066-\u2069]")
"""Control characters and those that turn the direction of text; a terminal would obey them."""
_C1 = re.compile(r"[\x7f-\x9f]")


def printable(text: str) -> str:
    """Make text from notes safe for a terminal; line ends become one kind."""
    return _CONTROL.sub("\ufffd", text.replace("\r\n", "\n").replace("\r", "\n"))


def say(*lines: str) -> None:
    """Tell the person at the terminal something."""
    for line in lines:
        if sys.stderr is not None:
            print(printable(line).replace("\n", " "), file=sys.stderr)


def put(text: str = "", *, end: str = "\n") -> None:
    """Print a result."""
    print(printable(text), end=end, flush=not end)


def put_json(value: Mapping[str, Any]) -> None:
    """Print one JSON object, strict: no NaN, nothing that a terminal would obey."""
    text = json.dumps({"schema": SCHEMA, **value}, ensure_ascii=False, allow_nan=False)
    print(_C1.sub(lambda match: f"\\u{ord(match[0]):04x}", text))


class _SpeedColumn(ProgressColumn):
    """Things a second."""

    def render(self, task: Task) -> Text:
        speed = task.finished_speed or task.speed
        return Text(f"{speed:.0f}/s" if speed else "", style="progress.data.speed")


@contextmanager
def progress_bars(*, quiet: bool) -> Iterator["Bars"]:
    """Show bars on stderr while the block runs, on a terminal only."""
    console = Console(stderr=True)
    bars = Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        _SpeedColumn(),
        TimeRemainingColumn(),
        console=console,
        disable=quiet or not console.is_terminal,
    )
    with bars:
        yield Bars(bars)


class Bars:
    """One bar a stage, made when the stage begins."""

    _NAMES: ClassVar = {"read": "Reading notes", "embed": "Embedding chunks"}

    def __init__(self, bars: Progress) -> None:
        self._bars = bars
        self._tasks: dict[str, Any] = {}

    def __call__(self, stage: str, done: int, total: int) -> None:
        """Move the bar of a stage."""
        if stage not in self._tasks:
            self._tasks[stage] = self._bars.add_task(self._NAMES.get(stage, stage), total=total)
        self._bars.update(self._tasks[stage], completed=done, total=total)
