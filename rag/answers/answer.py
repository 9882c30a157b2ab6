"""From a question to an answer whose every citation was checked."""

import re
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from rag.answers.citations import Checker
from rag.answers.confidence import ANSWERABLE, confidence
from rag.answers.inert import make_inert
from rag.answers.marks import blank_marks, clean_marks, find_marks
from rag.answers.prompt import ask_again, build_prompt
from rag.answers.refusal import count_shown, says_unknown, write_refusal
from rag.encoders import Encoder
from rag.generators import Generator
from rag.notes.language import clear_language, detect_language
from rag.notes.lines import LINE_END
from rag.retrieval.context import widen
from rag.retrieval.search import Retriever
from rag.types import Answer, Citation, Filters, Passage, Prompt

NOBODY = "none"
"""The generator of a refusal for which none was loaded."""
QUOTES = "extractive"
"""The kind of generator whose words are the notes', in the notes' language."""
_WORD = re.compile(r"\w")


def _ignore(piece: str) -> None:
    del piece


class Answerer:
    """Answers questions from one index with one generator."""

    def __init__(
        self,
        retriever: Retriever,
        open_generator: Callable[[], Generator],
        count_behind: Callable[[], int],
        *,
        strict: bool = False,
    ) -> None:
        """Take what finds passages, what opens the generator, and what counts changed notes.

        With `strict`, sentences that no passage supports are taken out instead of marked `[?]`.
        """
        self.retriever = retriever
        self._open_generator = open_generator
        self._generator: Generator | None = None
        self.count_behind = count_behind
        self._strict = strict

    @property
    def generator(self) -> Generator:
        """The generator, loaded when first needed."""
        if self._generator is None:
            self._generator = self._open_generator()
        return self._generator

    def language_of(self, question: str) -> str:
        """Give the language to answer in: the question's, else that of most notes."""
        languages = self.retriever.index.info.languages
        return detect_language(question, otherwise=next(iter(languages), None))

    def ask(
        self,
        question: str,
        count: int,
        *,
        filters: Filters | None = None,
        language: str | None = None,
        on_text: Callable[[str], None] = _ignore,
    ) -> Answer:
        """Answer a question.

        Args:
            question: in any language.
            count: how many passages the answer may stand on.
            filters: which notes may answer.
            language: the language to answer in, e.g. `pt`; None for the question's.
            on_text: given the answer in pieces as it is written. What is returned counts: there the
                citations are checked, marks that the model made up are gone, and so is all that
                loads or links.

        Raises:
            NoModel: the encoder or the generator cannot be had.
        """
        times = [time.perf_counter()]
        language = _base(language) if language else self.language_of(question)
        passages = self.retriever.search(question, count, filters=filters)
        sure = confidence(question, passages, self.retriever.index.info.chunks)
        times.append(time.perf_counter())
        text, shown = "", False
        if sure >= ANSWERABLE:
            prompt, passages = self._fit(question, language, passages)
            text, shown = self._generate(prompt, on_text)
        times.append(time.perf_counter())
        vault = Path(self.retriever.index.info.vault)
        checker = Checker(passages, vault, language, self._encoder_if(text))
        if text:
            text = checker.keep_supported(text) if self._strict else checker.complete(text)
        abstained = not text
        if abstained:
            text = write_refusal(language, passages)
            on_text(f"\n\n{text}" if shown else text)
        citations = () if abstained else checker.cite(text)
        behind = self.count_behind()
        times.append(time.perf_counter())
        stages = ("retrieve", "generate", "cite")
        return Answer(
            question=question,
            language=language,
            text=text,
            abstained=abstained,
            languages=() if abstained else self._languages(text, citations, passages, language),
            confidence=sure,
            citations=citations,
            passages=tuple(passages),
            generator_kind=self._generator.kind if self._generator else NOBODY,
            generator_model=self._generator.model if self._generator else "",
            behind=behind,
            timings_ms={
                stage: round((end - start) * 1000, 1)
                for stage, start, end in zip(stages, times, times[1:], strict=False)
            },
        )

    def _generate(self, prompt: Prompt, on_text: Callable[[str], None]) -> tuple[str, bool]:
        """Give the answer, empty if there is none, and whether anything was shown.

        A model that wrote in another language than the question's is asked once more.
        """
        text, shown = self._stream(prompt, on_text)
        right = None, prompt.language
        if text and self.generator.kind != QUOTES and clear_language(text) not in right:
            again, _ = self._stream(ask_again(prompt, text), _ignore)
            if again and clear_language(again) in right:
                text = again
        return self._finish(text, prompt.passages), shown

    def _stream(self, prompt: Prompt, on_text: Callable[[str], None]) -> tuple[str, bool]:
        """Give what the generator writes, empty for a refusal, and whether anything was shown."""
        text, shown = "", 0
        for piece in self.generator.stream(prompt):
            text += piece
            if says_unknown(text):
                return "", bool(shown)
            if (safe := count_shown(text)) > shown:
                on_text(text[shown:safe])
                shown = safe
        if text[shown:].strip():
            on_text(text[shown:])
        return text, bool(text.strip())

    def _finish(self, text: str, passages: Sequence[Passage]) -> str:
        """Make what a generator wrote an answer: inert, with the marks of its passages alone."""
        text = clean_marks(make_inert(LINE_END.sub("\n", text)), len(passages)).strip()
        return text if _WORD.search(blank_marks(text, find_marks(text))) else ""

    def _encoder_if(self, text: str) -> Encoder | None:
        return self.retriever.encoder if text else None

    def _languages(
        self, text: str, citations: Sequence[Citation], passages: Sequence[Passage], language: str
    ) -> tuple[str, ...]:
        """Give the languages of an answer: of the notes that it quotes, or of what was written."""
        if self.generator.kind != QUOTES:
            return (clear_language(text) or language,)
        cited = (passages[citation.number - 1].chunk.language for citation in citations)
        return tuple(dict.fromkeys(cited))

    def _fit(
        self, question: str, language: str, passages: list[Passage]
    ) -> tuple[Prompt, list[Passage]]:
        """Give the first prompt that fits the model, and the passages with what it shows of them.

        A model reads what stands around the passages too: one that was cut for the encoder may
        begin behind the words that it speaks of. First the weakest passages are left without that,
        then they are left out; one always stays. Quotes do not gain by it (eval/LOG.md).
        """
        quotes = self.generator.kind == QUOTES
        widened = passages if quotes else widen(passages, self.retriever.index)
        counts = range(len(passages), 0, -1)
        shown = [[*widened[:count], *passages[count:]] for count in counts]
        shown += [passages[:count] for count in counts]
        for some in shown:
            prompt = build_prompt(question, language, some)
            if self.generator.fits(prompt):
                break
        return prompt, [*some, *passages[len(some) :]]


def _base(language: str) -> str:
    """Give `pt` for `pt-BR` and `PT`."""
    return re.split("[-_]", language.strip().lower(), maxsplit=1)[0]
