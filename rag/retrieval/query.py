"""The language of a query: words, and what narrows where they are looked for.

    "exact phrase"      the passage holds these words, side by side; any quotes: „…” “…” «…» »…«
    -word -"a phrase"   the passage does not hold it
    tag:ml              notes with the tag, or one below it; also tag:"two words"
    path:2024/          notes in the folder, or by pattern: path:*/plan*.md path:"My notes/"
    lang:pl             passages in the language
    -tag:x -path:y -lang:pl   not those

Each begins the query or stands after a space. Everything else is text, whatever it looks like: a
quote that is not closed, `tag:` with nothing behind it, `a: b`, `http://x`, `-5`, `-x`, `- item`,
`--flag`, `s-a`, `C++`, and all that stands between backticks. The words of a phrase are searched
for too, so they stay in the text.
"""

import re
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, replace

from rag.types import Filters, Unmatched

MOST_OPERATORS = 32
"""Nobody types more; a text that is pasted with more, such as a diff, is no query but a text."""
FIELDS = {"tag": "tags", "path": "paths", "lang": "languages"}
"""Names in a query, and the fields of `Filters` that they fill."""
PHRASE, PHRASE_KIND = "phrases", "phrase"
"""The same for what has no name: the field, and the kind of `Unmatched`."""
LONGEST_PHRASE = 300
"""Characters; what stands further apart are two quotes that belong to others."""

_PROBLEMS = {
    "tag": "no note has the tag",
    "path": "no note is at the path",
    "language": "no passage is in the language",
    PHRASE_KIND: "no passage holds the phrase",
}
_CLOSED_BY = {
    '"': '"”“',
    "“": '”“"',
    "”": '”"',
    "„": '”“„"',
    "‟": "”",
    "«": "»",
    "»": "«»",
}
"""Quotes and what may close them: Polish and Romanian „…”, German „…“, Swedish ”…”, Danish »…«, and
what people type who have only half of the signs on their keyboard."""
_AFTER_QUOTE = re.compile(r"$|[\s.,;:!?…)\]]")
"""A letter or a hyphen is none of them: „LLM”-ul is a word of the sentence."""
_WORD = re.compile(r"\w")
_EXCLUDED = re.compile(r"[^\W\d_][\w'’.+#/-]*[\w+#]")
"""Two characters, of which the first is a letter: `-x` and `-5` are formulas, `-m` is a flag."""
_SENTENCE_SIGNS = ".,;:!?…"
_FIELD = re.compile(f"({'|'.join(FIELDS)}):", re.IGNORECASE)
_SPACE = re.compile(r"\s")
_PLAIN = re.compile(r"`[^`]+`|\S+\s*|\s+")


@dataclass(frozen=True, slots=True)
class Query:
    """A query that was understood."""

    text: str
    """What both legs look for, on one line; empty if only filters were given."""
    filters: Filters


@dataclass(frozen=True, slots=True)
class _Operator:
    """A part of a query that narrows."""

    kind: str
    """A field of `Filters`."""
    value: str
    excludes: bool
    end: int
    """The place behind it."""


def parse_query(text: str) -> Query:
    """Take the filters out of a query.

    Any text is a query; the module says how it is read.
    """
    kept: list[str] = []
    found: dict[str, list[str]] = defaultdict(list)
    place = count = 0
    while place < len(text):
        operator = _read_operator(text, place)
        if operator is None:
            plain = _PLAIN.match(text, place)
            assert plain, "every character begins one of the alternatives"
            kept.append(plain[0])
            place = plain.end()
            continue
        found[f"without_{operator.kind}" if operator.excludes else operator.kind].append(
            operator.value
        )
        # The words on both sides stay apart.
        kept.append(operator.value if operator.kind == PHRASE and not operator.excludes else " ")
        place = operator.end
        count += 1
        if count > MOST_OPERATORS:
            return Query(_one_line(text), Filters())
    parts = {name: tuple(dict.fromkeys(values)) for name, values in found.items()}
    filters = Filters(
        tags=parts.get("tags", ()),
        paths=parts.get("paths", ()),
        languages=parts.get("languages", ()),
        phrases=parts.get("phrases", ()),
        without_tags=parts.get("without_tags", ()),
        without_paths=parts.get("without_paths", ()),
        without_languages=parts.get("without_languages", ()),
        without_phrases=parts.get("without_phrases", ()),
    )
    rest = _one_line("".join(kept))
    return Query(rest if _WORD.search(rest) or not filters else "", filters)


