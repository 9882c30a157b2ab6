"""Puts the parts together. Only this file names adapters, `wire_llm` and `wire_index` theirs.

Heavy libraries are imported inside the functions that need them: a search loads no torch, an ingest
with nothing new loads no model, and `rag --help` loads nothing.
"""

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Protocol, TypeVar

from rag.config import Settings
from rag.errors import DamagedIndex, NoVault, OtherIndex
from rag.wire_index import MILVUS, connect, find_problems, open_index, read_origin
from rag.wire_llm import TRANSFORMERS, check_llm, open_generator, tell_what_leaves

if TYPE_CHECKING:
    from rag.answers.answer import Answerer
    from rag.answers.conversation import Conversation
    from rag.encoders import Encoder
    from rag.generators import Generator
    from rag.index import IndexInfo
    from rag.index.check import Problem
    from rag.index.local import LocalIndex
    from rag.index.milvus.reading import MilvusIndex
    from rag.index.update import Progress, Report
    from rag.notes.ocr import PictureReader
    from rag.retrieval.rerank import Scorer
    from rag.retrieval.search import Retriever
    from rag.types import Chunk, Document, Note

EMBEDDED = "embedded"
MOST_FRESH = 20
"""Changed notes that are ingested before an answer: some seconds' work."""
WATCH_SECONDS = 10.0
"""Between two looks at the vault where the system tells of no change, as on many network drives;
one look costs 30 ms for 3,000 notes."""

Model = TypeVar("Model")


class Keep(Protocol):
    """Keeps loaded models, for a process that opens an index more than once."""

    def __call__(self, name: str, load: Callable[[], Model]) -> Model:
        """Give the model of this name, loaded now or earlier."""


def keep_nothing(name: str, load: Callable[[], Model]) -> Model:
    """Load a model each time."""
    del name
    return load()


def open_encoder(name: str, settings: Settings) -> "Encoder":
    """Load an encoder by name.

    Raises:
        NoModel: it cannot be had.
    """
    if name == EMBEDDED:
        from rag.encoders.embedded_encoder import EmbeddedEncoder

        return EmbeddedEncoder()
    from rag.encoders.model_folder import find_model

    # A folder is found, and hashed, when it is loaded; of a name it may turn out that there is no
    # such model, which is told before torch is loaded: that takes five seconds.
    if not os.path.isdir(name):  # noqa: PTH112 - never raises, whatever the name
        find_model(name)
    from rag.encoders.sentence_transformers_encoder import SentenceTransformersEncoder

    return SentenceTransformersEncoder(
        name, query_prompt=settings.query_prompt, passage_prompt=settings.passage_prompt
    )


def ingest(
    settings: Settings, *, rebuild: bool, progress: "Progress", keep: Keep = keep_nothing
) -> "Report":
    """Bring the index in step with the vault. See `rag.index.update.ingest`."""
    from rag.index import update

    made_from = read_origin(settings)
    name = settings.encoder or (made_from[1] if made_from else EMBEDDED)

    def open_workshop() -> update.Workshop:
        from rag.notes.chunking import chunk_document
        from rag.notes.markdown import parse

        encoder = _keep_encoder(name, settings, keep)
        pictures = _open_pictures(settings)

        def cut(note: "Note") -> "tuple[Document, list[Chunk]]":
            document = parse(note)
            if pictures:
                document = pictures.add_texts(document)
            return document, chunk_document(document, encoder.count_tokens, encoder.max_tokens)

        return update.Workshop(encoder, cut)

    vault = Path(settings.vault)
    if settings.index.startswith(MILVUS):
        server = connect(settings)
        from rag.index.milvus import writing

        return writing.ingest(
            vault, server, name, open_workshop, rebuild=rebuild, progress=progress
        )
    return update.ingest(
        vault, Path(settings.index), name, open_workshop, rebuild=rebuild, progress=progress
    )


