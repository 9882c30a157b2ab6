"""Footnotes: what each says, and which line refers to it.

Their definitions often stand at the end of a note, far from what they explain. So a definition is
indexed with the line that refers to it, and that line with the definition.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from markdown_it.token import Token

from rag.notes.lines import last_inked
from rag.notes.plain import shorten, strip_markup

LONGEST = 300
"""Characters of a footnote that go with what refers to it: two sentences."""
_REFERENCE = re.compile(r"\[\^([^\[\]\s]{1,100}+)\](?!:)")


@dataclass(frozen=True, slots=True)
class Footnote:
    """A footnote that is defined."""

    text: str
    """What it says, without markup, shortened."""
    reference: int
    """The first line that refers to it, from 1; 0 if none does."""


def find_footnotes(tokens: Sequence[Token], lines: Sequence[str]) -> dict[str, Footnote]:
    """Find the footnotes of a parsed note, by their labels; of two alike the first."""
    texts: dict[str, str] = {}
    for token in tokens:
        if token.type == "footnote_reference_open" and token.map:
            source = lines[token.map[0] : last_inked(token.map, lines)]
            text = " ".join(strip_markup("\n".join(source)[: 4 * LONGEST]).split())
            texts.setdefault(str(token.meta["label"]), shorten(text, LONGEST))
    references = _find_references(lines) if texts else {}
    return {label: Footnote(text, references.get(label, 0)) for label, text in texts.items()}


def _find_references(lines: Sequence[str]) -> dict[str, int]:
    found: dict[str, int] = {}
    for number, line in enumerate(lines, start=1):
        if "[^" in line:
            for match in _REFERENCE.finditer(line):
                found.setdefault(match[1], number)
    return found


def append_footnotes(words: str, source: str, footnotes: Mapping[str, str]) -> str:
    """Add to the words of a text what the footnotes say that it refers to.

    Args:
        words: the text without markup.
        source: the text as written.
        footnotes: what they say, by their labels.
    """
    if not footnotes or "[^" not in source:
        return words
    labels = dict.fromkeys(match[1] for match in _REFERENCE.finditer(source))
    said = [footnotes[label] for label in labels if footnotes.get(label)]
    return "\n".join([words, *said]) if words else words
