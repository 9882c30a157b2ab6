"""Footnotes that stand far from what they explain: what each says, and which line refers to it.

Definitions are often gathered at the end of a note. So one in another section than its reference is
indexed with the line that refers to it, and that line with the definition.
"""

import re
from bisect import bisect
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
    """A footnote of another section than the one that refers to it."""

    text: str
    """What it says, without markup, shortened."""
    reference: int
    """The first line that refers to it, from 1."""


def find_footnotes(tokens: Sequence[Token], lines: Sequence[str]) -> dict[str, Footnote]:
    """Find the footnotes of a parsed note by their labels; of two alike the first."""
    definitions: dict[str, tuple[int, int]] = {}
    for token in tokens:
        if token.type == "footnote_reference_open" and token.map:
            place = (token.map[0] + 1, last_inked(token.map, lines))
            definitions.setdefault(str(token.meta["label"]), place)
    if not definitions:
        return {}
    headings = [
        token.map[0] + 1
        for token in tokens
        if token.type == "heading_open" and token.map and not token.level
    ]
    references = _find_references(lines)
    return {
        label: Footnote(_words(lines[first - 1 : last]), references[label])
        for label, (first, last) in definitions.items()
        if label in references
        and bisect(headings, first) != bisect(headings, references[label])
    }


def _words(lines: Sequence[str]) -> str:
    text = strip_markup("\n".join(lines)[: 4 * LONGEST])
    return shorten(" ".join(text.split()), LONGEST)


def _find_references(lines: Sequence[str]) -> dict[str, int]:
    found: dict[str, int] = {}
    for number, line in enumerate(lines, start=1):
        if "[^" in line:
            for match in _REFERENCE.finditer(line):
                found.setdefault(match[1], number)
    return found


def find_footnote_texts(source: str, footnotes: Mapping[str, str]) -> list[str]:
    """Give what the footnotes say that a text refers to.

    Args:
        source: the text as written.
        footnotes: what they say, by their labels.
    """
    if not footnotes or "[^" not in source:
        return []
    labels = dict.fromkeys(match[1] for match in _REFERENCE.finditer(source))
    return [footnotes[label] for label in labels if label in footnotes]
