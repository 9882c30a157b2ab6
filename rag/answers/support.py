"""Whether a passage supports a sentence that is not in it word for word.

That a sentence is like a passage, by letters or by the encoder, is not enough: `in 1979` is as like
`in 1997` as can be. So its numbers must be found, its names must be found, and each of its clauses
must deny or affirm as the clause it is most like. A number or name that stands elsewhere in the
passage does only if the quoted sentence has none in its place: `GRU has three gates` is not
supported by a table that says two for it and three for another.

Figures, by kind of alteration and by language: eval/measure_support.py and eval/LOG.md.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum

from rag.answers.names import Name, holds, read_names, strip_names, words_of
from rag.answers.negation import NEGATIONS, cut_clauses, denies
from rag.answers.numbers import Number, read_numbers
from rag.notes.folding import fold
from rag.notes.grams import GRAM, gram_keys
from rag.notes.language import content_words

LEAST_LIKENESS = 0.3
"""Cosine and share of grams, added, that two clauses must have to be compared for negation."""

QUOTED_BONUS = 0.03
"""For a clause of the quoted sentence itself: between equals, it is the one that is meant."""
DENYING_BONUS = 0.1
"""For one of these that denies: the clause before it often has the same nouns."""
DENIED_SHARE = 0.75
"""Share of the grams of a clause's content words by which a sentence repeats it."""
LEAST_CONTENT = 2
"""Content words of a clause of several that is compared; `The GPT-2 (…)` alone affirms nothing."""
SAME_WORD = 0.7
"""Likeness by which a word is another's translation: `Prize` and `premiul` have 0.74. A
name of the quote is never tried: those of two people are often that near."""

Compare = Callable[[str, Sequence[str]], Sequence[float]]
"""Gives how like a clause is to each of others: 0 and up."""

_PART = re.compile(r"[;:]\s+|,\s+|\s+(?=(?:iar|whereas|while|natomiast|enquanto)\b)")


class Conflict(StrEnum):
    """In what a sentence and its passage disagree."""

    NUMBER = "number"
    NAME = "name"
    NEGATION = "negation"


@dataclass(frozen=True, slots=True)
class Evidence:
    """What a sentence is held against."""

    quote: str
    """The sentence of the passage that is most like it."""
    context: str
    """What that sentence stands under: title, headings, the header of its table."""
    passage: str
    language: str


def find_conflict(
    claim: str, language: str, evidence: Evidence, compare: Compare
) -> Conflict | None:
    """Find in what a claim and the evidence disagree; None if numbers, names, negations agree."""
    if _numbers_differ(claim, evidence):
        return Conflict.NUMBER
    if _names_differ(claim, evidence, compare):
        return Conflict.NAME
    if _negations_differ(claim, language, evidence, compare):
        return Conflict.NEGATION
    return None


def _numbers_differ(claim: str, evidence: Evidence) -> bool:
    said = read_numbers(claim)
    if not said:
        return False
    quoted = read_numbers(evidence.quote)
    elsewhere = read_numbers(f"{evidence.context}\n{evidence.passage}")
    left = [number for number in quoted if not _is_among(number, said)]
    for number in said:
        if not number.is_sure or _is_among(number, quoted):
            continue
        if not _is_among(number, elsewhere) or any(_same_place(number, one) for one in left):
            return True
        if _stands_by_others(claim, number, evidence):
            return True
    return _is_of_another(claim, [number for number in said if _is_among(number, quoted)], evidence)


def _stands_by_others(claim: str, number: Number, evidence: Evidence) -> bool:
    """Say whether all lines of the passage that hold a number are about other names."""
    said = words_of(claim)
    if not any(name.is_sure for name in read_names(claim)):
        return False
    lines = [line for line in evidence.passage.split("\n") if _is_among(number, read_numbers(line))]
    found = [[name for name in read_names(line) if name.is_sure] for line in lines]
    return bool(found) and all(
        names and not any(holds(said, name) for name in names) for names in found
    )


def _is_among(number: Number, others: Sequence[Number]) -> bool:
    return any(number.agrees(other) for other in others)


def _same_place(number: Number, other: Number) -> bool:
    """Say whether a number may have been put in another's place."""
    return number.kind is other.kind and number.unit == other.unit


