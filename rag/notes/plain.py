"""Take the markup off Markdown, leaving the words: what is indexed, compared and counted.

Formulas and code keep their characters. Every pattern is bounded or possessive, so that time grows
with the text and not with its square, whatever the text.
"""

import re
from collections.abc import Iterator

from rag.notes import logseq, quarto
from rag.notes.links import LINK, WIKILINK, name_link, name_wikilink

_Rules = tuple[tuple[re.Pattern[str], str], ...]

LONGEST_EMPHASIS = 300
"""Characters between two `**`; a longer stretch keeps them."""
LONGEST_HEADING = 80
"""Characters of a heading marked by a line below it; a longer one is a paragraph on a rule."""
_SENTENCE_ENDS = (".", ",", ";", ":", "!", "…")
TABLE_RULE = re.compile(
    r"[ \t>]*+(?=[^\n|]*\|)\|?[ \t]*+:?-++:?[ \t]*+(?:\|[ \t]*+:?-++:?[ \t]*+)*+\|?[ \t]*+$"
)
"""The line below a table's header; it has a bar, unlike a rule across the page."""

_QUOTE = re.compile(r"[ \t]*+(?:>[ \t]*+)*+")
_CALLOUT = re.compile(r"\[!([\w-]++)(?:\|[^\]\n]{0,60}+)?\][-+]?[ \t]*+")
_LINE_MARKS = re.compile(
    # A number of four digits that opens a line is more likely a year than a place in a list.
    r"(?:(?:[-*+]|\d{1,3}[.)])(?:[ \t]++|$)(?:\[[^\]\n]\][ \t]++)?|-(?=[^\W\d_])|:[ \t]++)?"
    r"(?:\#{1,6}(?:[ \t]++|$))?"
)
_FENCE = re.compile(r"(`{3,}+|~{3,}+)([^`]*+)$")
_BAR = re.compile(r"(?<!\\)\|")
_RULE = re.compile(r"(?:(?:-[ \t]*+){3,}+|(?:\*[ \t]*+){3,}+|(?:_[ \t]*+){3,}+)$")

_KEPT, _CODE_LINE = "\ue000", "\ue001"
"""Stand for a stretch that is kept, and before a line of fenced code. They are of Unicode's private
use: no note says anything by them."""
_NO_STAND_INS = str.maketrans(dict.fromkeys((_KEPT, _CODE_LINE), " "))
_VERBATIM = re.compile(
    rf"{_CODE_LINE}(?P<line>[^\n]*+)"
    r"|\\(?P<escaped>[\\`*_{}\[\]()#+.!>~$<-])"
    r"|(?<!`)(?P<ticks>`++)(?P<code>[^\n]{1,400}?)(?<!`)(?P=ticks)(?!`)"
    r"|\$\$[^$]{1,4000}+\$\$"
    # As in Pandoc: no space inside, no digit behind, so that "$5 and $6" is money.
    r"|(?<!\$)\$(?=[^\s$])[^$\n]{1,500}+(?<![\s\\])\$(?![\d$])"
)
_HTML = (
    "a abbr audio b big blockquote br center cite code dd del details div dl dt em figcaption "
    "figure font h1 h2 h3 h4 h5 h6 hr i iframe img ins kbd li mark ol p pre q s samp small "
    "source span strike strong sub summary sup svg table tbody td tfoot th thead tr tt u ul "
    "var video"
)

_MARKS = re.compile(rf"[`$*_=~<\[{{\\^{_CODE_LINE}]|\(\(")
"""Without one of these a text has no inline markup."""


def _compile(*rules: tuple[str, str]) -> _Rules:
    return tuple((re.compile(pattern, re.MULTILINE), replacement) for pattern, replacement in rules)


def _between(mark: str) -> str:
    return rf"{mark}(?=\S)([^\n]{{1,{LONGEST_EMPHASIS}}}?)(?<=\S){mark}"


