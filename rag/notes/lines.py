"""Lines and characters: where one is in terms of the other.

A line ends with LF, CRLF or CR, as in CommonMark and in editors; not at the form feeds and Unicode
separators where `str.splitlines` also cuts.
"""

import re
from bisect import bisect_right
from collections.abc import Sequence

LINE_END = re.compile(r"\r\n|\n|\r")


def last_inked(span: Sequence[int], lines: Sequence[str]) -> int:
    """Give the last line, from 1, of a token's span that has something on it.

    Args:
        span: first line from 0, and the one behind the last; markdown-it counts blank lines in.
        lines: of the note.
    """
    last = min(max(span[1], span[0] + 1), len(lines))
    while last > span[0] + 1 and not lines[last - 1].strip():
        last -= 1
    return last


class Lines:
    """The lines of a text, by number and by character."""

    def __init__(self, text: str) -> None:
        self.text = text
        ends = [(match.start(), match.end()) for match in LINE_END.finditer(text)]
        self._starts = [0, *(end for _, end in ends)]
        self._stops = [*(start for start, _ in ends), len(text)]

    def __len__(self) -> int:
        return len(self._starts)

    def content(self) -> tuple[str, ...]:
        """Give all lines, line ends removed."""
        return tuple(
            self.text[start:stop] for start, stop in zip(self._starts, self._stops, strict=True)
        )

    def between(self, start_line: int, end_line: int) -> str:
        """Give lines start_line to end_line, 1-based and inclusive, without the last line end."""
        start, end = self.places(start_line, end_line)
        return self.text[start:end]

    def places(self, start_line: int, end_line: int) -> tuple[int, int]:
        """Give where lines start_line to end_line begin and end, without the last line end."""
        return self._starts[start_line - 1], self._stops[end_line - 1]

    def start(self, line: int) -> int:
        """Give the place of a line's first character."""
        return self._starts[line - 1]

    def line_of(self, place: int) -> int:
        """Give the 1-based number of the line that holds the character at `place`."""
        return bisect_right(self._starts, place)