def _is_of_another(claim: str, numbers: Sequence[Number], evidence: Evidence) -> bool:
    """Say whether a number belongs, in the quote, to a name that the claim does not speak of.

    `BERT-base: 12 layers; BERT-large: 24 layers`: a part without a name is about that before it.
    """
    said = words_of(claim)
    named = {name.text for name in read_names(claim) if name.is_sure}
    owners: list[tuple[list[Name], list[Number]]] = []
    for part in _PART.split(evidence.quote):
        # A capital behind a comma is a name; one that opens the sentence is, if the claim says so.
        names = [name for name in read_names(part) if name.is_sure or owners or name.text in named]
        owners.append((names or (owners[-1][0] if owners else []), read_numbers(part)))
    if not any(holds(said, name) for names, _ in owners for name in names):
        return False
    for number in numbers:
        holders = [names for names, held in owners if _is_among(number, held)]
        if holders and all(
            names and not any(holds(said, name) for name in names) for names in holders
        ):
            return True
    return False


def _names_differ(claim: str, evidence: Evidence, compare: Compare) -> bool:
    quoted = words_of(f"{evidence.context}\n{evidence.quote}")
    elsewhere = words_of(evidence.passage)
    said = words_of(claim)
    own = [name for name in read_names(evidence.quote) if name.is_sure]
    left = [name for name in own if not holds(said, name)]
    for name in read_names(claim):
        if holds(quoted, name) or (not name.is_code and _is_translated(name, evidence, compare)):
            continue
        in_its_place = any(other.is_code == name.is_code for other in left)
        if name.is_sure and (in_its_place or not holds(elsewhere, name)):
            return True
        if not name.is_sure and in_its_place and len(left) == len(own):
            return True
    return False


def _is_translated(name: Name, evidence: Evidence, compare: Compare) -> bool:
    """Say whether a word with a capital is a common one of the quote in another language."""
    words = list(
        dict.fromkeys(
            fold(word) for word in re.findall(r"[^\W\d_]{4,}", evidence.quote) if word.islower()
        )
    )
    return bool(words) and max(compare(name.text, words)) >= SAME_WORD


def _negations_differ(claim: str, language: str, evidence: Evidence, compare: Compare) -> bool:
    """Say whether a clause of the claim denies where the clause most like it affirms, or not.

    That clause may stand beside the quoted sentence, which is often the one with the same names; so
    names are left out of the comparison.
    """
    own = cut_clauses(claim)
    denying = [denies(clause, language) for clause in own]
    if not any(denying) and not denies(evidence.passage, evidence.language):
        return False
    quoted = [one for one in cut_clauses(evidence.quote) if not one.endswith("?")]
    beside = [one for one in cut_clauses(evidence.passage) if not one.endswith("?")]
    clauses = [*quoted, *(one for one in beside if one not in quoted)]
    denied = [denies(clause, evidence.language) for clause in clauses]
    if not any(denying) and any(
        _repeats(claim, clause)
        for clause, is_denied in zip(clauses, denied, strict=True)
        if is_denied
    ):
        return True
    bare = [strip_names(clause) for clause in clauses]
    for clause, is_denied in zip(own, denying, strict=True):
        stripped = strip_names(clause)
        if not clauses or (len(own) > 1 and len(content_words(stripped)) < LEAST_CONTENT):
            continue
        likeness = [
            one + (place < len(quoted)) * (QUOTED_BONUS + DENYING_BONUS * denied[place])
            for place, one in enumerate(compare(stripped, bare))
        ]
        best = max(range(len(clauses)), key=likeness.__getitem__)
        if len(own) > 1 and likeness[best] < LEAST_LIKENESS:
            continue
        if denied[best] != is_denied:
            return True
    return False


def _repeats(claim: str, clause: str) -> bool:
    """Say whether a claim has nearly all content words of a clause."""
    words = [word for word in content_words(clause) if word not in NEGATIONS]
    wanted = set(gram_keys(" ".join(words)).tolist())
    held = wanted.intersection(gram_keys(claim).tolist())
    return len(wanted) >= GRAM and len(held) >= DENIED_SHARE * len(wanted)
