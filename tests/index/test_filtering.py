"""Filters: which chunks they allow, and what is said of those to which nothing answers."""

import re
import unicodedata
from pathlib import Path
from typing import Literal

import numpy as np
import pytest

from rag.index.local import LocalIndex
from rag.notes.folding import fold
from rag.types import Filters, Unmatched
from tests.index.ingesting import ingest_notes, write_notes

# Each line that says something is a chunk; the row stands behind it.
NOTES = {
    "a/C++.md": "tags: lang/C++ kurs\nC++ is fast",  # 0
    "a/Rețele.md": (
        "tags: ml/rețele-neuronale\nlang: ro\n"
        "Rețeaua neuronală, într-o lume\n"  # 1
        "O rețea  neuronală\tmare; foo_bar\n"  # 2
        "REȚELE NEURONALE și d’água"  # 3
    ),
    "b/Łódź.md": "tags: Geo/PL\nlang: pl\nw Łodzi jest wiele rzek\nod morza do morza",  # 4, 5
    "c/zeta.md": "tags: ml\nfishbowl\nfish bowl\nthe the the retea",  # 6, 7, 8
}
SIZE = 9
ALL = list(range(SIZE))


@pytest.fixture(scope="module")
def index(tmp_path_factory: pytest.TempPathFactory) -> LocalIndex:
    root = tmp_path_factory.mktemp("filtering")
    write_notes(root / "vault", NOTES)
    ingest_notes(root / "vault", root / "index")
    return LocalIndex.open(root / "index")


def allowed(index: LocalIndex, filters: Filters) -> list[int]:
    mask = index.allowed(filters)
    assert mask is not None
    assert mask.shape == (SIZE,)
    return np.flatnonzero(mask).tolist()


@pytest.mark.parametrize(
    ("phrase", "rows"),
    [
        ("rețea neuronală", [2]),
        ("RETEA NEURONALA", [2]),
        ("ret\u0326ea neuronala\u0306", [2]),
        ("rețea  neuronală", [2]),
        ("retea", [2, 8]),
        ("rete", []),
        ("neuronala", [1, 2]),
        ("neuronală, într-o", [1]),
        ("neuronala intr", [1][:0]),
        ("intr‑o", [1]),
        ("o", [1, 2]),
        ("d'agua", [3]),
        ("foo", [2]),
        ("bar", [2]),
        ("foo_bar", [2]),
        ("oo_b", []),
        ("fish", [7]),
        ("fishbowl", [6]),
        ("lodzi", [4]),
        ("morza", [5]),
        ("morza do morza", [5]),
        ("do morza do", []),
        ("the the", [8]),
        ("C++", [0]),
        ("C", [0]),
        ("C++ is", [0]),
        ("no such words", []),
        ("zeta", [6, 7, 8]),  # the title is indexed with each passage
        ("++", [0]),
    ],
)
def test_phrases(index: LocalIndex, phrase: str, rows: list[int]) -> None:
    assert allowed(index, Filters(phrases=(phrase,))) == rows
    others = [row for row in ALL if row not in rows]
    assert allowed(index, Filters(without_phrases=(phrase,))) == others


def test_each_run_of_words_is_found_where_it_stands(index: LocalIndex) -> None:
    texts = [" ".join(chunk.indexed_text.split()) for chunk in index.chunks(ALL)]
    folded = [fold(text) for text in texts]
    for text in texts:
        words = text.split()
        for start in range(len(words)):
            for end in range(start + 1, len(words) + 1):
                phrase = " ".join(words[start:end])
                pattern = rf"(?<![^\W_]){re.escape(fold(phrase))}"
                pattern += r"(?![^\W_])" if phrase[-1].isalnum() else ""
                expected = [row for row in ALL if re.search(pattern, folded[row])]
                assert allowed(index, Filters(phrases=(phrase,))) == expected, phrase


