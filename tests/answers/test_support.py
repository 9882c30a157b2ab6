"""Sentences held against a passage: what is altered is told, what is faithful passes."""

from collections.abc import Sequence

import pytest

from rag.answers.names import holds, read_names, words_of
from rag.answers.negation import cut_clauses, denies
from rag.answers.support import Conflict, Evidence, find_conflict
from rag.notes.grams import gram_keys

QUOTE = "The LSTM was proposed by Sepp Hochreiter and Jürgen Schmidhuber in 1997."
PASSAGE = f"{QUOTE}\nThe GRU (Cho, 2014) has two gates, and no separate cell state."
TWO = "BERT-base: 12 layers, 110 million parameters; BERT-large: 24 layers, 340 million."


def compare(claim: str, texts: Sequence[str]) -> list[float]:
    """Give the share of the claim's grams, as without an encoder."""
    wanted = set(gram_keys(claim).tolist())
    return [len(wanted & set(gram_keys(text).tolist())) / max(len(wanted), 1) for text in texts]


def conflict(claim: str, quote: str = QUOTE, passage: str = PASSAGE) -> Conflict | None:
    return find_conflict(claim, "en", Evidence(quote, "lstm.md\nLSTM", passage, "en"), compare)


@pytest.mark.parametrize(
    ("claim", "expected"),
    [
        ("Hochreiter and Schmidhuber proposed the LSTM in 1997.", None),
        ("In 1997 the LSTM was proposed.", None),
        ("The LSTM was proposed in 1979.", Conflict.NUMBER),
        # 2014 stands in the passage, but in another's place.
        ("The LSTM was proposed in 2014.", Conflict.NUMBER),
        ("Hochreiter and Bengio proposed the LSTM in 1997.", Conflict.NAME),
        ("The Transformer was proposed by Hochreiter in 1997.", Conflict.NAME),
        ("The LSTM was not proposed by Hochreiter in 1997.", Conflict.NEGATION),
    ],
)
def test_altered(claim: str, expected: Conflict | None) -> None:
    assert conflict(claim) is expected


def test_a_dropped_negation() -> None:
    quote = "The GRU (Cho, 2014) has two gates, and no separate cell state."
    assert conflict("The GRU has no separate cell state.", quote) is None
    assert conflict("The GRU has a separate cell state.", quote) is Conflict.NEGATION


def test_a_number_of_another_name() -> None:
    assert conflict("BERT-large has 24 layers.", TWO, TWO) is None
    assert conflict("BERT-base has 110 million parameters.", TWO, TWO) is None
    assert conflict("BERT-base has 24 layers.", TWO, TWO) is Conflict.NUMBER


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("The LSTM is by Hochreiter.", ["lstm", "hochreiter"]),
        ("GPT-3 in 16 GB of RAM, on 70B tokens", ["gpt-3", "gb", "ram"]),
        ("W styczniu Bayes, in January Bayes", ["styczniu", "bayes", "bayes"]),
    ],
)
def test_names(text: str, names: list[str]) -> None:
    found = [name.text for name in read_names(text)]
    assert set(found) <= set(names)
    assert {name.text for name in read_names(text) if name.is_sure} <= set(found)


@pytest.mark.parametrize(
    ("name", "text", "expected"),
    [
        ("x Bayesa", "Bayes", True),
        ("x GPT-3", "GPT-2 and 3", False),
        ("x GPT-3's", "GPT-3", True),
        ("x SVM-ul", "SVM", True),
        ("x BERT-base", "BERT, base and large", True),
        ("x Minsky", "minimax", False),
        ("x Hochreiterowi", "Hochreiter", True),
    ],
)
def test_a_name_and_its_endings(name: str, text: str, *, expected: bool) -> None:
    (found,) = [one for one in read_names(name) if one.text != "x"]
    assert holds(words_of(text), found) is expected


@pytest.mark.parametrize(
    ("clause", "language", "expected"),
    [
        ("nu depinde de lungime", "ro", True),
        ("n-am verificat", "ro", True),
        ("trei ani de zile", "ro", False),
        ("nie zależy od długości", "pl", True),
        ("bez douczania", "pl", True),
        ("não depende do tamanho", "pt", True),
        ("no fim do treino", "pt", False),
        ("it doesn't depend on it", "en", True),
        ("without the internet", "en", True),
        ("not only this", "en", False),
    ],
)
def test_denials(clause: str, language: str, *, expected: bool) -> None:
    assert denies(clause, language) is expected


def test_clauses() -> None:
    assert cut_clauses("It stops, but it may get stuck (often). Then wait.") == [
        "It stops,",
        "but it may get stuck (often).",
        "Then wait.",
    ]
