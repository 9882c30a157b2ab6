"""Notes that nobody writes by hand, but that must not stop an ingest."""

import subprocess
import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest

from rag.notes.chunking import chunk_document
from rag.notes.markdown import parse
from rag.notes.sentences import split_sentences
from rag.types import Chunk, Note
from tests.notes.made_notes import count_words

SECONDS = 10
"""What a note may take; most of these take a tenth of one."""
MAX_TOKENS = 190
LINE = 50_000
"""Characters of a line; a megabyte takes twenty times as long."""

NOTES: dict[str, Callable[[], str]] = {
    "10,000 headings": lambda: "".join(f"## H {n}\n\ntext {n}\n\n" for n in range(10_000)),
    "headings only": lambda: "".join(f"## Heading number {n}\n" for n in range(10_000)),
    "500 lists deep": lambda: "".join(f"{'  ' * n}- item {n}\n" for n in range(500)),
    "5,000 lists on a line": lambda: "- " * 5_000 + "x",
    "500 quotes deep": lambda: "".join(f"{'>' * n} quote {n}\n" for n in range(1, 501)),
    "quotes and lists": lambda: ("> - " * 300 + "a\n") * 20,
    "numbers": lambda: "1. " * 20_000,
    "short bullets": lambda: "- a\n" * 5_000,
    "an item of many lines": lambda: "- a\n" + "b\n" * 10_000,
    "a paragraph of many lines": lambda: "some words of it\n" * 10_000,
    "many paragraphs": lambda: "some words.\n\n" * 3_000,
    "blank lines": lambda: "\n" * 100_000,
    "blanks": lambda: "a" + " " * LINE + "b",
    "a line of words": lambda: " ".join(f"word{n}" for n in range(LINE // 8)),
    "a line of sentences": lambda: "Some words in it. " * (LINE // 18),
    "a line of emphasis": lambda: "**a " * (LINE // 4),
    "a line of links": lambda: "[a](" * (LINE // 4),
    "a line of wikilinks": lambda: "[[a" * (LINE // 3),
    "a line of line breaks": lambda: "<br>" * (LINE // 4),
    **{f"a line of {sign}": partial(str.__mul__, sign, LINE) for sign in "[*$`<>|_-.!(%\\#x北"},
    "a fence that is not closed": lambda: "```python\n" + "x = 1\n" * 10_000,
    "a formula that is not closed": lambda: "text\n\n$$\n" + "x = 1\n" * 10_000,
    "comments": lambda: "%%\nabc\n\ndef\n%%\n" * 3_000,
    "comments that are not closed": lambda: "<!-- a %% " * (LINE // 10),
    "20,000 rows": lambda: "| a | b |\n|---|---|\n" + "| row | value |\n" * 20_000,
    "2,000 columns": lambda: f"|{'a|' * 2_000}\n|{'-|' * 2_000}\n" + f"|{'b|' * 2_000}\n" * 20,
    "64 KB of properties": lambda: "---\n" + "key: value\n" * 5_900 + "---\nbody",
    "nested properties": lambda: f"---\na: {'[' * 60_000}\n---\nbody",
    "a bomb of aliases": lambda: (
        "---\na: &a [x, x]\n"
        + "".join(f"b{n}: &b{n} [*{'a' if not n else f'b{n - 1}'}]\n" for n in range(50))
        + "---\nbody"
    ),
    "broken properties": lambda: "---\ntitle: [a\n: : :\n---\nbody",
    "properties without an end": lambda: "---\n" + "text of it\n" * 10_000,
    "a long title": lambda: f"---\ntitle: {'word ' * 12_000}\n---\nbody",
    "a long heading": lambda: f"# {'word ' * 40_000}\n\nbody",
    "headings on rules": lambda: "a\n---\n" * 3_000,
    "definitions of links": lambda: "".join(f"[r{n}]: http://x/{n}\n" for n in range(3_000)),
    "tags": lambda: "#a " * (LINE // 3),
    "marks on letters": lambda: "e\u0301" * (LINE // 2),
    "callouts": lambda: "> [!info] Title\n> text\n\n" * 2_000,
    "a pasted picture": lambda: f"![](data:image/png;base64,{'iVBORw0KGgo' * 100_000}) words",
}


def _cut(text: str) -> list[Chunk]:
    return chunk_document(parse(Note("a/Note.md", text)), count_words, MAX_TOKENS)


@pytest.mark.parametrize("name", NOTES)
def test_a_note_takes_no_longer_than_it_may(name: str) -> None:
    text = NOTES[name]()
    began = time.process_time()
    chunks = _cut(text)
    for chunk in chunks:
        split_sentences(chunk.text, chunk.start_line)
    assert time.process_time() - began < SECONDS
    lines = text.count("\n") + 1
    assert all(1 <= chunk.start_line <= chunk.end_line <= lines for chunk in chunks)
    assert max(count_words([chunk.indexed_text for chunk in chunks])) <= MAX_TOKENS


def test_the_body_below_hostile_properties_is_indexed() -> None:
    for name in (
        "64 KB of properties",
        "nested properties",
        "a bomb of aliases",
        "broken properties",
    ):
        assert [chunk.indexed_text for chunk in _cut(NOTES[name]())] == ["Note\nbody"], name


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="no /proc to ask")
def test_memory_stays_flat() -> None:
    # VmHWM, not ru_maxrss: that one also counts what the process was before it became Python.
    program = (
        "from tests.notes.test_hostile_notes import NOTES, _cut\n"
        "for name in ('short bullets', 'a line of ['):\n"
        "    _cut(NOTES[name]())\n"
        "print(open('/proc/self/status').read().split('VmHWM:')[1].split()[0])\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    # Some 200 MB, most of them what Python, NumPy and the language model take before.
    assert int(done.stdout) < 500 * 1024  # kB
