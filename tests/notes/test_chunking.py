from itertools import pairwise, zip_longest
from pathlib import Path

from rag.notes.chunking import MOST_FRAME, OVERLAP_TOKENS, chunk_document
from rag.notes.lines import Lines
from rag.notes.markdown import parse
from rag.notes.readable import Readable
from rag.notes.sectioning import SHORT
from rag.notes.sentences import split_sentences
from rag.notes.vault import FoundFile, read_note, scan
from rag.types import Chunk, Note
from tests.notes.made_notes import count_words

SAMPLE_VAULT = Path(__file__).parents[2] / "notes"


def _chunks(text: str, max_tokens: int = 60, path: str = "a/Note.md") -> list[Chunk]:
    return chunk_document(parse(Note(path, text)), count_words, max_tokens)


def _places(chunks: list[Chunk]) -> list[tuple[int, int]]:
    return [(chunk.start_line, chunk.end_line) for chunk in chunks]


def _words(count: int, word: str = "x") -> str:
    return " ".join(f"{word}{number}" for number in range(count))


def test_a_section_that_fits_is_one_chunk() -> None:
    text = (
        "---\ntitle: Networks\ntags: [ml]\naliases: [NN]\n---\n"
        f"# Cells\n\n{_words(60)}\n\n## The LSTM\n\nHas **three** gates:\n- forget\n- {_words(60)}\n"
    )
    assert _chunks(text, 190) == [
        Chunk(
            path="a/Note.md",
            title="Networks",
            headings=("Cells",),
            start_line=6,
            end_line=8,
            text=f"# Cells\n\n{_words(60)}",
            indexed_text=f"Networks · NN\nCells\n{_words(60)}",
            tags=("ml",),
            language="en",
        ),
        Chunk(
            path="a/Note.md",
            title="Networks",
            headings=("Cells", "The LSTM"),
            start_line=10,
            end_line=14,
            text=f"## The LSTM\n\nHas **three** gates:\n- forget\n- {_words(60)}",
            indexed_text=f"Networks · NN\nCells > The LSTM\nHas three gates:\nforget\n{_words(60)}",
            tags=("ml",),
            language="en",
        ),
    ]


def test_short_sections_join_their_neighbours_under_the_same_heading() -> None:
    long = _words(60)
    text = f"# A\nintro\n## B\nb\n## C\n{long}\n# D\nd\n## E\ne\n### F\nf\n## G\n{long}\n"
    first, second, third, fourth = _chunks(text, 190)
    assert (first.headings, _places([first])) == (("A",), [(1, 6)])
    assert first.indexed_text == f"Note\nA\nintro\nB\nb\nC\n{long}"
    # E stands above F, and belongs to it rather than to D.
    assert (second.headings, second.indexed_text) == (("D",), "Note\nD\nd")
    assert (third.headings, third.indexed_text) == (("D", "E"), "Note\nD > E\ne\nF\nf")
    assert (fourth.headings, _places([fourth])) == (("D", "G"), [(13, 14)])


def test_sections_that_say_enough_stand_alone() -> None:
    text = "".join(f"# {name}\n{_words(SHORT)}\n" for name in "AB")
    assert _places(_chunks(text, 190)) == [(1, 2), (3, 4)]
    # Of 60 tokens, 40 may be those of joined sections: these have 11 and 30.
    text = f"# A\n{_words(10)}\n# B\n{_words(29)}\n"
    assert _places(_chunks(text)) == [(1, 2), (3, 4)]
    assert _places(_chunks(text, 62)) == [(1, 4)]


def test_a_heading_that_is_the_title_is_not_said_twice() -> None:
    (chunk,) = _chunks("# Note\n## Part\ntext")
    assert chunk.headings == ("Note", "Part")
    assert chunk.indexed_text == "Note\nPart\ntext"


