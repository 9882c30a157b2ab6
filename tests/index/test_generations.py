import os
import stat
from collections.abc import Callable
from pathlib import Path

import pytest

from rag.errors import DamagedIndex, NoIndex, NotAnIndex, OtherIndex
from rag.index import generations
from rag.index.generations import CURRENT, GENERATIONS, LOCK, MANIFEST, VECTORS, Manifest

HANDLES = Path("/proc/self/fd")


def publish(folder: Path, content: str = "data", version: int = generations.FORMAT) -> Path:
    """Publish a generation of two files."""
    generations.prepare(folder)
    generation = generations.begin(folder)
    files = [generation / "one", generation / "two"]
    for file in files:
        file.write_text(content + file.name)
    manifest = Manifest(
        format=version,
        chunking=1,
        encoder="fake",
        fingerprint="fake-1",
        dimension=2,
        vault="/notes",
        started_ns=1,
        updated_at="2025-01-01T00:00:00+00:00",
        notes=3,
        chunks=4,
        files={file.name: generations.checksum(file) for file in files},
    )
    generations.publish(folder, generation, manifest)
    return generation


def names(folder: Path) -> list[str]:
    return sorted(entry.name for entry in (folder / GENERATIONS).iterdir())


def snapshot(folder: Path) -> dict[str, tuple[int, int, bytes]]:
    return {
        str(path.relative_to(folder)): (
            path.stat().st_mode,
            path.stat().st_mtime_ns,
            path.read_bytes() if path.is_file() else b"",
        )
        for path in (folder, *folder.rglob("*"))
    }


def test_what_was_published_is_read(tmp_path: Path) -> None:
    generation = publish(tmp_path / "index")
    found, manifest = generations.read_manifest(tmp_path / "index")
    assert found == generation
    assert (manifest.encoder, manifest.notes, manifest.chunks) == ("fake", 3, 4)
    generations.verify(found, manifest)


def test_checksum(tmp_path: Path) -> None:
    # printf abc | sha256sum
    (tmp_path / "abc").write_bytes(b"abc")
    expected = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
    assert generations.checksum(tmp_path / "abc") == expected