def _keep_encoder(name: str, settings: Settings, keep: Keep) -> "Encoder":
    known_as = f"encoder\n{name}\n{settings.query_prompt}\n{settings.passage_prompt}"
    return keep(known_as, lambda: open_encoder(name, settings))


def _open_pictures(settings: Settings) -> "PictureReader | None":
    """Open what reads the text in pictures, where it is wanted and can be had."""
    if not settings.ocr:
        return None
    from rag.index.pictures import PictureTexts
    from rag.notes.ocr import PictureReader, find_tesseract

    tesseract = find_tesseract(settings.ocr)
    if tesseract is None:
        return None
    return PictureReader(Path(settings.vault), tesseract, PictureTexts(Path(settings.index)))


def watch(settings: Settings, notify: Callable[[str], None]) -> Iterator[None]:
    """Give a turn each time the vault differs from the index, for ever.

    Args:
        settings: which vault and which index.
        notify: given a line for the user when the vault is gone, and again when it is back.
    """
    from rag.index.freshness import compare, find_differences
    from rag.index.watching import VaultWatcher

    folder, vault = Path(settings.index), Path(settings.vault)
    watcher = VaultWatcher(vault)
    gone = False
    while True:
        index = open_index(settings)
        notes, started_ns = index.notes(), index.manifest.started_ns
        while True:
            watcher.wait(WATCH_SECONDS)
            try:
                changes = compare(vault, notes, started_ns, without=folder)
            except NoVault as error:
                if not gone:
                    notify(f"{error.problem}; waiting for it to come back")
                gone = True
                continue
            if gone:
                notify(f"the vault {settings.vault!r} is back")
            gone = False
            if find_differences(vault, changes, index.info.skipped):
                break
        yield


def open_retriever(
    settings: Settings, notify: Callable[[str], None] = lambda _: None
) -> "Retriever":
    """Open the index for searching, with the encoder that made it.

    Args:
        settings: which index and which reranker.
        notify: given a line for the user when the reranker is too slow.

    Raises:
        NoIndex, DamagedIndex: it cannot be used.
        OtherIndex: its encoder is not what it was; found out when the encoder is first needed.
        NoModel: the reranker cannot be had; found out when it is first needed.
    """
    return _retriever(open_index(settings), settings, notify, keep_nothing)


def _retriever(
    index: "LocalIndex | MilvusIndex",
    settings: Settings,
    notify: Callable[[str], None],
    keep: Keep,
) -> "Retriever":
    from rag.retrieval.search import Retriever

    manifest = index.manifest

    def open_its_encoder() -> "Encoder":
        encoder = _keep_encoder(manifest.encoder, settings, keep)
        if encoder.fingerprint != manifest.fingerprint:
            raise OtherIndex(
                f"the encoder {manifest.encoder!r} is not the one that made this index",
                "run: rag ingest --rebuild",
            )
        return encoder

    if not settings.rerank:
        return Retriever(index, open_its_encoder)
    from rag.retrieval.rerank import RerankingRetriever

    return RerankingRetriever(
        index,
        open_its_encoder,
        lambda: _open_scorer(settings.rerank),
        seconds=settings.rerank_seconds,
        notify=notify,
    )


def _open_scorer(name: str) -> "Scorer":
    from rag.encoders.model_folder import RERANKING, find_folder

    find_folder(name, RERANKING)  # what is not there is told before torch is loaded
    from rag.encoders.cross_encoder import CrossEncoderScorer

    return CrossEncoderScorer(name).score


def open_answerer(
    settings: Settings, notify: Callable[[str], None], keep: Keep = keep_nothing
) -> "Answerer":
    """Open what answers questions.

    Args:
        settings: which index, which LLM and which reranker.
        notify: given a line for the user: what leaves this machine, at once; which LLM was chosen,
            when it is needed; that the reranker is too slow.
        keep: what keeps models between two openings.

    Raises:
        BadSettings: there is no such LLM.
        NoIndex, DamagedIndex: the index cannot be used.
    """
    check_llm(settings.llm)
    return make_answerer(open_index(settings), settings, notify, keep)


