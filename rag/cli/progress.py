"""How far a long command is: one line on a terminal that is written over."""

import shutil
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

_NAMES = {"read": "Reading notes", "embed": "Embedding chunks"}
_WIDTH = 20
_SECONDS = 0.1
"""Between two drawings of the line."""


@contextmanager
def progress_bars(*, quiet: bool) -> Iterator["Bars"]:
    """Show a bar for each stage while the block runs, on a terminal only."""
    bars = Bars(is_shown=not quiet and sys.stderr.isatty())
    try:
        yield bars
    finally:
        bars.clear()


class Bars:
    """One bar at a time."""

    def __init__(self, *, is_shown: bool) -> None:
        self._is_shown = is_shown
        self._stage = ""
        self._began = 0.0
        self._drawn = 0.0
        self._length = 0

    def __call__(self, stage: str, done: int, total: int) -> None:
        """Move the bar of a stage; a new stage writes over the last."""
        if not self._is_shown:
            return
        now = time.monotonic()
        if stage != self._stage:
            self._stage, self._began, self._drawn = stage, now, 0.0
        if done < total and now - self._drawn < _SECONDS:
            return
        self._drawn = now
        share = done / total if total else 1.0
        bar = "#" * round(share * _WIDTH)
        line = f"{_NAMES.get(stage, stage)} [{bar:-<{_WIDTH}}] {done}/{total}"
        if done and now > self._began:
            speed = done / (now - self._began)
            left = round((total - done) / speed)
            line += f"  {speed:.0f}/s  {left // 60}:{left % 60:02} left"
        self._draw(line)

    def clear(self) -> None:
        """Leave the line empty for what is printed next."""
        if self._length:
            self._write("\r" + " " * self._length + "\r")

    def _draw(self, line: str) -> None:
        line = line[: shutil.get_terminal_size().columns - 1]
        self._write("\r" + line.ljust(self._length))
        self._length = len(line)

    def _write(self, text: str) -> None:
        try:
            print(text, end="", file=sys.stderr, flush=True)
        except OSError:  # the terminal is gone; the work goes on
            self._is_shown = False
