import os
import stat
from collections.abc import Sequence
from pathlib import Path

import pytest

from rag.encoders import Vectors
from rag.errors import Busy, DamagedIndex, NotAnIndex, NoVault, OtherIndex, RagError
from rag.index import build, generations
from rag.index.local import LocalIndex
from rag.index.lock import writer_lock
from rag.index.update import Report, Workshop, ingest
from rag.types import Chunk, Document, Note, Skipped
from tests.fake_encoder import FakeEncoder
from tests.index.ingesting import cut_paragraphs, ingest_notes, read_all, search, write_notes

NOTES = {
    "a.md": "attention heads\n\ngradient descent step",
    "b/c.md": "tags: ml\nlang: ro\nrețele neuronale\n\nattention heads",
    "d.md": "lang: pl\nuczenie maszynowe",
}


@pytest.fixture
def vault(tmp_path: Path) -> Path:
    write_notes(tmp_path / "vault", NOTES)
    age(tmp_path / "vault")
    return tmp_path / "vault"


@pytest.fixture
def folder(tmp_path: Path, vault: Path) -> Path:
    """An index of the vault."""
    ingest_notes(vault, tmp_path / "index")
    return tmp_path / "index"


def age(vault: Path) -> None:
    """Make all notes an hour older, beyond what an ingest reads again to be sure."""
    for file in vault.rglob("*.md"):
        status = file.stat()
        os.utime(file, ns=(status.st_atime_ns, status.st_mtime_ns - 3600 * 10**9))


def counts(report: Report) -> tuple[int, int, int, int]:
    return report.added, report.changed, report.removed, report.unchanged


def work(report: Report) -> tuple[int, int]:
    return report.embedded, report.reused


def live(folder: Path) -> str | None:
    return generations.live_name(folder)


def assert_equals_a_clean_ingest(vault: Path, folder: Path, tmp_path: Path) -> None:
    ingest_notes(vault, tmp_path / "clean")
    assert read_all(folder) == read_all(tmp_path / "clean")


def refused() -> Workshop:
    raise AssertionError("the workshop was opened for nothing")


def test_a_first_ingest(vault: Path, tmp_path: Path) -> None:
    encoder, seen = FakeEncoder(), []
    report = ingest_notes(
        vault, tmp_path / "new" / "index", encoder, progress=lambda *step: seen.append(step)
    )
    assert (report.notes, report.chunks, counts(report)) == (3, 5, (3, 0, 0, 0))
    # Titles are embedded too, so the heads of a.md and of c.md are two texts.
    assert work(report) == (5, 0)
    assert encoder.passages_embedded == 5
    assert report.skipped == ()
    assert report.previous_vault is None
    assert report.seconds >= 0
    assert seen[:1] == [("read", 0, 3)]
    assert seen[3:] == [("read", 3, 3), ("embed", 0, 5), ("embed", 5, 5)]
    chunks = LocalIndex.open(tmp_path / "new" / "index").chunks(range(5))
    assert [(chunk.path, chunk.start_line, chunk.text) for chunk in chunks] == [
        ("a.md", 1, "attention heads"),
        ("a.md", 3, "gradient descent step"),
        ("b/c.md", 3, "rețele neuronale"),
        ("b/c.md", 5, "attention heads"),
        ("d.md", 2, "uczenie maszynowe"),
    ]


def test_equal_texts_are_embedded_once(tmp_path: Path) -> None:
    write_notes(tmp_path / "vault", {"a/x.md": "same\n\nsame", "b/x.md": "same"})
    report = ingest_notes(tmp_path / "vault", tmp_path / "index")
    assert (report.chunks, work(report)) == (3, (1, 2))


def test_nothing_changed(vault: Path, folder: Path) -> None:
    before = {path: path.stat() for path in folder.rglob("*") if path.name != "lock"}
    report = ingest(vault, folder, "fake", refused)
    assert (report.notes, report.chunks, counts(report)) == (3, 5, (0, 0, 0, 3))
    assert work(report) == (0, 5)
    after = {path: path.stat() for path in folder.rglob("*") if path.name != "lock"}
    assert before.keys() == after.keys()
    for path, status in before.items():
        assert (status.st_mtime_ns, status.st_ino, status.st_size) == (
            after[path].st_mtime_ns,
            after[path].st_ino,
            after[path].st_size,
        ), path


