import errno
import os
import stat
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from rag.errors import NoVault
from rag.notes.vault import (
    MOST_BYTES,
    MOST_CHARACTERS,
    MOST_LINES,
    FoundFile,
    decode,
    explain,
    read_bytes,
    read_note,
    scan,
)
from rag.types import Note, Skipped

POSIX = pytest.mark.skipif(os.name != "posix", reason="needs POSIX file names, links and FIFOs")


@pytest.fixture
def vault(tmp_path: Path) -> Path:
    folder = tmp_path / "vault"
    folder.mkdir()
    return folder


def _write(vault: Path, path: str, content: str | bytes = "text") -> Path:
    file = vault / path
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(content if isinstance(content, bytes) else content.encode())
    return file


def _paths(vault: Path, without: Path | None = None) -> list[str]:
    return [found.path for found in scan(vault, without=without) if isinstance(found, FoundFile)]


def _skipped(vault: Path, without: Path | None = None) -> dict[str, str]:
    entries = scan(vault, without=without)
    return {entry.path: entry.reason for entry in entries if isinstance(entry, Skipped)}


def test_notes_are_found_in_all_folders_by_their_ending(vault: Path) -> None:
    for path in ("b.md", "A.MD", "c.markdown", "d/e/f g.qmd", "d/ș.md", "x.txt", "y.md.bak", "md"):
        _write(vault, path)
    assert sorted(_paths(vault)) == ["A.MD", "b.md", "c.markdown", "d/e/f g.qmd", "d/ș.md"]
    assert _skipped(vault) == {}


@pytest.mark.parametrize(
    "copy",
    [
        "a (Ana's conflicted copy 2024-01-31).md",
        "a (conflicted copy 2024-01-31 120000).md",
        "a (Conflicted copy Ana's phone 202401311200).md",
        "a (Copie în conflict Ana 2024-01-31).md",
        "a (Co\u0301pia em conflito de Ana 2024-01-31).md",
        "a (kopia powodująca konflikt – Ana).md",
        "a.sync-conflict-20240131-120000-ABCDEFG.md",
        "a.sync-conflict-20240131-120000.md",
    ],
)
def test_a_conflicting_copy_is_named_and_left_out(vault: Path, copy: str) -> None:
    _write(vault, f"b/{copy}")
    # Without the note itself it is all that is left of it.
    _write(vault, "a.md")
    assert _paths(vault) == ["a.md", f"b/{copy}"]
    _write(vault, "b/a.md")
    assert _paths(vault) == ["a.md", "b/a.md"]
    reason = "a conflicting copy of 'a.md': merge the two, or remove it"
    assert _skipped(vault) == {f"b/{copy}": reason}


@pytest.mark.parametrize(
    "name",
    [
        "a 2.md",
        "a (1).md",
        "a (copy).md",
        "a-LAPTOP.md",
        "a (conflict of interest).md",
        "a conflicted copy.md",
        "a.sync-conflict.md",
    ],
)
def test_what_may_be_a_note_of_its_own_is_kept(vault: Path, name: str) -> None:
    _write(vault, "a.md")
    _write(vault, name)
    assert sorted(_paths(vault)) == sorted(["a.md", name])


def test_size_and_time_are_given(vault: Path) -> None:
    file = _write(vault, "a.md", "ăb")
    os.utime(file, ns=(5, 1_234_567_890_123_456_789))
    assert list(scan(vault)) == [FoundFile("a.md", 3, 1_234_567_890_123_456_789)]


def test_names_that_differ_by_case_are_two_notes(vault: Path) -> None:
    _write(vault, "Note.md", "one")
    _write(vault, "note.md", "two")
    if (vault / "Note.md").read_text() == "two":
        pytest.skip("a file system that knows no case")
    assert _paths(vault) == ["Note.md", "note.md"]
    assert read_note(vault, "Note.md") == Note("Note.md", "one")


