"""How the parts are put together: which adapter for which name, and watching a vault."""

import shutil
from importlib.util import find_spec
from pathlib import Path

import pytest

from rag import wire, wire_index, wire_llm
from rag.config import Settings
from rag.encoders import Encoder
from rag.encoders.embedded_encoder import EmbeddedEncoder
from rag.errors import BadSettings, DamagedIndex, NoIndex, NoModel, NoVault, OtherIndex
from rag.generators.extractive import ExtractiveGenerator
from rag.index.generations import CURRENT, GENERATIONS, MANIFEST


def ignore(*_: object) -> None:
    """Stand for progress and notices that nobody reads."""


@pytest.fixture
def settings(small_vault: Path, small_index: Path, tmp_path: Path) -> Settings:
    """Settings for copies of the small vault and its index."""
    vault = shutil.copytree(small_vault, tmp_path / "vault")
    index = shutil.copytree(small_index, tmp_path / "index")
    settings = Settings(vault=str(vault), index=str(index))
    wire.ingest(settings, rebuild=False, progress=ignore)
    return settings


@pytest.fixture
def encoder() -> Encoder:
    return EmbeddedEncoder()


def test_encoders() -> None:
    assert isinstance(wire.open_encoder("embedded", Settings()), EmbeddedEncoder)
    with pytest.raises(NoModel, match="no/where"):
        wire.open_encoder("./no/where", Settings())


@pytest.mark.parametrize("spec", ["auto", "extractive"])
def test_generators(encoder: Encoder, spec: str) -> None:
    generator = wire_llm.open_generator(Settings(llm=spec), encoder, ignore)
    assert isinstance(generator, ExtractiveGenerator)


@pytest.mark.parametrize("spec", ["", "gpt", "hf", "hf:", "HF:x", "extractive ", "OPENAI:a@http:b"])
def test_generators_that_there_are_not(small_index: Path, encoder: Encoder, spec: str) -> None:
    with pytest.raises(BadSettings, match="no such LLM"):
        wire_llm.open_generator(Settings(llm=spec), encoder, ignore)
    with pytest.raises(BadSettings, match="no such LLM"):  # before any question is asked
        wire.open_answerer(Settings(index=str(small_index), llm=spec), ignore)


def test_automatic_choice_is_told_once(small_index: Path) -> None:
    told: list[str] = []
    answerer = wire.open_answerer(Settings(index=str(small_index)), told.append)
    assert told == []
    for _ in range(2):
        assert answerer.generator.kind == "extractive"
    assert told == ["no language model is set: quoting the notes word for word (see --llm)"]


def test_a_reranker_is_opened_when_it_is_needed(small_index: Path) -> None:
    settings = Settings(index=str(small_index), rerank="./no/where")
    retriever = wire.open_retriever(settings, ignore)
    assert retriever.search("", 1)
    with pytest.raises(NoModel, match="or search without a reranker"):
        retriever.search("chlorophyll", 1)
    with pytest.raises(NoModel):
        wire.open_answerer(settings, ignore).ask("chlorophyll", 1)


def test_language_of_a_question(small_index: Path) -> None:
    retriever = wire.open_retriever(Settings(index=str(small_index)))
    assert wire.language_of("Jaka jest długość Wisły?", retriever) == "pl"
    assert wire.language_of("RLHF", retriever) == "en"  # that of most notes


def test_encoder_of_the_index_is_used_again(settings: Settings) -> None:
    assert wire.read_status(settings)[0].encoder == "embedded"
    wire.ingest(settings, rebuild=True, progress=ignore)
    with pytest.raises(OtherIndex):
        wire.ingest(settings.override({"encoder": "other"}, "test"), rebuild=False, progress=ignore)


