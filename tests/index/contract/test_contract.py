"""What holds for every kind of index; expected values are worked out from the notes."""

from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import pytest

from rag.encoders import Vectors
from rag.errors import NoIndex, NoVault, OtherIndex
from rag.notes.terms import find_terms, weigh_grams
from rag.retrieval.search import Retriever
from rag.types import Filters, Mode, Notice, Skipped, Unmatched
from tests.fake_encoder import FakeEncoder
from tests.index.contract import kinds
from tests.index.contract.kinds import Kind, Local, OpenIndex
from tests.index.ingesting import NOTES, counts, work, write_notes

WITHOUT_MILVUS = "pymilvus and milvus-lite are not installed"


@pytest.fixture(
    params=[
        "local",
        pytest.param(
            "milvus", marks=pytest.mark.skipif(not kinds.HAS_MILVUS, reason=WITHOUT_MILVUS)
        ),
    ]
)
def kind(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Kind]:
    if request.param == "local":
        yield Local(tmp_path)
        return
    milvus = kinds.Milvus(tmp_path)
    yield milvus
    milvus.server.close()


def found(
    index: OpenIndex,
    question: str,
    count: int = 5,
    mode: Mode = Mode.HYBRID,
    filters: Filters | None = None,
) -> list[tuple[str, int]]:
    """Search; gives paths and lines."""
    passages = Retriever(index, FakeEncoder).search(question, count, mode=mode, filters=filters)
    return [(passage.chunk.path, passage.chunk.start_line) for passage in passages]


def texts(index: OpenIndex) -> list[tuple[str, int, str]]:
    chunks = index.chunks(range(index.info.chunks))
    return [(chunk.path, chunk.start_line, chunk.text) for chunk in chunks]


def test_no_index(kind: Kind) -> None:
    with pytest.raises(NoIndex, match="; run: rag ingest"):
        kind.open()


def test_a_first_ingest(kind: Kind, vault: Path) -> None:
    (vault / "empty.md").touch()
    report = kind.ingest(vault)
    assert (counts(report), work(report)) == ((3, 0, 0, 0), (5, 0))
    assert report.skipped == (Skipped("empty.md", "it is empty"),)
    index = kind.open()
    assert texts(index) == [
        ("a.md", 1, "attention heads"),
        ("a.md", 3, "gradient descent step"),
        ("b/c.md", 3, "rețele neuronale"),
        ("b/c.md", 5, "attention heads"),
        ("d.md", 2, "uczenie maszynowe"),
    ]
    chunk = index.chunks([2])[0]
    assert (chunk.title, chunk.tags, chunk.language) == ("c", ("ml",), "ro")
    assert chunk.indexed_text == "c\nrețele neuronale"
    info = index.info
    assert (info.notes, info.chunks, info.languages) == (3, 5, {"en": 1, "ro": 1, "pl": 1})
    assert (info.encoder, info.dimension, info.skipped) == ("fake", 32, report.skipped)
    assert info.fingerprint == FakeEncoder().fingerprint
    assert info.vault == str(vault.resolve())
    assert info.size > 0


@pytest.mark.parametrize("mode", list(Mode))
def test_search(kind: Kind, vault: Path, mode: Mode) -> None:
    kind.ingest(vault)
    index = kind.open()
    assert found(index, "rețele neuronale", 1, mode) == [("b/c.md", 3)]
    assert found(index, "uczenie maszynowe", 1, mode) == [("d.md", 2)]
    assert found(index, "gradient descent", 1, mode) == [("a.md", 3)]
    # The other one is a copy, which comes after what says something else.
    assert found(index, "attention heads", 1, mode)[0] in {("a.md", 1), ("b/c.md", 5)}


def test_scores_are_those_of_the_local_index(kind: Kind, vault: Path, tmp_path: Path) -> None:
    words = "attention heads gradient descent step rețele neuronale uczenie softmax".split()
    source = np.random.default_rng(1)
    write_notes(
        vault,
        {
            f"{n}.md": "\n\n".join(" ".join(source.choice(words, 6)) for _ in range(8))
            for n in range(20)
        },
    )
    (tmp_path / "other").mkdir()
    local = Local(tmp_path / "other")
    local.ingest(vault)
    kind.ingest(vault)
    index, plain = kind.open(), local.open()
    for question in ("attention heads", "softmax uczenie", "gradient"):
        vector = FakeEncoder().encode_questions([question])[0]
        keys, weights = weigh_grams(find_terms(question))
        np.testing.assert_allclose(
            index.lexical_scores(keys, weights), plain.lexical_scores(keys, weights), atol=1e-4
        )
        np.testing.assert_allclose(index.rarity(keys), plain.rarity(keys))
        np.testing.assert_allclose(
            index.cosine_spread(vector), plain.cosine_spread(vector), atol=1e-5
        )
        rows = np.array([5, 0, 17])
        np.testing.assert_allclose(
            index.cosines(vector, rows), plain.cosines(vector, rows), atol=1e-5
        )
        assert index.cosines(vector, rows[:0]).shape == (0,)
        np.testing.assert_allclose(index.vectors(rows), plain.vectors(rows), atol=1e-5)
        assert index.vectors(rows[:0]).shape == (0, 32)
        np.testing.assert_allclose(
            index.nearest(vector, 30, None)[1], plain.nearest(vector, 30, None)[1], atol=1e-5
        )
        assert found(index, question, 10) == found(plain, question, 10)


