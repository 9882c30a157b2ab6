"""Every kind of error says in the reader's language what it means."""

import pytest
from streamlit.testing.v1 import AppTest

from rag.errors import RagError, UnusableIndex
from rag.page.problems import KINDS


def kinds(top: type[RagError]) -> set[type[RagError]]:
    return {top}.union(*map(kinds, top.__subclasses__()))


def test_each_kind_that_the_page_can_meet_is_explained() -> None:
    ours = {
        kind for kind in kinds(RagError) if kind.__module__.startswith(("rag.errors", "rag.page"))
    }
    # Of evaluations in a terminal; and what is never raised itself.
    others = {"BadQuestions", "BadRun", "RagError", "UnusableIndex"}
    assert {kind.__name__ for kind in ours} == {kind.__name__ for kind, _ in KINDS} | others
    assert not any(kind is UnusableIndex for kind, _ in KINDS)


@pytest.mark.parametrize(
    ("error", "shown"),
    [
        ("NoSpace('no room in ~', 'free some')", "Dysk jest pełny. Zwolnij miejsce"),
        ("RagError('no *room*', 'free some')", "Nie udało się."),
    ],
)
def test_the_line_from_below_stands_beneath(error: str, shown: str) -> None:
    page = AppTest.from_string(
        "from rag.errors import *\n"
        "from rag.page.problems import show_problem\n"
        f"show_problem({error})",
    )
    page.query_params["lang"] = "pl"
    [problem] = page.run().error
    assert problem.value.startswith(shown)
    assert problem.value.endswith("; free some]")
    assert ":small[no " in problem.value