@pytest.mark.parametrize(
    ("filters", "rows"),
    [
        (Filters(phrases=("retea",), languages=("ro",)), [2]),
        (Filters(phrases=("retea", "foo")), [2]),
        (Filters(phrases=("retea", "fish")), []),
        (Filters(phrases=("retea",), without_phrases=("foo",)), [8]),
        (Filters(tags=("ml",), without_tags=("ml/retele-neuronale",)), [6, 7, 8]),
        (Filters(without_tags=("ml", "geo")), [0]),
        (Filters(without_paths=("a/",)), [4, 5, 6, 7, 8]),
        (Filters(paths=("a", "b", "c"), without_paths=("*/C++.md", "c/z*")), [1, 2, 3, 4, 5]),
        (Filters(without_languages=("en", "RO")), [4, 5]),
        (Filters(tags=("ml",)) & Filters(tags=("kurs", "ml/retele-neuronale")), [1, 2, 3]),
        (Filters(tags=("ml",)) & Filters(tags=("kurs",)), []),
        (Filters(paths=("a",)) & Filters(phrases=("o",)) & Filters(without_phrases=("foo",)), [1]),
    ],
)
def test_filters_together(index: LocalIndex, filters: Filters, rows: list[int]) -> None:
    assert allowed(index, filters) == rows


@pytest.mark.parametrize("form", ["NFC", "NFD"])
@pytest.mark.parametrize(
    ("filters", "rows"),
    [
        (Filters(tags=("#ML/Rețele-Neuronale",)), [1, 2, 3]),
        (Filters(tags=("ml/retele-neuronale/",)), [1, 2, 3]),
        (Filters(tags=("geo",)), [4, 5]),
        (Filters(tags=("lang/c++",)), [0]),
        (Filters(paths=("b/Łódź.md",)), [4, 5]),
        (Filters(paths=("B/LODZ*",)), [4, 5]),
        (Filters(paths=("a\\Rețele.md",)), [1, 2, 3]),
        (Filters(languages=("PL-pl", "xx")), [4, 5]),
    ],
)
def test_names_as_people_type_them(
    index: LocalIndex, filters: Filters, rows: list[int], form: Literal["NFC", "NFD"]
) -> None:
    typed = Filters(
        tags=tuple(unicodedata.normalize(form, name) for name in filters.tags),
        paths=tuple(unicodedata.normalize(form, name) for name in filters.paths),
        languages=filters.languages,
    )
    assert allowed(index, typed) == rows


def test_combining_with_nothing() -> None:
    one = Filters(tags=("a",))
    assert one & Filters() == one
    assert Filters() & one == one
    assert not Filters() & Filters()
    assert (one & one).also == (one,)


@pytest.mark.parametrize(
    ("filters", "unmatched"),
    [
        (Filters(), []),
        (Filters(tags=("ml", "kurs"), languages=("ro",), paths=("a",), phrases=("fish",)), []),
        (Filters(tags=("neuronale",)), [("tag", "neuronale", ("ml/rețele-neuronale",))]),
        (Filters(tags=("kursy", "ml")), [("tag", "kursy", ("kurs",))]),
        (Filters(without_tags=("qqqqqqqq",)), [("tag", "qqqqqqqq", ())]),
        (Filters(paths=("zeta.md",)), [("path", "zeta.md", ("c/zeta.md",))]),
        (Filters(paths=("a/retele2.md",)), [("path", "a/retele2.md", ("a/Rețele.md",))]),
        (Filters(languages=("polish",)), [("language", "polish", ("en", "pl", "ro"))]),
        (Filters(phrases=("fish", "bowl fish")), [("phrase", "bowl fish", ())]),
        (Filters(without_phrases=("bowl fish",)), []),
        # Each is looked for alone.
        (Filters(languages=("pl",), phrases=("fish",)), []),
        (
            Filters(tags=("x1",)) & Filters(tags=("x2",)),
            [("tag", "x1", ()), ("tag", "x2", ())],
        ),
    ],
)
def test_what_nothing_answers_to(
    index: LocalIndex, filters: Filters, unmatched: list[tuple[str, str, tuple[str, ...]]]
) -> None:
    assert index.unmatched(filters) == [Unmatched(*item) for item in unmatched]


def test_an_index_without_chunks(tmp_path: Path) -> None:
    (tmp_path / "vault").mkdir()
    ingest_notes(tmp_path / "vault", tmp_path / "index")
    empty = LocalIndex.open(tmp_path / "index")
    filters = Filters(tags=("a",), paths=("b",), languages=("pl",), phrases=("c d",))
    mask = empty.allowed(filters)
    assert mask is not None
    assert mask.shape == (0,)
    assert [item.close for item in empty.unmatched(filters)] == [()] * 4
