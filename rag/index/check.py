"""Read an index back and say what is wrong with it."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from rag.errors import NoIndex, UnusableIndex
from rag.index import generations
from rag.index.generations import REBUILD, VECTORS
from rag.index.local import LocalIndex

REPAIR = "run: rag check --repair"


@dataclass(frozen=True, slots=True)
class Problem:
    """Something that is not as it was written."""

    file: str
    problem: str
    remedy: str


def check(folder: Path) -> list[Problem]:
    """Compare every file with its checksum, and the vectors with theirs; none means sound.

    Raises:
        NoIndex: there is nothing to check.
    """
    return list(_problems(folder))


def _problems(folder: Path) -> Iterator[Problem]:
    try:
        generation, manifest = generations.read_manifest(folder)
    except NoIndex:
        raise
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
    yield from _store_problems(folder / VECTORS)


def _store_problems(file: Path) -> Iterator[Problem]:
    remedy = "run: rag ingest --rebuild (embeds what is lost again)"
    if not file.is_file():
        yield Problem(VECTORS, f"{VECTORS} is missing", remedy)
        return
    try:
        uri = file.resolve().as_uri() + "?mode=ro"
        with closing(sqlite3.connect(uri, uri=True)) as database:
            found = database.execute("PRAGMA integrity_check(1)").fetchone()
    except sqlite3.Error as error:
        yield Problem(VECTORS, f"{VECTORS} cannot be read ({error})", REBUILD)
        return
    if found != ("ok",):
        yield Problem(VECTORS, f"{VECTORS} is damaged", remedy)
