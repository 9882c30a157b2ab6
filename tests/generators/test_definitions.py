"""Which questions ask for a definition, and what looks like one."""

import pytest

from rag.generators.definitions import asked_pair, asked_term, defines, describes, leads


@pytest.mark.parametrize(
    ("question", "term"),
    [
        ("Ce este RLHF?", "rlhf"),
        ("ce e DPO", "dpo"),
        ("Ce înseamnă overfitting?", "overfitting"),
        ("Co to jest perplexity?", "perplexity"),
        ("Czym są tokeny?", "tokeny"),
        ("co to k-means?", "k-means"),
        ("O que é um GAN?", "gan"),
        ("O que são parâmetros?", "parametros"),
        ("What is a mixture of experts?", "mixture of experts"),
        ("What's dropout?", "dropout"),
        ("What does RLHF mean?", "rlhf"),
        ("Was ist ein Token?", "token"),
        ("Czym różni się L1 od L2?", None),
        ("How does HNSW work?", None),
        ("What is the best way to pass this exam in June?", None),
        ("", None),
    ],
)
def test_the_term_that_is_asked_for(question: str, term: str | None) -> None:
    assert asked_term(question) == term


@pytest.mark.parametrize(
    ("sentence", "term", "expected"),
    [
        ("RLHF este o metodă de aliniere.", "rlhf", 1),
        ("**RLHF** (*learning from feedback*) este o metodă.", "rlhf", 1),
        ("Reinforcement learning from human feedback (RLHF) is a method.", "rlhf", 0.5),
        (
            "Transfer learning, ou aprendizado por transferência, é uma técnica.",
            "transfer learning",
            1,
        ),
        ("Tokenii (cuvinte sau părți) sunt vectori.", "token", 1),
        ("**BLEU** – precyzja n-gramów", "bleu", 1),
        ("Grokking : accuracy jumps late.", "grokking", 1),
        ("The RLHF is what we read about.", "rlhf", 1),
        ("Am citit ieri despre RLHF.", "rlhf", 0),
        ("k-means++ (Arthur): środki", "k-means", 0),
        ("", "rlhf", 0),
    ],
)
def test_what_opens_like_a_definition(sentence: str, term: str, expected: float) -> None:
    assert defines(sentence, term) == expected


@pytest.mark.parametrize(
    ("place", "heading", "expected"),
    [
        (0, "RoPE", 1.0),
        (1, "3. RoPE", 0.7),
        (2, "RoPE (rotary)", 0.4),
        (3, "RoPE", 0.0),
        (0, "RoPE and ALiBi side by side", 0.6),
        (0, "Positional encodings", 0.0),
    ],
)
def test_the_first_sentences_under_the_term(place: int, heading: str, expected: float) -> None:
    assert leads(place, heading, "rope") == pytest.approx(expected)


def test_hostile_sentences_take_no_time() -> None:
    for sentence in ("a " * 50_000, "(" * 50_000, "rlhf" + " (" * 50_000, "*" * 50_000 + "rlhf"):
        assert defines(sentence, "rlhf") == 0


@pytest.mark.parametrize(
    ("question", "pair"),
    [
        ("Czym różni się koder od dekodera?", ("koder", "dekodera")),
        ("Jaka jest różnica między L1 a L2?", ("l1", "l2")),
        ("What is the difference between a GRU and an LSTM?", ("gru", "lstm")),
        ("How does BPE differ from WordPiece?", ("bpe", "wordpiece")),
        ("Care e diferența dintre bagging și boosting?", ("bagging", "boosting")),
        ("Prin ce diferă un arbore de o pădure?", ("arbore", "padure")),
        ("Qual é a diferença entre o LoRA e o QLoRA?", ("lora", "qlora")),
        ("LSTM vs GRU", ("lstm", "gru")),
        ("Ce este RLHF?", None),
        ("", None),
    ],
)
def test_the_two_that_are_compared(question: str, pair: tuple[str, str] | None) -> None:
    assert asked_pair(question) == pair


def test_a_term_is_known_without_its_ending() -> None:
    assert describes("dekoder - czyta tylko wstecz", "dekodera") == 1
    assert describes("dekoder - czyta tylko wstecz", "koder") == 0
    assert describes("GR - nic", "gru") == 0
