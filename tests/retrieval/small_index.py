"""Indexes of a few notes, cut as real ones are."""

from collections.abc import Mapping
from pathlib import Path

from rag.index.local import LocalIndex
from rag.index.update import Workshop, ingest
from rag.notes.chunking import chunk_document
from rag.notes.markdown import parse
from rag.types import Chunk, Document, Note
from tests.fake_encoder import FakeEncoder
from tests.index.ingesting import write_notes


def make_index(folder: Path, notes: Mapping[str, str], encoder: FakeEncoder) -> LocalIndex:
    def cut(note: Note) -> tuple[Document, list[Chunk]]:
        document = parse(note)
        return document, chunk_document(document, encoder.count_tokens, encoder.max_tokens)

    write_notes(folder / "vault", notes)
    ingest(folder / "vault", folder / "ix", encoder.name, lambda: Workshop(encoder, cut))
    return LocalIndex.open(folder / "ix")
