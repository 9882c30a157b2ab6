"""Rows cut off from their table are shown below its header again."""

from rag.page.table_head import add_head
from rag.types import Chunk


def chunk(text: str, indexed_text: str) -> Chunk:
    return Chunk("a.md", "A", (), 11, 14, text, indexed_text, (), "pl")


def test_rows_get_their_header_back() -> None:
    text = "| SGD | **0.1** |\n| Adam | 0.001 |"
    indexed = "Tabela\nNazwa | Krok\nSGD | 0.1\nAdam | 0.001"
    assert add_head(chunk(text, indexed)) == (f"|Nazwa | Krok|\n|---|---|\n{text}", 2)


def test_a_whole_table_stays_as_it_is() -> None:
    text = "| Nazwa | Krok |\n|---|--:|\n| SGD | 0.1 |"
    assert add_head(chunk(text, "Tabela\nNazwa | Krok\nSGD | 0.1")) == (text, 0)


def test_a_line_of_another_width_is_no_header() -> None:
    text = "| SGD | 0.1 |"
    assert add_head(chunk(text, "Tabela\nSGD | 0.1")) == (text, 0)


def test_what_is_no_table_stays_as_it_is() -> None:
    assert add_head(chunk("A line.\nAnother.", "A\nA line.\nAnother.")) == (
        "A line.\nAnother.",
        0,
    )
