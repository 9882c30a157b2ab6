"""Find the notes of a vault and read them. Nothing is written, and nothing outside is read."""

import errno
import os
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from rag.errors import NoVault
from rag.notes.conflicts import original_name
from rag.notes.hidden import DATA
from rag.notes.lines import LINE_END
from rag.types import Note, Skipped

ENDINGS = (".md", ".markdown", ".qmd")
MOST_BYTES = 64 * 1024 * 1024
"""Of a file: text with pictures in it may be that large, and what is larger is a mistake."""
MOST_CHARACTERS = 2_000_000
MOST_LINES = 100_000
"""Of a note, pasted pictures not counted. A million characters of the worst text take some 4 s to
parse and cut, 100,000 lines of the shortest bullets some 8 s; a book of 700 pages fits."""
BYTE_ORDER_MARKS = (
    (b"\xef\xbb\xbf", "utf-8"),
    (b"\xff\xfe", "utf-16-le"),
    (b"\xfe\xff", "utf-16-be"),
)
_NOT_TEXT = "it holds NUL bytes: not a text file"


@dataclass(frozen=True, slots=True)
class FoundFile:
    """A file that looks like a note."""

    path: str
    """Relative to the vault, with `/`."""
    size: int
    """In bytes."""
    modified_ns: int


def scan(vault: Path, *, without: Path | None = None) -> Iterator[FoundFile | Skipped]:
    """Go through the vault, folder by folder, hidden folders and files left out.

    Symbolic links are followed only to files inside the vault, never to folders: a folder that is
    reached through a link is either found where it really stands or lies outside.

    Args:
        vault: the folder of notes.
        without: a folder that is left out: the index, where it lies in the vault.

    Raises:
        NoVault: the folder is missing, is not a folder or cannot be listed.
    """
    try:
        root = vault.resolve(strict=True)
        os.scandir(root).close()
    except (OSError, RuntimeError) as error:
        reason = os.strerror(error.errno) if isinstance(error, OSError) and error.errno else "loop"
        raise NoVault(
            f"the vault {str(vault)!r} cannot be read ({reason.lower()})",
            "name the folder that holds your notes: rag ingest FOLDER",
        ) from error
    yield from _scan_folder(root, without.resolve() if without else None)


def _scan_folder(root: Path, without: Path | None) -> Iterator[FoundFile | Skipped]:
    # An explicit stack: a folder tree may be deeper than Python's own.
    stack = [(root, "")]
    while stack:
        folder, prefix = stack.pop()
        try:
            with os.scandir(folder) as listing:
                entries = sorted(listing, key=lambda entry: entry.name)
        except OSError as error:
            reason = f"folder cannot be listed: {explain(error)}"
            yield Skipped(_printable(prefix.rstrip("/")), reason)
            continue
        folders = []
        names = {entry.name for entry in entries}
        for entry in entries:
            if entry.name.startswith("."):
                continue
            path = prefix + entry.name
            if _is_folder(entry):
                if entry.is_symlink():
                    yield Skipped(_printable(path), "a link to a folder; links are not followed")
                elif Path(entry.path) != without:
                    folders.append((Path(entry.path), path + "/"))
            elif entry.name.lower().endswith(ENDINGS):
                if (original := original_name(entry.name)) in names:
                    reason = f"a conflicting copy of {original!r}: merge the two, or remove it"
                    yield Skipped(_printable(path), _printable(reason))
                else:
                    yield _look_at(root, Path(entry.path), path, without)
        stack.extend(reversed(folders))


def _is_folder(entry: "os.DirEntry[str]") -> bool:
    try:
        return entry.is_dir()
    except OSError:  # links in a circle, or one into a folder that may not be entered
        return False


def _look_at(root: Path, file: Path, path: str, without: Path | None) -> FoundFile | Skipped:
    try:
        path.encode("utf-8")
    except UnicodeEncodeError:
        return Skipped(_printable(path), "its name is not valid UTF-8; rename it")
    try:
        if file.is_symlink() and (
            problem := _find_problem(root, file.resolve(strict=True), without)
        ):
            return Skipped(path, problem)
        status = file.stat()
    except (OSError, RuntimeError) as error:
        return Skipped(path, explain(error))
    if not stat.S_ISREG(status.st_mode):
        return Skipped(path, "not a regular file")
    if status.st_size > MOST_BYTES:
        return Skipped(path, f"larger than {MOST_BYTES // 2**20} MB; split it")
    return FoundFile(path, status.st_size, status.st_mtime_ns)


