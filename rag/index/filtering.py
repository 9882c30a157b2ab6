"""Which chunks of a generation filters allow, found out before anything is ranked.

Tags, paths and languages are read once, as a generation never changes. A phrase is looked for where
the lexical leg has all of its 4-grams, and only these chunks' texts are read: in 10,000 chunks a
phrase costs less than the rest of a search (eval/LOG.md).
"""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from difflib import get_close_matches
from fnmatch import translate
from functools import cached_property
from typing import Protocol

import numpy as np

from rag.index import Mask, Rows
from rag.index.tables import NoteRow
from rag.notes.folding import fold
from rag.notes.grams import Keys, gram_keys
from rag.types import Filters, Unmatched

MOST_CLOSE = 3
"""Names that are offered in place of one that is not there."""
LEAST_PART = 3
"""Characters that are looked for inside other names: fewer are in most."""
_LIKENESS = 0.6
"""Of two names, 0 to 1, as difflib measures it and by its default."""
_SIGNS = str.maketrans(dict.fromkeys("‐‑‒–—―−", "-") | dict.fromkeys("’ʼ‘‛`", "'"))
"""Hyphens and apostrophes that look alike, of which keyboards and editors each have their own."""


class Tables(Protocol):
    """What is filtered: notes in the order of their rows, and chunks."""

    def notes(self) -> Mapping[str, NoteRow]:
        """Give all notes, by path."""

    def tags(self) -> Mapping[str, Sequence[str]]:
        """Give the tags of all notes, by path."""

    def chunk_languages(self) -> Sequence[str]:
        """Give the languages of all chunks, in the order of rows."""

    def indexed_texts(self, rows: Sequence[int]) -> Sequence[str]:
        """Read what is embedded of some chunks, in the order asked for."""


