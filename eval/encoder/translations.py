"""Take parallel text out of the translations that free programs are installed with.

    python -m eval.encoder.translations --out DIR /usr/share [MORE ROOTS]

The roots are `usr/share` folders, say of Debian packages unpacked with `dpkg -x`. What is found is
written as `DIR/LANG.tsv` and `DIR/LANG.src` (see `pairs.py`), in the order of the documents.
"""

import argparse
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from html.parser import HTMLParser
from pathlib import Path
from typing import Literal

import polib

LOCALES = {
    "ro": ("ro",),
    "pl": ("pl",),
    "pt": ("pt_BR", "pt-BR", "pt"),
    "es": ("es",),
    "fr": ("fr",),
    "de": ("de",),
    "it": ("it",),
}
"""How programs name the languages."""


@dataclass(frozen=True, slots=True)
class Source:
    """Where a program keeps its translations: `{}` stands for the locale."""

    name: str
    kind: Literal["catalogue", "ids", "blocks"]
    pattern: str
    english: str = ""
    """The locale of the originals; catalogues hold them themselves."""


SOURCES = (
    Source("libreoffice-help", "ids", "libreoffice/help/{}/text/**/*.html", "en-US"),
    Source("stellarium", "blocks", "stellarium/*/*/description.{}.utf8", "en"),
    Source("wesnoth-manual", "blocks", "doc/wesnoth-*-data/manual.{}.html", "en"),
    Source("wesnoth", "catalogue", "games/wesnoth/*/locale/{}/LC_MESSAGES/*.mo"),
    Source("widelands", "catalogue", "games/widelands/data/locale/{}/LC_MESSAGES/*.mo"),
    Source("freeciv", "catalogue", "locale/{}/LC_MESSAGES/freeciv*.mo"),
    Source("iso-codes", "catalogue", "locale/{}/LC_MESSAGES/iso_*[0-9].mo"),
)

BLOCKS = {*"p h1 h2 h3 h4 h5 h6 li td th dt dd caption".split()}
UNSEEN = {*"script style nav footer head".split()}

MARKUP = re.compile(r"</?[A-Za-z][^<>]*>|\\n|[_&](?=\w)|^[^^]{1,40}\^", re.MULTILINE)
"""Of messages: tags, mnemonics, and the context that Wesnoth puts before `^`."""

SENTENCE_END = re.compile(r"(?<=[.!?])\s+(?=[\"'„“«¿¡(]?[A-ZĂÂÎȘȚĄĆĘŁŃÓŚŹŻÁÉÍÕÔÇÀÊÄÖÜ0-9])")


class BlockReader(HTMLParser):
    """Collects the text of each block of a page, with the block's `id` where it has one."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.blocks: list[tuple[str, str]] = []
        self._parts: list[str] = []
        self._name = ""
        self._unseen = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Begin a block."""
        self._unseen += tag in UNSEEN
        if tag in BLOCKS:
            self._end()
            self._name = dict(attrs).get("id") or ""

    def handle_endtag(self, tag: str) -> None:
        """End a block."""
        self._unseen -= tag in UNSEEN
        if tag in BLOCKS:
            self._end()

    def handle_data(self, data: str) -> None:
        """Add to the block."""
        if not self._unseen:
            self._parts.append(data)

    def close(self) -> None:
        """End the page."""
        super().close()
        self._end()

    def _end(self) -> None:
        text = " ".join("".join(self._parts).split())
        if text:
            self.blocks.append((self._name, text))
        self._parts, self._name = [], ""


def read_blocks(path: Path) -> list[tuple[str, str]]:
    """Give the blocks of a page: id, or an empty string, and text."""
    reader = BlockReader()
    reader.feed(path.read_text(encoding="utf-8-sig", errors="replace"))
    reader.close()
    return reader.blocks


def pair_blocks(english: Path, other: Path, kind: str) -> Iterator[tuple[str, str]]:
    """Pair the blocks of two pages: by their ids, or by their order where there are as many."""
    left, right = read_blocks(english), read_blocks(other)
    if kind == "ids":
        named = {name: text for name, text in right if name}
        yield from ((text, named[name]) for name, text in left if name in named)
    elif len(left) == len(right):
        yield from ((one, two) for (_, one), (_, two) in zip(left, right, strict=True))


def pair_messages(path: Path) -> Iterator[tuple[str, str]]:
    """Give the messages of a gettext catalogue, their paragraphs apart, without markup."""
    for entry in polib.mofile(str(path)):
        left = [MARKUP.sub("", part) for part in re.split(r"\n\s*\n|<br>", entry.msgid)]
        right = [MARKUP.sub("", part) for part in re.split(r"\n\s*\n|<br>", entry.msgstr)]
        if len(left) == len(right):
            yield from zip(left, right, strict=True)


def pair_sentences(english: str, other: str) -> list[tuple[str, str]]:
    """Cut a pair of paragraphs into pairs of sentences, if both have as many."""
    english, other = " ".join(english.split()), " ".join(other.split())
    left, right = SENTENCE_END.split(english), SENTENCE_END.split(other)
    return [*zip(left, right, strict=True)] if len(left) == len(right) else [(english, other)]


def find_pairs(root: Path, source: Source, language: str) -> Iterator[tuple[str, str]]:
    """Give the pairs of one source and language under a root."""
    for locale in LOCALES[language]:
        for path in sorted(root.glob(source.pattern.format(locale))):
            if source.kind == "catalogue":
                found = pair_messages(path)
            else:
                name = str(path.relative_to(root))
                # The locale is a folder of its own, or stands between dots in the file's name.
                name = re.sub(
                    rf"(?<=[/.]){re.escape(locale)}(?=[/.])", source.english, name, count=1
                )
                if not (root / name).is_file():
                    continue
                found = pair_blocks(root / name, path, source.kind)
            for english, other in found:
                yield from pair_sentences(english, other)


def write_pairs(roots: Sequence[Path], out: Path) -> dict[str, dict[str, int]]:
    """Write what is found; give the number of pairs by language and source."""
    out.mkdir(parents=True, exist_ok=True)
    counts: dict[str, dict[str, int]] = {}
    for language in LOCALES:
        own = counts.setdefault(language, {})
        seen: set[tuple[str, str]] = set()
        with (
            (out / f"{language}.tsv").open("w", encoding="utf-8", newline="\n") as text,
            (out / f"{language}.src").open("w", encoding="utf-8", newline="\n") as sources,
        ):
            for source in SOURCES:
                for root in roots:
                    for pair in find_pairs(root, source, language):
                        if pair in seen or not all(pair) or "\t" in pair[0] + pair[1]:
                            continue
                        seen.add(pair)
                        text.write("\t".join(pair) + "\n")
                        sources.write(source.name + "\n")
                        own[source.name] = own.get(source.name, 0) + 1
    return counts


def main() -> None:
    """Read the command line and print what was found."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("roots", type=Path, nargs="+")
    parser.add_argument("--out", type=Path, required=True)
    args = parser.parse_args()
    for language, counts in write_pairs(args.roots, args.out).items():
        print(language, sum(counts.values()), counts)


if __name__ == "__main__":
    main()
