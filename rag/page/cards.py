"""Show an answer, the passages that it cites, and the others that were found."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import streamlit as st

from rag.answers.answer import NOBODY
from rag.answers.claims import find_doubts
from rag.notes.language import NAMES
from rag.page.links import editor_link, obsidian_link
from rag.page.pictures import Picture
from rag.page.quotes import Quote
from rag.page.safe_markdown import safe_answer, safe_label, safe_markdown, safe_passage
from rag.page.table_head import add_head
from rag.page.words import gettext, mark, ngettext, write_number
from rag.types import Answer, Chunk, Citation, CitationStatus, Passage
from rag.wire_llm import EXTRACTIVE

REMARKS = {
    CitationStatus.MOVED: ("orange", mark("moved since it was indexed")),
    CitationStatus.STALE: ("red", mark("the note changed since it was indexed")),
    CitationStatus.UNSUPPORTED: ("red", mark("does not support the sentence")),
}


@dataclass(frozen=True, slots=True)
class Shelf:
    """Where the notes are, for cards."""

    vault: Path
    pictures: Callable[[Chunk], list[Picture]]
    """Gives the pictures that a passage embeds."""
    editor: str
    """The editor that opens a note; empty for none."""


def show_answer(answer: Answer, anchor: str) -> None:
    """Show what was answered and how sure it is.

    Args:
        answer: the answer.
        anchor: what the anchors of its sources begin with.
    """
    if answer.abstained:
        st.info(safe_markdown(answer.text), icon=":material/search_off:")
    else:
        doubtful = find_doubts(answer.text)
        source = safe_answer(
            answer.text,
            citations=len(answer.passages),
            anchor=anchor,
            unsupported=_find_wrong_numbers(answer),
            doubtful=doubtful,
        )
        st.markdown(source)
        if doubtful:
            legend = ngettext(
                "{count} sentence, coloured red, is not held by a source.",
                "{count} sentences, coloured red, are not held by a source.",
                len(doubtful),
            )
            st.caption(f":red-background[{legend}]")
        if answer.other_languages:
            st.caption(_name_languages(answer))
    st.caption(" · ".join(_remarks(answer)))


def show_sources(answer: Answer, shelf: Shelf, anchor: str) -> None:
    """Show the cited passages as cards, and the others folded up."""
    show_cited(answer, shelf, anchor)
    cited = {citation.number for citation in answer.citations}
    others = [
        passage for number, passage in enumerate(answer.passages, start=1) if number not in cited
    ]
    if others:
        name = gettext("Nearest notes") if answer.abstained else gettext("Other passages found")
        _show_folded(f"{name} ({len(others)})", others, shelf, f"{anchor}-others")


@st.fragment
def _show_folded(name: str, passages: Sequence[Passage], shelf: Shelf, key: str) -> None:
    """Show passages folded up; drawn when they are opened, a quarter of the time of an answer."""
    folded = st.expander(name, key=key, on_change="rerun")
    if folded.open:
        with folded:
            for passage in passages:
                show_passage(passage, shelf)


def show_cited(answer: Answer, shelf: Shelf, anchor: str) -> None:
    """Show each cited passage with its quotes marked."""
    cited: dict[int, list[Citation]] = {}
    for citation in answer.citations:
        cited.setdefault(citation.number, []).append(citation)
    for number, citations in sorted(cited.items()):
        passage = answer.passages[number - 1]
        chunk = passage.chunk
        lines = sorted({(citation.start_line, citation.end_line) for citation in citations})
        with st.container(border=True):
            st.subheader(
                f":blue-badge[{number}] {safe_label(chunk.path)}", anchor=f"{anchor}-{number}"
            )
            st.caption(describe(chunk, lines, passage.score))
            for status in dict.fromkeys(citation.status for citation in citations):
                if status in REMARKS:
                    color, remark = REMARKS[status]
                    st.markdown(f":{color}-badge[{safe_label(gettext(remark))}]")
            _show_text(chunk, [_quote(citation, chunk) for citation in citations], shelf)
            _show_links(chunk, lines[0][0], shelf)


def show_passage(passage: Passage, shelf: Shelf, explain: Callable[[], None] | None = None) -> None:
    """Show a passage of which nothing is quoted.

    Args:
        passage: what was found.
        shelf: where its note is.
        explain: shows why it was found, where the reader asks.
    """
    chunk = passage.chunk
    with st.container(border=True):
        st.subheader(safe_label(chunk.path), anchor=False)
        st.caption(describe(chunk, [(chunk.start_line, chunk.end_line)], passage.score))
        _show_text(chunk, [], shelf)
        _show_links(chunk, chunk.start_line, shelf, explain)


def describe(chunk: Chunk, lines: Sequence[tuple[int, int]], score: float) -> str:
    """Say where a passage stands, in which language it is, and its score."""
    headings = " › ".join(safe_label(heading) for heading in chunk.headings)
    language = NAMES.get(chunk.language, safe_label(chunk.language))
    points = gettext("score {score}").format(score=write_number(score, 1))
    return " · ".join(part for part in (headings, _name_lines(lines), language, points) if part)


def _find_wrong_numbers(answer: Answer) -> frozenset[int]:
    """Give the `[n]` of which no citation supports its sentence."""
    right = {
        citation.number
        for citation in answer.citations
        if citation.status is not CitationStatus.UNSUPPORTED
    }
    return frozenset(citation.number for citation in answer.citations) - right


def _name_languages(answer: Answer) -> str:
    if answer.generator_kind == EXTRACTIVE:
        words = gettext("Quoted from notes in: {languages}. You asked in: {asked}.")
    else:
        words = gettext("Answered in: {languages}. You asked in: {asked}.")
    names = [NAMES.get(code, safe_label(code)) for code in answer.other_languages]
    asked = NAMES.get(answer.language, safe_label(answer.language))
    return words.format(languages=", ".join(names), asked=asked)


def _remarks(answer: Answer) -> list[str]:
    share = gettext("**Confidence {percent} %** that your notes answer this")
    remarks = [share.format(percent=f"{answer.confidence:.0%}".removesuffix("%"))]
    if answer.generator_kind == EXTRACTIVE and not answer.abstained:
        remarks.append(gettext("quoted word for word"))
    elif answer.generator_kind not in (EXTRACTIVE, NOBODY):
        written = gettext("written by {model} from your notes")
        remarks.append(written.format(model=safe_label(answer.generator_model)))
    if answer.behind:
        remarks.append(
            ngettext(
                "{count} note changed since it was indexed",
                "{count} notes changed since they were indexed",
                answer.behind,
            )
        )
    seconds = sum(answer.timings_ms.values()) / 1000
    remarks.append(f"{write_number(seconds, 1 if seconds >= 1 else 2)}\u00a0s")
    return remarks


def _show_text(chunk: Chunk, quotes: Sequence[Quote], shelf: Shelf) -> None:
    text, added = add_head(chunk)
    passage = safe_passage(text, [quote.moved(added) for quote in quotes])
    for quote in passage.unmarked:
        st.caption(gettext("Quoted, though not to be seen below:"))
        st.markdown(quote)
    st.markdown(passage.source)
    for picture in shelf.pictures(chunk):
        caption = safe_label(picture.name)
        st.image(picture.content, caption=caption, width=picture.width, alt=picture.name)


def _show_links(
    chunk: Chunk, line: int, shelf: Shelf, explain: Callable[[], None] | None = None
) -> None:
    links = {
        gettext("Open in Obsidian"): obsidian_link(shelf.vault, chunk.path),
        gettext("Open in {editor}").format(editor=shelf.editor): editor_link(
            shelf.vault, chunk.path, line, shelf.editor
        ),
    }
    with st.container(horizontal=True, gap="small"):
        for name, address in links.items():
            if address:
                st.link_button(name, address, type="tertiary", icon=":material/open_in_new:")
        if explain:
            with st.popover(gettext("Why this result?"), type="tertiary", icon=":material/help:"):
                explain()


def _quote(citation: Citation, chunk: Chunk) -> Quote:
    if citation.status is CitationStatus.MOVED:
        return Quote(citation.quote)  # its lines are today's, not the passage's
    first = chunk.start_line - 1
    return Quote(citation.quote, citation.start_line - first, citation.end_line - first)


def _name_lines(lines: Sequence[tuple[int, int]]) -> str:
    joined: list[tuple[int, int]] = []
    for start, end in lines:
        if joined and start <= joined[-1][1] + 1:
            joined[-1] = (joined[-1][0], max(end, joined[-1][1]))
        else:
            joined.append((start, end))
    names = ", ".join(str(start) if start == end else f"{start}–{end}" for start, end in joined)
    is_one = len(joined) == 1 and joined[0][0] == joined[0][1]
    return (gettext("line {lines}") if is_one else gettext("lines {lines}")).format(lines=names)
