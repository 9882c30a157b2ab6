"""Generations: complete states of an index, published one after another.

    INDEX/CURRENT                 names the generation that answers, and its manifest's checksum
    INDEX/generations/000001/     manifest.json, which names every other file with its checksum
    INDEX/vectors.bin             vectors already computed (see `vectors`)
    INDEX/lock                    held by the writer (see `lock`)

A generation is written beside the live one, synced, and published by replacing CURRENT; until then
nobody reads it, from then on it never changes. The one before is kept until the next is published,
for readers that are about to open it. This is how restic and Lance do it.
"""

import errno
import hashlib
import json
import os
import shutil
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from rag.errors import (
    DamagedIndex,
    NoIndex,
    NotAnIndex,
    OtherIndex,
    UnreadableIndex,
    UnusableIndex,
)

FORMAT = 2
"""Raised when an older `rag` could not read what this one writes."""
CURRENT = "CURRENT"
GENERATIONS = "generations"
MANIFEST = "manifest.json"
LOCK = "lock"
VECTORS = "vectors.bin"
PICTURES = "pictures.jsonl"
UNFINISHED = (f"{CURRENT}.new", f"{VECTORS}.new")
"""What is written before it replaces the file of that name."""
OURS = frozenset({CURRENT, GENERATIONS, LOCK, VECTORS, PICTURES, *UNFINISHED})
HARMLESS = frozenset(
    {"README.md", ".gitignore", ".gitkeep", ".DS_Store", "Thumbs.db", "desktop.ini"}
)
REBUILD = "run: rag ingest --rebuild"
_DAMAGE = frozenset(
    {errno.ENOENT, errno.ENOTDIR, errno.EISDIR, errno.ELOOP, errno.EINVAL, errno.ENXIO}
)
"""What opening something gives that is not the file that was written."""
_REMEDIES = {
    errno.EMFILE: "close other programs, or allow more open files: ulimit -n",
    errno.ENFILE: "close other programs and try again",
    errno.ENOMEM: "close other programs and try again",
    errno.EACCES: "name an index that you may read: --index DIR",
    errno.EPERM: "name an index that you may read: --index DIR",
}


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


def prepare(folder: Path) -> None:
    """Make the folder of an index, private to its owner.

    Raises:
        NotAnIndex: something else is in it; nothing was touched.
        OSError: it cannot be made.
    """
    if folder.exists() and not folder.is_dir():
        raise NotAnIndex(f"{str(folder)!r} is a file", "name a folder for the index: --index DIR")
    if not folder.exists():
        folder.mkdir(parents=True, mode=0o700)
        sync(folder.parent)
    if foreign := _foreign_name(folder):
        raise NotAnIndex(
            f"{str(folder)!r} holds something else ({foreign!r}) and is left alone",
            "name an empty or new folder for the index: --index DIR",
        )
    folder.chmod(0o700)
    if (folder / LOCK).is_dir():
        _remove(folder / LOCK)
    (folder / LOCK).touch(mode=0o600)
    if (folder / GENERATIONS).exists() and not (folder / GENERATIONS).is_dir():
        _remove(folder / GENERATIONS)
    (folder / GENERATIONS).mkdir(exist_ok=True, mode=0o700)


def _foreign_name(folder: Path) -> str | None:
    """Name something that shows that a folder is not ours to write in; None if it is.

    Other programs have a file `CURRENT` or a folder `generations` too. So ours is what has a
    pointer that reads well, or nothing but our names, the lock among them: it is made first.
    """
    try:
        _read_pointer(folder)
    except UnusableIndex:
        names = {entry.name for entry in folder.iterdir()}
        return min(names - HARMLESS - (OURS if LOCK in names else set()), default=None)
    return None


def begin(folder: Path) -> Path:
    """Make an empty folder for the next generation; leftovers of a killed ingest go first."""
    tidy(folder)
    taken = (*_generations(folder), live_name(folder) or "0")
    generation = folder / GENERATIONS / f"{max(map(int, taken)) + 1:06d}"
    generation.mkdir(mode=0o700)
    return generation


def tidy(folder: Path) -> None:
    """Remove what a killed ingest left: all but the live generation and the one before."""
    live = live_name(folder)
    before = [name for name in _generations(folder) if live and int(name) < int(live)]
    _remove_generations(folder, keep=[live, *before[-1:]])
    for name in UNFINISHED:
        (folder / name).unlink(missing_ok=True)


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
    previous = live_name(folder)
    fresh, target = folder / f"{CURRENT}.new", folder / CURRENT
    fresh.touch(mode=0o600)
    pointer = {"generation": generation.name, "manifest": checksum(file)}
    fresh.write_text(json.dumps(pointer), encoding="utf-8")
    sync(fresh)
    sync(folder)
    if target.is_dir():
        shutil.rmtree(target)
    fresh.replace(target)
    sync(folder)
    _remove_generations(folder, keep=[generation.name, previous])


