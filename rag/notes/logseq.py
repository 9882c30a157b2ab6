"""What Logseq writes into its outlines beside the words: properties, clocks, block references.

`key:: value` lines that Logseq itself keeps out of sight are hidden; those at the top of a page are
its properties. Other `key:: value` lines are the author's text, as in Obsidian's Dataview.
"""

import re
from collections.abc import Sequence

HIDDEN = (
    r"[ \t]*+(?:[-*][ \t]++)?(?:"
    r"(?:id|collapsed|heading|background-color|created-at|updated-at|public|icon|filters"
    r"|exclude-from-graph-view|query-[\w-]{1,40}|logseq\.[\w.-]{1,60}|card-[\w-]{1,40}"
    r"|ls-type|hl-[\w-]{1,40})::[^\r\n]*+"
    r"|:(?:LOGBOOK|PROPERTIES):[ \t]*+(?=[\r\n])(?:[^:]|:(?!END:)){0,2000}+"
    r":END:[ \t]*+(?=[\r\n]|\Z))"
)
"""A line, or the lines of a clock, from a line's beginning."""
HINTS = ("::", ":LOGBOOK:", ":PROPERTIES:")
"""Without one of these nothing is hidden."""
MARKS = (
    (r"\(\([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\)\)", ""),
    (r"\{\{embed[ \t]{1,9}+([^{}\n]{0,300}+)\}\}", r"\1"),
)
"""Patterns of marks within a line, and what is left of them: references to blocks and embeds."""
FENCE = re.compile(r"#\+(?:BEGIN|END)_\w{1,20}+[ \t]*+$", re.IGNORECASE)
"""A line that begins or ends a quote, a note or the like; what stands between is text."""

_PROPERTY = re.compile(r"(?:[-*][ \t]++)?([\w][\w-]{0,60}+)::(?:[ \t]++(.*))?$")
_PAGE_KEYS = frozenset({"title", "tags", "alias", "aliases"})
_BRACKETS = re.compile(r"\[\[|\]\]")


def find_page_properties(lines: Sequence[str]) -> dict[str, str | list[str]]:
    """Find the properties at the top of a page, one a line.

    Returns:
        The values by key in lower case, in the order of the lines; none where the page does not
        begin with such lines, or no title, tags or other name is among them.
    """
    values: dict[str, str | list[str]] = {}
    for line in lines:
        match = _PROPERTY.match(line.strip() if values else line.rstrip())
        if not match or match[1].lower() in values:
            break
        value = _BRACKETS.sub("", match[2] or "").strip()
        key = match[1].lower()
        values[key] = value if key == "title" else value.split(",")
    return values if _PAGE_KEYS.intersection(values) else {}