def test_a_section_that_does_not_fit_is_cut_in_like_parts() -> None:
    # Four paragraphs of 10 words in 33 - 1 for the title: 20 + 20, not 30 + 10.
    text = "\n\n".join(_words(10, name) for name in "abcd")
    chunks = _chunks(text, 33)
    assert _places(chunks) == [(1, 3), (5, 7)]
    assert chunks[0].indexed_text == f"Note\n{_words(10, 'a')}\n{_words(10, 'b')}"
    assert chunks[1].text == f"{_words(10, 'c')}\n\n{_words(10, 'd')}"


def test_a_cut_falls_before_an_item_of_little_depth() -> None:
    text = f"- {_words(8, 'a')}\n  - {_words(8, 'b')}\n  - {_words(8, 'c')}\n- {_words(8, 'd')}\n"
    # 16 + 16 would be of like size, but would tear the first item from its last child.
    assert _places(_chunks(text, 30)) == [(1, 3), (4, 4)]


def test_an_item_brings_the_items_above_it() -> None:
    text = "- above\n" + "".join(f"  - {_words(9, name)}\n" for name in "abcd")
    chunks = _chunks(text, 25)
    assert _places(chunks) == [(1, 3), (4, 5)]
    assert chunks[1].indexed_text == f"Note\nabove\n{_words(9, 'c')}\n{_words(9, 'd')}"
    assert chunks[1].text == f"  - {_words(9, 'c')}\n  - {_words(9, 'd')}"


def test_a_row_brings_the_header_of_its_table() -> None:
    rows = "".join(f"| {name} | {_words(6, name)} |\n" for name in "abcdef")
    chunks = _chunks(f"| Name | Words |\n|---|---|\n{rows}", 37)
    # The header and each row take 3 and 8 tokens with their bars: 3 + 3 x 8 = 27.
    assert _places(chunks) == [(1, 5), (6, 8)]
    assert chunks[1].indexed_text.startswith("Note\nName | Words\nd | d0 d1")


def test_what_is_introduced_stays_with_its_introduction() -> None:
    text = f"{_words(20)}\n\nSteps:\n\n- {_words(6, 'a')}\n- {_words(6, 'b')}\n- {_words(6, 'c')}\n"
    chunks = _chunks(text, 25)
    assert _places(chunks) == [(1, 1), (3, 7)]
    # Where the list itself is cut, its second part brings the introduction.
    text = "Steps:\n\n" + "".join(f"- {_words(9, name)}\n" for name in "abcd")
    assert _chunks(text, 25)[1].indexed_text.startswith("Note\nSteps:\nc0")


def test_a_term_stays_with_its_definition() -> None:
    text = f"{_words(14)}\n\n**Dropout**\n\n{_words(14, 'd')}"
    assert _places(_chunks(text, 20)) == [(1, 1), (3, 5)]


def test_a_block_of_a_quote_brings_the_title_of_its_callout() -> None:
    text = f"> [!info] Definition\n> {_words(12, 'a')}\n>\n> {_words(12, 'b')}\n"
    chunks = _chunks(text, 20)
    assert _places(chunks) == [(1, 3), (4, 4)]
    assert chunks[1].indexed_text == f"Note\nDefinition\n{_words(12, 'b')}"


def test_a_long_paragraph_is_cut_between_sentences() -> None:
    sentences = [f"{_words(19, name)} end." for name in "abcd"]
    chunks = _chunks(" ".join(sentences), 45)
    assert [chunk.text for chunk in chunks] == [" ".join(sentences[:2]), " ".join(sentences[2:])]
    assert _places(chunks) == [(1, 1), (1, 1)]


def test_a_sentence_that_is_cut_overlaps() -> None:
    words = _words(300)
    chunks = _chunks(words, 60)
    for before, chunk in pairwise(chunks):
        first = chunk.text.split()[0]
        assert first in before.text.split()
        shared = len(before.text.split()) - before.text.split().index(first)
        assert 0 < shared <= OVERLAP_TOKENS
    assert chunks[-1].text.endswith("x299")


