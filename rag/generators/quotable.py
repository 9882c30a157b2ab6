"""What of a passage can be quoted: its sentences, each with what it needs to be understood.

A nested bullet needs the bullets above it and the line that announces the list; a table row its
header; a line that ends with a colon the formula or code below it. Lines that only name what stands
below them (a callout's title, a line all in bold) are no sentences, but tell what these are about.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from rag.notes.lines import Lines
from rag.notes.plain import strip_markup
from rag.notes.sentences import split_sentences

MOST_BLOCK = 600
"""Characters of a formula or code that comes with a sentence: as many as a whole answer has."""
MOST_LABEL_WORDS = 8
"""Of a line all in bold that stands for a heading."""

_BULLET = re.compile(r"[ \t]*(?:[-*+]|\d{1,9}[.)])[ \t]+(\[[^\]\n]\][ \t]+)?")
_CALLOUT = re.compile(r"[ \t>]*>[ \t]*\[![\w-]+")
_QUOTE = re.compile(r"[ \t]{0,3}>[ ]?")
_ANNOUNCES = re.compile(r":[\"”»’'*_=\s)]*$")
_ENDED = re.compile(r"[.!?…;:][\"”»’'*_=`$)]*$")
_BOLD = re.compile(r"(?:\*\*[^*]+\*\*|__[^_]+__|==[^=]+==):?$")
_DEFINITION = re.compile(r"\[[^\[\]^]+\]:[ \t]*\S+$")
_TABLE_RULE = re.compile(r"\|?(?:[ \t]*:?-+:?[ \t]*\|)+[ \t]*(?::?-+:?)?[ \t]*$")
_BLOCK = re.compile(r"[ \t]{0,3}(\$\$|```|~~~)")
_TAB = 4


@dataclass(frozen=True, slots=True, eq=False)
class Quotable:
    """A sentence that may be given, or brought along by another."""

    place: int
    """Of its passage, from 0."""
    number: int
    """Its own in the passage, from 0."""
    start: int
    """Of its first character in the passage's text."""
    text: str
    """The passage's own characters."""
    line: int
    last_line: int
    topic: str
    """What it stands under without its being shown: a callout's title, a bold line, a header."""
    parents: tuple["Quotable", ...]
    """The bullets above it, outermost first, and before them the line that announces the list."""
    marker: str = ""
    """What is written before it if it begins a bullet, or is a row of a table without header."""
    indent: int = -1
    """Columns before its bullet, -1 where it has none."""
    table: tuple[str, ...] = ()
    """If it is a row of a table with header: the header, the rule below it and its whole line."""
    block: str = ""
    """The formula or code that it announces, from where its text ends; without a text, one that
    stands alone."""
    before: str = ""
    """What stands above a block that stands alone: the sentence before it."""

    @property
    def depth(self) -> int:
        """How many bullets stand above it."""
        return sum(bool(parent.marker) for parent in self.parents)

    @property
    def announces(self) -> bool:
        """Whether it says that something follows."""
        return not self.block and bool(_ANNOUNCES.search(self.text))


def read_quotables(place: int, text: str) -> list[Quotable]:
    """Read the sentences of the passage at `place`, in order."""
    reader = _Reader(place, text)
    found = list(reader.read())
    return sorted([*found, *reader.read_blocks(found)], key=lambda one: one.start)