def test_an_edited_paragraph_is_all_that_is_embedded(
    vault: Path, folder: Path, tmp_path: Path
) -> None:
    write_notes(vault, {"a.md": "attention heads\n\ngradient descent step by step"})
    report = ingest_notes(vault, folder)
    assert (counts(report), work(report)) == ((0, 1, 0, 2), (1, 4))
    assert_equals_a_clean_ingest(vault, folder, tmp_path)


def test_an_added_note(vault: Path, folder: Path, tmp_path: Path) -> None:
    write_notes(vault, {"b/a new one.md": "softmax\n\nattention"})
    report = ingest_notes(vault, folder)
    assert (counts(report), work(report)) == ((1, 0, 0, 3), (2, 5))
    assert_equals_a_clean_ingest(vault, folder, tmp_path)


def test_a_removed_note(vault: Path, folder: Path, tmp_path: Path) -> None:
    (vault / "a.md").unlink()
    report = ingest(vault, folder, "fake", refused)
    assert (counts(report), work(report)) == ((0, 0, 1, 2), (0, 3))
    assert_equals_a_clean_ingest(vault, folder, tmp_path)


def test_a_moved_note_embeds_nothing(vault: Path, folder: Path, tmp_path: Path) -> None:
    (vault / "z").mkdir()
    (vault / "a.md").rename(vault / "z" / "a.md")
    report = ingest_notes(vault, folder)
    assert (counts(report), work(report)) == ((1, 0, 1, 2), (0, 5))
    assert_equals_a_clean_ingest(vault, folder, tmp_path)


def test_a_renamed_note_embeds_what_its_name_changes(
    vault: Path, folder: Path, tmp_path: Path
) -> None:
    (vault / "a.md").rename(vault / "attention.md")
    report = ingest_notes(vault, folder)
    assert (counts(report), work(report)) == ((1, 0, 1, 2), (2, 3))
    assert_equals_a_clean_ingest(vault, folder, tmp_path)


def test_much_at_once(vault: Path, folder: Path, tmp_path: Path) -> None:
    (vault / "a.md").rename(vault / "c.md")
    write_notes(vault, {"b/c.md": "attention heads", "0.md": "gradient descent", "bad.md": ""})
    report = ingest_notes(vault, folder)
    assert counts(report) == (2, 1, 1, 1)
    assert report.skipped == (Skipped("bad.md", "it is empty"),)
    assert_equals_a_clean_ingest(vault, folder, tmp_path)


def test_a_touched_note_is_unchanged(vault: Path, folder: Path) -> None:
    name = live(folder)
    os.utime(vault / "a.md")
    report = ingest(vault, folder, "fake", refused)
    assert counts(report) == (0, 0, 0, 3)
    assert live(folder) == name


def test_a_change_behind_equal_size_and_time(tmp_path: Path) -> None:
    vault, folder = tmp_path / "vault", tmp_path / "index"
    write_notes(vault, {"a.md": "first"})
    status = (vault / "a.md").stat()
    ingest_notes(vault, folder)
    (vault / "a.md").write_text("FIRST")
    os.utime(vault / "a.md", ns=(status.st_atime_ns, status.st_mtime_ns))
    assert counts(ingest_notes(vault, folder)) == (0, 1, 0, 0)


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "it is empty"),
        (b"\xff\xff", "not valid UTF-8 at byte 0; save it as UTF-8"),
        (b"a\0b", "it holds NUL bytes: not a text file"),
    ],
)
def test_a_note_that_turned_bad_is_named_and_its_old_text_gone(
    vault: Path, folder: Path, tmp_path: Path, content: bytes, reason: str
) -> None:
    (vault / "a.md").write_bytes(content)
    report = ingest(vault, folder, "fake", refused)
    assert counts(report) == (0, 0, 1, 2)
    assert report.skipped == (Skipped("a.md", reason),)
    assert_equals_a_clean_ingest(vault, folder, tmp_path)
    name = live(folder)
    report = ingest(vault, folder, "fake", refused)
    assert report.skipped == (Skipped("a.md", reason),)
    assert live(folder) == name
    write_notes(vault, {"a.md": NOTES["a.md"]})
    report = ingest_notes(vault, folder)
    assert counts(report) == (1, 0, 0, 2)
    assert report.skipped == ()


