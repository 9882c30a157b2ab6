"""Notes made at random for property tests, of all that students write, with a known set of words.

Every word is unique, so that a test can say of each where it must be found and where not.
"""

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, field

from hypothesis import strategies as st

LINE_ENDS = ("\n", "\r\n", "\r")
LETTERS = ("", "é", "ș", "ł", "ã", "ż", "北", "ß")


def count_words(texts: Sequence[str]) -> list[int]:
    """Count tokens as a tokenizer that takes each word for one."""
    return [len(text.split()) for text in texts]


@dataclass
class MadeNote:
    """A note, and what is known of it."""

    lines: list[str] = field(default_factory=list)
    visible: list[str] = field(default_factory=list)
    """Words outside headings, which must be indexed."""
    hidden: list[str] = field(default_factory=list)
    """Words of comments and properties, which must not be."""
    text: str = ""


class _Writer:
    def __init__(self, draw: st.DrawFn) -> None:
        self.draw = draw
        self.note = MadeNote()
        self._number = 0

    def word(self) -> str:
        self._number += 1
        word = f"w{self._number}{self.draw(st.sampled_from(LETTERS))}x"
        return unicodedata.normalize(self.draw(st.sampled_from(("NFC", "NFD"))), word)

    def words(self, least: int = 1, most: int = 9) -> str:
        count = self.draw(st.integers(least, most))
        words = [self.word() for _ in range(count)]
        self.note.visible += words
        marks = self.draw(st.sampled_from(("{}", "{}", "**{}**", "*{}*", "=={}==", "`{}`", "{}.")))
        place = self.draw(st.integers(0, count - 1))
        words[place] = marks.format(words[place])
        if self.draw(st.integers(0, 9)) == 0:
            secret = self.word()
            self.note.hidden.append(secret)
            comment = self.draw(st.sampled_from(("%%{}%%", "<!-- {} -->", "%% {} %%")))
            words.insert(place, comment.format(secret))
        return " ".join(words)

    def add(self, *lines: str) -> None:
        self.note.lines.extend(lines)


def _heading(writer: _Writer) -> None:
    level = writer.draw(st.integers(1, 6))
    writer.add(f"{'#' * level} {writer.word()}")


def _paragraph(writer: _Writer) -> None:
    count = writer.draw(st.integers(1, 4))
    end = writer.draw(st.sampled_from(("", ".", ":", "  ", " ^name")))
    writer.add(*(writer.words(1, 25) + end for _ in range(count)), "")


def _list(writer: _Writer) -> None:
    indent = writer.draw(st.sampled_from(("\t", "  ", "    ")))
    marker = writer.draw(st.sampled_from(("-", "*", "1.", "- [ ]", "- [x]")))
    depth = 0
    for _ in range(writer.draw(st.integers(1, 8))):
        depth = writer.draw(st.integers(0, min(depth + 1, 4)))
        writer.add(f"{indent * depth}{marker} {writer.words(1, 12)}")
        if writer.draw(st.booleans()):
            writer.add(f"{indent * (depth + 1)}{writer.words()}")
    writer.add("")


def _table(writer: _Writer) -> None:
    columns = writer.draw(st.integers(2, 4))
    bar = writer.draw(st.sampled_from(("| {} |", "{}", "|{}|")))
    writer.add(bar.format(" | ".join(writer.words(1, 2) for _ in range(columns))))
    writer.add(bar.format("|".join(["---"] * columns)))
    for _ in range(writer.draw(st.integers(0, 6))):
        writer.add(bar.format(" | ".join(writer.words(1, 4) for _ in range(columns))))
    writer.add("")


def _fence(writer: _Writer) -> None:
    mark = writer.draw(st.sampled_from(("```", "~~~", "````python")))
    body = []
    for _ in range(writer.draw(st.integers(0, 12))):
        word = writer.word()
        writer.note.visible.append(word)
        body.append(writer.draw(st.sampled_from(("    {} = 1", "# {}", "%%{}", "", "- {}"))))
        if "{}" not in body[-1]:
            writer.note.visible.pop()
        body[-1] = body[-1].format(word)
    writer.add(mark, *body, mark.removesuffix("python"), "")


def _formula(writer: _Writer) -> None:
    word = writer.word()
    writer.note.visible.append(word)
    form = writer.draw(st.sampled_from(("$${}^2$$", "$$\n{}_i\n$$", "$$ {}\n+ 1 $$")))
    writer.add(*form.format(word).split("\n"), "")


def _quote(writer: _Writer) -> None:
    kind = writer.draw(st.sampled_from(("", "[!info] ", "[!warning]- ")))
    writer.add(f"> {kind}{writer.words()}")
    for _ in range(writer.draw(st.integers(0, 5))):
        prefix = writer.draw(st.sampled_from(("> ", "> - ", "> > ", ">")))
        writer.add(prefix + writer.words(1, 20))
    writer.add("")


def _footnote(writer: _Writer) -> None:
    label = writer.draw(st.sampled_from(("1", "2", "note")))
    writer.add(f"{writer.words()}[^{label}].", "", f"[^{label}]: {writer.words()}")
    writer.add(f"    {writer.words()}", "")


def _definition(writer: _Writer) -> None:
    for _ in range(writer.draw(st.integers(1, 3))):
        writer.add(writer.words(1, 3), f": {writer.words(1, 20)}")
        if writer.draw(st.booleans()):
            writer.add("", f"    {writer.words()}")
        writer.add("")


def _outline(writer: _Writer) -> None:
    secret = writer.word()
    writer.note.hidden.append(secret)
    writer.add(f"- {writer.words()}", f"  id:: {secret}", f"\t- TODO {writer.words()}", "")


def _div(writer: _Writer) -> None:
    writer.add("::: {.callout-note}", writer.words(1, 30), ":::", "")


def _html(writer: _Writer) -> None:
    form = writer.draw(st.sampled_from(("a<br>b {}", "<u>{}</u>", "<div>", "![[{}]]", "[[{}|x]]")))
    word = writer.word()
    if form not in ("<div>", "[[{}|x]]"):
        writer.note.visible.append(word)
    writer.add(form.format(word), "")


def _comment(writer: _Writer) -> None:
    opening, closing = writer.draw(st.sampled_from((("%%", "%%"), ("<!--", "-->"))))
    secrets = [writer.word() for _ in range(writer.draw(st.integers(1, 3)))]
    writer.note.hidden += secrets
    writer.add(opening, *secrets, "", closing, "")


def _rule(writer: _Writer) -> None:
    writer.add("", writer.draw(st.sampled_from(("---", "***", "<br>", "![[picture.png]]"))), "")


_PARTS = (
    *(_heading, _heading, _paragraph, _paragraph, _list, _list),
    *(_table, _fence, _formula, _quote, _comment, _rule),
    *(_footnote, _definition, _outline, _div, _html),
)


@st.composite
def made_notes(draw: st.DrawFn) -> MadeNote:
    """Make a note of up to a dozen parts, its lines ended in one way or in all."""
    writer = _Writer(draw)
    if draw(st.booleans()):
        title = writer.word()
        writer.note.hidden.append(f"{title}y")
        writer.add("---", f"other: {title}y", "---")
    for part in draw(st.lists(st.sampled_from(_PARTS), max_size=12)):
        part(writer)
    ends = draw(st.sampled_from((*((end,) for end in LINE_ENDS), LINE_ENDS)))
    note = writer.note
    note.text = "".join(line + draw(st.sampled_from(ends)) for line in note.lines)
    return note
