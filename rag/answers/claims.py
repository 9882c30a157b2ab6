"""What an answer claims, sentence by sentence, and by which marks.

A mark stands for the words before it, back to the mark before. A sentence without a mark of its own
leans on the next one in its block: of a list from one passage, one mark at the end is enough.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate

from rag.answers.blocks import find_blocks
from rag.answers.marks import Mark, blank_marks, find_marks
from rag.answers.numbers import read_numbers
from rag.answers.quotes import Span, find_sentences
from rag.notes.lines import LINE_END
from rag.notes.sentences import split_sentences

LEAST_WORDS = 4
"""Of a part of a sentence that is looked for alone, and of a sentence that must be supported:
`According to [1], …` is no claim, and three words stand in many passages. One with a number in it
is a claim, however short."""
DOUBT = "[?]"
"""Stands behind a sentence or a block that no passage supports."""

_LEAD = re.compile(
    r"(?:[\s>|]|\|?[ \t]*:?-{2,}[-:| \t]*\n)*"
    r"(?:(?:[-*+]|\d{1,3}[.)])\s+(?:\[[ xX/-]\]\s+)?)?[\s.,;:!?…)|]*"
)
_LINE_LEAD = re.compile(r"[ \t>|]*(?:(?:[-*+]|\d{1,3}[.)])[ \t]+)?[ \t|]*")
_BLOCK_END = re.compile(r"\n[ \t]*\n")
_DOUBT = re.compile(rf"[ \n]?{re.escape(DOUBT)}")
_WORD = re.compile(r"\w+")
_NO_CLAIM = re.compile(r"[?:][\"”»’'*_=\s)]*$")


@dataclass(frozen=True, slots=True)
class Claim:
    """A sentence of an answer, or the part of one that a mark stands for."""

    wordings: tuple[str, ...]
    """What is claimed, the most likely first; not empty."""
    numbers: tuple[int, ...]
    """Passages that it stands on; empty where no mark does."""
    sentence: Span
    """Where it stands in the answer: its own sentence, without marks behind it."""
    end: int
    """Behind its marks, or behind it where it has none of its own."""
    has_mark: bool
    """Whether the numbers are its own, not those of the next sentence."""

    @property
    def must_hold(self) -> bool:
        """Whether it states something: a question and `Three kinds:` do not, nor do two words."""
        words = self.wordings[-1]
        if _NO_CLAIM.search(words):
            return False
        return len(_WORD.findall(words)) >= LEAST_WORDS or bool(read_numbers(words))


def read_claims(text: str) -> list[Claim]:
    """Read what an answer with clean marks claims, in order."""
    marks = find_marks(text)
    bare = blank_marks(text, marks)
    sentences = list(find_sentences(bare))
    claims = list(_marked(text, bare, marks, sentences))
    own = {claim.sentence for claim in claims}
    for sentence in sentences:
        if sentence in own:
            continue
        words = " ".join(bare[sentence.start : sentence.end].split())
        following = next((mark for mark in marks if mark.start >= sentence.end), None)
        leans = following and not _BLOCK_END.search(text, sentence.end, following.start)
        numbers = following.numbers if following and leans else ()
        claims.append(Claim((words,), numbers, sentence, sentence.end, has_mark=False))
    return sorted(claims, key=lambda claim: claim.end)


def find_doubts(text: str) -> list[str]:
    """Give the sentences and blocks of an answer behind which `[?]` was put.

    Sentences are given without a mark at their end.
    """
    parts = _DOUBT.split(text)
    places = set(accumulate(map(len, parts[:-1])))
    text = "".join(parts)
    doubted = dict.fromkeys(one.sentence for one in read_claims(text) if one.end in places)
    last = {mark.end: mark.start for mark in find_marks(text)}
    ends = (last.get(one.end, last.get(one.end - 1, one.end)) for one in doubted)
    sentences = [text[one.start : end].rstrip() for one, end in zip(doubted, ends, strict=True)]
    return sentences + [block.text for block in find_blocks(text) if block.end in places]


def _marked(
    text: str, bare: str, marks: Sequence[Mark], sentences: Sequence[Span]
) -> Iterator[Claim]:
    begin = 0
    for mark in marks:
        wordings = []
        lead = _LEAD.match(bare, begin, mark.start)
        said = bare[lead.end() if lead else begin : mark.start].strip()
        sentence = _sentence_of(text, sentences, mark.start)
        around = " ".join(bare[sentence.start : sentence.end].split()) if sentence else ""
        is_part = sentence is not None and mark.end < sentence.end
        if said and (not is_part or len(said.split()) >= LEAST_WORDS):
            wordings.append(said)
            wordings += [last.text for last in split_sentences(said, 1)[-1:]]
        if around:
            wordings.append(around)
        if wordings := list(dict.fromkeys(wordings)):
            place = sentence or Span(begin, mark.start)
            yield Claim(tuple(wordings), mark.numbers, place, mark.end, has_mark=True)
        begin = mark.end


def _sentence_of(text: str, sentences: Sequence[Span], place: int) -> Span | None:
    """Give the sentence that a mark belongs to: it stands in it, behind it or opens its line."""
    line_start = max(text.rfind("\n", 0, place), text.rfind("\r", 0, place)) + 1
    line_end = LINE_END.search(text, place)
    stop = line_end.start() if line_end else len(text)
    before = [span for span in sentences if span.start < place]
    lead = _LINE_LEAD.match(text, line_start, place)
    behind = [span for span in sentences if place < span.start < stop]
    if behind and (not before or (lead and lead.end() == place)):
        return behind[0]
    return before[-1] if before else None


def cut_out(text: str, claims: Sequence[Claim]) -> str:
    """Take sentences out of an answer, with their marks; bullets and lines left empty go too."""
    for claim in sorted(claims, key=lambda claim: -claim.sentence.start):
        start, stop = claim.sentence.start, max(claim.sentence.end, claim.end)
        line_start = text.rfind("\n", 0, start) + 1
        lead = _LINE_LEAD.match(text, line_start, start)
        rest = text[stop : stop + len(text[stop:]) - len(text[stop:].lstrip(" \t|."))]
        is_line = bool(lead and lead.end() == start and text[stop + len(rest) :][:1] in ("", "\n"))
        if is_line:
            text = text[:line_start] + text[stop + len(rest) :].removeprefix("\n")
        else:
            text = text[:start] + text[stop:].lstrip(" \t")
    return re.sub(r"\n{3,}", "\n\n", text).strip()
