"""The process that forks ingests, started once for all tests here."""

from collections.abc import Iterator

import pytest

from tests.index.forking import Forker, open_forker


@pytest.fixture(scope="session")
def forker() -> Iterator[Forker]:
    with open_forker() as forker:
        yield forker
