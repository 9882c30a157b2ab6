"""A model that nobody named, and the notes' own words where it fails."""

from collections.abc import Iterator

import pytest

from rag.errors import BrokenAnswer, NoModel, RagError
from rag.generators.fallback import FallbackGenerator
from rag.types import Prompt
from tests.answers.scripted import ScriptedGenerator

PROMPT = Prompt("?", "en", (), ())


class Failing(ScriptedGenerator):
    """Fails after its pieces."""

    kind = "failing"

    def __init__(self, error: RagError, *pieces: str) -> None:
        super().__init__(*pieces)
        self.error = error

    def stream(self, prompt: Prompt) -> Iterator[str]:
        yield from super().stream(prompt)
        raise self.error


def test_the_first_answers_while_it_can() -> None:
    told: list[str] = []
    first, second = ScriptedGenerator("Da", "."), ScriptedGenerator("Nu.", most_characters=-1)
    both = FallbackGenerator(first, second, told.append)
    assert list(both.stream(PROMPT)) == ["Da", "."]
    assert (both.kind, both.model, both.fits(PROMPT)) == ("scripted", "script", True)
    assert (told, second.given) == ([], 0)


def test_the_second_takes_over_for_good() -> None:
    told: list[str] = []
    first = Failing(NoModel("m is too big", "take another"))
    second = ScriptedGenerator("Nu.", most_characters=-1)
    both = FallbackGenerator(first, second, told.append)
    for _ in range(2):
        assert list(both.stream(PROMPT)) == ["Nu."]
    assert told == ["m is too big: quoting the notes word for word"]
    assert (both.kind, both.fits(PROMPT), len(first.prompts)) == ("scripted", False, 1)


def test_half_an_answer_is_not_mended() -> None:
    second = ScriptedGenerator("Nu.")
    broken = Failing(BrokenAnswer("it stopped", "look"), "Da")
    with pytest.raises(BrokenAnswer):
        list(FallbackGenerator(broken, second, lambda _: None).stream(PROMPT))
    assert second.given == 0


def test_if_neither_can_it_is_said() -> None:
    first, second = (Failing(NoModel(name, "take another")) for name in ("one", "two"))
    both = FallbackGenerator(first, second, lambda _: None)
    for _ in range(2):
        with pytest.raises(NoModel, match="two"):
            list(both.stream(PROMPT))
