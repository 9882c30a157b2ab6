"""Show an answer, the passages that it cites, and the others that were found."""

from collections.abc import Sequence

import streamlit as st

from rag.answers.answer import NOBODY
from rag.notes.language import NAMES
from rag.page.quotes import Quote
from rag.page.safe_markdown import safe_label, safe_markdown, safe_passage
from rag.types import Answer, Chunk, Citation, CitationStatus
from rag.wire_llm import EXTRACTIVE

REMARKS = {
    CitationStatus.MOVED: ":orange-badge[moved since it was indexed]",
    CitationStatus.STALE: ":red-badge[the note changed: run rag ingest]",
    CitationStatus.UNSUPPORTED: ":red-badge[does not support the sentence]",
}


def show_answer(answer: Answer) -> None:
    """Show what was answered and how sure it is."""
    if answer.abstained:
        st.info(safe_markdown(answer.text), icon=":material/search_off:")
    else:
        st.markdown(safe_markdown(answer.text, citations=len(answer.passages)))
    st.caption(" · ".join(_remarks(answer)))


def show_sources(answer: Answer) -> None:
    """Show the cited passages as cards, and the others folded up."""
    show_cited(answer)
    cited = {citation.number for citation in answer.citations}
    others = [
        passage for number, passage in enumerate(answer.passages, start=1) if number not in cited
    ]
    if others:
        name = "Nearest passages" if answer.abstained else "Other passages found"
        with st.expander(f"{name} ({len(others)})"):
            for passage in others:
                _show_other(passage.chunk)


def show_cited(answer: Answer) -> None:
    """Show each cited passage with its quotes marked."""
    cited: dict[int, list[Citation]] = {}
    for citation in answer.citations:
        cited.setdefault(citation.number, []).append(citation)
    for number, citations in sorted(cited.items()):
        chunk = answer.passages[number - 1].chunk
        lines = sorted({(citation.start_line, citation.end_line) for citation in citations})
        statuses = dict.fromkeys(citation.status for citation in citations)
        remarks = [REMARKS[status] for status in statuses if status in REMARKS]
        with st.container(border=True):
            st.markdown(" ".join([f":blue-badge[{number}]", _name(chunk), *remarks]))
            st.caption(_describe(chunk, lines))
            _show_text(chunk, [_quote(citation, chunk) for citation in citations])


def _remarks(answer: Answer) -> list[str]:
    remarks = [f"**Confidence {answer.confidence:.0%}** that your notes answer this"]
    if answer.generator_kind == EXTRACTIVE and not answer.abstained:
        remarks.append("quoted word for word")
    elif answer.generator_kind not in (EXTRACTIVE, NOBODY):
        remarks.append(f"written by {safe_label(answer.generator_model)} from your notes")
    if answer.behind:
        count = "1 note" if answer.behind == 1 else f"{answer.behind} notes"
        remarks.append(f"{count} changed since they were indexed")
    remarks.append(f"{sum(answer.timings_ms.values()) / 1000:.1f} s")
    return remarks


def _show_other(chunk: Chunk) -> None:
    with st.container(border=True):
        st.markdown(_name(chunk))
        st.caption(_describe(chunk, [(chunk.start_line, chunk.end_line)]))
        _show_text(chunk, [])


def _show_text(chunk: Chunk, quotes: Sequence[Quote]) -> None:
    passage = safe_passage(chunk.text, quotes)
    for quote in passage.unmarked:
        st.caption("Quoted, though not to be seen below:")
        st.markdown(quote)
    st.markdown(passage.source)


def _quote(citation: Citation, chunk: Chunk) -> Quote:
    if citation.status is CitationStatus.MOVED:
        return Quote(citation.quote)  # its lines are today's, not the passage's
    first = chunk.start_line - 1
    return Quote(citation.quote, citation.start_line - first, citation.end_line - first)


def _name(chunk: Chunk) -> str:
    return f"**{safe_label(chunk.path)}**"


def _describe(chunk: Chunk, lines: Sequence[tuple[int, int]]) -> str:
    headings = " › ".join(safe_label(heading) for heading in chunk.headings)
    language = NAMES.get(chunk.language, safe_label(chunk.language))
    return " · ".join(part for part in (headings, _name_lines(lines), language) if part)


def _name_lines(lines: Sequence[tuple[int, int]]) -> str:
    names = [str(start) if start == end else f"{start}–{end}" for start, end in lines]
    is_one = len(lines) == 1 and lines[0][0] == lines[0][1]
    return f"{'line' if is_one else 'lines'} {', '.join(names)}"