def test_encoder_of_a_damaged_index_is_used_again(settings: Settings) -> None:
    (Path(settings.index) / CURRENT).write_text("{}")
    for manifest in (Path(settings.index) / GENERATIONS).glob(f"*/{MANIFEST}"):
        text = manifest.read_text(encoding="utf-8")
        manifest.write_text(text.replace('"embedded"', '"./no/where"'), encoding="utf-8")
    with pytest.raises(NoModel, match="no/where"):
        wire.ingest(settings, rebuild=True, progress=ignore)


def test_nothing_to_check(tmp_path: Path) -> None:
    with pytest.raises(NoIndex):
        wire.check(Settings(index=str(tmp_path / "none")), repair=True, progress=ignore)


def test_nothing_left_to_repair_from(settings: Settings) -> None:
    for manifest in (Path(settings.index) / GENERATIONS).glob(f"*/{MANIFEST}"):
        manifest.write_text('{"vault": "/"}', encoding="utf-8")
    with pytest.raises(DamagedIndex, match="too much is lost"):
        wire.check(settings, repair=True, progress=ignore)


def test_watch(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(wire, "WATCH_SECONDS", 0.001)
    vault = Path(settings.vault)
    told: list[str] = []

    def notify(line: str) -> None:
        told.append(line)
        if "waiting" in line:
            away.rename(vault)

    turns = wire.watch(settings, notify)
    (vault / "new.md").write_text("A new note.")
    next(turns)
    with pytest.raises(NoVault):
        wire.ingest(Settings(vault="nowhere", index=settings.index), rebuild=False, progress=ignore)
    next(turns)  # it still differs
    wire.ingest(settings, rebuild=False, progress=ignore)
    (vault / "new.md").unlink()
    next(turns)
    wire.ingest(settings, rebuild=False, progress=ignore)
    assert told == []

    away = vault.rename(vault.with_name("away"))
    (away / "newer.md").write_text("A newer note.")
    next(turns)
    gone, back = told
    assert gone.startswith(f"the vault {settings.vault!r} cannot be read (")
    assert gone.endswith("; waiting for it to come back")
    assert back == f"the vault {settings.vault!r} is back"


HAS_MILVUS = find_spec("pymilvus") is not None and find_spec("milvus_lite") is not None


@pytest.mark.skipif(find_spec("pymilvus") is not None, reason="pymilvus is installed")
def test_milvus_without_its_library(settings: Settings) -> None:
    there = settings.override({"index": "milvus+http://localhost:19530/notes"}, "test")
    with pytest.raises(BadSettings, match=r"needs a library .*; run: pip install pymilvus"):
        wire_index.open_index(there)


@pytest.mark.skipif(not HAS_MILVUS, reason="pymilvus and milvus-lite are not installed")
def test_all_of_it_on_milvus(settings: Settings, tmp_path: Path) -> None:
    there = settings.override({"index": f"milvus+{tmp_path}/server.db/notes"}, "test")
    with pytest.raises(NoIndex):
        wire.read_status(there)
    report = wire.ingest(there, rebuild=False, progress=ignore)
    assert report.embedded == report.chunks
    first = wire_index.read_pointer(there)
    (Path(settings.vault) / "new.md").write_text("Mitochondria make ATP.")
    assert wire.read_status(there)[1] == 1
    assert wire.ingest(there, rebuild=False, progress=ignore).embedded == 1
    assert wire_index.read_pointer(there) != first
    # Weights are relative to the mean length of a chunk when the collection was made.
    wire.ingest(there, rebuild=True, progress=ignore)
    wire.ingest(settings, rebuild=False, progress=ignore)
    question = "What is chlorophyll?"
    on_server, local = (
        wire.open_retriever(place).search(question, 5) for place in (there, settings)
    )
    assert [found.chunk for found in on_server] == [found.chunk for found in local]
    scores = [found.score for found in local]
    assert [found.score for found in on_server] == pytest.approx(scores, abs=1e-3)
    answer = wire.open_answerer(there, ignore).ask(question, 5)
    assert not answer.abstained
    assert answer.citations
    assert wire.check(there, repair=False, progress=ignore) == []
