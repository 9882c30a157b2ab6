"""What the commands print: results to stdout, everything for people's information to stderr."""

import json
import re
from collections.abc import Mapping
from typing import Any

from rag.cli import streams
from rag.schema import SCHEMA

_CONTROL = re.compile(
    r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200b\u200e\u200f\u202a-\u202e\u2066-\u2069]"
)
"""Control characters and those that turn the direction of text; a terminal would obey them."""


def as_text(argument: str) -> str:
    """Give what somebody wrote: in an ASCII locale its other letters arrive as lone surrogates."""
    try:
        content = argument.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:  # half a character, which no system's arguments hold
        content = argument.encode("utf-8", "replace")
    return content.decode("utf-8", "replace")


def printable(text: str) -> str:
    """Make text from notes safe for a terminal; line ends become one kind."""
    return _CONTROL.sub("\ufffd", as_text(text).replace("\r\n", "\n").replace("\r", "\n"))


def one_line(text: str) -> str:
    """Put text that may hold line ends, such as a file's name, on one line."""
    return " ".join(printable(text).split("\n"))


def plural(number: int, noun: str) -> str:
    """Write `1 note`, `2 notes`."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def say(*lines: str) -> None:
    """Tell the person at the terminal something."""
    for line in lines:
        streams.tell(one_line(line))


def put(text: str = "", *, end: str = "\n") -> None:
    """Print a result."""
    print(printable(text), end=end, flush=not end)


def put_json(value: Mapping[str, Any]) -> None:
    """Print one JSON object, strict: no NaN, nothing that a terminal would obey."""
    text = json.dumps({"schema": SCHEMA, **value}, ensure_ascii=False, allow_nan=False)
    print(_CONTROL.sub(lambda match: f"\\u{ord(match[0]):04x}", as_text(text)), flush=True)
