"""A generator that was found by itself, with another in its place if it fails."""

from collections.abc import Callable, Iterator

from rag.errors import NoModel
from rag.generators import Generator
from rag.types import Prompt


class FallbackGenerator:
    """Answers with one generator, and with another once the first cannot.

    For a model that nobody asked for by name: that it does not fit into memory is no reason to
    leave a question unanswered.
    """

    def __init__(self, first: Generator, second: Generator, notify: Callable[[str], None]) -> None:
        """Take both, and what is given a line for the user when the second takes over."""
        self._active = first
        self._second = second
        self._notify = notify

    @property
    def kind(self) -> str:
        """The kind of the one that answers."""
        return self._active.kind

    @property
    def model(self) -> str:
        """The model of the one that answers."""
        return self._active.model

    def fits(self, prompt: Prompt) -> bool:
        """Whether the prompt fits the one that answers."""
        return self._active.fits(prompt)

    def stream(self, prompt: Prompt) -> Iterator[str]:
        """Give the answer in pieces; the second is asked only if the first gave no word.

        Raises:
            NoModel: neither can answer.
            BrokenAnswer: the first stopped after its first word.
        """
        try:
            yield from self._active.stream(prompt)
        except NoModel as error:
            if self._active is self._second:
                raise
            self._notify(f"{error.problem}: quoting the notes word for word")
            self._active = self._second
            yield from self._second.stream(prompt)
