"""Open an index once for all tabs, and anew when another state of it is published."""

import time
from collections.abc import Callable
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from threading import Lock

import numpy as np
import streamlit as st

from rag import wire, wire_index
from rag.answers.answer import Answerer
from rag.config import Settings
from rag.errors import UnusableIndex
from rag.index import Catalogue
from rag.notes.attachments import list_pictures
from rag.page.models import find_turn, keep_model
from rag.page.note_map import NoteMap, draw_map
from rag.page.pictures import Picture, find_pictures, has_pictures
from rag.types import Answer, Chunk, Filters, Mode, Passage, Unmatched
from rag.wire_llm import EXTRACTIVE

PICTURES_SECONDS = 30.0
"""After which the vault is gone through again for pictures: 30 ms for 3,000 files."""
MOST_WRITERS = 3
"""Ways to answer with which an index is open; each opens it for itself."""


class Notes:
    """An open index with what answers from it; shared between tabs.

    Tabs are threads. They take turns at the index, whose one SQLite connection must not run one
    statement twice at once; what every tab shows is read once, here, so that none waits for
    another's answer to be drawn.
    """

    def __init__(
        self, answerer: Answerer, catalogue: Catalogue, notices: list[str], writing: Lock
    ) -> None:
        """Read what is shown of an index.

        Args:
            answerer: opened on the index.
            catalogue: the same index.
            notices: where the answerer leaves what it has to say of its language model.
            writing: held while that model writes.
        """
        notes = catalogue.notes()
        self.info = answerer.retriever.index.info
        self.notices = notices
        self.vault = Path(self.info.vault)
        self.tags = catalogue.tags()
        """Tags by path."""
        self.languages = {path: note.language for path, note in notes.items()}
        """Languages by path."""
        self.passages = {path: note.chunks for path, note in notes.items()}
        """How many passages each note has."""
        self._pictures: list[str] = []
        self._pictures_until = 0.0
        self._answerer = answerer
        self._catalogue = catalogue
        self._turn = Lock()
        self._writing = writing
        self._behind = 0

    @property
    def paths(self) -> list[str]:
        """All notes, in their order."""
        return list(self.passages)

    def ask(
        self, question: str, count: int, filters: Filters, on_text: Callable[[str], None]
    ) -> Answer:
        """Answer a question; see `Answerer.ask`."""
        with self._turn, self._writing:
            return self._answerer.ask(question, count, filters=filters, on_text=on_text)

    def search(self, question: str, count: int, filters: Filters, mode: Mode) -> list[Passage]:
        """Find passages; see `Retriever.search`."""
        with self._turn:
            return self._answerer.retriever.search(question, count, mode=mode, filters=filters)

    def unmatched(self, filters: Filters) -> list[Unmatched]:
        """Give the filters to which no passage answers; see `Index.unmatched`."""
        with self._turn:
            return self._answerer.retriever.index.unmatched(filters)

    def pictures(self, chunk: Chunk) -> list[Picture]:
        """Read the pictures that a passage embeds."""
        if not has_pictures(chunk.text):
            return []
        if time.monotonic() >= self._pictures_until:
            self._pictures = list_pictures(self.vault)
            self._pictures_until = time.monotonic() + PICTURES_SECONDS
        return find_pictures(chunk.text, chunk.path, self.vault, self._pictures)

    @cached_property
    def map(self) -> NoteMap | None:
        """The passages as points of a plane; None where there is none."""
        if not self.info.chunks:
            return None
        with self._turn:
            chunks = self._answerer.retriever.index.chunks
            return draw_map(self._catalogue.vectors, chunks, np.arange(self.info.chunks))

    def embed(self, question: str) -> "np.ndarray[tuple[int], np.dtype[np.float32]]":
        """Embed a question; shape [dimension]."""
        with self._turn:
            vector: np.ndarray[tuple[int], np.dtype[np.float32]] = (
                self._answerer.retriever.encoder.encode_questions([question])[0]
            )
            return vector

    def count_behind(self) -> int:
        """Count the notes that changed on disk since the index was built.

        While a question is being answered it is the count of before.
        """
        if self._turn.acquire(blocking=False):
            try:
                self._behind = self._answerer.count_behind()
            finally:
                self._turn.release()
        return self._behind


def open_notes(settings: Settings) -> Notes:
    """Open the index, or give the one that is open already if nothing newer was published.

    What answers is the one that quotes: it is quick, so tabs that search wait for no model.

    Raises:
        NoIndex, DamagedIndex, OtherIndex: it cannot be used.
    """
    return open_writer(settings, EXTRACTIVE)


def open_writer(settings: Settings, llm: str, *, strict: bool = False) -> Notes:
    """Open the index for answers by one language model; with `strict`, of what is supported alone.

    Raises:
        NoIndex, DamagedIndex, OtherIndex: it cannot be used.
        BadSettings: there is no such language model.
    """
    try:
        published = wire_index.read_pointer(settings)
    except (OSError, UnusableIndex):
        published = b""  # what is wrong with it is said when it is opened
    settings = replace(settings, llm=llm, strict=strict)
    return _open(settings, repr(settings), published)


@st.cache_resource(max_entries=1 + MOST_WRITERS, show_spinner=False)
def _open(_settings: Settings, key: str, published: bytes) -> Notes:
    del key, published  # Streamlit compares them; what begins with `_` it does not
    notices: list[str] = []
    index = wire_index.open_index(_settings)
    answerer = wire.make_answerer(index, _settings, notices.append, keep_model)
    return Notes(answerer, index, notices, find_turn(_settings.llm))
