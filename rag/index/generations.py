"""Generations: complete states of an index, published one after another.

    INDEX/CURRENT                 names the generation that answers, and its manifest's checksum
    INDEX/generations/000001/     manifest.json, which names every other file with its checksum
    INDEX/vectors.sqlite          vectors already computed (see `vectors`)
    INDEX/lock                    held by the writer (see `lock`)

A generation is written beside the live one, synced, and published by replacing CURRENT; until then
nobody reads it, from then on it never changes. The one before is kept until the next is published,
for readers that are about to open it. This is how restic and Lance do it.
"""

import hashlib
import json
import os
import shutil
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from rag.errors import DamagedIndex, NoIndex, NotAnIndex, OtherIndex

FORMAT = 1
"""Raised when an older `rag` could not read what this one writes."""
CURRENT = "CURRENT"
GENERATIONS = "generations"
MANIFEST = "manifest.json"
LOCK = "lock"
VECTORS = "vectors.sqlite"
OURS = frozenset({CURRENT, GENERATIONS, LOCK, VECTORS})
HARMLESS = frozenset({"README.md", ".gitignore", ".gitkeep", ".DS_Store"})
REBUILD = "run: rag ingest --rebuild"
_BLOCK = 1 << 20


@dataclass(frozen=True, slots=True)
class Manifest:
    """What a generation holds and what made it."""

    format: int
    chunking: int
    encoder: str
    fingerprint: str
    dimension: int
    vault: str
    started_ns: int
    """When the ingest began, by the clock; a note changed since may differ under an equal time."""
    updated_at: str
    notes: int
    chunks: int
    files: dict[str, str]
    """SHA-256 of each file, by name."""


def is_usable(folder: Path) -> bool:
    """Say whether a folder may become or stay an index: it is missing, empty, or one already."""
    try:
        names = {entry.name for entry in folder.iterdir()}
    except FileNotFoundError:
        return True
    return CURRENT in names or names <= OURS | HARMLESS | _sqlite_companions(names)


def _sqlite_companions(names: set[str]) -> set[str]:
    return {name for name in names if name.startswith(f"{VECTORS}-")}


def prepare(folder: Path) -> None:
    """Make the folder of an index, private to its owner.

    Raises:
        NotAnIndex: something else is in it; nothing was touched.
        OSError: it cannot be made.
    """
    if folder.exists() and not folder.is_dir():
        raise NotAnIndex(f"{str(folder)!r} is a file", "name a folder for the index: --index DIR")
    if not is_usable(folder):
        raise NotAnIndex(
            f"{str(folder)!r} holds other files and is left alone",
            "name an empty or new folder for the index: --index DIR",
        )
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    folder.chmod(0o700)
    generations = folder / GENERATIONS
    if generations.exists() and not generations.is_dir():
        generations.unlink()
    generations.mkdir(exist_ok=True, mode=0o700)


def begin(folder: Path) -> Path:
    """Make an empty folder for the next generation; leftovers of a killed ingest go first."""
    live = _live_name(folder)
    taken = [_number(entry.name) for entry in (folder / GENERATIONS).iterdir()]
    for entry in (folder / GENERATIONS).iterdir():
        if live is None or _number(entry.name) > _number(live):
            _remove(entry)
    generation = folder / GENERATIONS / f"{max(taken, default=0) + 1:06d}"
    generation.mkdir(mode=0o700)
    return generation


def is_live(folder: Path, generation: Path) -> bool:
    """Say whether a generation is the one that answers."""
    return _live_name(folder) == generation.name


def publish(folder: Path, generation: Path, manifest: Manifest) -> None:
    """Make a generation the one that answers. After a power loss the old or the new one answers.

    Raises:
        OSError: the disk is full or gone; the old generation still answers.
    """
    file = generation / MANIFEST
    file.write_text(json.dumps(asdict(manifest), ensure_ascii=False, indent=1), encoding="utf-8")
    for name in (*manifest.files, MANIFEST):
        (generation / name).chmod(0o600)
        sync(generation / name)
    sync(generation)
    sync(generation.parent)
    previous = _live_name(folder)
    pointer = {"format": FORMAT, "generation": generation.name, "manifest": checksum(file)}
    fresh = folder / f"{CURRENT}.new"
    fresh.touch(mode=0o600)
    fresh.write_text(json.dumps(pointer), encoding="utf-8")
    sync(fresh)
    target = folder / CURRENT
    if target.is_dir():
        shutil.rmtree(target)
    fresh.replace(target)
    sync(folder)
    for entry in (folder / GENERATIONS).iterdir():
        if entry.name not in {generation.name, previous}:
            _remove(entry)


