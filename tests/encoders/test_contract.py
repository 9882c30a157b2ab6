"""What every encoder must do, whatever is behind it."""

from collections.abc import Callable

import numpy as np
import pytest

from rag.encoders import Encoder, Vectors
from rag.encoders.embedded_encoder import EmbeddedEncoder
from rag.encoders.sentence_transformers_encoder import SentenceTransformersEncoder

LETTERS = "abcdefghijklmnopqrstuvwxyz"
TEXTS = [
    "a",
    "What is attention in a transformer?",
    "Uczenie maszynowe to dziedzina nauki. " * 20,
    "Rețelele neuronale recurente păstrează o stare ascunsă.",
    "",
    "O gradiente aponta para onde a perda cresce mais. " * 3,
    "x y",
]
HOSTILE = {
    "empty": "",
    "blank": " \t\n\r\u00a0\u2028",
    "nul": "a\0b\0",
    "lone surrogate": "a\ud800b \udfff",
    "controls": "\x1b[31mred\x07\x7f",
    "marks only": "\u0301" * 500,
    "emoji": "👩‍👩‍👧‍👦" * 300,
    "right to left": "\u202eשלום مرحبا",
    "other script": "神经网络" * 100,
    "one long word": "a" * 100_000,
    "no spaces": ".,;" * 5_000,
    "special tokens": "[CLS] [SEP] [PAD] [MASK] [UNK] <s> </s> <|endoftext|>",
    "markup": "![[x]] <script>alert(1)</script> $$\\frac{1}{0}$$ | a | b |",
}


def letters(count: int) -> str:
    """A text of this many tokens, in each encoder's vocabulary."""
    return " ".join(LETTERS[number % 7] for number in range(count))


def assert_unit_rows(vectors: Vectors, rows: int, dimension: int) -> None:
    assert vectors.shape == (rows, dimension)
    assert vectors.dtype == np.float32
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-5)


def test_rows_are_unit_vectors(encoder: Encoder) -> None:
    assert_unit_rows(encoder.encode_passages(TEXTS), len(TEXTS), encoder.dimension)
    assert_unit_rows(encoder.encode_questions(TEXTS), len(TEXTS), encoder.dimension)


def test_no_texts(encoder: Encoder) -> None:
    assert_unit_rows(encoder.encode_passages([]), 0, encoder.dimension)
    assert_unit_rows(encoder.encode_questions([]), 0, encoder.dimension)
    assert encoder.count_tokens([]) == []


def test_same_text_same_vector_in_any_company_and_place(encoder: Encoder) -> None:
    many = encoder.encode_passages(TEXTS * 3)
    for place, text in enumerate(TEXTS):
        alone = encoder.encode_passages([text])[0]
        np.testing.assert_allclose(many[place :: len(TEXTS)], np.tile(alone, (3, 1)), atol=1e-5)


def test_different_texts_have_different_vectors(encoder: Encoder) -> None:
    similarity = encoder.encode_passages(TEXTS) @ encoder.encode_passages(TEXTS).T
    assert (similarity - np.eye(len(TEXTS))).max() < 0.999


def test_counts_tokens_without_special_ones_and_uncut(encoder: Encoder) -> None:
    longer = encoder.max_tokens + 50
    assert encoder.count_tokens([letters(3), "", letters(longer)]) == [3, 0, longer]


def test_reads_max_tokens_and_no_more(encoder: Encoder) -> None:
    full = letters(encoder.max_tokens)
    kept, longer, much_longer = encoder.encode_passages([full, full + " z", full + " z y x" * 99])
    np.testing.assert_allclose(longer, kept, atol=1e-5)
    np.testing.assert_allclose(much_longer, kept, atol=1e-5)


def test_reads_the_last_of_max_tokens(encoder: Encoder) -> None:
    start = letters(encoder.max_tokens - 1)
    one, other = encoder.encode_passages([start + " z", start + " q"])
    assert np.abs(one - other).max() > 1e-6


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE.keys())
def test_hostile_texts(encoder: Encoder, text: str) -> None:
    assert_unit_rows(encoder.encode_passages([text]), 1, encoder.dimension)
    assert_unit_rows(encoder.encode_questions([text]), 1, encoder.dimension)
    assert encoder.count_tokens([text])[0] >= 0


def test_lone_surrogate_is_read_as_question_mark(encoder: Encoder) -> None:
    broken, mended = encoder.encode_passages(["a \udc80 b", "a ? b"])
    np.testing.assert_allclose(broken, mended, atol=1e-5)


def test_fingerprint_is_the_models(
    encoder: Encoder, load_again: Callable[[Encoder], Encoder]
) -> None:
    again = load_again(encoder)
    assert again.fingerprint == encoder.fingerprint
    assert again.name == encoder.name
    np.testing.assert_array_equal(again.encode_passages(["a b"]), encoder.encode_passages(["a b"]))


def test_fingerprints_differ(
    embedded: EmbeddedEncoder,
    embedded_in_torch: SentenceTransformersEncoder,
    tiny: SentenceTransformersEncoder,
    static: SentenceTransformersEncoder,
) -> None:
    encoders: list[Encoder] = [embedded, embedded_in_torch, tiny, static]
    assert len({encoder.fingerprint for encoder in encoders}) == len(encoders)
