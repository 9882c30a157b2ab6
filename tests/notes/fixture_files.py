"""Read fixture files: a title, an input and what is expected, each ended by a line with a dot.

A file may begin with remarks; they stand before the first title, on lines that begin with `//`.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from _pytest.mark.structures import ParameterSet

FOLDER = Path(__file__).parent / "fixtures"
END = "."


@dataclass(frozen=True, slots=True)
class Case:
    """One case of a fixture file."""

    title: str
    given: str
    expected: str


def read_cases(name: str) -> list[Case]:
    """Read the cases of `fixtures/NAME.md`."""
    lines = iter((FOLDER / f"{name}.md").read_text(encoding="utf-8").split("\n"))
    cases = []
    for line in lines:
        if not line.strip() or line.startswith("//"):
            continue
        assert next(lines) == END, f"{name}: a line with a dot must follow the title {line!r}"
        cases.append(Case(line, _read_part(lines), _read_part(lines)))
    return cases


def parameters(name: str) -> list[ParameterSet]:
    """Give the cases of a file as parameters of a test, each by its title."""
    return [pytest.param(case.given, case.expected, id=case.title) for case in read_cases(name)]


def _read_part(lines: Iterator[str]) -> str:
    part: list[str] = []
    for line in lines:
        if line == END:
            return "\n".join(part)
        part.append(line)
    raise AssertionError("a part is not ended by a line with a dot")