def test_links_and_folders_that_are_skipped(vault: Path, folder: Path, tmp_path: Path) -> None:
    (tmp_path / "secret.md").write_text("secret")
    (vault / "out.md").symlink_to(tmp_path / "secret.md")
    (vault / "nowhere.md").symlink_to(tmp_path / "missing.md")
    (vault / "folder.md").mkdir()
    report = ingest(vault, folder, "fake", refused)
    assert [item.path for item in report.skipped] == ["nowhere.md", "out.md"]
    name = live(folder)
    assert ingest(vault, folder, "fake", refused).skipped == report.skipped
    assert live(folder) == name
    (vault / "out.md").unlink()
    assert len(ingest(vault, folder, "fake", refused).skipped) == 1
    assert live(folder) != name


def test_a_note_that_cannot_be_parsed_stops_no_other(vault: Path, tmp_path: Path) -> None:
    def cut(note: Note) -> tuple[Document, list[Chunk]]:
        if note.path == "a.md":
            raise RecursionError("too deep\x1b[2J")
        return cut_paragraphs(note)

    report = ingest(vault, tmp_path / "index", "fake", lambda: Workshop(FakeEncoder(), cut))
    assert report.notes == 2
    (skipped,) = report.skipped
    assert skipped.path == "a.md"
    assert skipped.reason == (
        "it cannot be parsed, please report it: RecursionError('too deep\\x1b[2J')"
    )


def test_an_error_of_ours_is_not_taken_for_a_bad_note(vault: Path, tmp_path: Path) -> None:
    def cut(note: Note) -> tuple[Document, list[Chunk]]:
        raise RagError("no tokenizer", "get one")

    with pytest.raises(RagError, match="no tokenizer"):
        ingest(vault, tmp_path / "index", "fake", lambda: Workshop(FakeEncoder(), cut))


def test_a_note_that_goes_while_it_is_ingested(vault: Path, tmp_path: Path) -> None:
    def remove(stage: str, done: int, total: int) -> None:
        (vault / "d.md").unlink(missing_ok=True)

    report = ingest_notes(vault, tmp_path / "index", progress=remove)
    assert report.notes == 2
    assert report.skipped == (Skipped("d.md", "it is gone, or a link that leads nowhere"),)
    assert ingest_notes(vault, tmp_path / "index").skipped == ()


def test_a_note_that_changes_while_it_is_ingested(vault: Path, tmp_path: Path) -> None:
    def edit(stage: str, done: int, total: int) -> None:
        write_notes(vault, {"d.md": f"{stage} {done}"})

    ingest_notes(vault, tmp_path / "index", progress=edit)
    ingest_notes(vault, tmp_path / "index")
    assert_equals_a_clean_ingest(vault, tmp_path / "index", tmp_path)


def test_an_emptied_vault_is_refused(vault: Path, folder: Path) -> None:
    before = read_all(folder)
    for path in NOTES:
        (vault / path).unlink()
    with pytest.raises(NoVault, match="holds no notes any more; the index stays as it is"):
        ingest_notes(vault, folder)
    assert read_all(folder) == before
    report = ingest_notes(vault, folder, rebuild=True)
    assert (report.notes, report.chunks) == (0, 0)
    assert search(folder, "attention") == []
    assert counts(ingest_notes(vault, folder)) == (0, 0, 0, 0)


def test_a_vault_without_notes(tmp_path: Path) -> None:
    (tmp_path / "vault").mkdir()
    assert ingest_notes(tmp_path / "vault", tmp_path / "index").notes == 0
    assert search(tmp_path / "index", "attention") == []
    write_notes(tmp_path / "vault", NOTES)
    assert counts(ingest_notes(tmp_path / "vault", tmp_path / "index")) == (3, 0, 0, 0)
    assert_equals_a_clean_ingest(tmp_path / "vault", tmp_path / "index", tmp_path)


def test_a_vault_that_is_not_there_leaves_nothing_behind(tmp_path: Path) -> None:
    with pytest.raises(NoVault):
        ingest_notes(tmp_path / "missing", tmp_path / "index")
    assert list(tmp_path.iterdir()) == []


