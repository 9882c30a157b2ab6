"""Which sentences of an answer were doubted."""

import pytest

from rag.answers.claims import find_doubts


@pytest.mark.parametrize(
    ("answer", "doubted"),
    [
        ("All of this is well supported [1].", []),
        (
            "The first is supported [1]. The second has no mark. [?] The third is wrong [2] [?].",
            ["The second has no mark.", "The third is wrong"],
        ),
        ("The third is all wrong. [2] [?] A fourth [1] is half wrong [2] [?].", [
            "The third is all wrong.",
            "A fourth [1] is half wrong",
        ]),
        ("- its bias starts at 3 [?]\n- its bias starts at 1 [1]", ["its bias starts at 3"]),
        ("As code:\n\n```python\nf(2)\n```\n[?]\n\nAnd so it is [1].", ["```python\nf(2)\n```"]),
        ("As code:\n\n```python\nf(2)\n```\n\nAnd so it is [1].", []),
        ("The pattern `[?]` matches a question mark [1].", []),
    ],
)  # fmt: skip
def test_find_doubts(answer: str, doubted: list[str]) -> None:
    assert find_doubts(answer) == doubted
