import shutil
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from rag.errors import DamagedIndex, NoIndex
from rag.index import generations
from rag.index.generations import Manifest
from rag.index.local import LocalIndex
from rag.notes.grams import Keys
from rag.notes.terms import find_terms, weigh_grams
from rag.types import Filters, Skipped
from tests.fake_encoder import FakeEncoder
from tests.index.ingesting import ingest_notes, write_notes

NOTES = {
    "2024/Large [LLM].md": "tags: ml/llm exam\nattention heads\n\ntokens",
    "2024/sub/deep.md": "tags: ml\nlang: ro\nrețele neuronale",
    "Învățare/plan.md": "tags: mlops\nlang: ro\nplan de examen",
    "top.md": "gradient descent\nlearning rate",
}
ROWS = {
    "2024/Large [LLM].md": [0, 1],
    "2024/sub/deep.md": [2],
    "top.md": [3, 4],
    "Învățare/plan.md": [5],
}


@pytest.fixture(scope="module")
def index(tmp_path_factory: pytest.TempPathFactory) -> LocalIndex:
    root = tmp_path_factory.mktemp("local")
    write_notes(root / "vault", NOTES)
    (root / "vault" / "empty.md").touch()
    ingest_notes(root / "vault", root / "index")
    return LocalIndex.open(root / "index")


def allowed_rows(index: LocalIndex, filters: Filters) -> list[int]:
    mask = index.allowed(filters)
    assert mask is not None
    assert mask.shape == (6,)
    return np.flatnonzero(mask).tolist()


def test_info(index: LocalIndex) -> None:
    info = index.info
    assert Path(info.vault).name == "vault"
    assert (info.notes, info.chunks) == (4, 6)
    assert info.languages == {"en": 2, "ro": 2}
    assert (info.encoder, info.dimension) == ("fake", 32)
    assert info.fingerprint == FakeEncoder().fingerprint
    assert info.skipped == (Skipped("empty.md", "it is empty"),)
    assert info.updated_at.endswith("+00:00")
    folder = Path(info.vault).parent / "index"
    assert info.size == sum(file.stat().st_size for file in folder.rglob("*") if file.is_file())


def test_chunks_are_in_the_order_of_path_and_line(index: LocalIndex) -> None:
    rows: dict[str, list[int]] = {}
    chunks = index.chunks(range(6))
    for row, chunk in enumerate(chunks):
        rows.setdefault(chunk.path, []).append(row)
    assert rows == ROWS
    assert [chunk.start_line for chunk in chunks] == [2, 4, 3, 1, 2, 3]
    assert index.chunks([5, 0]) == [chunks[5], chunks[0]]


def test_no_filter_allows_all(index: LocalIndex) -> None:
    assert index.allowed(Filters()) is None


@pytest.mark.parametrize(
    ("tags", "rows"),
    [
        (("ml",), [0, 1, 2]),
        (("ml/llm",), [0, 1]),
        (("#ML/",), [0, 1, 2]),
        (("mlops",), [5]),
        (("llm",), []),
        (("m",), []),
        (("exam", "mlops"), [0, 1, 5]),
    ],
)
def test_tags_allow_those_below_them(
    index: LocalIndex, tags: tuple[str, ...], rows: list[int]
) -> None:
    assert allowed_rows(index, Filters(tags=tags)) == rows


@pytest.mark.parametrize(
    ("paths", "rows"),
    [
        (("2024",), [0, 1, 2]),
        (("2024/",), [0, 1, 2]),
        (("2024/*",), [0, 1, 2]),
        (("./2024/SUB",), [2]),
        (("202",), []),
        (("*.md",), [0, 1, 2, 3, 4, 5]),
        (("*/deep.md",), [2]),
        (("t?p.md",), [3, 4]),
        (("2024/Large [LLM].md",), [0, 1]),
        (("top.md", "2024/sub"), [2, 3, 4]),
        # As macOS writes it: letters and marks apart.
        (("I\u0302nva\u0306t\u0326are",), [5]),
        (("",), []),
        (("/",), []),
    ],
)
def test_paths_are_patterns_or_folders(
    index: LocalIndex, paths: tuple[str, ...], rows: list[int]
) -> None:
    assert allowed_rows(index, Filters(paths=paths)) == rows


