"""Copies that a sync program makes where a file was changed in two places, known by their names.

    note (Ana's conflicted copy 2024-01-31).md          Dropbox, in the language of its user
    note (conflicted copy 2024-01-31 120000).md         Nextcloud
    note (Conflicted copy phone 202401311200).md        Obsidian Sync
    note.sync-conflict-20240131-120000-ABCDEFG.md       Syncthing

`note 2.md` (iCloud) and `note-LAPTOP.md` (OneDrive) may as well be notes of their own.
"""

import re
from pathlib import PurePosixPath

from rag.notes.folding import fold

_SYNCTHING = re.compile(r"(?P<name>.+)\.sync-conflict-\d{8}-\d{6}(?:-[A-Z0-9]{7})?")
_IN_BRACKETS = re.compile(r"(?P<name>.+) \((?P<words>[^()]+)\)")
_WORDS = (re.compile(r"\bcop|\bkop"), re.compile(r"conflict|conflit|konflikt"))
"""Both stand in the brackets, in English, Polish, Portuguese, Romanian and their relatives."""


def original_name(name: str) -> str | None:
    """Give the name of the file that one is a conflicting copy of; None if it is none by name."""
    file = PurePosixPath(name)
    if found := _SYNCTHING.fullmatch(file.stem):
        return found["name"] + file.suffix
    found = _IN_BRACKETS.fullmatch(file.stem)
    if found and all(word.search(fold(found["words"])) for word in _WORDS):
        return found["name"] + file.suffix
    return None
