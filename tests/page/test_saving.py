"""An answer becomes a note where its reader says, and replaces nothing."""

from pathlib import Path

import pytest

from rag.errors import RagError
from rag.page.saving import clean_name, save_answer
from tests.answered import make_answer, make_citation

ANSWER = make_answer("It does [1].", (make_citation(1, start=11, end=13),))


def test_it_is_written_with_its_sources(tmp_path: Path) -> None:
    file = save_answer(ANSWER, "Why?", str(tmp_path), "Why / how?")
    assert file == tmp_path.resolve() / "Why how.md"
    assert file.read_text() == "# Why?\n\nIt does [1].\n\n- [1] a.md:11-13 › Top › Sub\n"


def test_nothing_is_replaced(tmp_path: Path) -> None:
    (tmp_path / "x.md").write_text("mine")
    with pytest.raises(RagError, match="is there already"):
        save_answer(ANSWER, "Why?", str(tmp_path), "x")
    (tmp_path / "link.md").symlink_to(tmp_path / "nowhere.md")
    with pytest.raises(RagError):
        save_answer(ANSWER, "Why?", str(tmp_path), "link")
    assert (tmp_path / "x.md").read_text() == "mine"
    assert not (tmp_path / "nowhere.md").exists()


@pytest.mark.parametrize("folder", ["", "  ", "no/such/folder", "a\0b"])
def test_the_folder_has_to_be_there(folder: str, tmp_path: Path) -> None:
    with pytest.raises(RagError, match="there is no folder"):
        save_answer(ANSWER, "Why?", folder, "x")


def test_a_folder_that_may_not_be_written_is_one_line(tmp_path: Path) -> None:
    with pytest.raises(RagError, match="cannot be written"):
        save_answer(ANSWER, "Why?", "/proc/self", "x")


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("../../etc/passwd", "etc passwd"),
        ("Ce este RLHF?", "Ce este RLHF"),
        ("a.md", "a"),
        (".hidden", "hidden"),
        ("CON", "_CON"),
        ("...", "_"),
        ("", "_"),
        ("tab\tand\nline", "tab and line"),
        ("x" * 200, "x" * 80),
    ],
)
def test_a_name_is_one_that_every_system_takes(name: str, expected: str) -> None:
    assert clean_name(name) == expected
