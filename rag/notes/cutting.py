"""Cut a text that is too long for one chunk into small parts, and say how good each cut is.

langchain's recursive splitter finds the parts: by paragraphs, lines, sentences, clauses, words,
characters. Joined they are the text, character for character, so that their places are known.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from langchain_text_splitters import TextSplitter

PART = 120
"""Characters of a part: some 30 tokens, a sentence or less."""
SEPARATORS = [
    "\n\n",
    "\r\n\r\n",
    "\n",
    "\r",
    ". ",
    "? ",
    "! ",
    "… ",
    "; ",
    ": ",
    ", ",
    "\t",
    " ",
    "",
]

AT_LINE = 0.1
AT_SENTENCE = 0.15
AT_CLAUSE = 0.4
AT_WORD = 0.6
IN_WORD = 0.9
IN_SPAN = 0.3
"""Added where the cut would fall inside a formula or inline code."""

_SENTENCE_END = re.compile(r"[.!?…][\"”»’')*_]*\s+$")
_CLAUSE_END = re.compile(r"[;:,]\s+$")

@dataclass(frozen=True, slots=True)
class Part:
    """A stretch of a text."""

    start: int
    end: int
    cut: float
    """Price of a cut before it: below 0.2 one falls between lines or sentences."""


def cut_text(text: str) -> Iterator[Part]:
    """Cut a text into parts of at most PART characters, in order."""
    start, cut = 0, 0.0
    open_formula = open_code = False
    for part in _splitter().split_text(text):
        yield Part(start, start + len(part), cut)
        start += len(part)
        line = part.rpartition("\n")[2]
        if len(line) < len(part):
            open_formula = open_code = False
        open_formula ^= line.count("$") % 2 == 1
        open_code ^= line.count("`") % 2 == 1
        cut = _price(part) + (IN_SPAN if open_formula or open_code else 0)


@cache
def _splitter() -> "TextSplitter":
    # Imported for the first text that is too long: few notes have one, and langchain takes 0.2 s.
    from langchain_text_splitters import RecursiveCharacterTextSplitter  # noqa: PLC0415

    return RecursiveCharacterTextSplitter(
        separators=SEPARATORS,
        keep_separator="end",
        chunk_size=PART,
        chunk_overlap=0,
        strip_whitespace=False,
    )


def _price(part: str) -> float:
    tail = part[-12:]
    if tail.endswith(("\n", "\r")):
        return AT_LINE
    if _SENTENCE_END.search(tail):
        return AT_SENTENCE
    if _CLAUSE_END.search(tail):
        return AT_CLAUSE
    return AT_WORD if tail[-1:].isspace() else IN_WORD
