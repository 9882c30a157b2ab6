"""The kinds of index, each with how the contract suite ingests into it and opens it."""

from importlib.util import find_spec
from pathlib import Path
from typing import Protocol

from rag.index import Catalogue, Index
from rag.index.local import LocalIndex
from rag.index.workshop import Report, Workshop
from tests.fake_encoder import FakeEncoder
from tests.index.ingesting import cut_paragraphs, ingest_notes

HAS_MILVUS = find_spec("pymilvus") is not None and find_spec("milvus_lite") is not None
ENCODER = FakeEncoder()


class OpenIndex(Index, Catalogue, Protocol):
    """All that is read of an index."""


class Kind(Protocol):
    """An index that is somewhere."""

    def ingest(self, vault: Path, encoder: FakeEncoder = ..., *, rebuild: bool = ...) -> Report: ...

    def open(self) -> OpenIndex: ...


class Local:
    def __init__(self, root: Path) -> None:
        self._folder = root / "index"

    def ingest(
        self, vault: Path, encoder: FakeEncoder = ENCODER, *, rebuild: bool = False
    ) -> Report:
        return ingest_notes(vault, self._folder, encoder, rebuild=rebuild)

    def open(self) -> LocalIndex:
        return LocalIndex.open(self._folder)


if HAS_MILVUS:
    from rag.index.milvus import writing
    from rag.index.milvus.reading import MilvusIndex
    from rag.index.milvus.server import Server

    class Milvus:
        """In the file of milvus-lite."""

        def __init__(self, root: Path) -> None:
            self.server = Server.connect(f"milvus+{root}/server.db/notes")

        def ingest(
            self, vault: Path, encoder: FakeEncoder = ENCODER, *, rebuild: bool = False
        ) -> Report:
            workshop = Workshop(encoder, cut_paragraphs)
            return writing.ingest(
                vault, self.server, encoder.name, lambda: workshop, rebuild=rebuild
            )

        def open(self) -> MilvusIndex:
            return MilvusIndex.open(self.server)
