"""A note as it is read: what is hidden becomes blank, every character and line keeps its place."""

from collections.abc import Mapping

from rag.notes.footnotes import append_footnotes
from rag.notes.hidden import Spans, blank, find_hidden
from rag.notes.lines import Lines
from rag.notes.plain import strip_markup
from rag.notes.properties import find_properties


class Readable:
    """A note without its properties, comments and pasted pictures."""

    def __init__(self, text: str, footnotes: Mapping[str, str] | None = None) -> None:
        """Take a note, and what its footnotes say if its words are to be read with them."""
        self._footnotes = footnotes or {}
        self.text = text
        """The note's own."""
        self.hidden = _find_unread(text)
        self.visible = blank(text, self.hidden)
        """The same places, with blanks for what is hidden."""
        self.lines = Lines(self.visible)

    def words(self, start: int, end: int) -> str:
        """Give the words of a stretch, without markup, with the footnotes that it refers to."""
        source = self.visible[start:end]
        return append_footnotes(strip_markup(source), source, self._footnotes)


def _find_unread(text: str) -> Spans:
    end_line, _ = find_properties(text)
    if not end_line:
        return find_hidden(text)
    lines = Lines(text)
    body = lines.start(end_line + 1) if end_line < len(lines) else len(text)
    # A comment mark among the properties hides nothing of the body.
    return [(0, body), *((body + start, body + end) for start, end in find_hidden(text[body:]))]
