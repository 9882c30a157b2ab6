"""Write what stands within a line of Markdown: the second half of `markdown_writer`."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby

from markdown_it.tree import SyntaxTreeNode

from rag.page.harmless import (
    Marking,
    append,
    is_balanced,
    write_address,
    write_code,
    write_formula,
    write_mark,
    write_words,
)

Marks = Mapping[int, Sequence[tuple[int, int]]]
"""Stretches of a leaf's content that are marked, by the `id` of the node."""

_SHOWN_SCHEME = re.compile(r"(?i)(?:https?|ftp|mailto):")
_HTML_NAME = re.compile(r"</?([a-z][a-z0-9-]*)")
_HTML_NAMES = frozenset(
    "a abbr article aside audio b base bdi bdo big blockquote body br button caption center cite"
    " code col colgroup dd del details dfn div dl dt em embed fieldset figcaption figure font"
    " footer form frame h1 h2 h3 h4 h5 h6 head header hr html i iframe img input ins kbd label"
    " legend li link main map mark math meta nav noscript object ol option p param picture pre q"
    " ruby rp rt s samp script section select small source span strike strong style sub summary"
    " sup svg table tbody td template textarea tfoot th thead title tr track tt u ul var video"
    " wbr".split()
)
"""Tags that are left out; `<n>` and `vector<int>` are words."""
_HTML_WORDS = {"<sup": "^", "<sub": "_"}
"""10<sup>-3</sup> must not become 10-3."""


@dataclass(frozen=True, slots=True)
class _Run:
    """A stretch of a line."""

    source: str
    """Text as it is read, if `is_text`, else Markdown."""
    is_text: bool
    is_marked: bool


_SPACE = _Run(" ", is_text=True, is_marked=False)
_BREAK = _Run("\\\n", is_text=False, is_marked=False)


def write_line(
    nodes: Sequence[SyntaxTreeNode],
    *,
    marks: Marks,
    marking: Marking,
    in_table: bool = False,
    in_bold: bool = False,
) -> str:
    """Write the contents of a paragraph, a title or a table cell.

    Args:
        nodes: what stands within the line.
        marks: what is shown with a coloured background.
        marking: how marks and citations are shown.
        in_table: it is a cell: on one line, bars escaped.
        in_bold: it is written between two `**`, on one line.
    """
    return _LineWriter(marks, marking, in_table=in_table, in_bold=in_bold).write(nodes)


class _LineWriter:
    def __init__(self, marks: Marks, marking: Marking, *, in_table: bool, in_bold: bool) -> None:
        self._marks = marks
        self._marking = marking
        self._in_table = in_table
        self._break = _SPACE if in_table or in_bold else _BREAK
        self._open = ["strong"] if in_bold else []
        """The emphasis around what is being written."""

    def write(self, nodes: Sequence[SyntaxTreeNode]) -> str:
        runs = list(self._runs(nodes))
        while runs and runs[-1] is _BREAK:
            runs.pop()
        while runs and runs[0] is _BREAK:
            runs.pop(0)
        source, is_marked = self._join(runs)
        return (write_mark(source, self._marking.color) if is_marked else source).strip()

    def _runs(self, nodes: Sequence[SyntaxTreeNode]) -> list[_Run]:
        return [run for node in nodes for run in self._node_runs(node) if run.source]

    def _node_runs(self, node: SyntaxTreeNode) -> Iterator[_Run]:
        match node.type:
            case "text" | "text_special" | "wikilink":
                yield from self._text_runs(node)
            case "inline":
                yield from self._runs(node.children)
            case "code_inline":
                source = write_code(node.content, in_table=self._in_table)
                yield self._raw_run(node, source)
            case "math_inline" | "math_inline_double":
                is_large = node.type == "math_inline_double"
                source = write_formula(node.content, in_table=self._in_table, is_large=is_large)
                yield self._raw_run(node, source)
            case "softbreak" | "hardbreak":
                # Obsidian shows a line end as one.
                yield self._break
            case "em" | "strong" | "s" | "highlight":
                yield self._emphasis(node)
            case "link":
                yield from self._link_runs(node)
            case "image" | "picture":
                yield _words(f"[{_name_picture(node)}]")
            case "html_inline":
                yield from self._html_runs(node.content)
            case _:
                yield _words(node.content)

    def _text_runs(self, node: SyntaxTreeNode) -> Iterator[_Run]:
        content, done = node.content, 0
        for start, end in self._marks.get(id(node), ()):
            yield _words(content[done:start])
            yield _Run(content[start:end], is_text=True, is_marked=True)
            done = end
        yield _words(content[done:])

    def _raw_run(self, node: SyntaxTreeNode, source: str) -> _Run:
        # The renderer looks for the end of a mark in code too: half of `[0, 1)` would end it.
        is_marked = id(node) in self._marks and is_balanced(source)
        return _Run(source, is_text=False, is_marked=is_marked)

    def _emphasis(self, node: SyntaxTreeNode) -> _Run:
        is_nested = node.type in self._open
        self._open.append(node.type)
        source, is_marked = self._join(self._runs(node.children))
        self._open.pop()
        if is_nested or source != source.strip() or not source:
            written = source
        elif node.type == "highlight":
            written = f":orange-background[{source}]" if is_balanced(source) else source
        else:
            # The marker is the one in the text, which was right between its letters.
            written = f"{node.markup}{source}{node.markup}"
        return _Run(written, is_text=False, is_marked=is_marked)

    def _link_runs(self, node: SyntaxTreeNode) -> Iterator[_Run]:
        address = str(node.attrs.get("href", ""))
        if not _SHOWN_SCHEME.match(address):
            yield from self._runs(node.children)
            return
        code = _Run(write_address(address), is_text=False, is_marked=False)
        if node.info == "auto" or not node.children:
            yield code
            return
        yield from self._runs(node.children)
        yield from (_words(" ("), code, _words(")"))

    def _html_runs(self, tag: str) -> Iterator[_Run]:
        match = _HTML_NAME.match(tag.lower())
        if match is None:
            return  # a comment, a declaration
        if match[1] == "br":
            yield self._break
        elif match[1] in _HTML_NAMES:
            yield _words(_HTML_WORDS.get(match[0], ""))
        else:
            yield _words(tag)

    def _join(self, runs: Sequence[_Run]) -> tuple[str, bool]:
        """Write runs one after another; says whether all are marked, and then marks none."""
        groups = [
            (is_marked, self._join_alike(list(group)))
            for is_marked, group in groupby(runs, key=lambda run: run.is_marked)
        ]
        if len(groups) == 1 and groups[0][0]:
            return groups[0][1], True
        text = ""
        for is_marked, source in groups:
            text = append(text, write_mark(source, self._marking.color) if is_marked else source)
        return text, False

    def _join_alike(self, runs: Sequence[_Run]) -> str:
        text = ""
        for is_text, group in groupby(runs, key=lambda run: run.is_text):
            sources = [run.source for run in group]
            # Text is joined before it is made harmless: `htt` and `p://` are an address together.
            if is_text:
                sources = [write_words("".join(sources), self._marking)]
            for source in sources:
                text = append(text, source)
        return text


def _words(text: str) -> _Run:
    return _Run(text, is_text=True, is_marked=False)


def _name_picture(node: SyntaxTreeNode) -> str:
    leaves = (leaf.content for leaf in node.walk() if not leaf.children)
    if name := "".join(leaves).strip():
        return name
    address = str(node.attrs.get("src", ""))
    return "image" if ":" in address else address.rsplit("/", 1)[-1] or "image"
