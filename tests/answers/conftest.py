"""Small notes in four languages, really ingested with the embedded encoder."""

from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from rag import wire
from rag.config import Settings
from rag.retrieval.search import Retriever
from tests.answers.scripted import write_vault

NOTES = {
    "lstm.md": (
        "# LSTM\n\nAn LSTM cell has three gates. Its forget gate was added by Felix Gers.\n"
        "The bias of the forget gate starts at one.\n"
    ),
    "bees.md": "# Bees\n\nA queen bee lays 2000 eggs a day. Worker bees dance to show the way.\n",
    "arbori.md": "# Arbori de decizie\n\nUn arbore de decizie împarte datele după entropie.\n",
    "regularyzacja.md": "# Dropout\n\nDropout wyłącza losowo neurony podczas uczenia sieci.\n",
    "otimizadores.md": "# Adam\n\nO otimizador Adam guarda duas médias móveis por parâmetro.\n",
    "iron.md": "# Rust\n\nIron rusts when water and oxygen meet it for a while.\n",
}
IngestNotes = Callable[[Mapping[str, str | bytes]], Retriever]


@pytest.fixture(scope="session")
def ingest_notes(tmp_path_factory: pytest.TempPathFactory) -> IngestNotes:
    """Write notes, ingest them, and open what finds passages in them."""

    def ingest(notes: Mapping[str, str | bytes]) -> Retriever:
        folder = tmp_path_factory.mktemp("notes")
        vault = write_vault(folder / "vault", notes)
        settings = Settings(vault=str(vault), index=str(folder / "index"))
        wire.ingest(settings, rebuild=False, progress=lambda stage, done, total: None)
        return wire.open_retriever(settings)

    return ingest


@pytest.fixture(scope="session")
def retriever(ingest_notes: IngestNotes) -> Retriever:
    return ingest_notes(NOTES)


@pytest.fixture
def vault(retriever: Retriever) -> Path:
    """Where the notes are; tests do not change them."""
    return Path(retriever.index.info.vault)