def write_filters(filters: Filters) -> str:
    """Write filters as a query has them; empty if there are none."""
    words: list[str] = []
    for begin, taken, left in (
        ("tag:", filters.tags, filters.without_tags),
        ("path:", filters.paths, filters.without_paths),
        ("lang:", filters.languages, filters.without_languages),
        ("", filters.phrases, filters.without_phrases),
    ):
        for sign, values in (("", taken), ("-", left)):
            for value in values:
                bare = begin and not _SPACE.search(value)
                words.append(f"{sign}{begin}{value}" if bare else f'{sign}{begin}"{value}"')
    return " ".join((*words, *filter(None, map(write_filters, filters.also))))


def write_unmatched(item: Unmatched) -> str:
    """Say that nothing answers to a filter, and name what is there instead."""
    problem = f'{_PROBLEMS[item.kind]} "{item.value}"'
    return f"{problem}; there is {', '.join(item.close)}" if item.close else problem


def loosen(filters: Filters, unmatched: Iterable[Unmatched]) -> Filters:
    """Leave out the phrases that no passage holds.

    For questions: their quotes often only name a thing, and not as the notes inflect it, or in
    another language. Of 40 such questions 8 would find nothing; this way none (eval/LOG.md).
    """
    missing = {item.value for item in unmatched if item.kind == PHRASE_KIND}
    return replace(filters, phrases=tuple(p for p in filters.phrases if p not in missing))


def _read_operator(text: str, place: int) -> _Operator | None:
    """Read the operator that begins at a place, if one does."""
    if place and not text[place - 1].isspace():
        return None
    excludes = text[place] == "-"
    start = place + excludes
    field = _FIELD.match(text, start)
    name = field[1].lower() if field else ""
    start = field.end() if field else start
    quoted = _read_quoted(text, start)
    if quoted:
        value, end = quoted
    elif not name and not excludes:
        return None
    else:
        # A pattern may end in `?`.
        signs = ",;" if name == "path" else _SENTENCE_SIGNS
        space = _SPACE.search(text, start)
        value = text[start : space.start() if space else None].rstrip(signs)
        end = start + len(value)
        if not (_is_value(name, value) if name else _EXCLUDED.fullmatch(value)):
            return None
    return _Operator(FIELDS[name] if name else PHRASE, value, excludes, end)


def _read_quoted(text: str, place: int) -> tuple[str, int] | None:
    """Read a quotation that begins at a place; gives its words and the place behind it."""
    closers = _CLOSED_BY.get(text[place : place + 1])
    if not closers:
        return None
    stop = min(len(text), place + LONGEST_PHRASE)
    end = next((end for end in range(place + 1, stop) if text[end] in closers), None)
    if end is None or not _AFTER_QUOTE.match(text, end + 1):
        return None
    value = _one_line(text[place + 1 : end])
    return (value, end + 1) if _WORD.search(value) else None


def _is_value(name: str, value: str) -> bool:
    """Say whether something behind `tag:` and the like is meant as its value."""
    if name == "path":  # which may be `*`, but path://x is an address
        return bool(value) and not value.startswith("//")
    return bool(_WORD.search(value)) and (value[0].isalnum() or value[0] in "#_")


def _one_line(text: str) -> str:
    return " ".join(text.split())