@pytest.mark.parametrize(
    ("filters", "rows"),
    [
        (Filters(languages=("ro",)), [2, 5]),
        (Filters(languages=("ro", "en")), [0, 1, 2, 3, 4, 5]),
        (Filters(languages=("pl",)), []),
        (Filters(languages=("ro",), tags=("ml",)), [2]),
        (Filters(languages=("ro",), tags=("ml",), paths=("top.md",)), []),
    ],
)
def test_filters_of_different_kinds_must_all_hold(
    index: LocalIndex, filters: Filters, rows: list[int]
) -> None:
    assert allowed_rows(index, filters) == rows


def weigh(question: str) -> tuple[Keys, NDArray[np.float64]]:
    return weigh_grams(find_terms(question))


def test_both_legs_speak_of_the_same_rows(index: LocalIndex) -> None:
    vector = FakeEncoder().encode_questions(["Large [LLM]\ntokens"])[0]
    rows, cosines = index.nearest(vector, 1, None)
    assert rows.tolist() == [1]
    assert cosines[0] == pytest.approx(1)
    assert index.cosines(vector, np.array([1]))[0] == pytest.approx(1)
    assert int(np.argmax(index.lexical_scores(*weigh("tokens")))) == 1
    cosines = index.cosines(vector, np.arange(6))
    np.testing.assert_allclose(
        index.cosine_spread(vector), (cosines.mean(), cosines.std()), atol=1e-6
    )


def test_languages_of_chunks_are_numbered(index: LocalIndex) -> None:
    codes = [chunk.language for chunk in index.chunks(range(6))]
    assert len(set(codes)) == 2
    assert (index.languages == index.languages[0]).tolist() == [code == codes[0] for code in codes]


def test_no_index(tmp_path: Path) -> None:
    with pytest.raises(NoIndex):
        LocalIndex.open(tmp_path)


def test_an_open_index_does_not_see_later_ingests(tmp_path: Path) -> None:
    write_notes(tmp_path / "vault", {"a.md": "first"})
    ingest_notes(tmp_path / "vault", tmp_path / "index")
    old = LocalIndex.open(tmp_path / "index")
    for text in ("second", "third", "fourth"):
        write_notes(tmp_path / "vault", {"a.md": f"{text} text"})
        ingest_notes(tmp_path / "vault", tmp_path / "index")
    assert old.chunks([0])[0].text == "first"
    assert old.lexical_scores(*weigh("first"))[0] > 0
    assert LocalIndex.open(tmp_path / "index").chunks([0])[0].text == "fourth text"


def test_a_generation_that_goes_while_it_is_opened(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_notes(tmp_path / "vault", {"a.md": "first"})
    ingest_notes(tmp_path / "vault", tmp_path / "index")
    verify = generations.verify
    texts = iter(["second", "third"])

    def publish_before(generation: Path, manifest: Manifest) -> None:
        """Do what a writer may do after the pointer was read."""
        for text in texts:
            write_notes(tmp_path / "vault", {"a.md": text})
            generations.verify = verify
            ingest_notes(tmp_path / "vault", tmp_path / "index")
        verify(generation, manifest)

    monkeypatch.setattr(generations, "verify", publish_before)
    assert LocalIndex.open(tmp_path / "index").chunks([0])[0].text == "third"


def test_parts_that_do_not_belong_together(tmp_path: Path) -> None:
    for name, text in (("one", "first"), ("two", "first\n\nsecond")):
        write_notes(tmp_path / name, {"a.md": text})
        ingest_notes(tmp_path / name, tmp_path / f"index-{name}")
    generation, manifest = generations.read_manifest(tmp_path / "index-one")
    other, _ = generations.read_manifest(tmp_path / "index-two")
    shutil.copy(other / "vectors.faiss", generation)
    manifest.files["vectors.faiss"] = generations.checksum(generation / "vectors.faiss")
    generations.publish(tmp_path / "index-one", generation, manifest)
    with pytest.raises(DamagedIndex, match="do not belong together"):
        LocalIndex.open(tmp_path / "index-one")
