"""Write a tree of Markdown anew, so that only what is written here on purpose can be Markdown.

Nothing is copied but the insides of code and formulas: every other character that could mean
anything to Markdown is written with a backslash. So no image, link, address, HTML, icon or colour
of an untrusted text survives, whatever trick hides it from a filter.
"""

from collections.abc import Iterator, Sequence
from itertools import chain, repeat

from markdown_it.tree import SyntaxTreeNode

from rag.page.harmless import PLAIN, Marking, write_code_block, write_formula_block
from rag.page.markdown_line import Marks, write_line

_RULES = {"text-align:left": ":--", "text-align:center": ":-:", "text-align:right": "--:"}


def write_markdown(tree: SyntaxTreeNode, *, marks: Marks, marking: Marking = PLAIN) -> str:
    """Write a tree as safe Markdown.

    Args:
        tree: what was parsed.
        marks: what is shown with a coloured background.
        marking: how marks and citations are shown.
    """
    return _BlockWriter(marks, marking).write(tree.children)


class _BlockWriter:
    def __init__(self, marks: Marks, marking: Marking) -> None:
        self._marks = marks
        self._marking = marking

    def write(self, nodes: Sequence[SyntaxTreeNode]) -> str:
        blocks = [(node, block) for node in nodes if (block := self._write_block(node))]
        text = ""
        for place, (node, block) in enumerate(blocks):
            if place:
                text += "\n" if _may_touch(blocks[place - 1][0], node) else "\n\n"
            text += block
        return text

    def _write_block(self, node: SyntaxTreeNode) -> str:
        block: str
        match node.type:
            case "paragraph" | "inline":
                block = self._write_line(node)
            case "heading" | "callout_title":
                # Real headings would be larger than the page's own, and have links.
                line = self._write_line(node, in_bold=True)
                block = f"**{line}**" if line else ""
            case "blockquote":
                block = _prefix(self.write(node.children), "> ", "> ")
            case "bullet_list" | "ordered_list":
                block = "\n".join(self._write_items(node))
            case "table":
                block = "\n".join(self._write_rows(node))
            case "fence":
                language = node.info.split(maxsplit=1)[0] if node.info.strip() else ""
                block = write_code_block(node.content, language)
            case "math_block" | "math_block_label":
                block = write_formula_block(node.content)
            case "hr":
                block = "***"
            case _:
                block = self.write(node.children)
        return block

    def _write_line(self, node: SyntaxTreeNode, *, in_bold: bool = False) -> str:
        return write_line(node.children, marks=self._marks, marking=self._marking, in_bold=in_bold)

    def _write_items(self, node: SyntaxTreeNode) -> Iterator[str]:
        number = int(node.attrs.get("start", 1))
        for place, item in enumerate(node.children):
            marker = node.markup or "-"
            if node.type == "ordered_list":
                marker = f"{number + place}{marker}"
            marker += " "
            yield _prefix(self.write(item.children), marker, " " * len(marker))

    def _write_rows(self, node: SyntaxTreeNode) -> Iterator[str]:
        rows = [row for part in node.children for row in part.children]
        for place, row in enumerate(rows):
            cells = [
                write_line(cell.children, marks=self._marks, marking=self._marking, in_table=True)
                for cell in row.children
            ]
            yield f"| {' | '.join(cells)} |"
            if not place:
                rules = (_RULES.get(str(cell.attrs.get("style")), "---") for cell in row.children)
                yield f"| {' | '.join(rules)} |"


def _may_touch(before: SyntaxTreeNode, node: SyntaxTreeNode) -> bool:
    """Say whether a block may follow on the next line: a list in a list without blank lines."""
    if before.type != "paragraph" or not before.hidden:
        return False
    # A numbered list may follow a line directly only if it begins with 1.
    return node.type == "bullet_list" or (
        node.type == "ordered_list" and node.attrs.get("start", 1) == 1
    )


def _prefix(text: str, first: str, other: str) -> str:
    starts = chain([first], repeat(other))
    return "\n".join(
        start + line if line else start.rstrip()
        for start, line in zip(starts, text.split("\n"), strict=False)
    )
