"""Ingests that the page starts: one at a time, in a thread of its own, seen by all tabs."""

from dataclasses import dataclass
from threading import Event, Lock, Thread
from typing import TYPE_CHECKING

import streamlit as st

from rag import wire
from rag.config import Settings
from rag.errors import RagError
from rag.page.models import keep_model

if TYPE_CHECKING:
    from rag.index.update import Report


class CancelledError(Exception):
    """The reader called the ingest off. What was embedded is kept, and the old index answers."""


@dataclass(frozen=True, slots=True)
class State:
    """How far an ingest is."""

    stage: str = ""
    """`read` or `embed`; empty before the first."""
    done: int = 0
    total: int = 0
    is_running: bool = True
    was_cancelled: bool = False
    report: "Report | None" = None
    error: RagError | None = None


class Job:
    """One ingest."""

    def __init__(self, settings: Settings, *, rebuild: bool) -> None:
        """Begin it."""
        self.state = State()
        """Replaced whole, so that a tab never sees half of it."""
        self._settings = settings
        self._rebuild = rebuild
        self._called_off = Event()
        # A daemon: an ingest loses nothing when the server ends.
        self._thread = Thread(target=self._run, name="ingest", daemon=True)
        self._thread.start()

    def cancel(self) -> None:
        """Call it off; it ends with the batch at hand, within seconds."""
        self._called_off.set()

    def wait(self, seconds: float | None = None) -> None:
        """Wait until it has ended."""
        self._thread.join(seconds)

    def _run(self) -> None:
        try:
            report = wire.ingest(
                self._settings, rebuild=self._rebuild, progress=self._note, keep=keep_model
            )
        except CancelledError:
            self.state = State(is_running=False, was_cancelled=True)
        except RagError as error:
            self.state = State(is_running=False, error=error)
        except Exception as error:  # noqa: BLE001 - told to people: nobody reads a thread's traceback
            told = RagError(f"unexpected error: {error!r:.200}", "run rag ingest in a terminal")
            self.state = State(is_running=False, error=told)
        else:
            self.state = State(is_running=False, report=report)

    def _note(self, stage: str, done: int, total: int) -> None:
        if self._called_off.is_set():
            raise CancelledError
        self.state = State(stage, done, total)


class Jobs:
    """The ingest of one index."""

    def __init__(self) -> None:
        self.latest: Job | None = None
        """The one that runs, or ran last."""
        self._turn = Lock()

    def start(self, settings: Settings, *, rebuild: bool) -> Job:
        """Begin an ingest, or give the one that runs."""
        with self._turn:
            if self.latest is None or not self.latest.state.is_running:
                self.latest = Job(settings, rebuild=rebuild)
            return self.latest


@st.cache_resource(show_spinner=False)
def find_jobs(index: str) -> Jobs:
    """Give the jobs of an index, shared by all tabs."""
    del index  # Streamlit compares it
    return Jobs()
