"""Opens what is kept beside an index: what was asked, and what readers thought of the answers."""

from collections.abc import Callable
from pathlib import Path

from rag.config import Settings
from rag.errors import RagError
from rag.feedback import Feedback
from rag.history import History
from rag.types import Answer
from rag.wire_index import MILVUS, read_origin


def open_feedback(settings: Settings) -> Feedback:
    """Open what readers thought of answers.

    Raises:
        RagError: it cannot be kept beside the index.
    """
    return Feedback(*_find_place(settings))


def open_history(settings: Settings) -> History:
    """Open the log of questions and answers.

    Raises:
        RagError: it cannot be kept beside the index.
    """
    return History(*_find_place(settings))


def keep_answer(
    settings: Settings, question: str, answer: Answer, notify: Callable[[str], None]
) -> None:
    """Keep a question and its answer in the log, unless the settings say not to.

    Where nothing may stand beside the index, nothing is kept, and `rag log` says why.

    Args:
        settings: which index.
        question: as it was typed.
        answer: what was answered.
        notify: given a line for the user when it cannot be kept; the answer stands all the same.
    """
    if not settings.log:
        return
    try:
        history = open_history(settings)
    except RagError:
        return
    try:
        history.put(question, answer)
    except RagError as error:
        notify(f"not in the log: {error}")


def _find_place(settings: Settings) -> tuple[Path, Path | None]:
    """Give the folder of the index, and that of its notes, if that is known."""
    if settings.index.startswith(MILVUS):
        raise RagError(
            "nothing is kept beside an index on Milvus: it has no folder here",
            "name an index that is a folder: --index DIR",
        )
    made_from = read_origin(settings)
    return Path(settings.index), Path(made_from[0]) if made_from else None
