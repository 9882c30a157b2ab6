"""Write the smallest parts of Markdown so that they show what they hold and do nothing else.

What Streamlit's renderer looks for inside plain text, backslashes or not, is parted with an
invisible character: bare addresses, e-mail addresses, `:emoji:`, `:material/icon:`.
"""

import re
from dataclasses import dataclass

JOINER = "\u2060"
"""Word joiner: no width, no break."""
LONGEST_ADDRESS = 120

_SPECIAL = re.compile(r"[\\`*_{}\[\]()<>#+\-.!|~$:&=@^]")
_SHORTCODE = re.compile(r":(?=/|[\w+-]+[:/])")
_WWW = re.compile(r"(?i)(?<=www)(?=\.)")
_EMAIL = re.compile(r"(?<=[-.\w+])(?=@[-\w])")
_ADDRESS = re.compile(r"(?i)\b(?:[a-z][a-z0-9+.-]{1,20}://|www\.)[^\s<>`\"']+")
_ADDRESS_TAIL = re.compile(r"[.,;:!?)\]}*_~]+$")
_CITATION = re.compile(r"\[(\d{1,3})\]")
_BACKTICKS = re.compile("`+")
_LANGUAGE = re.compile(r"[A-Za-z0-9+#_]{1,20}")
_UNSAFE_FORMULA = re.compile(
    # What would be a link, an image or an address if the formula were not taken for one.
    r"`|\]\s*[(\[:]|!\[|://|www\.|@"
    # What KaTeX would load, follow, repeat or draw over the page.
    r"|\\(?:href|url|includegraphics|html\w*|rule|def|gdef|edef|xdef|let|futurelet|\w*newcommand)"
    r"(?![A-Za-z])|\d{2}\s*(?:em|ex|cm|in|pc|cc|nc)(?![A-Za-z])"
    r"|\d{3}\s*(?:mu|pt|mm|bp|dd|nd|px)(?![A-Za-z])|\d{6}\s*sp(?![A-Za-z])"
)
_SHORTCODE_START = re.compile(r":(?=[\w/+-])")
_TAG_START = re.compile(r"<(?=[A-Za-z/!?])")
_RAW_ENDS = "`$"
"""How code and formulas begin and end."""


@dataclass(frozen=True, slots=True)
class Marking:
    """How what this program itself adds to a text is shown."""

    citations: int = 0
    """`[1]` up to this number are shown as small labels."""
    anchor: str = ""
    """What the anchors of the sources begin with, to which the labels lead; empty: to none."""
    unsupported: frozenset[int] = frozenset()
    """Numbers whose labels are red."""
    color: str = "yellow"
    """Of the background of marked stretches."""


PLAIN = Marking()


def write_words(text: str, marking: Marking = PLAIN) -> str:
    """Write plain text; addresses become code."""
    written, done = "", 0
    for match in _ADDRESS.finditer(text):
        address = _ADDRESS_TAIL.sub("", match[0])
        written = append(written, _write_citations(text[done : match.start()], marking))
        written = append(written, write_address(address))
        done = match.start() + len(address)
    return append(written, _write_citations(text[done:], marking))


def write_address(address: str) -> str:
    """Write an address to be read, not followed."""
    if len(address) > LONGEST_ADDRESS:
        address = f"{address[:LONGEST_ADDRESS]}…"
    return write_code(address)


def write_code(content: str, *, in_table: bool = False) -> str:
    """Write code within a line."""
    content = content.replace("\n", " ")
    if not content.strip():
        return ""
    fence = "`" * (_longest_backticks(content) + 1)
    if content.startswith("`") or content.endswith("`"):
        content = f" {content} "
    if in_table:
        content = content.replace("|", "\\|")
    return f"{fence}{content}{fence}"


def write_code_block(content: str, language: str) -> str:
    """Write lines of code."""
    content = content.rstrip("\n")
    fence = "`" * max(3, _longest_backticks(content) + 1)
    # Streamlit draws Mermaid, and a drawing may load pictures from anywhere.
    if not _LANGUAGE.fullmatch(language) or language.lower() == "mermaid":
        language = ""
    return f"{fence}{language}\n{content}\n{fence}"


def write_formula(content: str, *, in_table: bool = False, is_large: bool = False) -> str:
    """Write a formula within a line; one that could do harm is shown as code."""
    formula = " ".join(content.split())
    if in_table:
        formula = formula.replace("\\|", "\\Vert ").replace("|", "\\vert ").strip()
    if not formula or _UNSAFE_FORMULA.search(formula) or formula.endswith("\\"):
        return write_code(content, in_table=in_table)
    style = "\\displaystyle " if is_large else ""
    return f"${style}{_without_ends(formula)}$"


def write_formula_block(content: str) -> str:
    """Write a formula on lines of its own; one that could do harm is shown as code."""
    formula = "\n".join(line.strip() for line in content.splitlines() if line.strip())
    if not formula:
        return ""
    if _UNSAFE_FORMULA.search(formula):
        return write_code_block(formula, "latex")
    return f"$$\n{_without_ends(formula)}\n$$"


def write_mark(source: str, color: str) -> str:
    """Give written Markdown a colour behind it."""
    return f":{color}-background[{source}]" if source.strip() and is_balanced(source) else source


def append(text: str, source: str) -> str:
    """Join two sources, so that `a`+`b` is not read as one stretch of code, nor $x$+2 as none."""
    ends, begins = text[-1:], source[:1]
    if ends and begins and ends in _RAW_ENDS and (begins in _RAW_ENDS or begins.isdigit()):
        return f"{text}{JOINER}{source}"
    return text + source


def is_balanced(source: str) -> bool:
    """Say whether the renderer finds the end of a label around this; it looks into code too."""
    depth = place = 0
    while place < len(source):
        if source[place] == "\\" and source[place + 1 : place + 2] in ("[", "]", "\\"):
            place += 1
        elif source[place] == "[":
            depth += 1
        elif source[place] == "]":
            depth -= 1
            if depth < 0:
                return False
        place += 1
    return depth == 0


def _write_citations(text: str, marking: Marking) -> str:
    written, done = "", 0
    for match in _CITATION.finditer(text):
        if 1 <= int(match[1]) <= marking.citations:
            label = _write_label(int(match[1]), marking)
            written += f"{_escape(text[done : match.start()])}{label}"
            done = match.end()
    return written + _escape(text[done:])


def _write_label(number: int, marking: Marking) -> str:
    label = f":{'red' if number in marking.unsupported else 'blue'}-badge[{number}]"
    return f"[{label}](#{marking.anchor}-{number})" if marking.anchor else label


def _escape(text: str) -> str:
    text = _SHORTCODE.sub(f":{JOINER}", text)
    text = _EMAIL.sub(JOINER, _WWW.sub(JOINER, text))
    return _SPECIAL.sub(r"\\\g<0>", text)


def _longest_backticks(content: str) -> int:
    return max((len(run) for run in _BACKTICKS.findall(content)), default=0)


def _without_ends(formula: str) -> str:
    # Inside a formula the renderer knows no backslash: any dollar would end it.
    formula = formula.replace("\\$", "$").replace("$", "\\text{\\textdollar}")
    # In TeX a space there means nothing, and `: smile:` is no picture.
    return _TAG_START.sub(r"\\lt ", _SHORTCODE_START.sub(": ", formula))