def test_another_vault(vault: Path, folder: Path, tmp_path: Path) -> None:
    write_notes(tmp_path / "other", {"a.md": NOTES["a.md"], "e.md": "softmax"})
    report = ingest_notes(tmp_path / "other", folder)
    assert report.previous_vault == str(vault)
    assert work(report) == (1, 2)
    assert LocalIndex.open(folder).info.vault == str(tmp_path / "other")
    assert_equals_a_clean_ingest(tmp_path / "other", folder, tmp_path)


def test_a_vault_that_was_moved_embeds_nothing(vault: Path, folder: Path, tmp_path: Path) -> None:
    vault.rename(tmp_path / "moved")
    report = ingest(tmp_path / "moved", folder, "fake", refused)
    assert (counts(report), report.previous_vault) == ((0, 0, 0, 3), str(vault))
    assert LocalIndex.open(folder).info.vault == str(tmp_path / "moved")


def test_another_encoder_is_refused(vault: Path, folder: Path) -> None:
    before = read_all(folder)
    with pytest.raises(OtherIndex, match="made with the encoder 'fake', not 'other'; run: rag"):
        ingest_notes(vault, folder, FakeEncoder("other"))
    # The same name, but not the same model any more: found out when it is first needed.
    changed = FakeEncoder(dimension=16)
    assert counts(ingest_notes(vault, folder, changed)) == (0, 0, 0, 3)
    write_notes(vault, {"e.md": "new"})
    with pytest.raises(OtherIndex, match="the encoder 'fake' is not what it was; run: rag ingest"):
        ingest_notes(vault, folder, changed)
    assert read_all(folder) == before
    report = ingest_notes(vault, folder, changed, rebuild=True)
    assert work(report) == (6, 0)
    assert LocalIndex.open(folder).info.dimension == 16


