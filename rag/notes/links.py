"""Links and pictures of a note: what they name, and how they read in running text.

`[[note#heading|alias]]`, `[[#^block]]` and `![[note]]` are Obsidian's; `[text](address)` and
`![alt](address "caption")` are Markdown's.
"""

import re
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import PurePosixPath
from urllib.parse import unquote

from rag.notes.hidden import blank, find_code, find_hidden

WIKILINK = re.compile(r"(!?)\[\[([^\[\]|\n]{1,300}+)(?:\|([^\[\]\n]{0,300}+))?\]\]")
LINK = re.compile(
    r"!?\[([^\[\]\n]{0,300}+)\]\("
    r"(<[^<>\n]{0,500}+>|[^()\s]{0,500}+(?:\([^()\s]{0,200}+\)[^()\s]{0,200}+)?)"
    r"""(?:[ \t]++("[^"\n]{0,300}+"|'[^'\n]{0,300}+'))?[ \t]*+\)"""
)
_PICTURE = re.compile(r"\.(?:png|jpe?g|gif|svg|webp|bmp|avif)$", re.IGNORECASE)
_ATTACHMENT = re.compile(
    r"\.(?:png|jpe?g|gif|svg|webp|bmp|avif|pdf|excalidraw|canvas|mp[34]|wav|m4a|webm|mov)$",
    re.IGNORECASE,
)
_PASTED = re.compile(
    r"(?:pasted image|image|screenshot|screen shot|img|dsc|captura|zrzut ekranu|captură)?"
    r"[\d ._-]*(?:at [\d ._-]+)?$",
    re.IGNORECASE,
)
"""A name that a program gave to a picture."""
_HASHED = re.compile(r"[0-9a-f-]{16,}$", re.IGNORECASE)
_WORD = re.compile(r"[^\W\d_]{3}")
_SIZE = re.compile(r"\d+(?:x\d+)?$")
_SCHEME = re.compile(r"[a-z][a-z0-9+.-]*:", re.IGNORECASE)
_WORD_BREAK = re.compile(r"[\s_-]+")
_NOTE_ENDINGS = (".md", ".markdown", ".qmd")


@dataclass(frozen=True, slots=True)
class Link:
    """What a note links to or embeds."""

    target: str
    """A note or file as its author named it; empty for the note itself."""
    heading: str
    """The heading that is meant, the innermost where several are given; empty for all of it."""
    block: str
    """The name of the block that is meant, without `^`."""
    is_embed: bool
    """Whether it is to be shown in place."""
    start: int
    """Where it stands in the text."""

    @property
    def is_picture(self) -> bool:
        """Whether it is a picture that is shown in place."""
        return self.is_embed and bool(_PICTURE.search(self.target))


def find_links(text: str) -> list[Link]:
    """Find links and embeds to notes and files, outside code and comments, in their order."""
    text = blank(text, find_hidden(text))
    text = blank(text, find_code(text))
    return sorted((*_wikilinks(text), *_markdown_links(text)), key=lambda link: link.start)


def _wikilinks(text: str) -> Iterator[Link]:
    for match in WIKILINK.finditer(text):
        target, _, place = match[2].removesuffix("\\").partition("#")
        last = place.rpartition("#")[2].strip()
        is_block = last.startswith("^")
        yield Link(
            target=target.strip(),
            heading="" if is_block else last,
            block=last[1:] if is_block else "",
            is_embed=bool(match[1]) or text.endswith("{{embed ", 0, match.start()),
            start=match.start(),
        )


def _markdown_links(text: str) -> Iterator[Link]:
    for match in LINK.finditer(text):
        address = unquote(match[2].strip("<>"))
        target, _, heading = address.partition("#")
        if not _SCHEME.match(address) and (target or heading) and "\0" not in address:
            yield Link(target, heading, "", match[0].startswith("!"), match.start())


def find_target(target: str, paths: Iterable[str], beside: str) -> str | None:
    """Find the file that a link names, as Obsidian does.

    Args:
        target: a path from the vault's root or from the linking note, or a mere name; the ending of
            a note may be missing. Case does not matter.
        paths: of all files that may be meant.
        beside: the path of the note that holds the link.

    Returns:
        The path that is named: from the note's own folder first, then from the root, then the
        shortest that ends so.
    """
    wanted = _comparable(target.removeprefix("./").lstrip("/"))
    if not wanted:
        return beside
    # ../ is resolved by names alone: what leads above the vault names nothing in it.
    near = _normalise(f"{PurePosixPath(_comparable(beside)).parent}/{wanted}")
    ranked: list[tuple[int, int, str]] = []
    for path in paths:
        name = _comparable(path)
        if name == near:
            ranked.append((0, 0, path))
        elif name == wanted:
            ranked.append((1, 0, path))
        elif name.endswith("/" + wanted):
            ranked.append((2, len(path), path))
    return min(ranked)[2] if ranked else None


def _comparable(path: str) -> str:
    path = unicodedata.normalize("NFC", path).casefold()
    return next((path.removesuffix(end) for end in _NOTE_ENDINGS if path.endswith(end)), path)


def _normalise(path: str) -> str:
    parts: list[str] = []
    for part in path.split("/"):
        if part == ".." and parts:
            parts.pop()
        elif part not in (".", ""):
            parts.append(part)
    return "/".join(parts)


def name_wikilink(match: re.Match[str]) -> str:
    """Name a match of WIKILINK as Obsidian shows it: its alias, else `Note > Heading`.

    An embedded file reads as its name, if a person gave it.
    """
    target, alias = match[2].removesuffix("\\"), (match[3] or "").strip()
    file, _, place = target.partition("#")
    if match[1] and _ATTACHMENT.search(file):
        words = ("" if _SIZE.match(alias) else alias, file_words(file))
        return " ".join(dict.fromkeys(filter(None, words))) + " "
    if alias and not (match[1] and _SIZE.match(alias)):
        return alias
    parts = (part.strip() for part in (file, *place.split("#")))
    return " > ".join(part for part in parts if part and not part.startswith("^"))


def name_link(match: re.Match[str]) -> str:
    """Give the words of a match of LINK; of a picture the alternative text, caption and name."""
    if not match[0].startswith("!"):
        return match[1]
    words = [match[1], (match[3] or "").strip("\"'")]
    # A picture's own address says something only where a person named the file.
    if not _SCHEME.match(match[2]):
        words.append(file_words(unquote(match[2].strip("<>"))))
    words = ["" if _PASTED.match(text) else text.partition("|")[0].strip() for text in words]
    return " ".join(dict.fromkeys(filter(None, words)))


def file_words(path: str) -> str:
    """Give the words of an attachment's name; none if a program made it up, or it is `x`."""
    stem = _ATTACHMENT.sub("", path.rpartition("/")[2].strip())
    if _PASTED.match(stem) or _HASHED.match(stem) or not _WORD.search(stem):
        return ""
    return " ".join(_WORD_BREAK.split(stem)).strip()
