"""The code and the formulas of an answer that stand in blocks, and whether the passages hold them.

Of code, what it gets from elsewhere must be in a passage: numbers, and the names that it imports,
calls, reads from an object or passes by. What it names itself is its own, and so are the words of
the language. Of a formula, numbers and symbols must be, and no sign may stand before a symbol that
has only the other one there. What has the parts of the passages in another order is not seen.

Figures: eval/measure_support.py and eval/LOG.md.
"""

import builtins
import keyword
import re
import unicodedata
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from rag.answers.marks import CODE, FLAGS
from rag.answers.numbers import NumberKind, read_numbers

_BLOCK = re.compile(rf"{CODE}|(?P<formula>(?<!\\)\$\$.{{1,2000}}?\$\$)", FLAGS)
_MARK_BEHIND = re.compile(r"\s{0,9}(?:\[\d{1,3}\])+[ \t]*(?=\n|\Z)")
_FENCE_LINES = re.compile(r"\A[^\n]*\n|\n[^\n]*\Z")
_LITERAL = re.compile(r"(?<![\w.])\d[\d_]*(?:\.\d+)?(?:[eE][+-]?\d+)?")
_TOKEN = re.compile(
    r"(?P<comment>(?:#|//)[^\n]*)"
    r"|(?P<string>\"[^\"\n]*\"|'[^'\n]*')"
    rf"|(?P<number>{_LITERAL.pattern})"
    r"|(?P<name>[^\W\d]\w*)"
    r"|(?P<bracket>[()\[\]{}])"
)
_IMPORT = re.compile(r"^[ \t]*(?:from|import)\b[^\n]*", re.MULTILINE)
_BOUND = re.compile(
    r"\bdef[ \t]+\w+[ \t]*\([^)]*\)|\b(?:class|as|for|lambda)[ \t]+[\w, \t]+", re.MULTILINE
)
_ASSIGNED = re.compile(r"^[\w, \t]+(?==(?!=))", re.MULTILINE)
_NAME = re.compile(r"[^\W\d]\w*")
_KNOWN = frozenset(
    (
        *keyword.kwlist,
        *keyword.softkwlist,
        *dir(builtins),
        *dir(str),
        *dir(list),
        *dir(dict),
        "self",
    )
)
"""Words of Python and of what it has built in; other languages have many of them too."""
_LEAST_STRING = 4
"""Characters of a text in code that is looked for, such as a model's name; shorter ones are modes
and separators."""
_FREE_NUMBERS = frozenset((0.0, 1.0))
"""Every program counts from one of them."""
_PERCENT = 100
_LAYOUT = frozenset(
    "left right big Big bigl bigr Bigl Bigr bigg Bigg quad qquad text mathrm mathbf mathcal mathbb"
    " mathit boldsymbol operatorname displaystyle begin end aligned align cases cdot times limits"
    " frac dfrac tfrac hat bar tilde vec top intercal le leq ge geq ldots dots cdots mid Vert lVert"
    " rVert lvert rvert vert langle rangle approx sim to in".split()
)
"""Commands that set a formula, or that another writer leaves out or writes otherwise."""
_SYMBOL = re.compile(r"\\?[^\W\d_]+|[+\-−]")
_MINUS = "−"
_SIGNS = {"+": "-", "-": "+"}
"""Each sign with the other one."""
_FACTOR = re.compile(r"(?<![\w^_.,])(\d+(?:[.,]\d+)?) ?(\\?[^\W\d_]+)")
_FORMULA = re.compile(r"\$\$?([^$]{1,2000})\$\$?")


@dataclass(frozen=True, slots=True)
class Block:
    """A fenced block of code, or a formula between `$$`."""

    start: int
    end: int
    """In the answer, fences included."""
    text: str
    is_code: bool


def find_blocks(text: str) -> list[Block]:
    """Find the blocks of an answer, in order."""
    return [
        Block(match.start(), match.end(), match[0], bool(match["fence"]))
        for match in _BLOCK.finditer(text)
        if match["fence"] or match["formula"]
    ]


def is_held(block: Block, passages: Sequence[str]) -> bool:
    """Say whether passages hold what a block takes from elsewhere.

    Args:
        block: of an answer.
        passages: their texts, with what they stand under.
    """
    evidence = "\n".join(passages)
    content = _FENCE_LINES.sub("\n", block.text) if block.is_code else block.text.strip("$")
    if all(line.strip() in evidence for line in content.split("\n")):
        return True  # word for word
    return (_holds_code if block.is_code else _holds_formula)(content, evidence)