class _Reader:
    """Goes through one passage, remembering what stands above."""

    def __init__(self, place: int, text: str) -> None:
        self._place = place
        self._text = text
        self._lines = Lines(text)
        self._source = self._lines.content()
        self._content = [_unquote(line) for line in self._source]
        self._headers = _find_tables(self._content)
        self._number = 0
        self._bullets: list[Quotable] = []
        """Those that are open."""
        self._opener: tuple[Quotable, ...] = ()
        """The line that announced what follows."""
        self._title = ""
        self._label = ""

    def read(self) -> Iterator[Quotable]:
        """Give the sentences in order."""
        seen = 0
        for order, sentence in enumerate(split_sentences(self._text, 1)):
            self._number = order
            start, end = sentence.start, sentence.start + len(sentence.text)
            number, last = self._lines.line_of(start), self._lines.line_of(end - 1)
            is_first, seen = number > seen, last
            text = self._text[start:end]
            if _DEFINITION.match(text) or self._is_title(number, last, text):
                continue
            line = self._content[number - 1]
            if number in self._headers:
                yield self._read_row(start, end, self._headers[number])
            elif _BULLET.match(line):
                yield self._read_bullet(start, end, line, is_first=is_first)
            else:
                yield self._read_plain(start, end, line, is_first=is_first)

    def read_blocks(self, found: Sequence[Quotable]) -> Iterator[Quotable]:
        """Give the formulas and code that no sentence brings along."""
        ends = {one.start + len(one.text) + len(one.block) for one in found if one.block}
        number = 1
        while number <= len(self._source):
            stop = self._block_end(number)
            if not stop:
                number += 1
                continue
            start = self._lines.start(number)
            start += len(self._source[number - 1]) - len(self._source[number - 1].lstrip())
            if stop not in ends and stop - start <= MOST_BLOCK:
                above = [one for one in found if one.start < start]
                yield Quotable(
                    self._place,
                    above[-1].number + 1 if above else 0,
                    start,
                    "",
                    number,
                    self._lines.line_of(stop - 1),
                    above[-1].topic if above else "",
                    (),
                    block=self._text[start:stop],
                    before=above[-1].text if above else "",
                )
            number = self._lines.line_of(stop - 1) + 1

    def _is_title(self, number: int, last: int, text: str) -> bool:
        """Say whether a line only names what stands below it, and remember what it names."""
        source = self._source[number - 1]
        below = self._source[last] if last < len(self._source) else ""
        if _CALLOUT.match(source):
            self._title = text
            return bool(_QUOTE.match(below) and _unquote(below).strip())
        if not _QUOTE.match(source):
            self._title = ""
        if (
            number == last
            and _BOLD.match(self._content[number - 1].strip())
            and len(text.split()) <= MOST_LABEL_WORDS
            and not _ENDED.search(text.rstrip("*_=: "))
        ):
            self._label = text
            return not _ANNOUNCES.search(text)
        return False

    def _quotable(
        self,
        start: int,
        end: int,
        parents: tuple[Quotable, ...],
        *,
        topic: str = "",
        marker: str = "",
        indent: int = -1,
        table: tuple[str, ...] = (),
        block: str = "",
    ) -> Quotable:
        return Quotable(
            self._place,
            self._number,
            start,
            self._text[start:end],
            self._lines.line_of(start),
            self._lines.line_of(end - 1),
            f"{self._title} {self._label} {topic}".strip(),
            parents,
            marker,
            indent,
            table,
            block,
        )

    def _read_row(self, start: int, end: int, header: int) -> Quotable:
        self._bullets.clear()
        numbers = (header, header + 1, self._lines.line_of(start))
        lines = tuple(self._content[number - 1].strip() for number in numbers)
        return self._quotable(start, end, self._opener, topic=strip_markup(lines[0]), table=lines)

    def _read_bullet(self, start: int, end: int, line: str, *, is_first: bool) -> Quotable:
        indent = _indent(line)
        # A bullet's second sentence stands below its first.
        while self._bullets and self._bullets[-1].indent >= indent + (not is_first):
            self._bullets.pop()
        parents = (*self._opener, *self._bullets)
        if not is_first:
            return self._quotable(start, end, parents)
        box = _BULLET.match(line)
        marker = f"- {box[1].strip()} " if box and box[1] else "- "
        block = self._text[end : self._find_block(start, end)]
        bullet = self._quotable(start, end, parents, marker=marker, indent=indent, block=block)
        self._bullets.append(bullet)
        return bullet

    def _read_plain(self, start: int, end: int, line: str, *, is_first: bool) -> Quotable:
        if line.lstrip().startswith("|"):  # a row whose header is in another passage
            return self._quotable(start, end, self._opener, marker="- ")
        if is_first:
            while self._bullets and self._bullets[-1].indent >= _indent(line):
                self._bullets.pop()
        if self._bullets:
            return self._quotable(start, end, (*self._opener, *self._bullets))
        block = self._text[end : self._find_block(start, end)]
        quotable = self._quotable(start, end, (), block=block)
        self._opener = (quotable,) if quotable.announces else ()
        return quotable

    def _find_block(self, start: int, end: int) -> int:
        """Give the end of the formula or code that a sentence announces; its own if none."""
        text = self._text[start:end]
        if _ENDED.search(text) and not _ANNOUNCES.search(text):
            return end
        first = self._lines.line_of(end - 1) + 1
        while first <= len(self._source) and not self._source[first - 1].strip():
            first += 1
        if first > len(self._source) or self._text[end : self._lines.start(first)].strip():
            return end
        stop = self._block_end(first)
        return stop if stop and stop - end <= MOST_BLOCK else end

    def _block_end(self, first: int) -> int:
        """Give the end of the formula or code that opens on a line, 0 if none does."""
        fence = _BLOCK.match(self._source[first - 1])
        if not fence:
            return 0
        is_formula, opening = fence[1] == "$$", self._source[first - 1].strip()
        for last in range(first, len(self._source) + 1):
            line = self._source[last - 1].strip()
            closes = line.endswith("$$") if is_formula else line.startswith(fence[1])
            if closes and (last > first or (is_formula and opening != "$$")):
                return self._lines.start(last) + len(self._source[last - 1].rstrip())
        return 0


def _unquote(line: str) -> str:
    while quote := _QUOTE.match(line):
        line = line[quote.end() :]
    return line


def _indent(line: str) -> int:
    line = line.expandtabs(_TAB)
    return len(line) - len(line.lstrip())


def _find_tables(content: Sequence[str]) -> dict[int, int]:
    """Give for each row the line of its table's header; lines count from 1."""
    headers: dict[int, int] = {}
    header = 0
    for number, line in enumerate(content, start=1):
        if number > 1 and "|" in content[number - 2] and _TABLE_RULE.match(line.strip()):
            header = number - 1
        elif "|" not in line:
            header = 0
        elif header:
            headers[number] = header
    return headers