def test_hidden_folders_and_files_are_passed_over(vault: Path) -> None:
    hidden = (".obsidian/a.md", ".trash/b.md", ".git/c.md", "d/.x/e.md", ".f.md", ".g/h/i.md")
    for path in (*hidden, "j.md"):
        _write(vault, path)
    assert _paths(vault) == ["j.md"]
    assert _skipped(vault) == {}


def test_the_index_in_the_vault_is_left_out(vault: Path) -> None:
    _write(vault, "index/a.md")
    _write(vault, "other/index/b.md")
    assert _paths(vault, vault / "index") == ["other/index/b.md"]
    assert _paths(vault, vault / "other" / ".." / "index") == ["other/index/b.md"]
    assert _paths(vault, vault.parent / "elsewhere") == ["index/a.md", "other/index/b.md"]


def test_a_folder_that_is_named_like_a_note(vault: Path) -> None:
    _write(vault, "folder.md/a.md")
    assert _paths(vault) == ["folder.md/a.md"]
    assert _skipped(vault) == {}


def test_a_tree_deeper_than_python_can_recurse(vault: Path) -> None:
    # 300 folders of one letter fit a path; the limit is lowered instead.
    path = "/".join("d" * 300) + "/a.md"
    _write(vault, path)
    limit = sys.getrecursionlimit()
    sys.setrecursionlimit(200)
    try:
        assert _paths(vault) == [path]
    finally:
        sys.setrecursionlimit(limit)


@POSIX
def test_links(vault: Path, tmp_path: Path) -> None:
    _write(vault, "a.md", "inside")
    _write(vault, "sub/b.md")
    _write(vault, ".trash/gone.md")
    _write(vault, "index/c.md")
    secret = _write(tmp_path, "secret.md", "secret")
    _write(tmp_path, "outside/d.md")
    (vault / "to_a.md").symlink_to("a.md")
    (vault / "sub" / "up.md").symlink_to(vault / "a.md")
    (vault / "out.md").symlink_to(secret)
    (vault / "out2.md").symlink_to("../secret.md")
    (vault / "folder").symlink_to(tmp_path / "outside")
    (vault / "inner").symlink_to("sub")
    (vault / "folder.md").symlink_to("sub")
    (vault / "itself").symlink_to(vault)
    (vault / "loop.md").symlink_to("loop.md")
    (vault / "loop").symlink_to("loop")
    (vault / "nowhere.md").symlink_to("nothing.md")
    (vault / "trash.md").symlink_to(".trash/gone.md")
    (vault / "index.md").symlink_to("index/c.md")
    (vault / "picture.png").symlink_to(secret)
    index = vault / "index"
    assert sorted(_paths(vault, index)) == ["a.md", "sub/b.md", "sub/up.md", "to_a.md"]
    folder = "a link to a folder; links are not followed"
    assert _skipped(vault, index) == {
        "out.md": "a link that leads out of the vault",
        "out2.md": "a link that leads out of the vault",
        "folder": folder,
        "inner": folder,
        "folder.md": folder,
        "itself": folder,
        "loop.md": "it cannot be read: links in a circle",
        "nowhere.md": "it is gone, or a link that leads nowhere",
        "trash.md": "a link into a hidden folder",
        "index.md": "a link into the index",
    }
    assert read_note(vault, "to_a.md") == Note("to_a.md", "inside")
    assert isinstance(read_note(vault, "loop.md"), Skipped)


@POSIX
def test_a_vault_that_is_a_link(vault: Path, tmp_path: Path) -> None:
    _write(vault, "a.md")
    link = tmp_path / "link"
    link.symlink_to(vault)
    assert _paths(link) == ["a.md"]
    assert read_note(link, "a.md") == Note("a.md", "text")


@POSIX
def test_a_fifo_is_named_and_never_waited_for(vault: Path) -> None:
    os.mkfifo(vault / "pipe.md")
    assert _skipped(vault) == {"pipe.md": "not a regular file"}
    # It may take the place of a note after the vault was gone through.
    assert read_note(vault, "pipe.md") == Skipped(
        "pipe.md", "it cannot be read: not a regular file"
    )