class ChunkFilter:
    """Filters the chunks of one generation."""

    def __init__(self, tables: Tables, size: int, holding: Callable[[Keys], Rows]) -> None:
        """Take where to look.

        Args:
            tables: what is filtered.
            size: how many chunks.
            holding: gives all chunks that hold some 4-grams, perhaps with others.
        """
        self._tables = tables
        self._size = size
        self._holding = holding

    def allowed(self, filters: Filters) -> Mask:
        """Say which chunks filters allow; shape [chunks]."""
        mask = np.ones(self._size, dtype=bool)
        for names, find in (
            (filters.tags, self._with_tag),
            (filters.paths, self._with_path),
            (filters.languages, self._in_language),
        ):
            if names:
                mask &= np.logical_or.reduce([find(name) for name in names])
        for names, find in (
            (filters.without_tags, self._with_tag),
            (filters.without_paths, self._with_path),
            (filters.without_languages, self._in_language),
        ):
            for name in names:
                mask &= ~find(name)
        # Last, since they are looked for only where the others left something.
        for phrase in filters.phrases:
            mask = self._with_phrase(phrase, mask)
        for phrase in filters.without_phrases:
            mask &= ~self._with_phrase(phrase, mask)
        for more in filters.also:
            mask &= self.allowed(more)
        return mask

    def unmatched(self, filters: Filters) -> list[Unmatched]:
        """Give the names and phrases to which no chunk answers, whatever the others say."""
        kinds: tuple[tuple[str, Sequence[str], Callable[[str], Mask], Iterable[str]], ...] = (
            ("tag", filters.tags + filters.without_tags, self._with_tag, self._tags),
            ("path", filters.paths + filters.without_paths, self._with_path, self._places),
        )
        found = [
            Unmatched(kind, name, _close(name, known))
            for kind, names, find, known in kinds
            for name in names
            if not find(name).any()
        ]
        found += [
            Unmatched("language", code, tuple(self._languages))
            for code in filters.languages + filters.without_languages
            if not self._in_language(code).any()
        ]
        every = np.ones(self._size, dtype=bool)
        found += [
            Unmatched("phrase", phrase, ())
            for phrase in filters.phrases
            if not self._with_phrase(phrase, every).any()
        ]
        return found + [item for more in filters.also for item in self.unmatched(more)]

    @cached_property
    def _paths(self) -> list[tuple[str, slice]]:
        """All notes: path, and rows."""
        return [
            (note.path, slice(note.first_row, note.first_row + note.chunks))
            for note in self._tables.notes().values()
        ]

    @cached_property
    def _folded_paths(self) -> list[tuple[str, slice]]:
        return [(_fold_path(path), rows) for path, rows in self._paths]

    @cached_property
    def _places(self) -> list[str]:
        """All notes and the folders that they are in."""
        folders = {
            path[: end + 1] for path, _ in self._paths for end, c in enumerate(path) if c == "/"
        }
        return [*sorted(folders), *(path for path, _ in self._paths)]

    @cached_property
    def _tags(self) -> dict[str, list[slice]]:
        """All tags, with the rows of the notes that have them."""
        tags = self._tables.tags()
        found: dict[str, list[slice]] = {}
        for path, rows in self._paths:
            for tag in tags[path]:
                found.setdefault(tag, []).append(rows)
        return found

    @cached_property
    def _folded_tags(self) -> list[tuple[str, list[slice]]]:
        return [(f"{fold(tag)}/", rows) for tag, rows in self._tags.items()]

    @cached_property
    def _languages(self) -> dict[str, Mask]:
        """The chunks of each language."""
        languages = np.array(self._tables.chunk_languages(), dtype=str)
        return {str(code): languages == code for code in np.unique(languages)}

    def _with_tag(self, tag: str) -> Mask:
        wanted = fold(tag).lstrip("#").strip("/ ") + "/"
        mask = np.zeros(self._size, dtype=bool)
        for name, notes in self._folded_tags:
            if name.startswith(wanted):
                for rows in notes:
                    mask[rows] = True
        return mask

    def _with_path(self, pattern: str) -> Mask:
        wanted = _fold_path(pattern).removeprefix("./")
        folder = wanted.rstrip("/*") + "/"
        matches = re.compile(translate(wanted)).match
        mask = np.zeros(self._size, dtype=bool)
        for path, rows in self._folded_paths:
            if path == wanted or path.startswith(folder) or matches(path):
                mask[rows] = True
        return mask

    def _in_language(self, code: str) -> Mask:
        """Find the chunks in a language; `PT` and `pt-BR` are `pt`."""
        base = re.split("[-_]", code.strip().lower(), maxsplit=1)[0]
        none = np.zeros(self._size, dtype=bool)
        return self._languages.get(base, none)

    def _with_phrase(self, phrase: str, among: Mask) -> Mask:
        """Find the chunks that hold a phrase, among some."""
        wanted = _plain(phrase)
        rows = self._with_grams(phrase)
        rows = rows[among[rows]]
        texts = self._tables.indexed_texts(rows.tolist())
        mask = np.zeros(len(among), dtype=bool)
        mask[[row for row, text in zip(rows, texts, strict=True) if _holds(text, wanted)]] = True
        return mask

    def _with_grams(self, phrase: str) -> Rows:
        """Find the chunks that hold all 4-grams of a phrase: those that hold it and some more."""
        keys = np.unique(gram_keys(phrase))
        return self._holding(keys) if len(keys) else np.arange(self._size)


def _plain(phrase: str) -> str:
    return " ".join(fold(phrase).translate(_SIGNS).split())


def _holds(text: str, phrase: str) -> bool:
    """Say whether a text holds a plain phrase that is not part of longer words."""
    # So do most texts that hold a frequent word; the rest costs fifteen times as much.
    if f" {phrase} " in text:
        return True
    text = fold(text)
    if "-" in phrase or "'" in phrase:
        text = text.translate(_SIGNS)
    if " " in phrase:
        text = " ".join(text.split())
    start = text.find(phrase)
    while start >= 0:
        end = start + len(phrase)
        inside = (start and text[start - 1 : start + 1].isalnum()) or (
            end < len(text) and text[end - 1 : end + 1].isalnum()
        )
        if not inside:
            return True
        start = text.find(phrase, start + 1)
    return False


def _fold_path(path: str) -> str:
    return fold(path).replace("\\", "/")


def _close(name: str, known: Iterable[str]) -> tuple[str, ...]:
    """Give the names that somebody may have meant: those that hold this one, then those like it."""
    wanted = fold(name).strip("#/* ")
    names = {fold(choice).strip("/"): choice for choice in known}
    part = len(wanted) >= LEAST_PART
    holding = sorted((folded for folded in names if part and wanted in folded), key=len)
    like = get_close_matches(wanted, names, MOST_CLOSE, _LIKENESS)
    return tuple(dict.fromkeys(names[folded] for folded in (*holding, *like)))[:MOST_CLOSE]
