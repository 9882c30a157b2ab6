"""Links that open a note in another program on this machine; none leads out of the vault."""

from pathlib import Path
from urllib.parse import quote

EDITORS = {
    "": "",
    "VS Code": "vscode",
    "VSCodium": "vscodium",
    "Cursor": "cursor",
    "Zed": "zed",
}
"""Editors by name, with the scheme of the addresses that they answer to; they all take
`scheme://file/PATH:LINE`. The empty one stands for none."""


def find_file(vault: Path, path: str) -> Path | None:
    """Give the file of a note as it is on disk; None if it is gone or lies outside of the vault."""
    try:
        root = vault.resolve(strict=True)
        file = (root / path).resolve(strict=True)
    except (OSError, RuntimeError, ValueError):
        return None
    return file if file.is_relative_to(root) and file.is_file() else None


def obsidian_link(vault: Path, path: str) -> str | None:
    """Write the address that opens a note in Obsidian, whose vault is named like its folder."""
    if find_file(vault, path) is None:
        return None
    name = vault.resolve().name
    return f"obsidian://open?vault={quote(name, safe='')}&file={quote(path, safe='')}"


def editor_link(vault: Path, path: str, line: int, editor: str) -> str | None:
    """Write the address that opens a note at a line in an editor."""
    file, scheme = find_file(vault, path), EDITORS.get(editor)
    if file is None or not scheme:
        return None
    return f"{scheme}://file/{quote(file.as_posix().lstrip('/'))}:{line}"