_RULES = _compile(
    (r"<br[ \t]{0,9}+/?>", " "),
    (r"<(https?://[^<>\s]{1,500}+)>", r"\1"),
    (rf"(?i:</?(?:{'|'.join(_HTML.split())})(?:[ \t][^<>\n]{{0,300}}+)?/?>)", ""),
    (r"\[\^[^\[\]\s]{1,100}+\]:?", " "),  # a footnote's mark
    (r"\^\[([^\[\]\n]{1,500}+)\]", r" (\1)"),  # a footnote written where it belongs
    (_between(r"\*\*"), r"\1"),
    (r"(?<!\w)" + _between("__") + r"(?!\w)", r"\1"),
    (_between("=="), r"\1"),
    (_between("~~"), r"\1"),
    (r"(?<![\w*])\*(?=[^\s*])([^*\n]{1,500}+)(?<=\S)\*(?![\w*])", r"\1"),
    (r"(?<![\w_])_(?=[^\s_])([^_\n]{1,500}+)(?<=\S)_(?![\w_])", r"\1"),
    (r"(?<=[ \t])\^[\w-]{1,60}+[ \t]*+$", ""),  # a block's name
    (r"\\\|", "|"),
    *logseq.MARKS,
    *quarto.MARKS,
)


def strip_markup(text: str) -> str:
    """Take off bullets, emphasis, links, tags and table rules; formulas and code stay as they are.

    One line stays one line; blank ones go.
    """
    text = text.replace("\r\n", "\n").replace("\r", "\n").translate(_NO_STAND_INS)
    return _strip_inline("\n".join(_strip_lines(text)))


def strip_inline_markup(text: str) -> str:
    """Take off emphasis, links and tags only: for a heading, whose `1.` is its own."""
    return _strip_inline(text.translate(_NO_STAND_INS))


def _strip_inline(text: str) -> str:
    if not _MARKS.search(text):
        return _tidy(text)
    kept: list[str] = []

    def keep(match: re.Match[str]) -> str:
        parts = match.group("line", "escaped", "code")
        kept.append(next((part for part in parts if part is not None), match[0]))
        return _KEPT

    text = _VERBATIM.sub(keep, text)
    text = WIKILINK.sub(name_wikilink, text)
    for _ in range(2):  # a picture may be a link's text
        text = LINK.sub(name_link, text)
    for pattern, replacement in _RULES:
        text = pattern.sub(replacement, text)
    parts = text.split(_KEPT)
    text = parts[0] + "".join(a + b for a, b in zip(kept, parts[1:], strict=True))
    return _tidy(text)


def _tidy(text: str) -> str:
    lines = (" ".join(line.split()) for line in text.split("\n"))
    return "\n".join(filter(None, lines))


def looks_like_heading(line: str) -> bool:
    """Say whether a line on a rule is its heading, and not text whose author left out a line."""
    text = line.strip()
    return len(text) <= LONGEST_HEADING and not text.endswith(_SENTENCE_ENDS)


def shorten(text: str, most: int) -> str:
    """Cut text to at most `most` characters, between words where it has any."""
    if len(text) <= most:
        return text
    cut = text[: most - 1]
    if not text[most - 1].isspace():
        cut = cut.rpartition(" ")[0] or cut
    return cut.rstrip() + "…"


def _strip_lines(text: str) -> Iterator[str]:
    fence = ""
    for line in text.split("\n"):
        quote = _QUOTE.match(line)
        rest = line[quote.end() if quote else 0 :]
        if match := _FENCE.match(rest):
            if not fence:
                fence = match[1]
            elif match[1].startswith(fence) and not match[2].strip():
                fence = ""
            yield ""
        elif fence:
            yield _CODE_LINE + rest
        elif TABLE_RULE.match(rest) or _RULE.match(rest):
            yield ""
        elif rest.startswith("|"):
            cells = (cell.strip() for cell in _BAR.split(rest))
            yield " | ".join(filter(None, cells))
        elif quarto.DIV.match(rest.lstrip()):
            yield quarto.name_div(rest)
        else:
            if callout := _CALLOUT.match(rest):
                # One without a title is shown under its type.
                rest = rest[callout.end() :] or callout[1].replace("-", " ")
            marks = _LINE_MARKS.match(rest)
            words = rest[marks.end() if marks else 0 :]
            yield "" if logseq.FENCE.match(words) else words