@POSIX
def test_a_name_that_is_no_utf8(vault: Path) -> None:
    name = os.fsencode(vault) + b"/caf\xe9.md"
    try:
        os.close(os.open(name, os.O_CREAT | os.O_WRONLY))
    except OSError:
        pytest.skip("a file system that refuses such names")
    folder = os.fsencode(vault) + b"/d\xe9"
    Path(os.fsdecode(folder)).mkdir()
    os.close(os.open(folder + b"/c.md", os.O_CREAT | os.O_WRONLY))
    _write(vault, "b.md")
    assert _paths(vault) == ["b.md"]
    reason = "its name is not valid UTF-8; rename it"
    assert _skipped(vault) == {"caf?.md": reason, "d?/c.md": reason}


@POSIX
def test_what_may_not_be_read_is_named(vault: Path) -> None:
    file = _write(vault, "a.md")
    _write(vault, "shut/b.md")
    file.chmod(0)
    (vault / "shut").chmod(0)
    try:
        if os.access(file, os.R_OK):
            pytest.skip("root may read everything")
        assert _paths(vault) == ["a.md"]
        assert _skipped(vault) == {"shut": "folder cannot be listed: no permission to read it"}
        assert read_note(vault, "a.md") == Skipped("a.md", "no permission to read it")
    finally:
        (vault / "shut").chmod(0o700)


def test_what_vanishes_meanwhile_is_named(vault: Path) -> None:
    for path in ("a.md", "b.md", "c/d.md"):
        _write(vault, path)
    entries = scan(vault)
    assert next(entries) == FoundFile("a.md", 4, (vault / "a.md").stat().st_mtime_ns)
    for path in ("a.md", "b.md", "c/d.md"):
        (vault / path).unlink()
    (vault / "c").rmdir()
    gone = "it is gone, or a link that leads nowhere"
    assert list(entries) == [
        Skipped("b.md", gone),
        Skipped("c", f"folder cannot be listed: {gone}"),
    ]
    assert read_note(vault, "a.md") == Skipped("a.md", gone)


def test_a_file_that_is_too_large_is_not_opened(vault: Path) -> None:
    with _write(vault, "a.md").open("r+b") as file:
        file.truncate(MOST_BYTES + 1)
    assert _skipped(vault) == {"a.md": "larger than 64 MB; split it"}
    assert read_note(vault, "a.md") == Skipped("a.md", "it cannot be read: it grew too large")


@pytest.mark.parametrize("kind", ["missing", "file", "loop"])
def test_no_vault(vault: Path, kind: str) -> None:
    folder = vault / kind
    if kind == "file":
        folder.write_text("x")
    elif kind == "loop":
        folder.symlink_to(folder)
    with pytest.raises(NoVault) as caught:
        list(scan(folder))
    assert repr(str(folder)) in str(caught.value)
    assert "rag ingest" in caught.value.remedy


@pytest.mark.parametrize(
    "path", ["../secret.md", "/etc/hostname", "a/../../secret.md", "x\0.md", ""]
)
def test_nothing_outside_is_read(vault: Path, tmp_path: Path, path: str) -> None:
    _write(tmp_path, "secret.md", "secret")
    (vault / "a").mkdir()
    with pytest.raises(OSError, match=r".+"):
        read_bytes(vault, path)
    assert isinstance(read_note(vault, path), Skipped)


@POSIX
def test_a_link_that_takes_the_place_of_a_note_is_not_followed_out(
    vault: Path, tmp_path: Path
) -> None:
    secret = _write(tmp_path, "secret.md", "secret")
    note = _write(vault, "a.md")
    assert _paths(vault) == ["a.md"]
    note.unlink()
    note.symlink_to(secret)
    assert read_note(vault, "a.md") == Skipped("a.md", "no permission to read it")


def test_reading_gives_the_bytes_on_disk(vault: Path) -> None:
    content = b"\xef\xbb\xbfa\r\nb\rc\n\xff"
    _write(vault, "d/a.md", content)
    assert read_bytes(vault, "d/a.md") == content


