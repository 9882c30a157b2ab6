"""Take the markup off Markdown, leaving the words: what is indexed, compared and counted."""

import re

_Rules = tuple[tuple[re.Pattern[str], str], ...]


def _compile(*rules: tuple[str, str]) -> _Rules:
    return tuple((re.compile(pattern, re.MULTILINE), replacement) for pattern, replacement in rules)


_LINE_RULES = _compile(
    (r"^[ \t]*>[ \t]?", ""),
    (r"^[ \t]*\[!(\w+)\][-+]?[ \t]*", ""),  # a callout's type; its title stays
    (r"^[ \t]*(?:[-*+]|\d{1,9}[.)])[ \t]+(?:\[[ xX/-]\][ \t]+)?", ""),
    (r"^[ \t]{0,3}#{1,6}[ \t]+", ""),
    (r"^[ \t]*(?:```|~~~).*$", ""),
    (r"^[ \t]*\|?(?:[ \t]*:?-+:?[ \t]*\|)+[ \t]*:?-*:?[ \t]*$", ""),  # a table's rule
)
_INLINE_RULES = _compile(
    (r"%%.*?%%", " "),  # an Obsidian comment
    (r"<!--.*?-->", " "),
    (r"<br\s*/?>", " "),
    (r"</?[A-Za-z][^<>\n]{0,200}>", ""),
    (r"!\[\[([^\]|#\n]+)[^\]\n]*\]\]", r"\1"),  # an embed: its name
    (r"\[\[[^\]|\n]*\|([^\]\n]+)\]\]", r"\1"),  # a wikilink with an alias: the alias
    (r"\[\[([^\]\n]+)\]\]", r"\1"),
    (r"!?\[([^\]\n]*)\]\([^()\s]*(?:\([^()\s]*\))?[^()\n]*\)", r"\1"),  # link, picture: its text
    (r"\[\^[^\]\s]+\]:?", " "),  # a footnote mark
    (r"[ \t]*\|[ \t]*", " | "),
    (r"(\*\*|__|==|~~)(?=\S)(.+?)(?<=\S)\1", r"\2"),
    (r"(?<![\w*])\*(?=\S)([^*\n]+?)(?<=\S)\*(?![\w*])", r"\1"),
    (r"`([^`\n]+)`", r"\1"),
    (r"(?<=\s)\^[\w-]+[ \t]*$", ""),  # a block id
    (r"\\([\\`*_{}\[\]()#+.!|>~$-])", r"\1"),
)
_SPACES = re.compile(r"[ \t]+")
_BLANK_LINES = re.compile(r"\s*\n\s*")


def strip_markup(text: str) -> str:
    """Take off bullets, emphasis, links, tags and table rules; formulas and code stay as they are.

    One line stays one line; blank ones go.
    """
    for pattern, replacement in _LINE_RULES:
        text = pattern.sub(replacement, text)
    return strip_inline_markup(text)


def strip_inline_markup(text: str) -> str:
    """Take off emphasis, links and tags only: for a heading, whose `1.` is its own."""
    for pattern, replacement in _INLINE_RULES:
        text = pattern.sub(replacement, text)
    return _BLANK_LINES.sub("\n", _SPACES.sub(" ", text)).strip(" \n|")
