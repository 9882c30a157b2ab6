"""The error tree is the one that is drawn."""

import re

import pytest

from rag import errors
from rag.errors import RagError

LINE = re.compile(r"^( *)(\w+) {2,}(?:exit (\d+))?", re.MULTILINE)


def drawn() -> dict[str, tuple[str, int]]:
    """Read parent and exit code of each class from the drawing."""
    tree: dict[str, tuple[str, int]] = {}
    above: list[tuple[int, str, int]] = []
    for indent, name, code in LINE.findall(errors.__doc__ or ""):
        while above and above[-1][0] >= len(indent):
            above.pop()
        _, parent, inherited = above[-1] if above else (-1, "Exception", 0)
        above.append((len(indent), name, int(code or inherited)))
        tree[name] = (parent, above[-1][2])
    return tree


def test_drawing() -> None:
    classes = [
        value
        for value in vars(errors).values()
        if isinstance(value, type) and issubclass(value, RagError)
    ]
    assert {one.__name__: (one.__bases__[0].__name__, one.exit_code) for one in classes} == drawn()


@pytest.mark.parametrize("name", [name for name in drawn() if name != "Exception"])
def test_every_error_has_its_remedy(name: str) -> None:
    error = getattr(errors, name)("the disk is full", "free some space")
    assert str(error) == "the disk is full; free some space"
    assert (error.problem, error.remedy) == ("the disk is full", "free some space")
    with pytest.raises(TypeError):
        getattr(errors, name)("no remedy")
