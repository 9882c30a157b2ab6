"""Puts evaluation together, for `rag eval` alone; `wire` does so for what it evaluates.

Heavy libraries are imported inside the functions that need them.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from rag.config import Settings
from rag.errors import RagError
from rag.wire import open_answerer, open_retriever
from rag.wire_index import open_index
from rag.wire_llm import AUTO, EXTRACTIVE, check_llm, open_generator, tell_what_leaves

if TYPE_CHECKING:
    from rag.evaluation.drafts import Draft
    from rag.evaluation.evaluation import Evaluation
    from rag.evaluation.questions import Question
    from rag.evaluation.report import Scored
    from rag.evaluation.run import Outcome
    from rag.evaluation.saved import SavedRun
    from rag.types import Mode


def load_questions(file: Path) -> "list[Question]":
    """Read a question file. See `rag.evaluation.questions`."""
    from rag.evaluation.questions import load_questions as load

    return load(file)


def open_evaluation(
    settings: Settings,
    questions: "list[Question]",
    *,
    mode: "Mode",
    answers: bool,
    notify: Callable[[str], None],
) -> "Evaluation":
    """Make ready to run questions through the index; with `answers` they are answered too.

    `notify` is given what `open_answerer` has to say.

    Raises:
        NoIndex, DamagedIndex: the index cannot be used.
        RagError: ir-measures is missing.
    """
    try:
        from rag.evaluation.evaluation import Evaluation
    except ModuleNotFoundError as error:
        if error.name not in ("ir_measures", "pytrec_eval"):
            raise
        raise RagError("rag eval needs ir-measures", "run: pip install ir-measures") from error

    answerer = open_answerer(settings, notify) if answers else None
    retriever = answerer.retriever if answerer else open_retriever(settings, notify)
    return Evaluation(questions, retriever, answerer, mode=mode, count=settings.k)


def details_line(outcome: "Outcome") -> str:
    """Write an outcome as one line of JSON. See `rag.evaluation.run`."""
    from rag.evaluation.run import details_line as write

    return write(outcome)


def read_run(file: Path) -> "SavedRun":
    """Read a saved evaluation. See `rag.evaluation.saved`."""
    from rag.evaluation.saved import read_run as read

    return read(file)


def draft_questions(settings: Settings, count: int) -> "list[Draft]":
    """Draft questions from the indexed notes. See `rag.evaluation.drafts`."""
    from rag.evaluation.drafts import draft

    index = open_index(settings)
    check_llm(settings.llm)
    return draft((index.chunks([row])[0] for row in range(index.info.chunks)), count)


def word_drafts(
    settings: Settings, drafts: "list[Draft]", notify: Callable[[str], None]
) -> "Iterator[tuple[str, bool]]":
    """Give drafts as lines of a question file, and whether the LLM worded them, if one is set."""
    from rag.evaluation.drafts import question_line

    worded: Iterable[tuple[Draft, bool]] = ((draft, False) for draft in drafts)
    if settings.llm not in (EXTRACTIVE, AUTO):
        from rag.evaluation.asking import reword

        for line in tell_what_leaves(settings.llm):
            notify(line)
        retriever = open_retriever(settings)
        worded = reword(drafts, open_generator(settings, retriever.encoder, notify))
    return ((question_line(draft.as_question()), by_model) for draft, by_model in worded)


def draw_run(file: Path, scored: "Sequence[Scored]", title: str) -> bool:
    """Draw an evaluation into a PNG. See `rag.evaluation.plot`.

    Raises:
        RagError: matplotlib is missing.
    """
    try:
        from rag.evaluation.plot import draw
    except ModuleNotFoundError as error:
        if error.name != "matplotlib":
            raise
        raise RagError("a picture needs matplotlib", "run: pip install matplotlib") from error
    return draw(file, scored, title)
