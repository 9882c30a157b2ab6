"""What was read in pictures, kept beside the generations: reading one again takes a second.

A cache, which may be lost or damaged at any time: a line of JSON for each picture, with a checksum;
what does not agree is not there.
"""

import json
import os
import zlib
from contextlib import suppress
from pathlib import Path

from rag.index.generations import PICTURES


class PictureTexts:
    """Texts by key, in a file of the index folder; what cannot be written is not kept."""

    def __init__(self, folder: Path) -> None:
        """Open the file in the folder of an index."""
        self._file = folder / PICTURES
        self._texts = dict(_read(self._file))

    def get(self, key: bytes) -> str | None:
        """Give what was read of a picture, if it is known."""
        return self._texts.get(key)

    def put(self, key: bytes, text: str) -> None:
        """Keep what was read of a picture."""
        self._texts[key] = text
        line = json.dumps([key.hex(), text, _checksum(key, text)])
        with suppress(OSError):
            file = os.open(self._file, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
            with open(file, "a", encoding="ascii") as stream:  # noqa: PTH123 - a descriptor
                # A line that a full disk cut short must not swallow this one.
                stream.write(f"\n{line}\n")


def _read(file: Path) -> list[tuple[bytes, str]]:
    try:
        lines = file.read_bytes().split(b"\n")
    except OSError:
        return []
    found = []
    for line in filter(None, lines):
        with suppress(ValueError, TypeError, AttributeError, RecursionError):
            name, text, checksum = json.loads(line)
            key = bytes.fromhex(name)
            if checksum == _checksum(key, text):
                found.append((key, text))
    return found


def _checksum(key: bytes, text: str) -> int:
    return zlib.crc32(key + text.encode("utf-8"))
