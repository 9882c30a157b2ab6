"""Read an index back and say what is wrong with it."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from rag.errors import NoIndex, UnreadableIndex, UnusableIndex
from rag.index import generations
from rag.index.generations import VECTORS
from rag.index.local import TRIES, LocalIndex
from rag.index.vectors import count_damaged

REPAIR = "run: rag check --repair"


@dataclass(frozen=True, slots=True)
class Problem:
    """Something that is not as it was written."""

    file: str
    problem: str
    remedy: str


def check(folder: Path) -> list[Problem]:
    """Compare every file with its checksum, and every kept vector with its own.

    Raises:
        NoIndex: there is nothing to check.
        UnreadableIndex: the system does not let it be read.
    """
    problems: list[Problem] = []
    for _ in range(TRIES):
        name = generations.live_name(folder)
        problems = list(_problems(folder))
        if generations.live_name(folder) == name:
            break  # else a writer removed what was being read
    return problems


def _problems(folder: Path) -> Iterator[Problem]:
    try:
        generation, manifest = generations.read_manifest(folder)
    except (NoIndex, UnreadableIndex):
        raise  # a repair would mend nothing
    except UnusableIndex as error:
        yield Problem(generations.CURRENT, error.problem, error.remedy)
        return
    sound = True
    for name in manifest.files:
        if problem := generations.file_problem(generation, manifest, name):
            sound = False
            yield Problem(f"{generation.name}/{name}", f"{name} {problem}", REPAIR)
    if sound:
        try:
            LocalIndex.open(folder)
        except UnusableIndex as error:
            yield Problem(generation.name, error.problem, error.remedy)
    if problem := _store_problem(folder / VECTORS, manifest.dimension):
        yield Problem(VECTORS, f"{VECTORS} {problem}", REPAIR)


def _store_problem(file: Path, dimension: int) -> str | None:
    try:
        damaged = count_damaged(file, dimension)
    except FileNotFoundError:
        return "is missing"
    except OSError as error:
        return f"cannot be read ({(error.strerror or str(error)).lower()})"
    except ValueError as error:
        return f"is not what was written: {error}"
    return f"has {damaged} damaged vectors" if damaged else None
