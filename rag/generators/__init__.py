"""The seam to what writes an answer: a prompt in, text with `[n]` marks out, piece by piece."""

from collections.abc import Iterator
from typing import Protocol

from rag.types import Prompt


class Generator(Protocol):
    """Writes the answer to a prompt."""

    @property
    def kind(self) -> str:
        """`extractive`, `transformers` or `openai`."""

    @property
    def model(self) -> str:
        """Which model, as its users name it."""

    def fits(self, prompt: Prompt) -> bool:
        """Whether the prompt and an answer stay within the model's context."""

    def stream(self, prompt: Prompt) -> Iterator[str]:
        """Give the answer in pieces; joined they are the answer.

        Raises:
            NoModel: the model went away or ran out of memory.
        """
