"""The pictures that a passage embeds: found in the vault alone, and given to the browser as bytes.

An address is never followed, and a vector drawing (SVG), which may hold scripts, is not shown.
"""

import io
import re
import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from PIL import Image

from rag.notes.links import WIKILINK, find_links, find_target
from rag.notes.vault import read_bytes

FORMATS = ("PNG", "JPEG", "GIF", "WEBP")
"""What every browser shows. No other decoder ever sees a file of the vault."""
MOST_PICTURES = 4
"""Of one passage: more of them than text is no passage."""
MOST_BYTES = 8 * 1024 * 1024
MOST_PIXELS = 40_000_000
"""A photograph of a blackboard has 12 million; a browser takes 4 bytes for each."""
WIDEST = 1_600
"""In pixels, twice what the page is wide: what is larger is sent smaller."""
NARROWEST = 40

_SIZE = re.compile(r"(\d{1,4})(?:x\d{1,4})?$")


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture that may be shown."""

    path: str
    """In the vault."""
    content: bytes
    """Of one of `FORMATS`, at most `WIDEST` pixels wide."""
    width: int
    """At which it is shown at most: what its author gave, else its own; in pixels."""

    @property
    def name(self) -> str:
        """The file's name."""
        return self.path.rpartition("/")[2]


def find_pictures(text: str, path: str, vault: Path, files: Sequence[str]) -> list[Picture]:
    """Find the pictures that a passage embeds and read them; what cannot be shown is left out.

    Args:
        text: of the passage.
        path: of its note.
        vault: the folder of notes.
        files: the pictures of the vault: see `rag.notes.attachments`.
    """
    found: dict[str, Picture] = {}
    for link in find_links(text):
        if len(found) == MOST_PICTURES:
            break
        target = link.target if link.is_picture else ""
        name = find_target(target, files, path) if target else None
        if name is None or name in found:
            continue
        if picture := _read(vault, name, _wanted_width(text, link.start)):
            found[name] = picture
    return list(found.values())


def has_pictures(text: str) -> bool:
    """Say whether a passage embeds a picture, so that a vault is not gone through for nothing."""
    return any(link.is_picture for link in find_links(text))


def _wanted_width(text: str, place: int) -> int:
    """Read the 300 of `![[picture.png|300]]` and of `![alt|300](picture.png)`; 0: none."""
    wikilink = WIKILINK.match(text, place)
    words = (wikilink[3] or "") if wikilink else text[place:].partition("]")[0]
    size = _SIZE.match(words.rpartition("|")[2].strip()) if wikilink or "|" in words else None
    return max(int(size[1]), NARROWEST) if size else 0


def _read(vault: Path, path: str, width: int) -> Picture | None:
    try:
        if (vault / path).stat().st_size > MOST_BYTES:
            return None
        content = read_bytes(vault, path)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)  # counted here
            with Image.open(io.BytesIO(content), formats=FORMATS) as picture:
                columns, rows = picture.size
                if columns * rows > MOST_PIXELS:
                    return None
                if columns > WIDEST or picture.has_transparency_data:
                    content = _redraw(picture)
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError):
        return None  # gone, damaged, or no picture at all
    return Picture(path, content, min(width or columns, columns, WIDEST))


def _redraw(picture: Image.Image) -> bytes:
    """Make a picture small enough, on white: black lines on nothing are lost on a dark page."""
    picture.draft("RGB", (WIDEST, WIDEST))  # a JPEG is decoded at a fraction of its size
    picture.thumbnail((WIDEST, MOST_PIXELS))
    layer = picture.convert("RGBA")
    page = Image.new("RGBA", layer.size, "white")
    page.alpha_composite(layer)
    content = io.BytesIO()
    page.convert("RGB").save(content, "JPEG" if picture.format == "JPEG" else "PNG")
    return content.getvalue()
