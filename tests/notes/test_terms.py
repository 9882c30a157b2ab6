import numpy as np
import pytest

from rag.notes.grams import gram_keys
from rag.notes.terms import (
    CAPITAL_EMPHASIS,
    FUNCTION_WEIGHT,
    NAME_EMPHASIS,
    find_terms,
    weigh_grams,
)


@pytest.mark.parametrize(
    ("question", "weights"),
    [
        ("tokens", [(1, 1)]),
        ("What is RLHF?", [(FUNCTION_WEIGHT, 1)] * 2 + [(1, NAME_EMPHASIS)]),
        ("what did Hinton say", [(FUNCTION_WEIGHT, 1)] * 2 + [(1, CAPITAL_EMPHASIS), (1, 1)]),
        ("Hinton spoke", [(1, 1), (1, 1)]),
        ("AdaBoost 2017", [(1, NAME_EMPHASIS), (1, NAME_EMPHASIS)]),
        ("tokens and Tokens", [(1, CAPITAL_EMPHASIS), (FUNCTION_WEIGHT, 1)]),
        ("învățare învăt\u0326are", [(1, 1)]),
        ("?! _", []),
    ],
)
def test_find_terms(question: str, weights: list[tuple[float, float]]) -> None:
    assert [(term.weight, term.emphasis) for term in find_terms(question)] == weights


def test_their_grams() -> None:
    (term,) = find_terms("Cat cat")
    assert term.grams.tolist() == sorted(gram_keys("cat").tolist())


def test_a_name_with_its_number_is_also_the_two_apart() -> None:
    told = {tuple(term.grams.tolist()) for term in find_terms("gpt2")}
    apart = {tuple(term.grams.tolist()) for term in find_terms("GPT-2")}
    assert apart < told
    assert len(told) == 3
    assert len(find_terms("T5 H2O 2025 x64 v1beta")) == 5


def test_a_gram_of_two_words_has_the_greater_weight() -> None:
    # `their` is a function word and gives _the thei heir eir_; `there` would, `theta` gives _the.
    keys, weights = weigh_grams(find_terms("their theta"))
    found = dict(zip(keys.tolist(), weights.tolist(), strict=True))
    assert len(found) == 7
    assert found[int(gram_keys("the")[0])] == 1
    assert found[int(gram_keys("their")[1])] == FUNCTION_WEIGHT


def test_no_words() -> None:
    keys, weights = weigh_grams([])
    assert len(keys) == len(weights) == 0
    assert keys.dtype == np.uint64


@pytest.mark.parametrize("question", ["Ce e GPT-3?", "l'apprentissage d'un modèle", "½ x² ℡ ǅ"])
def test_the_words_hold_all_grams_of_the_question(question: str) -> None:
    keys, _ = weigh_grams(find_terms(question))
    assert keys.tolist() == sorted(set(gram_keys(question).tolist()))
