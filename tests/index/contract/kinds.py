"""The kinds of index, each with how the contract suite ingests into it and opens it."""

from importlib.util import find_spec
from pathlib import Path
from typing import Protocol

from rag.index import Index
from rag.index.local import LocalIndex
from rag.index.tables import NoteRow
from rag.index.workshop import Progress, Report, Workshop
from tests.fake_encoder import FakeEncoder
from tests.index.ingesting import cut_paragraphs, ingest_notes

HAS_MILVUS = find_spec("pymilvus") is not None and find_spec("milvus_lite") is not None


class OpenIndex(Index, Protocol):
    """What an ingest reads of an index besides."""

    def notes(self) -> dict[str, NoteRow]: ...


class Kind(Protocol):
    """An index that is somewhere."""

    def ingest(
        self,
        vault: Path,
        encoder: FakeEncoder | None = None,
        *,
        rebuild: bool = False,
        progress: Progress = ...,
    ) -> Report: ...

    def open(self) -> OpenIndex: ...


def ignore(stage: str, done: int, total: int) -> None:
    pass


class Local:
    def __init__(self, root: Path) -> None:
        self._folder = root / "index"

    def ingest(
        self,
        vault: Path,
        encoder: FakeEncoder | None = None,
        *,
        rebuild: bool = False,
        progress: Progress = ignore,
    ) -> Report:
        return ingest_notes(vault, self._folder, encoder, rebuild=rebuild, progress=progress)

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
            self,
            vault: Path,
            encoder: FakeEncoder | None = None,
            *,
            rebuild: bool = False,
            progress: Progress = ignore,
        ) -> Report:
            encoder = encoder or FakeEncoder()
            return writing.ingest(
                vault,
                self.server,
                encoder.name,
                lambda: Workshop(encoder, cut_paragraphs),
                rebuild=rebuild,
                progress=progress,
            )

        def open(self) -> MilvusIndex:
            return MilvusIndex.open(self.server)