def test_parts_of_code_share_a_chunk_with_nothing() -> None:
    code = "\n".join(f"value_{n} = call(first_{n}, second_{n})" for n in range(12))
    chunks = _chunks(f"Before.\n\n```python\n{code}\n```\n\nAfter.", 30)
    texts = [chunk.text for chunk in chunks]
    assert texts[0] == "Before."
    assert texts[1].startswith("```python\nvalue_0")
    assert texts[-2].endswith("\n```")
    assert texts[-1] == "After."
    quoted = [s.text for c in (chunks[0], *chunks[-2:]) for s in split_sentences(c.text, 1)]
    assert quoted == ["Before.", "After."]


def test_code_and_formulas_keep_their_marks_in_the_index() -> None:
    text = "```\nx = a ** b  # **no**\n```\n\n$$\n\\frac{a}{b} \\\\ |x|\n$$\n"
    (chunk,) = _chunks(text)
    assert chunk.indexed_text == f"Note\n{text.strip()}".replace("\n\n", "\n")


def test_code_does_not_make_a_chunk_english() -> None:
    code = "```\nfor the line in this and that: # what is it\n```\n"
    text = (
        f"{'Rețeaua învață din date și este foarte mare. ' * 18}\n\n## A\n\n{code * 4}\n"
        f"## B\n\n{'It is what others are. ' * 8}\n"
    )
    assert [chunk.language for chunk in _chunks(text, 190)] == ["ro", "ro", "en"]


def test_far_headings_go_first_where_there_are_too_many() -> None:
    names = ", ".join(f"alias{n}" for n in range(40))
    headings = "".join(f"{'#' * level} {_words(4, f'h{level}x')}\n" for level in range(1, 7))
    chunks = _chunks(f"---\naliases: [{names}]\n---\n{headings}{_words(30)}\n", 60)
    frame = chunks[0].indexed_text.removesuffix(f"\n{_words(30)}")
    # The title, two headings of four words and the sign between them: 10 of at most 20 tokens.
    assert frame == f"Note\n{_words(4, 'h5x')} > {_words(4, 'h6x')}"
    assert chunks[0].headings == tuple(_words(4, f"h{level}x") for level in range(1, 7))


def test_a_title_that_is_too_long_is_shortened() -> None:
    (chunk,) = _chunks(f"---\ntitle: {_words(200, 't')}\n---\n{_words(20)}", 60)
    title, body = chunk.indexed_text.split("\n")
    assert body == _words(20)
    assert title.startswith("t0 t1 ")
    assert title.endswith("…")
    assert 5 < len(title.split()) <= 60 * MOST_FRAME
    assert chunk.title == _words(200, "t")


def test_headings_without_text_make_an_outline() -> None:
    long = _words(SHORT)
    text = f"# Exam\n\n{long}\n\n## How LSTM works\n\n## What BERT is\n\n# Other\n\n{long}\n\n# To do\n"
    chunks = _chunks(text)
    assert _places(chunks) == [(1, 3), (5, 7), (9, 11)]
    assert chunks[1].headings == ("Exam",)
    assert chunks[1].indexed_text == "Note\nExam\nHow LSTM works\nWhat BERT is"
    assert chunks[1].text == "## How LSTM works\n\n## What BERT is"


def test_the_name_of_a_note_is_no_outline() -> None:
    assert _places(_chunks("# A long name of this note\n\n# Part\n\ntext\n")) == [(3, 5)]


def test_a_note_of_headings_only() -> None:
    (chunk,) = _chunks("# A\n\n## B\n\n## C\n")
    assert (chunk.headings, chunk.start_line, chunk.end_line) == (("A",), 3, 5)
    assert chunk.indexed_text == "Note\nA\nB\nC"
    (chunk,) = _chunks("# A\n")
    assert (chunk.headings, chunk.text, chunk.indexed_text) == ((), "# A", "Note\nA")


