"""Whatever an answer says and whatever happened to a note: a quote stands where it is said to."""

import re
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from rag.answers.citations import Checker
from rag.answers.inert import make_inert
from rag.answers.marks import clean_marks, find_marks
from rag.types import Citation, CitationStatus
from tests.answers.scripted import read_passages, write_vault

SENTENCES = (
    "A **kernel** computes an inner product.",
    "Funcția softmax dă *probabilități*, nu scoruri.",
    "Średnia nie mówi wszystkiego, zob. [1] i `x[2]`.",
    "A perda cai devagar; veja [o blog](http://blog.test/perda).",
    "It costs $O(n^2)$ time, e.g. 3.5 s for n = 100.",
    "Yes.",
    "The same words again.",
)
LINES = (
    *SENTENCES,
    *(f"- {sentence}" for sentence in SENTENCES[:4]),
    *("  - [x] nested and done", "1. first step:", "> [!note] Title", "> quoted words\n> go on"),
    *("| a | b |\n|---|---|\n| 1 | two words |\n| 3 | `a\\|b` |", "```py\nx[1] = y[2]\n```"),
    *("$$\nx = y\n$$", "## Heading", "", "", "term\n: what it means", "![[picture.png]]"),
    *("Footnote here.[^1]\n\n[^1]: Its text is here.", "a <b>bold</b> word<br>and more", "Un cafe\u0301."),
)  # fmt: skip
WORDS = (
    "kernel",
    "softmax",
    "the same",
    "unrelated zebra",
    "costs",
    "two words",
    "1",
    "- ",
    "\n",
    "| ",
    ". ",
)
MARKS = ("[1]", "[2]", "[1][2]", " [1]", "[9]", "[1, 2]", "`x[1]`", "[1] ")
CHANGES = ("", "nothing", "New first line.\n\n", "drop", "crlf", "reverse", "gone", "again")

notes = st.lists(st.sampled_from(LINES), min_size=1, max_size=12)
said = st.lists(
    st.one_of(st.sampled_from(SENTENCES), st.sampled_from(WORDS), st.sampled_from(MARKS)),
    min_size=1,
    max_size=14,
).map("".join)


def change(file: Path, how: str) -> None:
    text = file.read_bytes().decode("utf-8-sig")
    if how == "gone":
        file.unlink()
        return
    if how == "drop":
        text = "\n".join(text.splitlines()[1:])
    elif how == "crlf":
        text = text.replace("\r\n", "\n").replace("\n", "\r\n")
    elif how == "reverse":
        text = "\n".join(reversed(text.splitlines()))
    elif how == "again":
        text = f"{text}\n{text}"
    elif how.startswith("New"):
        text = how + text
    file.write_bytes(text.encode())


def holds(vault: Path, citation: Citation) -> bool:
    """Read the file anew, cut it into lines by another way, and look for the quote there."""
    text = (vault / citation.path).read_bytes().decode("utf-8-sig")
    lines = re.split(r"(?<=\n)|(?<=\r)(?!\n)", text)
    window = lines[citation.start_line - 1 : citation.end_line]
    # It begins on the first of its lines and ends on the last.
    return (
        citation.quote in "".join(window)
        and citation.quote not in "".join(window[1:])
        and citation.quote not in "".join(window[:-1])
        and bool(citation.quote.strip())
    )


@settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    contents=st.tuples(notes, notes),
    marked=st.sampled_from(["\n", "\r\n"]),
    bom=st.sampled_from([b"", b"\xef\xbb\xbf"]),
    answer=said,
    how=st.sampled_from(CHANGES),
)
def test_quotes_stand_in_the_notes(
    tmp_path_factory: pytest.TempPathFactory,
    contents: tuple[list[str], list[str]],
    marked: str,
    bom: bytes,
    answer: str,
    how: str,
) -> None:
    first, second = contents
    vault = write_vault(
        tmp_path_factory.mktemp("vault"),
        {
            "a.md": bom + ("\n".join(["Always a line.", *first])).replace("\n", marked).encode(),
            "b/c.md": bom
            + ("\n\n".join([*second, "The last line"])).replace("\n", marked).encode(),
        },
    )
    passages = read_passages(vault, max_tokens=60)
    change(vault / "a.md", how)
    text = clean_marks(make_inert(answer), len(passages))
    checker = Checker(passages, vault, "en")
    text = checker.complete(text)
    citations = checker.cite(text)
    for citation in citations:
        assert 1 <= citation.number <= len(passages)
        assert citation.path == passages[citation.number - 1].chunk.path
        if citation.status in (CitationStatus.VERIFIED, CitationStatus.MOVED):
            assert holds(vault, citation)
        if how == "gone" and citation.path == "a.md":
            assert citation.status in (CitationStatus.STALE, CitationStatus.UNSUPPORTED)
    # Nothing is cited that the answer does not show.
    shown = {number for mark in find_marks(text) for number in mark.numbers}
    assert {citation.number for citation in citations} <= shown
