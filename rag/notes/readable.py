"""A note as it is read: what is hidden becomes blank, every character and line keeps its place."""

from collections.abc import Mapping

from rag.notes.footnotes import find_footnote_texts
from rag.notes.hidden import Spans, blank, find_hidden
from rag.notes.lines import Lines
from rag.notes.links import find_links
from rag.notes.plain import strip_markup
from rag.notes.properties import find_properties


class Readable:
    """A note without its properties, comments and pasted pictures."""

    def __init__(
        self,
        text: str,
        footnotes: Mapping[str, str] | None = None,
        pictures: Mapping[str, str] | None = None,
    ) -> None:
        """Take a note, and what its footnotes and pictures say if its words are read with them."""
        self._footnotes = footnotes or {}
        self._pictures = pictures or {}
        self.text = text
        """The note's own."""
        self.hidden = _find_unread(text)
        self.visible = blank(text, self.hidden)
        """The same places, with blanks for what is hidden."""
        self.lines = Lines(self.visible)

    def words(self, start: int, end: int) -> str:
        """Give the words of a stretch, without markup, with its footnotes and pictures."""
        source = self.visible[start:end]
        said = [strip_markup(source), *find_footnote_texts(source, self._footnotes)]
        if self._pictures and "![" in source:
            pictures = (link.target for link in find_links(source) if link.is_picture)
            said += [self._pictures.get(target, "") for target in dict.fromkeys(pictures)]
        return "\n".join(filter(None, said))


def _find_unread(text: str) -> Spans:
    end_line, _ = find_properties(text)
    if not end_line:
        return find_hidden(text)
    lines = Lines(text)
    body = lines.start(end_line + 1) if end_line < len(lines) else len(text)
    # A comment mark among the properties hides nothing of the body.
    return [(0, body), *((body + start, body + end) for start, end in find_hidden(text[body:]))]
