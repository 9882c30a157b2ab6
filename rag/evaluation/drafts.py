"""Draft questions from the notes themselves, for their owner to confirm.

Definitions, labels, table rows, terms in bold and headings each give a question that their own line
answers. Every quote is a stretch of one chunk, so that a passage that holds it exists.
"""

import json
import re
import zlib
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import zip_longest

from rag.evaluation import wording
from rag.evaluation.questions import Question, Relevant
from rag.notes.folding import fold
from rag.notes.language import content_words
from rag.notes.plain import TABLE_RULE, strip_inline_markup
from rag.notes.sentences import split_sentences
from rag.types import Chunk

MOST_TERM_WORDS = 5
MOST_TERM = 60
"""Characters. A longer one is a sentence, not a term."""
MOST_LABEL_WORDS = 3
"""More words before a colon are the beginning of a sentence."""
MOST_QUOTE = 300
"""Characters; a longer line is cut between words."""
MOST_ANSWER_WORDS = 8
"""An answer is looked for word by word in what the tool says: long ones are never found."""
LEAST_ANSWER = 3
"""Characters of an answer that is no number: a letter stands in every text."""
MOST_OF_A_KIND = 4
"""Drafts of a kind from one chunk: a long table would give a question a row."""
MOST_PLACES = 5
"""Where a term is defined more often, no place is the answer."""

_BOLD = re.compile(r"\*\*(?=\S)([^*\n]{2,80}?)(?<=\S)\*\*|__(?=\S)([^_\n]{2,80}?)(?<=\S)__")
_AFTER_TERM = re.compile(r"(?:[*_=`\"”»]|\s*\([^()\n]{1,80}\)[*_]{0,2})*\s*")
"""What may stand between a term and the sign that says what it is: its mark, its other name."""
_SIGN = re.compile(r"::?\s+|[–—=]\s+|-\s+")
_PLAIN_TERM = re.compile(r"[^\W_][^*_`$\[\]|:=–—.!?\n]{0,59}?(?=\s*(?:::?\s|\s[–—=-]\s))")
_LIST_OF_DEFINITIONS = re.compile(r"::|\r?\n[ \t]{0,3}:")
"""`Term:: …`, or `Term` with `: …` on the next line."""
_WORDS = r"[^\W\d_][\w-]*(?:[ ][\w-]+){0,3}?"
_PARTS = re.compile(r"\w+")
_HEADING = re.compile(r"[ ]{0,3}#{1,6}[ \t]+\S")
_NUMBERING = re.compile(r"\A(?:\d{1,3}(?:\.\d{1,3})*[.)]?|[IVX]{1,5}[.)]|[a-z]\))\s+")
_STRETCH = re.compile(r"[^*_`$\[\]|()<>=\\\n]+")
"""Text that any answer would write alike: without markup."""
_CLAUSE = re.compile(r"(?<=[^\d\s])[.;:,!?](?=\s|$)|\s[–—-]\s")
_BAR = re.compile(r"(?<!\\)\|")
_CAPITAL = re.compile(r"[A-ZĄ-Ž\d]")
_VERBATIM = re.compile(r"`[^`\n]*`|\$[^$\n]*\$")
"""Code and formulas, which no answer writes alike."""
_LETTER = re.compile(r"[^\W\d_]")
_CONTROL = re.compile(
    r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u061c\u200b-\u200f\u2028-\u202e\u2066-\u2069"
    r"\ud800-\udfff]"
)


@dataclass(frozen=True, slots=True)
class Draft:
    """A question that waits for its owner's word."""

    question: str
    language: str
    answers: tuple[str, ...]
    relevant: tuple[Relevant, ...]
    chunk: Chunk
    """Where it is from."""

    def as_question(self) -> Question:
        """Give it as a question; the id depends on its words and places alone."""
        content = json.dumps([self.question, *((at.path, at.quote) for at in self.relevant)])
        return Question(
            id=f"{self.language}-{zlib.crc32(content.encode()):08x}",
            question=self.question,
            language=self.language,
            answerable=True,
            answers=self.answers,
            relevant=self.relevant,
        )


def question_line(question: Question) -> str:
    """Write a question as a line of a question file."""
    relevant = [{"path": place.path, "quote": place.quote} for place in question.relevant]
    return json.dumps(
        {
            "id": question.id,
            "question": question.question,
            "lang": question.language,
            "answerable": question.answerable,
            "answers": list(question.answers),
            "relevant": relevant,
        },
        ensure_ascii=False,
    )


