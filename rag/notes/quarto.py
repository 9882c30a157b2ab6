"""What Quarto and Jupytext write into Markdown beside the words: attributes, divs, cell breaks."""

import re

DIV = re.compile(r"(?::{3,}+[^\n]{0,300}+|\+\+\+(?:[ \t]*+\{[^\n]{0,300}+)?)[ \t]*+$")
"""A line that begins or ends a div, `::: {.callout-tip title="..."}`, or a notebook's cell."""
TITLE = re.compile(r"""title=("[^"\n]{0,200}+"|'[^'\n]{0,200}+')""")
"""The title of a div, among its attributes."""
MARKS = (
    (r"\[([^\[\]\n]{1,300}+)\]\{[.#][A-Za-z][^{}\n]{0,200}+\}", r"\1"),
    (r"[ \t]*+\{[.#][A-Za-z][^{}\n]{0,200}+\}", ""),
)
"""Patterns of attributes within a line, and what is left: `[words]{.class}`, `{#sec-name}`."""


def name_div(line: str) -> str:
    """Give what a line that DIV matches says to a reader: a title, or nothing."""
    title = TITLE.search(line)
    return title[1][1:-1].strip() if title else ""
