import time
from collections.abc import Iterator

import pytest

from rag.notes.containers import LONGEST_PARENT, MOST_PARENTS
from rag.notes.markdown import DEEPEST, parse
from rag.types import Block, BlockKind, Document, Note
from tests.notes.fixture_files import parameters

CASES = [*parameters("markdown"), *parameters("containers")]


def _parse(text: str, path: str = "a/Note.md") -> Document:
    return parse(Note(path, text))


def _draw(document: Document) -> Iterator[str]:
    for section in document.sections:
        yield f"{section.start_line}: {' > '.join(section.headings) or '-'}"
        for block in section.blocks:
            yield f"  {block.kind} {block.start_line}-{block.end_line}"
            if len(block.pieces) > 1:
                for piece in block.pieces:
                    above = "".join(f" < {parent}" for parent in piece.context)
                    yield f"    {piece.start_line}-{piece.end_line} {piece.depth}{above}"


@pytest.mark.parametrize(("text", "expected"), CASES)
def test_parse(text: str, expected: str) -> None:
    assert "\n".join(_draw(_parse(text))) == expected


@pytest.mark.parametrize(("text", "expected"), CASES)
def test_line_ends_change_nothing(text: str, expected: str) -> None:
    assert "\n".join(_draw(_parse(text.replace("\n", "\r\n")))) == expected
    assert "\n".join(_draw(_parse(text.replace("\n", "\r")))) == expected


@pytest.mark.parametrize(("text", "expected"), CASES)
def test_pieces_cover_their_block(text: str, expected: str) -> None:
    del expected
    for section in _parse(text).sections:
        for block in section.blocks:
            lines = [n for p in block.pieces for n in range(p.start_line, p.end_line + 1)]
            assert lines == list(range(block.start_line, block.end_line + 1))


def test_title_is_the_file_name_without_a_property() -> None:
    assert _parse("# Heading", "x/My note.v2.md").title == "My note.v2"
    assert _parse("---\ntitle: Other\n---\n# Heading").title == "Other"


def test_the_document_keeps_the_note() -> None:
    text = "---\naliases: [One, Two]\ntags: Study\n---\n# A\r\ntext #Exam, #study and `#code` #42\n"
    document = _parse(text)
    assert document.text == text
    assert document.path == "a/Note.md"
    assert document.aliases == ("One", "Two")
    assert document.tags == ("study", "exam")


def test_tags_are_not_looked_for_in_code_formulas_links_and_comments() -> None:
    text = (
        "#yes\n```\n#code\n```\n    \n$$\n#math\n$$\n[[#heading]] [[Note#part]] [a](b#c) <a href='#d'>\n"
        "%% #hidden %% `#inline` https://example.org/#address $#f$ (#also)"
    )
    assert _parse(text).tags == ("yes", "also")


def test_language_of_the_prose_not_of_the_code() -> None:
    code = "```python\nfor the line in this and that: # what is the difference of it\n```\n" * 5
    assert _parse(code + "Rețeaua învață din date și este foarte mare.").language == "ro"
    assert _parse("```\nwhat is the meaning of this\n```").language == "en"


def test_a_long_parent_is_cut_between_words() -> None:
    text = f"- {'word ' * 60}\n  - child"
    (block,) = _parse(text).sections[0].blocks
    (parent,) = block.pieces[1].context
    # 23 times "word " and "word" are 119 characters; with the ellipsis 120.
    assert parent == "word " * 23 + "word…"
    assert len(parent) == LONGEST_PARENT


def test_the_nearest_parents_are_kept() -> None:
    text = "\n".join(f"{'  ' * depth}- item {depth}" for depth in range(8))
    (block,) = _parse(text).sections[0].blocks
    assert block.pieces[7].depth == 7
    assert block.pieces[7].context == ("item 3", "item 4", "item 5", "item 6")
    assert len(block.pieces[7].context) == MOST_PARENTS


def test_what_lies_too_deep_is_not_lost() -> None:
    text = "\n".join(f"{'  ' * depth}- item {depth}" for depth in range(2 * DEEPEST))
    blocks = [block for section in _parse(text).sections for block in section.blocks]
    assert blocks[0].kind is BlockKind.LIST
    assert _lines_of(blocks) == list(range(1, 2 * DEEPEST + 1))


def test_a_form_feed_ends_no_line() -> None:
    document = _parse("one\x0ctwo\x0bthree\u2028four\x85five\n\nsix")
    assert "\n".join(_draw(document)) == "1: -\n  paragraph 1-1\n  paragraph 3-3"


def test_no_text_no_sections() -> None:
    assert _parse("").sections == ()
    assert _parse("\n \n%% hidden %%\n---\n").sections == ()


def test_time_grows_with_the_note_and_not_with_its_square() -> None:
    def seconds(callouts: int) -> float:
        began = time.process_time()
        _parse("> [!info] T\n> text\n> - item\n\n" * callouts)
        return time.process_time() - began

    seconds(100)  # warm
    # 8 times the note takes 8 times as long, not 64 times; a busy machine may double one of them.
    assert seconds(4_000) < 32 * max(seconds(500), 0.01)


def _lines_of(blocks: list[Block]) -> list[int]:
    return [n for block in blocks for n in range(block.start_line, block.end_line + 1)]