def live_name(folder: Path) -> str | None:
    """Name the generation that answers; None if there is none or the pointer is damaged.

    Raises:
        UnreadableIndex: nobody can say now; what is not named here may be removed.
    """
    try:
        return _read_pointer(folder)[0]
    except (NoIndex, DamagedIndex):
        return None


def read_manifest(folder: Path) -> tuple[Path, Manifest]:
    """Find the generation that answers; its files are not read yet.

    Raises:
        NoIndex: nothing was published here.
        DamagedIndex: the pointer or the manifest is not what was written.
        UnreadableIndex: the system does not let them be read.
        OtherIndex: another format.
    """
    name, digest = _read_pointer(folder)
    generation = folder / GENERATIONS / name
    try:
        content = (generation / MANIFEST).read_bytes()
    except OSError as error:
        raise unreadable(MANIFEST, error) from error
    if hashlib.sha256(content).hexdigest() != digest:
        raise DamagedIndex(f"{MANIFEST} is not what its checksum says", REBUILD)
    values = json.loads(content)
    if values["format"] != FORMAT:
        raise OtherIndex(
            f"the index has format {values['format']}, this rag reads {FORMAT}", REBUILD
        )
    return generation, Manifest(**values)


def verify(generation: Path, manifest: Manifest) -> None:
    """Compare every file of a generation with its checksum.

    Raises:
        DamagedIndex: names the first file that is missing or changed.
        UnreadableIndex: the system does not let one be read.
    """
    for name in manifest.files:
        if problem := file_problem(generation, manifest, name):
            raise DamagedIndex(f"{name} {problem}", REBUILD)


def file_problem(generation: Path, manifest: Manifest, name: str) -> str | None:
    """Say what is wrong with a file of a generation, or None.

    Raises:
        UnreadableIndex: the system does not let it be read.
    """
    try:
        found = checksum(generation / name)
    except FileNotFoundError:
        return "is missing"
    except OSError as error:
        problem = unreadable(name, error)
        if isinstance(problem, UnreadableIndex):
            raise problem from error
        return "cannot be read"
    return None if found == manifest.files[name] else "is not what its checksum says"


def unreadable(name: str, error: OSError) -> UnusableIndex:
    """Make an error of what the system said when a file was opened or read."""
    if error.errno is None or error.errno in _DAMAGE:
        return DamagedIndex(f"{name} cannot be read", REBUILD)
    reason = (error.strerror or str(error)).lower()
    remedy = _REMEDIES.get(error.errno, "is its disk still there? try again")
    return UnreadableIndex(f"{name} cannot be read ({reason})", remedy)


def checksum(file: Path) -> str:
    """Give the SHA-256 of a file: 2 GB/s where the processor has instructions for it."""
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def sync(path: Path) -> None:
    """Have the disk write a file, or a folder's list of names."""
    is_folder = path.is_dir()
    if is_folder and os.name == "nt":
        return  # Windows syncs no folders, and keeps their order itself
    handle = os.open(path, os.O_RDONLY if os.name != "nt" else os.O_RDWR)
    try:
        os.fsync(handle)
    except OSError as error:
        # Some network file systems sync no folders either.
        if not (is_folder and error.errno in (errno.EINVAL, errno.ENOTSUP)):
            raise
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


def _read_pointer(folder: Path) -> tuple[str, str]:
    """Give the live generation's name and its manifest's checksum."""
    try:
        content = (folder / CURRENT).read_bytes()
    except (FileNotFoundError, NotADirectoryError) as error:
        raise NoIndex(f"no index in {str(folder)!r}", "run: rag ingest YOUR-NOTES") from error
    except OSError as error:
        raise unreadable(CURRENT, error) from error
    try:
        pointer = json.loads(content)
        name, digest = pointer["generation"], pointer["manifest"]
        is_whole = name.isdecimal() and len(bytes.fromhex(digest)) == hashlib.sha256().digest_size
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
        raise DamagedIndex(f"{CURRENT} is not what was written", REBUILD) from error
    if not is_whole:
        raise DamagedIndex(f"{CURRENT} is not what was written", REBUILD)
    return name, digest


def _generations(folder: Path) -> list[str]:
    """Name all generations, finished or not, in the order in which they were begun."""
    try:
        names = [entry.name for entry in (folder / GENERATIONS).iterdir()]
    except OSError:
        return []
    return sorted((name for name in names if name.isdecimal()), key=int)


def _remove_generations(folder: Path, keep: Sequence[str | None]) -> None:
    for name in _generations(folder):
        if name not in keep:
            _remove(folder / GENERATIONS / name)


def _remove(entry: Path) -> None:
    if entry.is_dir() and not entry.is_symlink():
        shutil.rmtree(entry)
    else:
        entry.unlink()