@pytest.mark.parametrize(
    ("filters", "expected"),
    [
        (Filters(tags=("ml",)), {("b/c.md", 3), ("b/c.md", 5)}),
        (Filters(paths=("b",)), {("b/c.md", 3), ("b/c.md", 5)}),
        (Filters(paths=("*.md",), languages=("pl",)), {("d.md", 2)}),
        (Filters(languages=("en", "pl")), {("a.md", 1), ("a.md", 3), ("d.md", 2)}),
        (Filters(tags=("nothing",)), set()),
        (Filters(phrases=("Attention heads",)), {("a.md", 1), ("b/c.md", 5)}),
        (Filters(phrases=("retele",), without_languages=("en",)), {("b/c.md", 3)}),
        (Filters(phrases=("heads attention",)), set()),
        (Filters(without_tags=("ml",), without_paths=("d.md",)), {("a.md", 1), ("a.md", 3)}),
        (Filters(without_phrases=("attention",), also=(Filters(tags=("ml",)),)), {("b/c.md", 3)}),
    ],
)
def test_filters_give_all_that_they_allow(
    kind: Kind, vault: Path, filters: Filters, expected: set[tuple[str, int]]
) -> None:
    kind.ingest(vault)
    index = kind.open()
    assert set(found(index, "attention heads", 5, Mode.DENSE, filters)) == expected
    assert set(found(index, "attention heads", 5, Mode.HYBRID, filters)) == expected
    assert set(found(index, "attention", 5, Mode.LEXICAL, filters)) <= expected


def test_what_nothing_answers_to_is_named(kind: Kind, vault: Path) -> None:
    kind.ingest(vault)
    filters = Filters(tags=("mll",), paths=("b",), languages=("ro",), phrases=("heads attention",))
    assert kind.open().unmatched(filters) == [
        Unmatched("tag", "mll", ("ml",)),
        Unmatched("phrase", "heads attention", ()),
    ]


def test_rows_by_note_and_language(kind: Kind, vault: Path) -> None:
    kind.ingest(vault)
    index = kind.open()
    rows = {"a.md": range(2), "b/c.md": range(2, 4), "d.md": range(4, 5)}
    assert index.note_rows() == rows
    notes = [(path, note.language, note.chunks) for path, note in index.notes().items()]
    assert notes == [("a.md", "en", 2), ("b/c.md", "ro", 2), ("d.md", "pl", 1)]
    assert index.tags() == {"a.md": (), "b/c.md": ("ml",), "d.md": ()}
    assert index.languages.tolist() == [0, 0, 1, 1, 2]


def test_notices_are_kept(kind: Kind, vault: Path) -> None:
    write_notes(vault, {"e.md": "problem: its properties\nsoftmax"})
    notices = (Notice("e.md", "its properties"),)
    assert kind.ingest(vault).notices == notices
    assert kind.open().info.notices == notices
    assert kind.ingest(vault).notices == notices
    write_notes(vault, {"f.md": "softmax"})
    assert kind.ingest(vault).notices == notices


def test_some_chunks_of_a_note_may_be_allowed(kind: Kind, vault: Path) -> None:
    kind.ingest(vault)
    mask = np.array([False, True, False, True, True])
    vector = FakeEncoder().encode_questions(["attention heads"])[0]
    rows, _ = kind.open().nearest(vector, 10, mask)
    assert sorted(rows.tolist()) == [1, 3, 4]
    assert rows[0] == 3


def test_nothing_changed(kind: Kind, vault: Path) -> None:
    kind.ingest(vault)
    encoder = FakeEncoder()
    report = kind.ingest(vault, encoder)
    assert (counts(report), work(report)) == ((0, 0, 0, 3), (0, 5))
    assert encoder.passages_embedded == 0


def test_updates_embed_what_is_new(kind: Kind, vault: Path, tmp_path: Path) -> None:
    kind.ingest(vault)
    write_notes(vault, {"a.md": "attention heads\n\nsoftmax", "new.md": "backpropagation"})
    (vault / "d.md").unlink()
    (vault / "b" / "c.md").rename(vault / "c.md")
    report = kind.ingest(vault)
    assert (counts(report), work(report)) == ((2, 1, 2, 0), (2, 3))
    index = kind.open()
    assert texts(index) == [
        ("a.md", 1, "attention heads"),
        ("a.md", 3, "softmax"),
        ("c.md", 3, "rețele neuronale"),
        ("c.md", 5, "attention heads"),
        ("new.md", 1, "backpropagation"),
    ]
    assert found(index, "backpropagation", 1) == [("new.md", 1)]
    assert ("d.md", 2) not in found(index, "uczenie maszynowe", 10)
    # Nothing of what is gone counts any more.
    (tmp_path / "clean").mkdir()
    clean = Local(tmp_path / "clean")
    clean.ingest(vault)
    for question in ("attention heads", "softmax"):
        vector = FakeEncoder().encode_questions([question])[0]
        assert found(index, question, 10) == found(clean.open(), question, 10)
        spread = clean.open().cosine_spread(vector)
        np.testing.assert_allclose(index.cosine_spread(vector), spread, atol=1e-5)


