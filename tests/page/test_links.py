"""Links open notes of the vault, and nothing else."""

from pathlib import Path

import pytest

from rag.page.links import editor_link, obsidian_link


@pytest.fixture
def vault(tmp_path: Path) -> Path:
    folder = tmp_path / "My vault"
    (folder / "sub").mkdir(parents=True)
    (folder / "sub" / "ă & b.md").touch()
    (tmp_path / "outside.md").touch()
    (folder / "link.md").symlink_to(tmp_path / "outside.md")
    return folder


def test_a_note_is_named_so_that_nothing_of_it_is_read_as_something_else(vault: Path) -> None:
    link = obsidian_link(vault, "sub/ă & b.md")
    assert link == "obsidian://open?vault=My%20vault&file=sub%2F%C4%83%20%26%20b.md"
    root = str(vault).lstrip("/").replace(" ", "%20")
    link = editor_link(vault, "sub/ă & b.md", 7, "VS Code")
    assert link == f"vscode://file/{root}/sub/%C4%83%20%26%20b.md:7"


@pytest.mark.parametrize("path", ["../outside.md", "link.md", "gone.md", "sub", "a\0b.md"])
def test_nothing_leads_out(vault: Path, path: str) -> None:
    assert obsidian_link(vault, path) is None
    assert editor_link(vault, path, 1, "Zed") is None


@pytest.mark.parametrize("editor", ["", "javascript"])
def test_without_an_editor_there_is_no_link(vault: Path, editor: str) -> None:
    assert editor_link(vault, "sub/ă & b.md", 1, editor) is None


def test_a_vault_that_is_gone_has_no_links(tmp_path: Path) -> None:
    assert obsidian_link(tmp_path / "gone", "a.md") is None
