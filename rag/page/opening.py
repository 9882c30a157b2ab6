"""Open an index once for all tabs, and anew when another state of it is published."""

from collections.abc import Callable
from pathlib import Path
from threading import Lock

import streamlit as st

from rag import wire
from rag.answers.answer import Answerer
from rag.config import Settings
from rag.index.generations import CURRENT
from rag.index.local import LocalIndex
from rag.types import Answer, Filters, Unmatched


class Notes:
    """An open index with what answers from it; shared between tabs.

    Tabs are threads. They take turns at the index, whose one SQLite connection must not run one
    statement twice at once, and at the language model; what every tab shows is read once, here,
    so that none waits for another's answer to be drawn.
    """

    def __init__(self, answerer: Answerer, folder: Path, notices: list[str]) -> None:
        """Read what is shown of an index.

        Args:
            answerer: opened on the index.
            folder: of the index.
            notices: where the answerer leaves what it has to say of its language model.
        """
        index = answerer.retriever.index
        self.info = index.info
        self.notices = notices
        self.tags: list[str] = []
        """All tags, by alphabet; none where the index cannot tell."""
        self.paths: list[str] = []
        """All notes, by path; none where the index cannot tell."""
        self._answerer = answerer
        self._turn = Lock()
        self._count_behind: Callable[[], int] = int
        self._behind = 0
        if isinstance(index, LocalIndex):
            self.tags = sorted({tag for tags in index.tables.tags().values() for tag in tags})
            self.paths = list(index.notes())
            self._count_behind = lambda: wire.count_behind(index, folder)

    def ask(
        self, question: str, count: int, filters: Filters, on_text: Callable[[str], None]
    ) -> Answer:
        """Answer a question; see `Answerer.ask`."""
        with self._turn:
            return self._answerer.ask(question, count, filters=filters, on_text=on_text)

    def unmatched(self, filters: Filters) -> list[Unmatched]:
        """Give the filters to which no passage answers; see `Index.unmatched`."""
        with self._turn:
            return self._answerer.retriever.index.unmatched(filters)

    def count_behind(self) -> int:
        """Count the notes that changed on disk since the index was built.

        While a question is being answered it is the count of before.
        """
        if self._turn.acquire(blocking=False):
            try:
                self._behind = self._count_behind()
            finally:
                self._turn.release()
        return self._behind


def open_notes(settings: Settings) -> Notes:
    """Open the index, or give the one that is open already if nothing newer was published.

    Raises:
        NoIndex, DamagedIndex, OtherIndex: it cannot be used.
    """
    try:
        published = (Path(settings.index) / CURRENT).read_bytes()
    except OSError:
        published = b""  # what is wrong with it is said when it is opened
    return _open(settings, repr(settings), published)


@st.cache_resource(max_entries=2, show_spinner="Opening your notes …")
def _open(_settings: Settings, key: str, published: bytes) -> Notes:
    del key, published  # Streamlit compares them; what begins with `_` it does not
    notices: list[str] = []
    return Notes(wire.open_answerer(_settings, notices.append), Path(_settings.index), notices)
