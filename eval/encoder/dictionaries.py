"""Read the words and their translations out of a dictionary in the dictd format."""

import gzip
import re
from collections.abc import Iterator
from itertools import zip_longest
from pathlib import Path

DIGITS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
"""Of the offsets in an index, the highest first."""

MOST_WORDS = 4
"""Of a translation; a longer one is an explanation."""

ASIDE = re.compile(r"\([^()]*\)|\[[^\[\]]*\]|\{[^{}]*\}|<[^<>]*>|/[^/]*/")
"""Usage, grammar and pronunciation."""
NUMBERS = re.compile(r"^(?:\s*(?:[IVX]+|\d+)\.(?:\s|$))+")
FORM = re.compile(r"^\S.*?\s{2,}(?=\S)")
"""The inflected form or idiom that a translation is for; two blanks stand behind it."""
REMARK = re.compile(r"^\s*(?:See also|Note|Synonyms?|Antonyms?|\w+):|^\s*(?:- |\")")


def read_dictionary(index: Path) -> Iterator[tuple[str, str]]:
    """Give words with one translation each, both as they stand in the dictionary.

    Args:
        index: the `.index`: word, offset and length of its entry. `.dict.dz` is beside it.
    """
    with gzip.open(index.with_suffix(".dict.dz")) as file:
        content = file.read()
    seen = set()
    for line in index.read_text(encoding="utf-8").splitlines():
        word, offset, length = line.split("\t")[:3]
        if word.startswith("00") or offset in seen:  # about the dictionary; an entry's second name
            continue
        seen.add(offset)
        start = _number(offset)
        entry = content[start : start + _number(length)].decode(errors="replace").splitlines()
        # The index writes a word without its marks and capitals; the entry begins with it.
        word = ASIDE.sub("", entry[0]).strip()
        for translation in dict.fromkeys(_translations(entry[1:])):
            if word and len(translation.split()) <= MOST_WORDS:
                yield word, translation


def _number(digits: str) -> int:
    number = 0
    for digit in digits:
        number = number * len(DIGITS) + DIGITS.index(digit)
    return number


def _translations(lines: list[str]) -> Iterator[str]:
    """Give the translations of an entry: idioms, which stand above a `- `, are passed over."""
    for line, below in zip_longest(lines, lines[1:], fillvalue=""):
        if REMARK.match(line) or below.startswith(" - "):
            continue
        text = NUMBERS.sub("", ASIDE.sub("", line))
        for part in re.split(r"[,;]", FORM.sub("", text)):
            # What is left of a bracket that spans lines, or stands for a choice.
            if part.strip() and not re.search(r"[()\[\]{}<>/*:|]", part):
                yield " ".join(part.split())
