"""Find the pictures of a vault. Links are left out, and hidden folders, as for notes."""

import os
from pathlib import Path

PICTURES = (".png", ".jpg", ".jpeg", ".gif", ".webp", ".bmp")
MOST_FILES = 20_000
"""Pictures that are looked at in a vault."""


def list_pictures(vault: Path) -> list[str]:
    """Name the pictures of a vault, by their paths in it, with `/`; at most `MOST_FILES`."""
    found: list[str] = []
    for folder, folders, names in os.walk(vault, followlinks=False):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        prefix = Path(folder).relative_to(vault).as_posix()
        for name in sorted(names):
            is_shown = name.lower().endswith(PICTURES) and not name.startswith(".")
            if is_shown and not Path(folder, name).is_symlink():
                found.append(name if prefix == "." else f"{prefix}/{name}")
        if len(found) >= MOST_FILES:
            break
    return found[:MOST_FILES]