def _find_problem(root: Path, target: Path, without: Path | None) -> str:
    """Say why a link may not be followed; nothing if it may."""
    if not target.is_relative_to(root):
        return "a link that leads out of the vault"
    if without and target.is_relative_to(without):
        return "a link into the index"
    if any(part.startswith(".") for part in target.relative_to(root).parts):
        return "a link into a hidden folder"
    return ""


def read_bytes(vault: Path, path: str) -> bytes:
    """Read a file of the vault as it is on disk.

    Raises:
        OSError: it is gone, unreadable, or leads out of the vault.
    """
    root = vault.resolve(strict=True)
    if "\0" in path:
        raise OSError(errno.EINVAL, "no file has such a name")
    file = (root / path).resolve(strict=True)
    if not file.is_relative_to(root):
        raise OSError(errno.EPERM, "leads out of the vault")
    with os.fdopen(_open(file), "rb") as stream:
        if not stat.S_ISREG(os.fstat(stream.fileno()).st_mode):
            raise OSError(errno.EINVAL, "not a regular file")
        content = stream.read(MOST_BYTES + 1)
    if len(content) > MOST_BYTES:
        raise OSError(errno.EFBIG, "it grew too large")
    return content


def _open(file: Path) -> int:
    # O_NONBLOCK: a FIFO that took the note's place must not make us wait. O_NOFOLLOW: a link that
    # took it must not lead out. O_NOATIME: reading leaves no trace, if the file is ours.
    flags = os.O_RDONLY
    for name in ("O_NONBLOCK", "O_BINARY", "O_NOFOLLOW"):
        flags |= getattr(os, name, 0)
    try:
        return os.open(file, flags | getattr(os, "O_NOATIME", 0))
    except PermissionError:
        return os.open(file, flags)


def decode(path: str, content: bytes) -> Note | Skipped:
    """Decode a note: UTF-8 with or without byte order mark, UTF-16 with one."""
    encoding = "utf-8"
    for mark, marked in BYTE_ORDER_MARKS:
        if content.startswith(mark):
            content, encoding = content[len(mark) :], marked
            break
    if encoding == "utf-8" and b"\0" in content:
        return Skipped(path, _NOT_TEXT)
    try:
        text = content.decode(encoding)
    except UnicodeDecodeError as error:
        name = encoding.upper().replace("-LE", "").replace("-BE", "")
        return Skipped(path, f"not valid {name} at byte {error.start}; save it as UTF-8")
    if "\0" in text:
        return Skipped(path, _NOT_TEXT)
    if not text.strip():
        return Skipped(path, "it is empty")
    if len(text) > MOST_CHARACTERS and len(DATA.sub("", text)) > MOST_CHARACTERS:
        return Skipped(path, f"longer than {MOST_CHARACTERS:,} characters; split it")
    if (
        text.count("\n") + text.count("\r") > MOST_LINES
        and len(LINE_END.findall(text)) > MOST_LINES
    ):
        return Skipped(path, f"more than {MOST_LINES:,} lines; split it")
    return Note(path, text)


def read_note(vault: Path, path: str) -> Note | Skipped:
    """Read and decode a note; whatever goes wrong is named, never raised."""
    try:
        return decode(path, read_bytes(vault, path))
    except (OSError, RuntimeError) as error:
        return Skipped(path, explain(error))


def explain(error: Exception) -> str:
    """Say in a few words why a file could not be read."""
    if isinstance(error, FileNotFoundError):
        return "it is gone, or a link that leads nowhere"
    if isinstance(error, PermissionError):
        return "no permission to read it"
    if isinstance(error, OSError) and error.strerror and error.errno != errno.ELOOP:
        return f"it cannot be read: {error.strerror.lower()}"
    return "it cannot be read: links in a circle"


def _printable(path: str) -> str:
    return path.encode("utf-8", "replace").decode("utf-8")