def draft(chunks: Iterable[Chunk], count: int) -> list[Draft]:
    """Draft questions, spread over the notes; the same ones from the same notes.

    Args:
        chunks: of the index, in its order.
        count: how many at most.
    """
    by_words: dict[tuple[str, str], Draft] = {}
    for found in _find_all(chunks):
        words = (found.language, fold(found.question))
        known = by_words.get(words)
        if known is None:
            by_words[words] = found
        elif found.relevant[0] not in known.relevant:
            by_words[words] = replace(
                known,
                answers=tuple(dict.fromkeys(known.answers + found.answers)),
                relevant=known.relevant + found.relevant,
            )
    by_note: dict[str, list[Draft]] = defaultdict(list)
    for found in by_words.values():
        if len(found.relevant) <= MOST_PLACES:
            by_note[found.chunk.path].append(found)
    # By a hash of their paths, so that a few drafts are not all of the first folder.
    notes = sorted(by_note, key=lambda path: (zlib.crc32(path.encode()), path))
    rounds = zip_longest(*(_spread(by_note[path]) for path in notes))
    return [one for some in rounds for one in some if one is not None][:count]


def _spread(drafts: Sequence[Draft]) -> list[Draft]:
    """Order the drafts of a note so that the first few are from all over it."""
    by_chunk: dict[tuple[int, int], list[Draft]] = defaultdict(list)
    for one in drafts:
        by_chunk[one.chunk.start_line, one.chunk.end_line].append(one)
    rounds = zip_longest(*by_chunk.values())
    return [one for some in rounds for one in some if one is not None]


def is_clean(text: str) -> bool:
    """Say whether text has no characters that an editor would obey instead of show."""
    return not _CONTROL.search(text)


def _find_all(chunks: Iterable[Chunk]) -> Iterator[Draft]:
    for chunk in chunks:
        language = chunk.language if chunk.language in wording.DEFINE else wording.OTHERWISE
        for find in (_find_definitions, _find_said, _find_cells, _find_bold, _find_heading):
            kept = 0
            for question, quote, answer in find(chunk, language):
                quote = _shorten(quote)
                if kept < MOST_OF_A_KIND and answer in quote and is_clean(quote):
                    kept += 1
                    place = Relevant(chunk.path, quote)
                    yield Draft(question, language, (answer,), (place,), chunk)


_Found = Iterator[tuple[str, str, str]]
"""Question, quote and answer."""


def _find_definitions(chunk: Chunk, language: str) -> _Found:
    """Find `**Term** (other name) is …`, `Term:: …`, and labels: `Term: …`, `Term – …`."""
    words = "|".join(re.escape(word) for word in wording.IS[language])
    sign = re.compile(rf"{_SIGN.pattern}|(?:{words})\s+(?=\S)", re.IGNORECASE)
    for sentence in split_sentences(chunk.text, chunk.start_line):
        text = sentence.text
        if "|" in text:
            continue
        bold = _BOLD.match(text)
        plain = None if bold else _PLAIN_TERM.match(text)
        if not (match := bold or plain):
            continue
        inside = next(filter(None, match.groups()), match[0])
        rest = _AFTER_TERM.match(text, match.end())
        begin = rest.end() if rest else match.end()
        said = sign.match(text, begin)
        # A colon may stand inside the bold: `**Term:** …`.
        if not said and not inside.rstrip().endswith(":"):
            continue
        term = _as_term(inside.rstrip(" :"))
        topic = _as_term(chunk.headings[-1] if chunk.headings else chunk.title)
        answer = _answer_in(text[said.end() if said else begin :])
        if not term or not answer:
            continue
        if bold or _LIST_OF_DEFINITIONS.match(text, match.end()):
            yield wording.DEFINE[language].substitute(term=term), text, answer
        elif topic and len(term.split()) <= MOST_LABEL_WORDS:
            yield wording.LABEL[language].substitute(topic=topic, term=term), text, answer