def make_answerer(
    index: "LocalIndex | MilvusIndex",
    settings: Settings,
    notify: Callable[[str], None],
    keep: Keep = keep_nothing,
) -> "Answerer":
    """Do the same with an index that is open; see `open_answerer`.

    Raises:
        BadSettings: there is no such LLM.
    """
    check_llm(settings.llm)
    from rag.answers.answer import Answerer

    folder = Path(settings.index)
    retriever = _retriever(index, settings, notify, keep)

    for line in tell_what_leaves(settings.llm):
        notify(line)

    def open_its_generator() -> "Generator":
        def load() -> "Generator":
            return open_generator(settings, retriever.encoder, notify)

        if not settings.llm.startswith(TRANSFORMERS):
            return load()
        # Only these take seconds to load and gigabytes to hold.
        return keep(f"generator\n{settings.llm}\n{settings.temperature}\n{settings.seed}", load)

    return Answerer(
        retriever,
        open_its_generator,
        lambda: count_behind(index, folder),
        strict=settings.strict,
    )


def refresh(settings: Settings, progress: "Progress") -> int:
    """Ingest the notes that changed since the index was built, if they are few.

    Returns:
        How many notes changed; with more than MOST_FRESH nothing was done.
    """
    info, behind = read_status(settings)
    if 0 < behind <= MOST_FRESH:
        known = settings.override({"vault": info.vault}, "index")
        ingest(known, rebuild=False, progress=progress)
    return behind


def language_of(question: str, retriever: "Retriever") -> str:
    """Give the language of a question; one that gives no hint has that of most notes."""
    from rag.notes.language import detect_language

    return detect_language(question, next(iter(retriever.index.info.languages), None))


def name_language(code: str) -> str:
    """Name a language in itself, by its code where that is all that is known."""
    from rag.notes.language import NAMES

    return NAMES.get(code, code)


def count_behind(index: "LocalIndex | MilvusIndex", folder: Path) -> int:
    """Count the notes that changed on disk since the index was built; all, if the vault is gone."""
    from rag.index.freshness import compare, find_differences

    notes, vault = index.notes(), Path(index.manifest.vault)
    try:
        changes = compare(vault, notes, index.manifest.started_ns, without=folder)
    except NoVault:
        return len(notes)
    return len(find_differences(vault, changes, index.info.skipped))


def read_status(settings: Settings) -> "tuple[IndexInfo, int]":
    """Read what the index says of itself, and how many notes changed since."""
    index = open_index(settings)
    return index.info, count_behind(index, Path(settings.index))


def check(settings: Settings, *, repair: bool, progress: "Progress") -> "list[Problem]":
    """Read the index back; with `repair`, rebuild it from the notes and the kept vectors.

    Raises:
        NoIndex: there is nothing to check.
        DamagedIndex: nothing says any more whose notes it held.
    """
    problems = find_problems(settings)
    if problems and repair:
        made_from = read_origin(settings)
        if made_from is None:
            raise DamagedIndex(
                "too much is lost to say whose notes this index held",
                "run: rag ingest YOUR-NOTES --rebuild",
            )
        known = settings.override({"vault": made_from[0], "encoder": made_from[1]}, "index")
        ingest(known, rebuild=True, progress=progress)
        problems = find_problems(settings)
    return problems


def open_conversation() -> "Conversation":
    """Begin a chat."""
    from rag.answers.conversation import Conversation

    return Conversation()


def open_line_editor() -> bool:
    """Have `input` edit lines and bring back earlier ones of this run; says whether it can."""
    try:
        import readline
    except ImportError:  # Windows, whose terminals do so themselves
        return False
    readline.set_auto_history(True)
    return True
