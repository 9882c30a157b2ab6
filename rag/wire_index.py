"""Opens an index where it is: in a folder, or on a Milvus server.

Heavy libraries are imported inside the functions that need them.
"""

import json
from pathlib import Path
from typing import TYPE_CHECKING

from rag.config import Settings
from rag.errors import BadSettings, UnusableIndex

if TYPE_CHECKING:
    from rag.index.check import Problem
    from rag.index.local import LocalIndex
    from rag.index.milvus.reading import MilvusIndex
    from rag.index.milvus.server import Server

MILVUS = "milvus+"


def connect(settings: Settings) -> "Server":
    """Connect to the server of an index.

    Raises:
        BadSettings: pymilvus is missing, or the address names no collection.
        UnreadableIndex: no server answers.
    """
    try:
        from rag.index.milvus.server import Server
    except ImportError as error:
        raise BadSettings(
            f"an index on Milvus needs a library ({error})", "run: pip install pymilvus"
        ) from error
    return Server.connect(settings.index)


def open_index(settings: Settings) -> "LocalIndex | MilvusIndex":
    """Open the index for reading.

    Raises:
        NoIndex, DamagedIndex, UnreadableIndex, OtherIndex: it cannot be used.
    """
    if settings.index.startswith(MILVUS):
        server = connect(settings)
        from rag.index.milvus.reading import MilvusIndex

        return MilvusIndex.open(server)
    from rag.index.local import LocalIndex

    return LocalIndex.open(Path(settings.index))


def read_pointer(settings: Settings) -> bytes:
    """Read what changes when another state of the index is published.

    Raises:
        OSError, UnusableIndex: it cannot be read.
    """
    if settings.index.startswith(MILVUS):
        return connect(settings).read_pointer().encode()
    from rag.index.generations import CURRENT

    return (Path(settings.index) / CURRENT).read_bytes()


def read_origin(settings: Settings) -> tuple[str, str] | None:
    """Give the vault and the encoder of an index; of a damaged one, from what is left of it."""
    from rag.index import generations

    folder = Path(settings.index)
    try:
        if settings.index.startswith(MILVUS):
            manifest = open_index(settings).manifest
        else:
            manifest = generations.read_manifest(folder)[1]
    except UnusableIndex:
        pass  # it is about to be rebuilt, or the ingest refuses
    else:
        return manifest.vault, manifest.encoder
    for file in sorted((folder / generations.GENERATIONS).glob(f"*/{generations.MANIFEST}"))[::-1]:
        try:
            left = generations.Manifest(**json.loads(file.read_bytes()))
        except (OSError, ValueError, TypeError):
            continue
        if isinstance(left.vault, str) and isinstance(left.encoder, str):
            return left.vault, left.encoder
    return None


def find_problems(settings: Settings) -> "list[Problem]":
    """Read an index back.

    Raises:
        NoIndex: there is nothing to check.
    """
    from rag.index.check import check as check_folder

    if settings.index.startswith(MILVUS):
        server = connect(settings)
        from rag.index.milvus.check import check as check_server

        return check_server(server)
    return check_folder(Path(settings.index))
