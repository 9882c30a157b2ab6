"""Read the text in pictures with the program `tesseract`, where it is installed and wanted.

What it reads is indexed with the passage that embeds the picture, and never quoted: it is no text of
the note. A picture that cannot be read says nothing.
"""

import hashlib
import os
import re
import shutil
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Protocol

from rag.notes.attachments import list_pictures
from rag.notes.links import find_links, find_target
from rag.notes.vault import read_bytes
from rag.types import Document

PROGRAM = "tesseract"
SECONDS = 30
"""For one picture; a page of a scanned book takes three."""
MOST_BYTES = 8 * 1024 * 1024
LONGEST = 600
"""Characters kept of a picture: about 150 tokens, most of a chunk."""
ALL = "auto"
"""Instead of languages: all of ours that are installed."""
_OURS = ("eng", "ron", "pol", "por", "spa", "fra", "deu", "ita")
_LANGUAGES = re.compile(r"[A-Za-z_]{3,20}(?:\+[A-Za-z_]{3,20}){0,9}")
_LETTERS = re.compile(r"[^\W\d_]{2}")


@dataclass(frozen=True, slots=True)
class Tesseract:
    """The program, with the languages that it is to read."""

    program: str
    languages: str
    """Tesseract's own codes, joined by `+`."""

    def read(self, content: bytes) -> str:
        """Read a picture; what is no picture, or takes too long, gives nothing."""
        command = [self.program, "stdin", "stdout", "-l", self.languages]
        try:
            done = subprocess.run(  # noqa: S603 - a list of fixed words, no shell
                command,
                input=content,
                capture_output=True,
                timeout=SECONDS,
                check=True,
                # More threads than one make it slower on pictures of this size.
                env={**os.environ, "OMP_THREAD_LIMIT": "1"},
            )
        except (OSError, subprocess.SubprocessError):
            return ""
        lines = done.stdout.decode("utf-8", "replace").split("\n")
        said = (" ".join(line.split()) for line in lines if _LETTERS.search(line))
        return "\n".join(said)[:LONGEST]


def find_tesseract(wanted: str) -> Tesseract | None:
    """Find the program and its languages; None where either is missing.

    Args:
        wanted: languages such as `ron+eng`, or ALL.
    """
    program = shutil.which(PROGRAM)
    if not program or not _LANGUAGES.fullmatch(wanted):
        return None
    try:
        listed = subprocess.run(  # noqa: S603
            [program, "--list-langs"], capture_output=True, timeout=SECONDS, check=True
        )
    except (OSError, subprocess.SubprocessError):
        return None
    installed = set(listed.stdout.decode("utf-8", "replace").split())
    asked = _OURS if wanted == ALL else wanted.split("+")
    languages = [language for language in asked if language in installed]
    return Tesseract(program, "+".join(languages)) if languages else None


class Known(Protocol):
    """What was read before, by a key of 32 bytes."""

    def get(self, key: bytes) -> str | None:
        """Give the text of a picture, if it is known."""

    def put(self, key: bytes, text: str) -> None:
        """Keep the text of a picture."""


class PictureReader:
    """Reads the pictures that notes embed, each once."""

    def __init__(self, vault: Path, tesseract: Tesseract, known: Known) -> None:
        """Take a vault, the program, and what was read before."""
        self._vault = vault
        self._tesseract = tesseract
        self._known = known

    def add_texts(self, document: Document) -> Document:
        """Give a document with the texts of its pictures."""
        targets = {link.target for link in find_links(document.text) if link.is_picture}
        texts = {target: self._text(target, document.path) for target in sorted(targets)}
        return replace(document, pictures={name: text for name, text in texts.items() if text})

    @cached_property
    def _files(self) -> Sequence[str]:
        return list_pictures(self._vault)

    def _text(self, target: str, beside: str) -> str:
        path = find_target(target, self._files, beside)
        if path is None:
            return ""
        try:
            if (self._vault / path).stat().st_size > MOST_BYTES:
                return ""
            content = read_bytes(self._vault, path)
        except (OSError, RuntimeError):
            return ""
        key = hashlib.sha256(self._tesseract.languages.encode() + b"\0" + content).digest()
        text = self._known.get(key)
        if text is None:
            text = self._tesseract.read(content)
            self._known.put(key, text)
        return text
