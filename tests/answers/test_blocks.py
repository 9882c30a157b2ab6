"""Code and formulas of an answer: held by the passages, or marked."""

from pathlib import Path

import pytest

from rag.answers.blocks import find_blocks, is_held
from rag.answers.citations import Checker
from tests.answers.scripted import make_passage

PASSAGE = """\
A forest of 500 trees, each on 10 % of the rows, needs no scaling:

```python
from sklearn.ensemble import RandomForestClassifier
rf = RandomForestClassifier(n_estimators=500, max_samples=0.1)
rf.fit(X, y)
```

The loss of the encoder, with $\\beta = 0{,}5$:

$$
\\mathcal{L} = \\mathbb{E}[\\log p(x)] - 2\\beta \\, D
$$
"""


def test_blocks_are_found_with_their_fences() -> None:
    text = "Code:\n\n~~~\nx = 1\n~~~\n\nA formula $$a + b$$ in a line, `code` and $c$ too."
    blocks = find_blocks(text)
    assert [(block.text, block.is_code) for block in blocks] == [
        ("~~~\nx = 1\n~~~", True),
        ("$$a + b$$", False),
    ]
    assert all(text[block.start : block.end] == block.text for block in blocks)


@pytest.mark.parametrize(
    ("code", "is_right"),
    [
        ("rf = RandomForestClassifier(n_estimators=500, max_samples=0.1)", True),
        # Names of its own, words of the language, percent for a share, what counts from 0 or 1.
        ("forest = RandomForestClassifier(max_samples=1e-1)\nprint(len(forest.fit(a, b)[0:1]))", True),
        ("def train(rows, labels, depth=1):\n    return rf.fit(rows, labels)", True),
        ("for row in range(500):\n    rf.fit(row)", True),
        ("class Forest:\n    def grow(self):\n        self.trees = 500", True),
        ("rf = RandomForestClassifier(n_estimators=100)", False),
        ("rf = RandomForestClassifier(n_trees=500)", False),
        ("rf = ExtraTreesClassifier(n_estimators=500)", False),
        ("rf.fit_transform(X, y)", False),
        ("from sklearn.svm import SVC", False),
        ('rf.fit(load("iris.csv"))', False),
        ("# 250 trees are enough\nrf.fit(X, y)", False),
    ],
)  # fmt: skip
def test_code(code: str, is_right: bool) -> None:  # noqa: FBT001
    [block] = find_blocks(f"```python\n{code}\n```")
    assert is_held(block, [PASSAGE]) is is_right


@pytest.mark.parametrize(
    ("formula", "is_right"),
    [
        (r"\mathcal{L} = \mathbb{E}[\log p(x)] - 2\beta D", True),
        (r"L = E\left[\log p(x)\right] − 2β D", True),
        (r"\log p(x) - 2 \cdot 0.5 \cdot D", True),
        (r"\mathcal{L} = \mathbb{E}[\log p(x)] + 2\beta D", False),
        (r"\mathcal{L} = \mathbb{E}[\log q(x)] - 2\beta D", False),
        (r"\mathcal{L} = \mathbb{E}[\log p(x)] - 10\beta D", False),
        (r"\mathcal{L} = \mathbb{E}[\log p(x)] - 3\gamma D", False),
    ],
)
def test_formulas(formula: str, is_right: bool) -> None:  # noqa: FBT001
    [block] = find_blocks(f"$$\n{formula}\n$$")
    assert is_held(block, [PASSAGE]) is is_right


def test_what_is_copied_is_held_whatever_it_is() -> None:
    passage = '```\n<weird> 7 %% "x\n```\n\n$$\n\\weird{7}\n$$\n'
    assert [is_held(block, [passage]) for block in find_blocks(passage)] == [True, True]


def test_what_was_made_up_is_marked_or_taken_out() -> None:
    checker = Checker([make_passage(PASSAGE)], Path(), "en")
    right = "```python\nrf.fit(X, y)\n```"
    wrong = "```python\nrf.predict(X)\n```"
    answer = f"So it is done [1]:\n\n{right}\n[1]\n\nAnd then:\n\n{wrong}\n[1]"
    assert checker.complete(answer) == answer.replace(wrong, f"{wrong}\n[?]")
    kept = "A forest of 500 trees needs no scaling [1]."
    assert checker.keep_supported(f"{kept}\n\n{wrong}\n[1]\n\n{right}") == f"{kept}\n\n{right}"