def _find_said(chunk: Chunk, language: str) -> _Found:
    """Find sentences of prose that say what something is: `The term (other name) is …`."""
    says = re.compile(
        rf"(?:{wording.ARTICLES})?(?P<term>{_WORDS})[ ](?:\([^()\n]{{1,80}}\)[ ])?"
        + wording.IS_A[language]
    )
    for sentence in split_sentences(chunk.text, chunk.start_line):
        match = says.match(sentence.text)
        if not match or not sentence.text[0].isupper():
            continue
        term, answer = _as_term(match["term"]), _answer_in(sentence.text[match.end() :])
        parts = _PARTS.findall(fold(term))
        # `This method is …` points back, and asks about nothing.
        if term and answer and content_words(term) == parts and not wording.POINTING & set(parts):
            yield wording.DEFINE[language].substitute(term=term), sentence.text, answer


def _find_cells(chunk: Chunk, language: str) -> _Found:
    """Find rows of tables whose first cell is a name; each row is asked for another column."""
    lines = chunk.text.splitlines()
    header: list[str] = []
    number = 0
    for above, line in zip(["", *lines], lines, strict=False):
        if TABLE_RULE.match(line):
            header, number = [_as_term(cell) for cell in _cells(above)], 0
            continue
        cells = _cells(line)
        if not header or "|" not in line:
            header = []
            continue
        row = _as_term(cells[0])
        if len(cells) != len(header) or len(cells) < 2 or not row:  # noqa: PLR2004
            continue
        column = 1 + number % (len(cells) - 1)
        number += 1
        answer = _answer_in(cells[column]) if header[column] else ""
        if answer:
            template = wording.CELL[language]
            yield template.substitute(column=header[column], row=row), line.strip(), answer


def _find_bold(chunk: Chunk, language: str) -> _Found:
    """Find terms in bold inside sentences."""
    for sentence in split_sentences(chunk.text, chunk.start_line):
        match = _BOLD.search(sentence.text)
        if not match or match.start() == 0 or "|" in sentence.text:
            continue
        term = _as_term(match[1] or match[2])
        if len(content_words(term)) < 2 and not _CAPITAL.search(term):  # noqa: PLR2004
            continue  # a word that is only stressed
        answer = _answer_in(sentence.text[match.end() :]) or _answer_in(
            sentence.text[: match.start()]
        )
        if term and answer:
            yield wording.TELL[language].substitute(term=term), sentence.text, answer


def _find_heading(chunk: Chunk, language: str) -> _Found:
    """Find the first sentence under a heading; one that asks is the question itself."""
    if not chunk.headings or not _HEADING.match(chunk.text):
        return
    heading = " ".join(strip_inline_markup(chunk.headings[-1]).split())
    first = next(iter(split_sentences(chunk.text, chunk.start_line)), None)
    if first is None or "|" in first.text or not is_clean(heading):
        return
    answer = _answer_in(first.text)
    if answer and heading.endswith("?"):
        yield heading, first.text, answer
    elif answer and (term := _as_term(heading)):
        yield wording.TELL[language].substitute(term=term), first.text, answer


def _as_term(text: str) -> str:
    """Give a term as a question names it; empty if it is none."""
    term = " ".join(strip_inline_markup(text).split())
    term = _NUMBERING.sub("", term, count=1).strip(" .,;:")
    wrong = (
        len(term) > MOST_TERM
        or len(term.split()) > MOST_TERM_WORDS
        or not _LETTER.search(term)
        or not content_words(term)
        or not is_clean(term)
        or set("?!|“”„") & set(term)
    )
    return "" if wrong else term


def _answer_in(text: str) -> str:
    """Give the first clause without markup, a few words long; empty if there is none."""
    for stretch in _STRETCH.finditer(_VERBATIM.sub(lambda found: "`" * len(found[0]), text)):
        clause = _CLAUSE.split(stretch[0], maxsplit=1)[0]
        words = list(re.finditer(r"\S+", clause))[:MOST_ANSWER_WORDS]
        if words:
            answer = clause[words[0].start() : words[-1].end()].strip(' ,;.:–—-"“”„')
            if content_words(answer) and (len(answer) >= LEAST_ANSWER or answer.isdigit()):
                return answer
    return ""


def _shorten(quote: str) -> str:
    """Cut a quote between words; what is left still stands in the note."""
    if len(quote) <= MOST_QUOTE:
        return quote
    cut = quote[:MOST_QUOTE]
    return cut[: cut.rfind(" ")].rstrip() if " " in cut else cut


def _cells(line: str) -> list[str]:
    inner = line.strip().strip(">").strip()
    return [cell.strip() for cell in _BAR.split(inner.removeprefix("|").removesuffix("|"))]