def test_what_is_open_stays_as_it_is(kind: Kind, vault: Path) -> None:
    kind.ingest(vault)
    index = kind.open()
    before = texts(index), found(index, "gradient descent", 5)
    write_notes(vault, {"a.md": "softmax", "e.md": "attention heads"})
    kind.ingest(vault)
    assert (texts(index), found(index, "gradient descent", 5)) == before
    assert ("a.md", 1, "softmax") in texts(kind.open())


def test_many_updates_equal_one_ingest(kind: Kind, vault: Path, tmp_path: Path) -> None:
    for number in range(8):
        write_notes(vault, {f"{number % 3}.md": f"attention {number}\n\nheads {number}"})
        (vault / f"{(number + 1) % 3}.md").unlink(missing_ok=True)
        kind.ingest(vault)
    (tmp_path / "clean").mkdir()
    clean = Local(tmp_path / "clean")
    clean.ingest(vault)
    assert texts(kind.open()) == texts(clean.open())
    assert found(kind.open(), "heads", 10) == found(clean.open(), "heads", 10)


class Interrupted(FakeEncoder):
    def encode_passages(self, texts: Sequence[str]) -> Vectors:
        if self.passages_embedded:
            raise KeyboardInterrupt
        return super().encode_passages(texts)


def test_an_interrupted_ingest_goes_on(kind: Kind, vault: Path) -> None:
    write_notes(
        vault, {f"{n}.md": "\n\n".join(f"text {n} {k}" for k in range(30)) for n in range(9)}
    )
    with pytest.raises(KeyboardInterrupt):
        kind.ingest(vault, Interrupted())
    with pytest.raises(NoIndex):
        kind.open()
    report = kind.ingest(vault)
    assert report.embedded < report.chunks - 100
    first = texts(kind.open())
    write_notes(
        vault, {f"{n}.md": "\n\n".join(f"more {n} {k}" for k in range(30)) for n in range(9)}
    )
    with pytest.raises(KeyboardInterrupt):
        kind.ingest(vault, Interrupted())
    assert texts(kind.open()) == first
    assert set(found(kind.open(), "more 3 7", 10)) <= {(path, line) for path, line, _ in first}
    report = kind.ingest(vault)
    assert report.embedded < report.chunks - 100
    assert found(kind.open(), "more 3 7", 1) == [("3.md", 15)]


def test_another_encoder_is_refused(kind: Kind, vault: Path) -> None:
    kind.ingest(vault)
    before = texts(kind.open())
    with pytest.raises(OtherIndex, match="made with the encoder 'fake', not 'other'; run: rag"):
        kind.ingest(vault, FakeEncoder("other"))
    # The same name, but not the same model any more: found out when it is first needed.
    assert counts(kind.ingest(vault, FakeEncoder(dimension=16))) == (0, 0, 0, 3)
    write_notes(vault, {"e.md": "new"})
    with pytest.raises(OtherIndex, match="the encoder 'fake' is not what it was; run: rag ingest"):
        kind.ingest(vault, FakeEncoder(dimension=16))
    assert texts(kind.open()) == before
    report = kind.ingest(vault, FakeEncoder(dimension=16), rebuild=True)
    assert (counts(report), work(report)) == ((4, 0, 0, 0), (6, 0))
    assert kind.open().info.dimension == 16


def test_a_rebuild_embeds_nothing_that_is_kept(kind: Kind, vault: Path) -> None:
    kind.ingest(vault)
    before = texts(kind.open())
    report = kind.ingest(vault, rebuild=True)
    assert (counts(report), work(report)) == ((3, 0, 0, 0), (0, 5))
    assert texts(kind.open()) == before


def test_an_emptied_vault_is_refused(kind: Kind, vault: Path) -> None:
    kind.ingest(vault)
    before = texts(kind.open())
    for path in NOTES:
        (vault / path).unlink()
    with pytest.raises(NoVault, match="holds no notes any more; the index stays as it is"):
        kind.ingest(vault)
    assert texts(kind.open()) == before
    assert kind.ingest(vault, rebuild=True).notes == 0
    index = kind.open()
    assert (index.info.notes, index.info.chunks) == (0, 0)
    assert found(index, "attention") == []
    write_notes(vault, {"e.md": "attention"})
    kind.ingest(vault)
    assert found(kind.open(), "attention") == [("e.md", 1)]


def test_a_note_without_grams(kind: Kind, vault: Path) -> None:
    write_notes(vault, {"signs.md": "!!!\n\n???"})
    kind.ingest(vault)
    assert kind.open().info.chunks == 7
