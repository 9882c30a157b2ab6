"""The one way by which text of notes and of models reaches the page.

Whatever is not written by this program itself goes through one of the functions here before
Streamlit gets it; `markdown_writer` says what is guaranteed then.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from rag.notes.properties import read_properties
from rag.page.harmless import Marking, write_code, write_words
from rag.page.markdown_tree import parse_markdown
from rag.page.markdown_writer import write_markdown
from rag.page.quotes import Quote, find_marks

MOST_CHARACTERS = 20_000
"""A passage has some 1,000; beyond this a browser stalls on hostile nesting."""

_LINE_ENDS = re.compile(r"\r\n?|[\x0b\x0c\x85\u2028\u2029]")
_INVISIBLE = re.compile(
    # Controls, marks that turn or hide text, lone surrogates (no encoder takes those), tag letters.
    r"[\x00-\x08\x0e-\x1f\x7f-\x9f\xad\u061c\u180e\u200b\u200e\u200f\u202a-\u202e\u2060-\u206f"
    r"\ufeff\ufff9-\ufffb\ud800-\udfff\U000e0000-\U000e007f]"
)
_INDENT = re.compile(r"\n*([ \t]+)")
_PROPERTY = re.compile(r"[\w -]+:(?:\s|$)")


@dataclass(frozen=True, slots=True)
class SafePassage:
    """A passage that may be given to `st.markdown`."""

    source: str
    unmarked: tuple[str, ...]
    """Quotes that could not be found in it, as safe Markdown too."""


def safe_markdown(text: str, *, citations: int = 0) -> str:
    """Turn untrusted Markdown into Markdown that shows the same and does nothing.

    Args:
        text: of a note, of a model or of a user; may end anywhere, as it does while it streams.
        citations: `[1]` up to this number are shown as citations.
    """
    tree = parse_markdown(_clean(text))
    return write_markdown(tree, marks={}, marking=Marking(citations))


def safe_answer(
    text: str,
    *,
    citations: int,
    anchor: str,
    unsupported: frozenset[int] = frozenset(),
    doubtful: Sequence[str] = (),
) -> str:
    """Turn a whole answer into safe Markdown whose citations lead to their sources.

    Args:
        text: of the answer.
        citations: `[1]` up to this number are shown as citations.
        anchor: letters, digits and `-`, with which the anchors of its sources begin: that of
            `[1]` is `anchor-1`.
        unsupported: numbers whose citations are red.
        doubtful: sentences that are marked red.
    """
    tree = parse_markdown(_clean(text))
    marks, _ = find_marks(tree, [Quote(_clean(sentence)) for sentence in doubtful])
    return write_markdown(
        tree, marks=marks, marking=Marking(citations, anchor, unsupported, color="red")
    )


def safe_passage(text: str, quotes: Sequence[Quote]) -> SafePassage:
    """Turn a passage into safe Markdown in which quotes are marked."""
    tree = parse_markdown(_clean(text))
    cleaned = [Quote(_clean(quote.text), quote.start_line, quote.end_line) for quote in quotes]
    marks, lost = find_marks(tree, cleaned)
    return SafePassage(
        write_markdown(tree, marks=marks),
        tuple(safe_markdown(quote.text) for quote in lost),
    )


def safe_label(text: str) -> str:
    """Turn a path, a heading or an error into one line that shows as it is read."""
    return write_words(" ".join(_clean(text).split()))


def one_line(typed: str) -> str:
    """Make what was typed one line that can be encoded: half a character becomes `?`."""
    return " ".join(typed.encode("utf-8", "replace").decode("utf-8").split())


def safe_code(text: str) -> str:
    """Turn a command into code on one line."""
    return write_code(" ".join(_clean(text).split()))


def _clean(text: str) -> str:
    text = _INVISIBLE.sub("", _LINE_ENDS.sub("\n", text))
    if len(text) > MOST_CHARACTERS:
        text = f"{text[:MOST_CHARACTERS]} …"
    properties = read_properties(text).end_line
    lines = text.split("\n")
    # A passage that begins with a rule is not one that begins with properties.
    if properties and _PROPERTY.match(lines[1]):
        # Blank lines instead, so that quotes are found at their lines.
        lines[:properties] = [""] * properties
    # Nor is one that begins at a nested bullet code.
    if indent := _INDENT.match(text):
        lines = [
            line[len(indent[1]) :] if line.startswith(indent[1]) else line.lstrip()
            for line in lines
        ]
    return "\n".join(lines)