def _holds_code(code: str, evidence: str) -> bool:
    folded = evidence.casefold()
    words = set(_NAME.findall(folded))
    if not all(name.casefold() in words for name in _foreign_names(code)):
        return False
    strings = (match["string"].strip("\"'") for match in _TOKEN.finditer(code) if match["string"])
    if not all(one.casefold() in folded for one in strings if _is_name(one)):
        return False
    return _values(code) - _FREE_NUMBERS <= _values(evidence) | _read_values(evidence)


def cut_blocks(text: str, blocks: Sequence[Block]) -> str:
    """Take blocks out of an answer, with a mark that stands alone behind one."""
    for block in reversed(blocks):
        mark = _MARK_BEHIND.match(text, block.end)
        end = mark.end() if mark else block.end
        text = f"{text[: block.start].rstrip()}\n\n{text[end:].lstrip()}"
    return text.strip()


def _is_name(string: str) -> bool:
    return len(string) >= _LEAST_STRING and not re.search(r"[\s{}%\\<>]", string)


def _values(text: str) -> set[float]:
    return {float(literal.replace("_", "")) for literal in _LITERAL.findall(text)}


def _read_values(text: str) -> set[float]:
    values = set()
    for number in read_numbers(text):
        for reading in number.readings:
            values.add(float(reading))
            if number.kind is NumberKind.PERCENT:
                values.add(float(reading) / _PERCENT)
    return values


def _foreign_names(code: str) -> Iterator[str]:
    """Give the names that code takes from elsewhere."""
    bound = set(_NAME.findall(" ".join(_BOUND.findall(code))))
    assigned = set(_NAME.findall(" ".join(_ASSIGNED.findall(code))))
    imports = [match.span() for match in _IMPORT.finditer(code)]
    depth, before = 0, ""
    for match in _TOKEN.finditer(code):
        if match["bracket"]:
            depth += 1 if match["bracket"] in "([{" else -1
        if name := match["name"]:
            behind = code[match.end() :].lstrip(" \t")
            is_read = code[: match.start()].endswith(".")
            is_passed = depth > 0 and behind.startswith("=") and not behind.startswith("==")
            is_imported = any(start <= match.start() < end for start, end in imports)
            # What opens a line of a call's arguments only looks assigned.
            is_own = not is_read and (name in bound or (name in assigned and not is_passed))
            if (
                (is_read or is_passed or is_imported or behind.startswith("("))
                and not (is_own or name in _KNOWN)
                and not (is_read and before == "self")
            ):
                yield name
            before = name


def _holds_formula(formula: str, evidence: str) -> bool:
    held = read_numbers(evidence)
    if not all(any(one.agrees(other) for other in held) for one in read_numbers(formula)):
        return False
    formulas = _FORMULA.findall(evidence)
    known = [symbol for one in formulas for symbol in (*_symbols(one), "")]
    words = {*known, *_NAME.findall(evidence.casefold())}
    said = list(_symbols(formula))
    if not all(_is_known(symbol, words) for symbol in said):
        return False
    # `K + 3P` is not `K - 2P`: a sign or factor that only another one has the place of.
    signs = {pair for pair in pairwise(known) if pair[0] in _SIGNS}
    factors = {pair for one in formulas for pair in _FACTOR.findall(one)}
    others = {symbol for _, symbol in factors}
    return not any(
        sign in _SIGNS and (sign, symbol) not in signs and (_SIGNS[sign], symbol) in signs
        for sign, symbol in pairwise(said)
    ) and not any(
        (factor, symbol) not in factors and symbol in others
        for factor, symbol in _FACTOR.findall(formula)
    )


def _is_known(symbol: str, words: Collection[str]) -> bool:
    """Say whether a symbol is among words, itself or, as the product `BAx`, letter by letter."""
    return (
        symbol in _SIGNS
        or symbol in words
        or symbol.casefold() in words
        or all(letter in words for letter in symbol)
    )


def _symbols(formula: str) -> Iterator[str]:
    """Give the letters, words, Greek letters and signs of a formula, without what sets it."""
    for match in _SYMBOL.finditer(formula):
        symbol = match[0].removeprefix("\\")
        if symbol in _LAYOUT:
            continue
        yield "-" if symbol == _MINUS else "".join(map(_spell, symbol))


def _spell(letter: str) -> str:
    """Write `α` as `alpha`, as its command is."""
    name = unicodedata.name(letter, "")
    return name.rsplit(" ", 1)[-1].lower() if name.startswith("GREEK SMALL LETTER ") else letter
