import shutil
from pathlib import Path

import pytest

from rag.notes.chunking import chunk_document
from rag.notes.markdown import parse
from rag.notes.ocr import LONGEST, PictureReader, Tesseract, find_tesseract
from rag.types import Note
from tests.notes.made_notes import count_words

PROGRAM = """#!/bin/sh
if [ "$1" = --list-langs ]; then printf 'List of 3:\\neng\\nron\\nosd\\n'; exit 0; fi
echo run >> "$(dirname "$0")/runs"
input=$(cat)
if [ "$input" = broken ]; then exit 1; fi
printf '%s | %s\\n\\n.|\\n' "$4" "$input"
"""


class Memory:
    """What was read, kept as long as the test lasts."""

    def __init__(self) -> None:
        self.texts: dict[bytes, str] = {}

    def get(self, key: bytes) -> str | None:
        return self.texts.get(key)

    def put(self, key: bytes, text: str) -> None:
        self.texts[key] = text


@pytest.fixture
def program(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A program that says which languages it was given and what it read."""
    file = tmp_path / "bin/tesseract"
    file.parent.mkdir()
    file.write_text(PROGRAM)
    file.chmod(0o755)
    monkeypatch.setenv("PATH", f"{file.parent}:/usr/bin:/bin")
    return file


@pytest.fixture
def vault(tmp_path: Path) -> Path:
    vault = tmp_path / "vault"
    (vault / "img").mkdir(parents=True)
    (vault / "img/board.png").write_text("gradient descent")
    (vault / "broken.png").write_text("broken")
    (vault / "large.png").write_text("x" * 9_000_000)
    (tmp_path / "outside.png").write_text("secret")
    (vault / "link.png").symlink_to(tmp_path / "outside.png")
    return vault


def test_the_languages_are_those_that_are_wanted_and_installed(program: Path) -> None:
    assert find_tesseract("auto") == Tesseract(str(program), "eng+ron")
    assert find_tesseract("ron+pol") == Tesseract(str(program), "ron")
    assert find_tesseract("pol") is None
    assert find_tesseract("ron --psm 0") is None
    assert find_tesseract("-l") is None


def test_without_the_program_nothing_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    assert find_tesseract("auto") is None


def test_what_stands_in_a_picture_is_indexed_where_it_is_embedded(
    program: Path, vault: Path
) -> None:
    text = "# One\n\nwords\n\n# Two\n\n![[board.png|300]]\n"
    reader = PictureReader(vault, Tesseract(str(program), "eng"), Memory())
    document = reader.add_texts(parse(Note("a.md", text)))
    assert document.pictures == {"board.png": "eng | gradient descent"}
    (chunk,) = chunk_document(document, count_words, 60)
    assert chunk.indexed_text == "a\nOne\nwords\nTwo\nboard\neng | gradient descent"
    assert "gradient" not in chunk.text


def test_a_section_of_one_nameless_picture_is_found_by_what_stands_in_it(
    program: Path, vault: Path
) -> None:
    (vault / "Pasted image 1.png").write_text("backpropagation")
    document = parse(Note("a.md", "# One\n\n![[Pasted image 1.png]]\n"))
    reader = PictureReader(vault, Tesseract(str(program), "eng"), Memory())
    (chunk,) = chunk_document(reader.add_texts(document), count_words, 60)
    assert chunk.indexed_text == "a\nOne\neng | backpropagation"


def test_a_picture_is_read_once(program: Path, vault: Path) -> None:
    memory = Memory()
    for name in ("a.md", "b.md"):
        reader = PictureReader(vault, Tesseract(str(program), "eng"), memory)
        reader.add_texts(parse(Note(name, "![](img/board.png)")))
    assert (program.parent / "runs").read_text() == "run\n"


def test_what_cannot_be_read_says_nothing(program: Path, vault: Path) -> None:
    text = "![[broken.png]] ![[large.png]] ![[gone.png]] ![[link.png]] ![](../outside.png)"
    reader = PictureReader(vault, Tesseract(str(program), "eng"), Memory())
    assert reader.add_texts(parse(Note("a.md", text))).pictures == {}
    assert Tesseract("/no/such/program", "eng").read(b"x") == ""


def test_of_a_page_full_of_text_the_beginning_is_kept(program: Path) -> None:
    assert len(Tesseract(str(program), "eng").read(b"word " * 1_000)) == LONGEST


@pytest.mark.skipif(not shutil.which("tesseract"), reason="tesseract is not installed")
def test_the_real_program_reads_a_picture() -> None:
    picture = Path(__file__).parents[2] / "notes/attachments/roc_curves.png"
    tesseract = find_tesseract("eng")
    if tesseract is None:
        pytest.skip("tesseract has no English data")
    assert "false positive rate" in tesseract.read(picture.read_bytes())
    assert tesseract.read(b"no picture") == ""