@pytest.mark.skipif(not HANDLES.exists(), reason="the system does not name open files")
def test_everything_is_on_disk_before_the_pointer_moves(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls: list[tuple[str, str]] = []
    index = tmp_path / "index"

    def recorded(name: str, call: Callable[..., None], path: Callable[..., str]) -> None:
        def record(*arguments: object) -> None:
            calls.append((name, os.path.relpath(path(*arguments), index)))
            call(*arguments)

        monkeypatch.setattr(os, name, record)

    recorded("fsync", os.fsync, lambda handle: str((HANDLES / str(handle)).readlink()))
    recorded("replace", os.replace, lambda source, target: str(target))
    for number in ("000001", "000002"):
        calls.clear()
        publish(index)
        generation = f"{GENERATIONS}/{number}"
        made = [("fsync", "..")] if number == "000001" else []
        assert calls == [
            *made,
            ("fsync", f"{generation}/one"),
            ("fsync", f"{generation}/two"),
            ("fsync", f"{generation}/{MANIFEST}"),
            ("fsync", generation),
            ("fsync", GENERATIONS),
            ("fsync", f"{CURRENT}.new"),
            ("fsync", "."),
            ("replace", CURRENT),
            ("fsync", "."),
        ]


def test_the_index_is_private(tmp_path: Path) -> None:
    old = os.umask(0)
    try:
        publish(tmp_path / "index")
    finally:
        os.umask(old)
    for path in (tmp_path / "index", *(tmp_path / "index").rglob("*")):
        expected = 0o700 if path.is_dir() else 0o600
        assert stat.S_IMODE(path.stat().st_mode) == expected, path


def test_the_last_generation_but_one_is_kept(tmp_path: Path) -> None:
    kept = []
    for _ in range(4):
        publish(tmp_path)
        kept.append(names(tmp_path))
    assert kept == [
        ["000001"],
        ["000001", "000002"],
        ["000002", "000003"],
        ["000003", "000004"],
    ]


def test_leftovers_of_a_killed_ingest_go(tmp_path: Path) -> None:
    for _ in range(3):
        publish(tmp_path)
    for left in ("000001", "000004", "000017"):
        (tmp_path / GENERATIONS / left).mkdir()
        (tmp_path / GENERATIONS / left / "half").touch()
    (tmp_path / GENERATIONS / "000018").touch()
    (tmp_path / "CURRENT.new").touch()
    (tmp_path / "vectors.bin.new").touch()
    generations.tidy(tmp_path)
    assert sorted(entry.name for entry in tmp_path.iterdir()) == ["CURRENT", GENERATIONS, LOCK]
    assert names(tmp_path) == ["000002", "000003"]
    assert generations.begin(tmp_path).name == "000004"
    publish(tmp_path)
    assert names(tmp_path) == ["000003", "000004"]


@pytest.mark.parametrize("left", [(), ("CURRENT.new",), ("CURRENT.new", VECTORS)])
def test_a_first_ingest_that_was_killed(tmp_path: Path, left: tuple[str, ...]) -> None:
    generations.prepare(tmp_path)
    (generations.begin(tmp_path) / "half").touch()
    for name in left:
        (tmp_path / name).write_text("half")
    with pytest.raises(NoIndex):
        generations.read_manifest(tmp_path)
    generation = publish(tmp_path)
    assert names(tmp_path) == [generation.name]
    assert generations.read_manifest(tmp_path)[0] == generation


@pytest.mark.parametrize("flip", [0x01, 0x20, 0x80])
def test_a_flipped_pointer(tmp_path: Path, flip: int) -> None:
    publish(tmp_path)
    pointer = tmp_path / CURRENT
    content = pointer.read_bytes()
    for place in range(len(content)):
        flipped = bytearray(content)
        flipped[place] ^= flip
        pointer.write_bytes(flipped)
        with pytest.raises(DamagedIndex, match="; run: rag ingest --rebuild"):
            generations.read_manifest(tmp_path)
    generation = publish(tmp_path)
    assert generations.read_manifest(tmp_path)[0] == generation


@pytest.mark.parametrize("size", [0, 1, 40, 103])
def test_a_truncated_pointer(tmp_path: Path, size: int) -> None:
    publish(tmp_path)
    os.truncate(tmp_path / CURRENT, size)
    with pytest.raises(DamagedIndex):
        generations.read_manifest(tmp_path)


@pytest.mark.parametrize(
    "content",
    [
        "[]",
        "1",
        "null",
        '{"generation": 1, "manifest": "a"}',
        '{"generation": "000001", "manifest": "a"}',
        '{"generation": "000001", "manifest": null}',
        '{"generation": "../../..", "manifest": "%s"}' % ("a" * 64),
        '{"generation": "000009", "manifest": "%s"}' % ("a" * 64),
        "[" * 100_000,
        "\ud83d",
    ],
)
def test_a_pointer_that_says_something_else(tmp_path: Path, content: str) -> None:
    publish(tmp_path)
    (tmp_path / CURRENT).write_bytes(content.encode("utf-8", "surrogatepass"))
    with pytest.raises(DamagedIndex):
        generations.read_manifest(tmp_path)
    assert generations.live_name(tmp_path) in {None, "000009"}


def test_a_missing_pointer(tmp_path: Path) -> None:
    publish(tmp_path)
    (tmp_path / CURRENT).unlink()
    with pytest.raises(NoIndex, match=r"no index in .*; run: rag ingest"):
        generations.read_manifest(tmp_path)


def test_a_folder_in_the_pointers_place(tmp_path: Path) -> None:
    publish(tmp_path)
    (tmp_path / CURRENT).unlink()
    (tmp_path / CURRENT).mkdir()
    (tmp_path / CURRENT / "inside").touch()
    with pytest.raises(DamagedIndex):
        generations.read_manifest(tmp_path)
    generation = publish(tmp_path)
    assert generations.read_manifest(tmp_path)[0] == generation


@pytest.mark.parametrize("folder", ["missing", "missing/deeper", "file", "file/deeper", ""])
def test_no_index(tmp_path: Path, folder: str) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(NoIndex):
        generations.read_manifest(tmp_path / folder)


def test_another_format(tmp_path: Path) -> None:
    publish(tmp_path, version=generations.FORMAT + 1)
    with pytest.raises(
        OtherIndex,
        match=rf"format {generations.FORMAT + 1}, this rag .*; run: rag ingest --rebuild",
    ):
        generations.read_manifest(tmp_path)


@pytest.mark.parametrize("name", ["one", "two"])
def test_a_damaged_file_is_named(tmp_path: Path, name: str) -> None:
    generation = publish(tmp_path)
    _, manifest = generations.read_manifest(tmp_path)
    (generation / name).write_text("other")
    with pytest.raises(DamagedIndex, match=f"{name} is not what its checksum says"):
        generations.verify(generation, manifest)
    (generation / name).unlink()
    with pytest.raises(DamagedIndex, match=f"{name} is missing"):
        generations.verify(generation, manifest)
    (generation / name).mkdir()
    with pytest.raises(DamagedIndex, match=f"{name} cannot be read"):
        generations.verify(generation, manifest)


@pytest.mark.parametrize(
    "files",
    [
        ("thesis.docx",),
        ("README.md", "thesis.docx"),
        # A database of LevelDB.
        ("CURRENT", "LOCK", "LOG", "MANIFEST-000001"),
        ("CURRENT",),
        # Checkpoints of somebody's genetic algorithm.
        ("generations/000001/best.txt",),
        ("generations/000001/best.txt", "README.md"),
        ("vectors.bin",),
        ("lock", "thesis.docx"),
        ("lock", "generations/1/best.txt", "plan.txt"),
    ],
)
def test_a_folder_of_something_else_is_left_alone(tmp_path: Path, files: tuple[str, ...]) -> None:
    for name in files:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("MANIFEST-000001\n")
    before = snapshot(tmp_path)
    with pytest.raises(NotAnIndex, match="left alone; name an empty or new folder"):
        generations.prepare(tmp_path)
    assert snapshot(tmp_path) == before


def test_a_file_is_no_index(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("mine")
    with pytest.raises(NotAnIndex, match="is a file"):
        generations.prepare(tmp_path / "file")
    assert (tmp_path / "file").read_text() == "mine"


def test_what_may_lie_in_an_index(tmp_path: Path) -> None:
    for name in ("README.md", ".gitignore", ".DS_Store"):
        (tmp_path / name).write_text("mine")
    publish(tmp_path)
    # Once it is an index, a file more does not lock its owner out.
    (tmp_path / "todo.txt").write_text("mine")
    publish(tmp_path)
    assert {path.read_text() for path in tmp_path.glob("*.*")} == {"mine"}


def test_damage_that_prepare_mends(tmp_path: Path) -> None:
    publish(tmp_path)
    (tmp_path / LOCK).unlink()
    (tmp_path / LOCK).mkdir()
    (tmp_path / GENERATIONS).rename(tmp_path / "moved")
    (tmp_path / GENERATIONS).write_text("not a folder")
    generation = publish(tmp_path)
    assert generations.read_manifest(tmp_path)[0] == generation


def test_size(tmp_path: Path) -> None:
    (tmp_path / "inner").mkdir()
    (tmp_path / "inner" / "file").write_bytes(b"12345")
    (tmp_path / "file").write_bytes(b"123")
    assert generations.folder_size(tmp_path) == 8