@pytest.mark.parametrize(
    ("content", "text"),
    [
        (b"a\nb", "a\nb"),
        (b"a\r\nb\rc", "a\r\nb\rc"),
        (b"\xef\xbb\xbfa", "a"),
        ("ș".encode(), "ș"),
        (b"\xff\xfe" + "aș\n".encode("utf-16-le"), "aș\n"),
        (b"\xfe\xff" + "aș\n".encode("utf-16-be"), "aș\n"),
        (b"\xff\xfe" + "😀".encode("utf-16-le"), "😀"),
        (b" a\n ", " a\n "),
    ],
)
def test_decode(content: bytes, text: str) -> None:
    assert decode("x.md", content) == Note("x.md", text)


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "it is empty"),
        (b"\xef\xbb\xbf", "it is empty"),
        (b" \r\n\t\n", "it is empty"),
        (b"\xff\xfe", "it is empty"),
        (b"a\0b", "it holds NUL bytes: not a text file"),
        (b"\xef\xbb\xbf\0", "it holds NUL bytes: not a text file"),
        (b"\xff\xfe\0\0a\0\0\0", "it holds NUL bytes: not a text file"),
        (b"caf\xe9", "not valid UTF-8 at byte 3; save it as UTF-8"),
        (b"\x80", "not valid UTF-8 at byte 0; save it as UTF-8"),
        (b"\xed\xa0\x80", "not valid UTF-8 at byte 0; save it as UTF-8"),
        (b"\xff\xfea\0b", "not valid UTF-16 at byte 2; save it as UTF-8"),
        (b"\xfe\xff\xd8\x00", "not valid UTF-16 at byte 0; save it as UTF-8"),
        (b"a" * (MOST_CHARACTERS + 1), "longer than 2,000,000 characters; split it"),
        (b"a\n" * (MOST_LINES + 1), "more than 100,000 lines; split it"),
        (b"a\r" * (MOST_LINES + 1), "more than 100,000 lines; split it"),
    ],
)
def test_what_is_no_note(content: bytes, reason: str) -> None:
    assert decode("x.md", content) == Skipped("x.md", reason)


def test_the_longest_note() -> None:
    lines = b"a\r\n" * MOST_LINES
    assert decode("x.md", lines) == Note("x.md", lines.decode())
    picture = b"![](data:image/png;base64," + b"A" * MOST_CHARACTERS + b")"
    assert decode("x.md", picture + b"words") == Note("x.md", (picture + b"words").decode())


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (FileNotFoundError(errno.ENOENT, "x"), "it is gone, or a link that leads nowhere"),
        (PermissionError(errno.EACCES, "x"), "no permission to read it"),
        (OSError(errno.EIO, "Input/output error"), "it cannot be read: input/output error"),
        (OSError(errno.ELOOP, "Too many levels"), "it cannot be read: links in a circle"),
        (RuntimeError("Symlink loop"), "it cannot be read: links in a circle"),
    ],
)
def test_explain(error: Exception, words: str) -> None:
    assert explain(error) == words


def test_nothing_in_the_vault_is_changed(vault: Path) -> None:
    for path in ("a.md", "b/c.md", "b/d.txt", ".obsidian/e.json", "f.md/g.md"):
        _write(vault, path)
    if os.name == "posix":
        (vault / "link.md").symlink_to("a.md")
        (vault / "a.md").chmod(0o640)
    for entry in _tree(vault):
        if not entry.is_symlink():
            os.utime(entry, ns=(1_000_000_000, 2_000_000_000))
    before = _state(vault)
    for found in scan(vault):
        read_note(vault, found.path)
    assert _state(vault) == before


def _tree(vault: Path) -> Iterator[Path]:
    yield from vault.rglob("*")
    yield vault


def _state(vault: Path) -> dict[str, tuple[int, int, int, int | None]]:
    """Give mode, size and times of everything; a file's time of reading too, where Linux spares it."""
    state = {}
    for path in _tree(vault):
        status = path.lstat()
        spared = sys.platform == "linux" and stat.S_ISREG(status.st_mode)
        accessed = status.st_atime_ns if spared else None
        state[str(path)] = (status.st_mode, status.st_size, status.st_mtime_ns, accessed)
    return state
