"""Find quotes in a passage as it is shown.

A quote is the note's own characters, markup included, and may begin in one bullet or table cell and
end in another. So it is parsed like the passage, and both are compared by their letters and digits
alone: those are what markup leaves as they are.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from markdown_it.tree import SyntaxTreeNode

from rag.page.markdown_tree import parse_markdown

_SOLID = frozenset({"code_inline", "math_inline", "math_inline_double", "fence", "math_block"})
"""Leaves that are marked whole or not at all."""
_LEAVES = _SOLID | {"text", "text_special", "wikilink"}
_CLOSERS = ".,;:!?…%”’»\"')"


@dataclass(frozen=True, slots=True)
class Quote:
    """Words of a passage, and the lines at which they stand, counted from the passage's first."""

    text: str
    start_line: int = 1
    end_line: int = 0
    """0: anywhere."""

    def moved(self, lines: int) -> "Quote":
        """Give it for a passage before which lines were put."""
        if not self.end_line:
            return self
        return Quote(self.text, self.start_line + lines, self.end_line + lines)


@dataclass(frozen=True, slots=True)
class _Leaf:
    node: SyntaxTreeNode
    first_line: int
    last_line: int


def find_marks(
    tree: SyntaxTreeNode, quotes: Sequence[Quote]
) -> tuple[dict[int, list[tuple[int, int]]], list[Quote]]:
    """Find where quotes stand in a tree.

    Returns:
        For each leaf, by the `id` of its node, the stretches of its content that are quoted, in
        order, none touching; and the quotes that were not found.
    """
    leaves = list(_leaves(tree, 1, 1))
    letters, places = _letters(leaves)
    found: dict[int, list[tuple[int, int]]] = {}
    lost: list[Quote] = []
    for quote in quotes:
        wanted, _ = _letters(list(_leaves(parse_markdown(quote.text), 1, 1)))
        start = _find(wanted, letters, [leaves[leaf] for leaf, _ in places], quote)
        if start < 0:
            lost.append(quote)
            continue
        first, last = places[start], places[start + len(wanted) - 1]
        for number in range(first[0], last[0] + 1):
            node = leaves[number].node
            begin = first[1] if number == first[0] else 0
            end = _close(node.content, last[1] + 1) if number == last[0] else len(node.content)
            if node.type in _SOLID:
                begin, end = 0, len(node.content)
            found.setdefault(id(node), []).append((begin, end))
        if end == len(node.content) and last[0] + 1 < len(leaves):
            # `**the end**.`: its full stop belongs to it.
            behind = leaves[last[0] + 1].node
            if behind.type == "text" and (close := _close(behind.content, 0)):
                found.setdefault(id(behind), []).append((0, close))
    return {leaf: _merge(stretches) for leaf, stretches in found.items()}, lost


def _leaves(node: SyntaxTreeNode, first_line: int, last_line: int) -> Iterator[_Leaf]:
    if not node.is_root and node.map:
        first_line, last_line = node.map[0] + 1, max(node.map[1], node.map[0] + 1)
    if node.type in _LEAVES:
        yield _Leaf(node, first_line, last_line)
    for child in node.children:
        yield from _leaves(child, first_line, last_line)


def _letters(leaves: Sequence[_Leaf]) -> tuple[str, list[tuple[int, int]]]:
    """Give all letters and digits in a row, and for each its leaf and place in it."""
    letters: list[str] = []
    places: list[tuple[int, int]] = []
    for number, leaf in enumerate(leaves):
        for place, character in enumerate(leaf.node.content):
            if character.isalnum():
                letters.append(character)
                places.append((number, place))
    return "".join(letters), places


def _find(wanted: str, letters: str, leaves: Sequence[_Leaf], quote: Quote) -> int:
    """Find the letters of a quote, at its lines if they are there, else anywhere; -1 if nowhere."""
    if not wanted:
        return -1
    first = start = letters.find(wanted)
    while start >= 0 and quote.end_line:
        leaf = leaves[start]
        if leaf.first_line <= quote.end_line and leaf.last_line >= quote.start_line:
            return start
        start = letters.find(wanted, start + 1)
    return first


def _close(content: str, end: int) -> int:
    """Take in the punctuation behind the last letter."""
    while end < len(content) and content[end] in _CLOSERS:
        end += 1
    return end


def _merge(stretches: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
    merged: list[tuple[int, int]] = []
    for start, end in sorted(stretches):
        if merged and start <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
        else:
            merged.append((start, end))
    return merged
