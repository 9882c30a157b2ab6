"""What holds of every note, whatever stands in it."""

import re

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from rag.notes.chunking import chunk_document
from rag.notes.lines import Lines
from rag.notes.markdown import parse
from rag.notes.sentences import split_sentences
from rag.notes.vault import decode
from rag.types import Chunk, Note, Skipped
from tests.notes.made_notes import MadeNote, count_words, made_notes

MAX_TOKENS = 30
MARKUP = st.text(
    st.sampled_from("ab ą.:!?-*_=~#>|`$%<>[]()\\/^@0\t\n\r\u2028\u00a0\ue000"), max_size=300
)


def _chunks(text: str, max_tokens: int = MAX_TOKENS) -> list[Chunk]:
    return chunk_document(parse(Note("a/b.md", text)), count_words, max_tokens)


def _words(text: str) -> set[str]:
    return set(re.findall(r"w\d+\w*?x", text))


def _check(text: str, chunks: list[Chunk], max_tokens: int = MAX_TOKENS) -> None:
    lines = Lines(text)
    assert chunks
    for chunk in chunks:
        assert 1 <= chunk.start_line <= chunk.end_line <= len(lines)
        assert chunk.text in lines.between(chunk.start_line, chunk.end_line)
        assert count_words([chunk.indexed_text]) <= [max_tokens]
        for sentence in split_sentences(chunk.text, chunk.start_line):
            assert chunk.start_line <= sentence.start_line
            assert sentence.start_line <= sentence.end_line <= chunk.end_line
            assert sentence.text in lines.between(sentence.start_line, sentence.end_line)
            assert sentence.text == sentence.text.strip() != ""


@settings(max_examples=70, deadline=None, suppress_health_check=list(HealthCheck))
@given(made_notes())
def test_every_word_is_indexed_at_its_place(note: MadeNote) -> None:
    chunks = _chunks(note.text)
    _check(note.text, chunks)
    indexed = "\n".join(chunk.indexed_text for chunk in chunks)
    assert [word for word in note.visible if word not in indexed] == []
    shown = "\n".join(chunk.text for chunk in chunks)
    assert [word for word in note.visible if word not in shown] == []


@settings(max_examples=50, deadline=None, suppress_health_check=list(HealthCheck))
@given(made_notes())
def test_what_is_hidden_is_neither_indexed_nor_quoted(note: MadeNote) -> None:
    chunks = _chunks(note.text)
    said = [chunk.indexed_text for chunk in chunks]
    said += [s.text for c in chunks for s in split_sentences(c.text, c.start_line)]
    assert _words("\n".join(note.hidden)) & _words("\n".join(said)) == set()


@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
@given(made_notes(), st.integers(2, 12))
def test_a_tiny_budget_is_kept(note: MadeNote, max_tokens: int) -> None:
    _check(note.text, _chunks(note.text, max_tokens), max_tokens)


@settings(max_examples=200, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.one_of(st.text(max_size=300), MARKUP))
def test_any_text_is_cut(text: str) -> None:
    _check(text, _chunks(text))


@settings(max_examples=100, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.one_of(st.binary(max_size=200), MARKUP.map(str.encode)))
def test_any_bytes_are_read_or_named(content: bytes) -> None:
    note = decode("x.md", content)
    if isinstance(note, Skipped):
        assert note.reason
    else:
        _check(note.text, _chunks(note.text))
