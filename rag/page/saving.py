"""Save an answer as a note, in a folder that the reader names, over nothing that is there."""

import re
from pathlib import Path

from rag.errors import RagError
from rag.types import Answer

ENDING = ".md"
LONGEST_NAME = 80
"""Characters; a file system takes 255 bytes, and a letter has up to four."""
_FORBIDDEN = re.compile(r'[\x00-\x1f\x7f<>:"/\\|?*#^\[\]]+')
"""What some file system or Obsidian forbids in a name."""
_RESERVED = re.compile(r"(?i)(?:con|prn|aux|nul|com\d|lpt\d)(?:\.|$)")


class NoFolder(RagError):
    """The folder to save in is missing."""


class NameTaken(RagError):
    """A file of this name is there; it is left as it is."""


class CannotWrite(RagError):
    """The system does not let the file be written."""


def save_answer(answer: Answer, question: str, folder: str, name: str) -> Path:
    """Write an answer and its sources to a new file.

    Args:
        answer: what is saved.
        question: as it was asked.
        folder: which is there already.
        name: of the file; what no file can be called is taken out.

    Raises:
        NoFolder: it is missing.
        NameTaken: something is there already.
        CannotWrite: the system does not let it be written.
    """
    place = _find_folder(folder.strip())
    if place is None:
        raise NoFolder(f"there is no folder {folder!r}", "name one that is there")
    file = place / f"{clean_name(name)}{ENDING}"
    try:
        with file.open("x", encoding="utf-8", errors="replace", newline="\n") as stream:
            stream.write(write_note(answer, question))
    except FileExistsError as error:
        raise NameTaken(f"{str(file)!r} is there already", "give another name") from error
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise CannotWrite(f"{str(file)!r} cannot be written ({reason})", "name another") from error
    return file


def _find_folder(name: str) -> Path | None:
    try:
        folder = Path(name).expanduser().resolve()
        return folder if name and folder.is_dir() else None
    except (OSError, RuntimeError, ValueError):  # no such home, links in a circle, NUL
        return None


def clean_name(name: str) -> str:
    """Make a name that every file system takes; without ending."""
    name = " ".join(_FORBIDDEN.sub(" ", name).split()).removesuffix(ENDING)
    name = name[:LONGEST_NAME].strip(". ")
    return f"_{name}" if not name or _RESERVED.match(name) else name


def write_note(answer: Answer, question: str) -> str:
    """Write an answer as Markdown, with where each of its quotes stands."""
    lines = [f"# {' '.join(question.split())}", "", answer.text, ""]
    for citation in answer.citations:
        span = f"{citation.start_line}"
        if citation.end_line != citation.start_line:
            span += f"-{citation.end_line}"
        place = " › ".join((f"{citation.path}:{span}", *citation.headings))
        lines.append(f"- [{citation.number}] {' '.join(place.split())}")
    return "\n".join(lines).rstrip() + "\n"
