"""Why a passage was found, in words."""

from rag.page.finding import find_shared_words
from tests.answered import make_passage


def test_content_words_that_both_have() -> None:
    passage = make_passage(text="Rețelele neuronale recurente au porți.")
    assert find_shared_words("Ce porti are o retea LSTM?", passage) == ["porti"]
    assert find_shared_words("Câte PORȚI are?", passage) == ["PORȚI"]