def read_manifest(folder: Path) -> tuple[Path, Manifest]:
    """Find the generation that answers; its files are not read yet.

    Raises:
        NoIndex: nothing was published here.
        DamagedIndex: the pointer or the manifest is not what was written.
        OtherIndex: another format.
    """
    pointer = _read_pointer(folder)
    generation = folder / GENERATIONS / str(pointer["generation"])
    try:
        content = (generation / MANIFEST).read_bytes()
    except OSError as error:
        raise DamagedIndex(f"{MANIFEST} cannot be read", REBUILD) from error
    if hashlib.sha256(content).hexdigest() != pointer["manifest"]:
        raise DamagedIndex(f"{MANIFEST} is not what its checksum says", REBUILD)
    return generation, Manifest(**json.loads(content))


def verify(generation: Path, manifest: Manifest) -> None:
    """Compare every file of a generation with its checksum.

    Raises:
        DamagedIndex: names the first file that is missing or changed.
    """
    for name in manifest.files:
        if problem := file_problem(generation, manifest, name):
            raise DamagedIndex(f"{name} {problem}", REBUILD)


def file_problem(generation: Path, manifest: Manifest, name: str) -> str | None:
    """Say what is wrong with a file of a generation, or None."""
    try:
        found = checksum(generation / name)
    except FileNotFoundError:
        return "is missing"
    except OSError:
        return "cannot be read"
    return None if found == manifest.files[name] else "is not what its checksum says"


def checksum(file: Path) -> str:
    """Give the SHA-256 of a file: 2 GB/s where the processor has instructions for it."""
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def sync(path: Path) -> None:
    """Have the disk write a file, or a folder's list of names."""
    if path.is_dir() and os.name == "nt":
        return  # Windows syncs no folders, and keeps their order itself
    handle = os.open(path, os.O_RDONLY if os.name != "nt" else os.O_RDWR)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def folder_size(folder: Path) -> int:
    """Add up the bytes of all files below a folder."""
    total = 0
    for parent, _, names in os.walk(folder):
        for name in names:
            try:
                total += (Path(parent) / name).lstat().st_size
            except FileNotFoundError:
                continue  # a writer just removed it
    return total


def _read_pointer(folder: Path) -> dict[str, Any]:
    try:
        content = (folder / CURRENT).read_bytes()
    except (FileNotFoundError, NotADirectoryError) as error:
        try:
            was_one = any((folder / GENERATIONS).iterdir())
        except OSError:
            was_one = False
        if was_one:
            raise DamagedIndex(f"{CURRENT} is missing from {str(folder)!r}", REBUILD) from error
        raise NoIndex(f"no index in {str(folder)!r}", "run: rag ingest YOUR-NOTES") from error
    except OSError as error:
        raise DamagedIndex(f"{CURRENT} cannot be read", REBUILD) from error
    try:
        pointer = json.loads(content)
        generation, manifest, version = (
            pointer[key] for key in ("generation", "manifest", "format")
        )
        whole = generation.isdecimal() and len(manifest) == hashlib.sha256().digest_size * 2
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise DamagedIndex(f"{CURRENT} is not what was written", REBUILD) from error
    if not whole:
        raise DamagedIndex(f"{CURRENT} is not what was written", REBUILD)
    if version != FORMAT:
        raise OtherIndex(f"the index has format {version}, this rag reads {FORMAT}", REBUILD)
    return dict(pointer)


def _live_name(folder: Path) -> str | None:
    try:
        return str(_read_pointer(folder)["generation"])
    except (NoIndex, DamagedIndex, OtherIndex):
        return None


def _number(name: str) -> int:
    return int(name) if name.isdecimal() else 0


def _remove(entry: Path) -> None:
    if entry.is_dir() and not entry.is_symlink():
        shutil.rmtree(entry)
    else:
        entry.unlink()