def test_many_headings_are_cut_too() -> None:
    chunks = _chunks("".join(f"# Heading number {n}\n" for n in range(100)), 31)
    # Ten headings of three words fit beside the title.
    assert _places(chunks) == [(first, first + 9) for first in range(1, 100, 10)]


def test_a_note_without_words_is_found_by_its_title() -> None:
    (chunk,) = _chunks("![[Pasted image 1.png]]\n", path="x/My drawing.md")
    assert chunk.indexed_text == "My drawing"
    assert (chunk.start_line, chunk.end_line) == (1, 1)
    assert chunk.text == "![[Pasted image 1.png]]"
    (chunk,) = _chunks("---\naliases: [Other]\n---\n")
    assert (chunk.indexed_text, chunk.text) == ("Note · Other", "")
    (chunk,) = _chunks("%% secret %%\n\n%%\nmore\n%%\n")
    assert (chunk.indexed_text, chunk.text, chunk.start_line) == ("Note", "", 1)
    (chunk,) = _chunks("***\n", 2)
    assert (chunk.indexed_text, chunk.text) == ("Note", "***")


def test_comments_are_shown_whole_or_not_at_all() -> None:
    text = f"{_words(9, 'a')} %% one\ntwo %%\n\n- {_words(9, 'b')} <!-- three\n\nfour --> {_words(9, 'c')}\n"
    chunks = _chunks(text, 12)
    assert [chunk.text.count("%%") % 2 for chunk in chunks] == [0, 0, 0]
    assert [chunk.indexed_text for chunk in chunks] == [
        f"Note\n{_words(9, name)}" for name in "abc"
    ]
    assert _places(chunks) == [(1, 1), (4, 4), (6, 6)]
    assert chunks[2].text == f" {_words(9, 'c')}"
    quoted = [s.text for chunk in chunks for s in split_sentences(chunk.text, chunk.start_line)]
    assert quoted == [_words(9, name) for name in "abc"]


def test_line_ends_change_nothing_but_themselves() -> None:
    text = "# A\n\n" + "".join(f"- {_words(9, name)}\n" for name in "abcd") + "\n```\nx\n```\n"
    for line_end in ("\r\n", "\r"):
        other = _chunks(text.replace("\n", line_end), 25)
        assert [c.text.replace(line_end, "\n") for c in other] == [
            c.text for c in _chunks(text, 25)
        ]
        assert _places(other) == _places(_chunks(text, 25))


def test_one_edit_leaves_the_chunks_of_other_sections() -> None:
    sections = [f"## {name}\n\n{_words(100, name)}\n\n" for name in "abc"]
    before = {chunk.indexed_text for chunk in _chunks("".join(sections))}
    sections[1] = sections[1].replace("b50", "changed")
    after = {chunk.indexed_text for chunk in _chunks("".join(sections))}
    assert {text.split("\n")[1] for text in before ^ after} == {"b"}


def test_every_line_of_the_sample_vault_is_shown() -> None:
    for found in scan(SAMPLE_VAULT):
        assert isinstance(found, FoundFile)
        note = read_note(SAMPLE_VAULT, found.path)
        assert isinstance(note, Note)
        chunks = chunk_document(parse(note), count_words, 120)
        shown = {n for c in chunks for n in range(c.start_line, c.end_line + 1)}
        lines = Lines(note.text)
        for chunk in chunks:
            assert chunk.text in lines.between(chunk.start_line, chunk.end_line)
            assert count_words([chunk.indexed_text]) <= [120]
        content = Readable(note.text).lines.content()
        for number, (line, following) in enumerate(zip_longest(content, content[1:]), start=1):
            is_heading = line.startswith("#") or (following or "").startswith(("===", "---"))
            if line.strip(" \t-*_=") and not is_heading:
                assert number in shown, (found.path, number, line)
