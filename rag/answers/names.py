"""The names of a text: people, models, places, acronyms, and whether a note has them too.

A name is told by its letters: a digit or a second capital in it (`GPT-3`, `LoRA`), or a capital
behind the first word of its sentence. The first word itself may be one (`Vapnik and Cortes ...`);
`read_names` says which are certain. Names are compared by their beginnings, because they are
inflected: `Bayesa`, `Bayes's`, `lui Bayes`.
"""

import re
from collections.abc import Collection
from dataclasses import dataclass

from rag.answers.numbers import MONTHS
from rag.notes.folding import fold
from rag.notes.language import content_words
from rag.notes.plain import strip_markup

MOST_ENDING = 3
"""Letters that a name's ending may add or change: `Hochreiterowi`, `Sedola`."""
LEAST_STEM = 4
"""Letters that two forms of a name share, where more than one differs; else three."""

_WORD = re.compile(r"[^\W_]+(?:[-'’.+*][^\W_]+)*[+*]?")
_FORMULA = re.compile(r"\$\$?[^$]{1,2000}\$\$?")
_SENTENCE_START = re.compile(r"(?:^|[.!?:…]\s+|[\"„“«‘(]|\n)[\W_]*$")
_NEXT_WORD = re.compile(r"(?:,| (?:and|și|si|i|e|et|&)) ([^\W\d_]+)")
_LETTER = re.compile(r"[^\W\d_]")
_DIGIT = re.compile(r"\d")
_ONLY_NUMBER = re.compile(r"\d+[.,]?\d*(?:[^\W\d_]{1,3})?$|\d+h\d*$|\d+[-x×]\d+$")
"""`16`, `70B`, `24GB`, `9h30`: a number and its unit, not a name."""

_NO_NAMES = MONTHS | frozenset(
    "monday tuesday wednesday thursday friday saturday sunday mondays tuesdays wednesdays thursdays"
    " fridays saturdays sundays".split()
)
"""What English alone writes with a capital."""


@dataclass(frozen=True, slots=True)
class Name:
    """A word that names something."""

    text: str
    """Folded."""
    is_code: bool
    """Whether it has a digit or a second capital: it is not inflected inside."""
    is_sure: bool
    """Not the first word of a sentence with nothing but its capital to show for it."""


def read_names(text: str) -> list[Name]:
    """Read the names of a text, each once, in order."""
    text = _FORMULA.sub(" ", strip_markup(text))
    found: dict[Name, None] = {}
    for match in _WORD.finditer(text):
        word = match[0]
        if not _LETTER.search(word) or _ONLY_NUMBER.match(word):
            continue
        is_code = any(one.isupper() or one.isdigit() for one in word[1:]) or word[0].isdigit()
        if not (is_code or word[0].isupper()):
            continue
        if not is_code and not content_words(word):
            continue
        is_first = bool(_SENTENCE_START.search(text[: match.start()]))
        is_sure = is_code or not is_first or _precedes_name(text, match.end())
        if len(word) == 1 or fold(word) in _NO_NAMES:
            continue  # a letter alone is a variable or an article
        found[Name(fold(word), is_code, is_sure)] = None
    return list(found)


def _precedes_name(text: str, end: int) -> bool:
    following = _NEXT_WORD.match(text, end)
    return bool(following and following[1][0].isupper()) or text.startswith(" et al", end)


def strip_names(text: str) -> str:
    """Take the certain names out of a text: what is said, whoever it is said of."""
    names = {name.text for name in read_names(text) if name.is_sure}
    return _WORD.sub(lambda match: "" if fold(match[0]) in names else match[0], text)


def words_of(text: str) -> frozenset[str]:
    """Give the folded words of a text with which names are compared, compounds also in parts."""
    words = [match[0] for match in _WORD.finditer(fold(_FORMULA.sub(" ", strip_markup(text))))]
    parts = [part for word in words for part in re.split(r"[-'’.]", word)]
    return frozenset((*words, *parts))


def holds(words: Collection[str], name: Name) -> bool:
    """Say whether a name is among words, whatever its ending.

    Args:
        words: as `words_of` gives them.
        name: a compound is also held by words that hold each of its parts (`BERT-base`).
    """
    if any(is_same_name(name.text, word) for word in words):
        return True
    parts = [part for part in re.split(r"[-'’.]", name.text) if part]
    if len(parts) > 1 and len(parts[-1]) <= MOST_ENDING and parts[-1].isalpha():
        # `SVM-ul`, `GPT-3's`: an ending. `GPT-3` itself is neither `GPT-2` nor `3`.
        stem = name.text[: -len(parts[-1]) - 1]
        if any(is_same_name(stem, word) for word in words):
            return True
    if len(parts) == 1 or _DIGIT.search(name.text):
        return False
    return all(any(is_same_name(part, word) for word in words) for part in parts if len(part) > 1)


def is_same_name(first: str, second: str) -> bool:
    """Say whether two folded words may be forms of one name."""
    if first == second:
        return True
    if _DIGIT.search(first) or _DIGIT.search(second):
        return _squeezed(first) == _squeezed(second)
    shared = 0
    for one, other in zip(first, second, strict=False):
        if one != other:
            break
        shared += 1
    ending = max(len(first), len(second)) - shared
    return ending <= MOST_ENDING and shared >= (LEAST_STEM if ending > 1 else LEAST_STEM - 1)


def _squeezed(word: str) -> str:
    return re.sub(r"[-.']", "", word)
