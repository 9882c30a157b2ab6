"""An evaluation from end to end: run, report, compare, save."""

from collections.abc import Iterator, Sequence
from typing import Any

from rag.answers.answer import Answerer
from rag.evaluation import compare, report, saved
from rag.evaluation.places import survey
from rag.evaluation.questions import Question
from rag.evaluation.report import Report, Scored
from rag.evaluation.run import Outcome, evaluate
from rag.evaluation.saved import About, SavedRun
from rag.retrieval.search import Retriever
from rag.types import Mode


class Evaluation:
    """Questions, what they are asked of, and what became of them."""

    def __init__(
        self,
        questions: Sequence[Question],
        retriever: Retriever,
        answerer: Answerer | None,
        *,
        mode: Mode,
        count: int,
    ) -> None:
        """Take questions; with an answerer they are answered from `count` passages too."""
        self._questions = questions
        self._retriever = retriever
        self._answerer = answerer
        self._mode = mode
        self._count = count
        self._outcomes: list[Outcome] = []
        self._places = survey(questions, retriever.index)

    @property
    def lost(self) -> tuple[str, ...]:
        """Ids of the questions that nothing in the index can answer as they say."""
        return self._places.lost

    def run(self) -> Iterator[Outcome]:
        """Go through the questions.

        Raises:
            NoModel: the encoder or the generator cannot be had.
        """
        self._outcomes.clear()
        for outcome in evaluate(
            self._questions,
            self._retriever,
            self._answerer,
            places=self._places,
            mode=self._mode,
            count=self._count,
        ):
            self._outcomes.append(outcome)
            yield outcome

    def scored(self) -> list[Scored]:
        """Give each question's figures."""
        return report.score(self._outcomes)

    def report(self) -> Report:
        """Give the figures by group."""
        return report.report(self._outcomes)

    def check_against(self, before: SavedRun, name: str) -> None:
        """Make sure that an earlier run can be compared with, before the work.

        Raises:
            BadRun: it shares no question with this one.
        """
        compare.match([question.id for question in self._questions], before.questions, name)

    def compare(self, before: SavedRun, name: str) -> compare.Comparison:
        """Compare with an earlier run."""
        return compare.compare(self.scored(), before.questions, name)

    def about(self, *, questions: str, llm: str, date: str, version: str) -> About:
        """Say what made this run."""
        info = self._retriever.index.info
        return About(
            questions=questions,
            mode=str(self._mode),
            llm=llm if self._answerer else "",
            k=self._count,
            date=date,
            version=version,
            encoder=info.encoder,
            fingerprint=info.fingerprint,
            notes=info.notes,
            chunks=info.chunks,
        )

    def as_json(self, about: About) -> str:
        """Write this run as it is saved."""
        run: dict[str, Any] = saved.as_object(about, self.report(), self.scored())
        return saved.write_run(run)
