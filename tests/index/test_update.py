import os
import stat
from pathlib import Path

import pytest

from rag.errors import RagError
from rag.index import generations
from rag.index.local import LocalIndex
from rag.index.update import Workshop, ingest
from rag.types import Chunk, Document, Note, Skipped
from tests.fake_encoder import FakeEncoder
from tests.index.ingesting import (
    NOTES,
    assert_equals_a_clean_ingest,
    counts,
    cut_paragraphs,
    ingest_notes,
    search,
    work,
    write_notes,
)


def live(folder: Path) -> str | None:
    return generations.live_name(folder)


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


def test_a_vault_without_notes(tmp_path: Path) -> None:
    (tmp_path / "vault").mkdir()
    assert ingest_notes(tmp_path / "vault", tmp_path / "index").notes == 0
    assert search(tmp_path / "index", "attention") == []
    write_notes(tmp_path / "vault", NOTES)
    assert counts(ingest_notes(tmp_path / "vault", tmp_path / "index")) == (3, 0, 0, 0)
    assert_equals_a_clean_ingest(tmp_path / "vault", tmp_path / "index", tmp_path)


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


def test_an_index_inside_the_vault(vault: Path) -> None:
    folder = vault / "index"
    folder.mkdir()
    (folder / "README.md").write_text("about this folder")
    assert ingest_notes(vault, folder).notes == 3
    assert counts(ingest_notes(vault, folder)) == (0, 0, 0, 3)


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