def test_other_chunking_is_refused(
    vault: Path, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    generation, manifest = generations.read_manifest(folder)
    with monkeypatch.context() as patch:
        patch.setattr(build, "CHUNKING", -1)
        ingest_notes(vault, folder, rebuild=True)
    with pytest.raises(OtherIndex, match="made by another version of rag; run: rag ingest"):
        ingest_notes(vault, folder)
    ingest_notes(vault, folder, rebuild=True)
    assert generations.read_manifest(folder)[1].chunking == manifest.chunking
    assert generation.name == "000001"


def test_a_rebuild_embeds_nothing_that_is_kept(vault: Path, folder: Path, tmp_path: Path) -> None:
    report = ingest_notes(vault, folder, rebuild=True)
    assert (counts(report), work(report)) == ((3, 0, 0, 0), (0, 5))
    assert_equals_a_clean_ingest(vault, folder, tmp_path)


def test_lost_vectors_are_restored_from_the_last_generation(vault: Path, folder: Path) -> None:
    (folder / generations.VECTORS).unlink()
    write_notes(vault, {"e.md": "new"})
    report = ingest_notes(vault, folder)
    assert work(report) == (1, 5)
    assert work(ingest_notes(vault, folder, rebuild=True)) == (0, 6)


def test_an_interrupted_change_of_encoder_costs_the_old_one_nothing(
    vault: Path, folder: Path
) -> None:
    other = Interrupted(1, "other", dimension=16)
    with pytest.raises(KeyboardInterrupt):
        ingest_notes(vault, folder, other, rebuild=True)
    write_notes(vault, {"e.md": "new"})
    assert work(ingest_notes(vault, folder)) == (1, 5)


def test_an_index_inside_the_vault(vault: Path) -> None:
    folder = vault / "index"
    folder.mkdir()
    (folder / "README.md").write_text("about this folder")
    assert ingest_notes(vault, folder).notes == 3
    assert counts(ingest_notes(vault, folder)) == (0, 0, 0, 3)


@pytest.mark.parametrize("inner", [".", "notes"])
def test_an_index_around_the_notes_is_refused(tmp_path: Path, inner: str) -> None:
    write_notes(tmp_path / "all" / inner, {"README.md": "the only note"})
    with pytest.raises(NotAnIndex, match="a folder of its own"):
        ingest_notes(tmp_path / "all" / inner, tmp_path / "all")
    assert [file.name for file in (tmp_path / "all").rglob("*") if file.is_file()] == ["README.md"]


@pytest.mark.parametrize("rebuild", [False, True])
def test_a_folder_of_something_else_is_left_alone(
    vault: Path, tmp_path: Path, *, rebuild: bool
) -> None:
    write_notes(tmp_path / "mine", {"thesis.tex": "mine"})
    with pytest.raises(NotAnIndex):
        ingest_notes(vault, tmp_path / "mine", rebuild=rebuild)
    assert [entry.name for entry in (tmp_path / "mine").iterdir()] == ["thesis.tex"]
    with pytest.raises(RagError, match="cannot be written"):
        ingest_notes(vault, tmp_path / "mine" / "thesis.tex" / "index", rebuild=rebuild)


def test_a_damaged_index_asks_for_a_rebuild(vault: Path, folder: Path) -> None:
    (folder / generations.GENERATIONS / "000001" / "lexical-rows.bin").write_bytes(b"")
    with pytest.raises(DamagedIndex, match="run: rag ingest --rebuild"):
        ingest_notes(vault, folder)


def test_a_second_writer_is_refused(vault: Path, folder: Path) -> None:
    write_notes(vault, {"e.md": "new"})
    with writer_lock(folder / generations.LOCK), pytest.raises(Busy):
        ingest_notes(vault, folder)
    assert ingest_notes(vault, folder).added == 1


class Interrupted(FakeEncoder):
    """Is interrupted at one of its calls."""

    def __init__(self, call: int, name: str = "fake", *, dimension: int = 32) -> None:
        super().__init__(name, dimension=dimension)
        self.calls_left = call

    def encode_passages(self, texts: Sequence[str]) -> Vectors:
        self.calls_left -= 1
        if not self.calls_left:
            raise KeyboardInterrupt
        return super().encode_passages(texts)


def test_an_interrupted_ingest_goes_on_where_it_was(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(build, "BATCH", 2)
    vault, folder = tmp_path / "vault", tmp_path / "index"
    write_notes(vault, {f"{number}.md": f"note {number}\n\ntext" for number in range(5)})
    for call in range(1, 6):
        encoder = Interrupted(1 if call == 1 else 2)
        with pytest.raises(KeyboardInterrupt):
            ingest_notes(vault, folder, encoder)
        assert encoder.passages_embedded == (0 if call == 1 else 2)
        assert list((folder / generations.GENERATIONS).iterdir()) == []
    report = ingest_notes(vault, folder)
    assert work(report) == (2, 8)
    assert_equals_a_clean_ingest(vault, folder, tmp_path)

    write_notes(vault, {f"{number}.md": f"other {number}\n\ntext" for number in range(5)})
    before = read_all(folder)
    for call in (1, 2, 2):
        with pytest.raises(KeyboardInterrupt):
            ingest_notes(vault, folder, Interrupted(call))
        assert read_all(folder) == before
        assert [entry.name for entry in (folder / generations.GENERATIONS).iterdir()] == ["000001"]
    assert work(ingest_notes(vault, folder)) == (1, 9)
    assert_equals_a_clean_ingest(vault, folder, tmp_path)


def test_the_notes_are_only_read(vault: Path, tmp_path: Path) -> None:
    (vault / ".obsidian").mkdir()
    (vault / "bad.md").write_bytes(b"\xff")
    (vault / "d.md").chmod(0o444)

    def look() -> dict[str, tuple[object, ...]]:
        return {
            str(path.relative_to(vault)): (
                status.st_mode,
                status.st_mtime_ns,
                status.st_ctime_ns,
                status.st_ino,
                path.read_bytes() if path.is_file() else b"",
            )
            for path in (vault, *vault.rglob("*"))
            for status in [path.stat()]
        }

    before = look()
    for rebuild in (False, False, True):
        ingest_notes(vault, tmp_path / "index", rebuild=rebuild)
    assert look() == before


def test_the_index_is_private(vault: Path, tmp_path: Path) -> None:
    old = os.umask(0)
    try:
        for _ in range(2):
            ingest_notes(vault, tmp_path / "index")
            write_notes(vault, {"e.md": "new"})
    finally:
        os.umask(old)
    for path in (tmp_path / "index", *(tmp_path / "index").rglob("*")):
        assert stat.S_IMODE(path.stat().st_mode) == (0o700 if path.is_dir() else 0o600), path
