"""Read and clean parallel text: `LANG.tsv` with `english<TAB>other` a line, plain or `.zst`.

`LANG.src` beside it names the source of each line; without it the folder's name is the source.
Neighbouring lines of a source may be neighbours in a document, so their order is kept.
"""

import io
import sys
import unicodedata
import zlib
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import zstandard
from numpy.typing import NDArray

MOST_CHARACTERS = 600
"""Of one side; a line longer than the encoder's 190 tokens is mostly a list of names."""

LENGTH_RATIO = 2.5
"""Translations of more than SHORT characters differ by less in length; others are misaligned."""

SHORT = 25
"""Characters up to which the ratio of lengths says nothing (`Save` is `Zapisz ustawienia`)."""

LEAST_LETTERS = 0.5
"""Share of letters and blanks; below it a line is a table, a formula or a path."""

HELD_ASIDE = 250
"""One English sentence in this many is measured on, in every language, and never trained on."""


@dataclass(frozen=True, slots=True)
class Pairs:
    """Sentences of one language with their English."""

    language: str
    english: list[str]
    other: list[str]
    source: NDArray[np.int32]
    """For each pair, which of `sources` it is from; shape [pairs]."""
    sources: tuple[str, ...]

    def __len__(self) -> int:
        return len(self.english)

    def select(self, kept: Sequence[int]) -> "Pairs":
        """Keep some pairs, in the order given."""
        return Pairs(
            self.language,
            [self.english[place] for place in kept],
            [self.other[place] for place in kept],
            self.source[np.asarray(kept, dtype=np.int64)],
            self.sources,
        )


def read_pairs(folders: Sequence[Path], language: str, most: int) -> Pairs:
    """Read the pairs of a language from every folder that has some, and clean them.

    Args:
        folders: where to look.
        language: `ro`, say.
        most: pairs of each source, the first ones.

    Raises:
        FileNotFoundError: no folder has any.
    """
    english: list[str] = []
    other: list[str] = []
    names: list[str] = []
    seen: set[tuple[str, str]] = set()
    counts: Counter[str] = Counter()
    for folder in folders:
        lines = read_lines(folder / f"{language}.tsv")
        sources = read_lines(folder / f"{language}.src")
        for line in lines:
            source = sys.intern(next(sources, folder.name))
            if counts[source] == most:
                continue
            left, _, right = unicodedata.normalize("NFC", line).partition("\t")
            left, right = left.strip(), right.strip()
            if is_clean(left, right) and (left, right) not in seen:
                seen.add((left, right))
                counts[source] += 1
                english.append(left)
                other.append(right)
                names.append(source)
    if not english:
        raise FileNotFoundError(
            f"no {language}.tsv or {language}.tsv.zst in {[*map(str, folders)]}"
        )
    found, source_of = np.unique(names, return_inverse=True)
    return Pairs(language, english, other, source_of.astype(np.int32), tuple(map(str, found)))


def read_lines(path: Path) -> Iterator[str]:
    """Give the lines of a file, or of the same with `.zst`; none where there is neither."""
    if path.is_file():
        with path.open(encoding="utf-8", newline="\n") as file:
            yield from (line.rstrip("\n") for line in file)
        return
    packed = path.with_name(f"{path.name}.zst")
    if packed.is_file():
        with packed.open("rb") as file:
            stream = zstandard.ZstdDecompressor().stream_reader(file)
            text = io.TextIOWrapper(stream, encoding="utf-8", newline="\n")
            yield from (line.rstrip("\n") for line in text)


def is_clean(english: str, other: str) -> bool:
    """Say whether two texts can be translations of each other, by their outer form alone."""
    lengths = sorted((len(english), len(other)))
    if lengths[0] == 0 or lengths[1] > MOST_CHARACTERS:
        return False
    if lengths[1] > SHORT and lengths[1] > LENGTH_RATIO * lengths[0]:
        return False
    if english == other and len(english.split()) > 2:  # left untranslated; two words may be a name
        return False
    text = english + other
    return sum(sign.isalpha() or sign == " " for sign in text) >= LEAST_LETTERS * len(text)


def split_held_aside(pairs: Pairs) -> tuple[Pairs, Pairs]:
    """Give the pairs to train on and those held aside, by a hash of the English sentence."""
    held = np.array([is_held_aside(sentence) for sentence in pairs.english], dtype=np.bool_)
    return (
        pairs.select(np.flatnonzero(~held).tolist()),
        pairs.select(np.flatnonzero(held).tolist()),
    )


def is_held_aside(english: str) -> bool:
    """Say whether an English sentence is held aside, whatever its case and outer blanks."""
    return zlib.crc32(english.casefold().strip().encode()) % HELD_ASIDE == 0
