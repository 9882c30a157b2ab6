"""Citations against notes that are really on disk."""

import re
from pathlib import Path

import pytest

from rag.answers.citations import Checker
from rag.encoders import Encoder
from rag.encoders.embedded_encoder import EmbeddedEncoder
from rag.types import Citation, CitationStatus, Passage
from tests.answers.scripted import make_passage, read_passages, write_vault

LSTM = """\
# Recurrent networks

An LSTM cell has three gates. It was proposed by *Hochreiter* and **Schmidhuber** in 1997.

- the forget gate decides what is dropped
  - its bias starts at 1
- the output gate decides what is shown

| Model | Gates | Year |
|-------|------:|-----:|
| LSTM  | 3     | 1997 |
| GRU   | 2     | 2014 |

See `gates[1]` in the code, and [the blog](http://colah.test/lstm) about it.
"""
VERIFIED, MOVED = CitationStatus.VERIFIED, CitationStatus.MOVED
STALE, UNSUPPORTED = CitationStatus.STALE, CitationStatus.UNSUPPORTED


@pytest.fixture
def vault(tmp_path: Path) -> Path:
    return write_vault(tmp_path / "vault", {"lstm.md": LSTM})


def cite(text: str, vault: Path, passages: list[Passage] | None = None) -> list[Citation]:
    return list(Checker(passages or read_passages(vault), vault, "en").cite(text))


def summary(citation: Citation) -> tuple[int, int, str, CitationStatus]:
    return citation.start_line, citation.end_line, citation.quote, citation.status


def test_the_vault_is_one_passage(vault: Path) -> None:
    assert [len(read_passages(vault)), read_passages(vault)[0].chunk.start_line] == [1, 1]


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        # Word for word.
        ("An LSTM cell has three gates. [1]", (3, 3, "An LSTM cell has three gates.")),
        ("An LSTM cell has three gates [1].", (3, 3, "An LSTM cell has three gates.")),
        ("- its bias starts at 1 [1]", (6, 6, "its bias starts at 1")),
        ("the output gate decides what is shown[1]", (7, 7, "the output gate decides what is shown")),
        # Without the note's markup, in other letters, over two sentences, over two lines.
        (
            "It was proposed by Hochreiter and Schmidhuber in 1997 [1].",
            (3, 3, "It was proposed by *Hochreiter* and **Schmidhuber** in 1997."),
        ),
        (
            "AN LSTM CELL HAS THREE GATES. It was proposed by Hochreiter and Schmidhuber in 1997. [1]",
            (3, 3, "An LSTM cell has three gates. It was proposed by *Hochreiter* and **Schmidhuber** in 1997."),
        ),
        (
            "the forget gate decides what is dropped\nits bias starts at 1 [1]",
            (5, 6, "the forget gate decides what is dropped\n  - its bias starts at 1"),
        ),
        # Part of a sentence, and what an answer does not show of a note.
        ("proposed by Hochreiter [1]", (3, 3, "proposed by *Hochreiter*")),
        (
            "See `gates[1]` in the code, and the blog about it. [1]",
            (14, 14, "See `gates[1]` in the code, and [the blog](http://colah.test/lstm) about it."),
        ),
        # A table row, alone and under its header.
        ("| GRU | 2 | 2014 [1] |", (12, 12, "GRU   | 2     | 2014")),
        (
            "| Model | Gates | Year |\n|---|---|---|\n| GRU | 2 | 2014 [1] |",
            (12, 12, "GRU   | 2     | 2014"),
        ),
        # In other words: the sentence that shares most.
        ("The forget gate drops something [1].", (5, 5, "the forget gate decides what is dropped")),
        # The mark stands within the sentence, or before it.
        (
            "According to [1], the output gate decides what is shown.",
            (7, 7, "the output gate decides what is shown"),
        ),
        ("- [1] its bias starts at 1", (6, 6, "its bias starts at 1")),
        # One word says too little: the sentence around it.
        ("Schmidhuber [1]", (3, 3, "It was proposed by *Hochreiter* and **Schmidhuber** in 1997.")),
        # An answer's own sentence without a mark is not mixed in.
        ("This is interesting. An LSTM cell has three gates. [1]", (3, 3, "An LSTM cell has three gates.")),
    ],
)  # fmt: skip
def test_verified(vault: Path, answer: str, expected: tuple[int, int, str]) -> None:
    assert [summary(citation) for citation in cite(answer, vault)] == [(*expected, VERIFIED)]


def test_each_mark_has_its_own_claim(vault: Path) -> None:
    answer = "An LSTM cell has three gates [1], and its bias starts at 1 [1]. LSTM 3 1997 [1]."
    assert [citation.start_line for citation in cite(answer, vault)] == [3, 6, 11]


def test_the_same_quote_is_given_once(vault: Path) -> None:
    assert len(cite("its bias starts at 1 [1]. Its bias starts at 1. [1]", vault)) == 1


def test_what_is_not_supported_is_said_beside_what_is(vault: Path) -> None:
    found = cite(
        "its bias starts at 1 [1]. Paris has a bias for music and for the Seine [1].", vault
    )
    assert [citation.status for citation in found] == [VERIFIED, UNSUPPORTED]


def test_one_sentence_may_stand_on_two_passages(tmp_path: Path) -> None:
    vault = write_vault(
        tmp_path, {"a.md": "Water boils at 100 degrees.\n", "b.md": "At sea level water boils.\n"}
    )
    found = cite("Water boils at sea level [1][2].", vault)
    assert [(one.number, one.path, one.quote) for one in found] == [
        (1, "a.md", "Water boils at 100 degrees."),
        (2, "b.md", "At sea level water boils."),
    ]


def test_no_marks_no_citations(vault: Path) -> None:
    assert cite("An LSTM cell has three gates, `x[1]`.", vault) == []
    assert cite("", vault) == []
    assert cite("[1]", vault) == []


def test_moved(vault: Path) -> None:
    passages = read_passages(vault)
    (vault / "lstm.md").write_text(f"# New\n\nA line.\n\n{LSTM}", encoding="utf-8")
    found = cite("An LSTM cell has three gates. [1] its bias starts at 1 [1]", vault, passages)
    assert [summary(citation) for citation in found] == [
        (7, 7, "An LSTM cell has three gates.", MOVED),
        (10, 10, "its bias starts at 1", MOVED),
    ]


def test_moved_to_the_nearest_of_several_places(tmp_path: Path) -> None:
    lines = ["Nothing here.", *["The same words again."] * 2, *["Nothing here."] * 3]
    vault = write_vault(tmp_path, {"a.md": "\n\n".join(["The same words again.", *lines])})
    passages = read_passages(vault)
    # One line more above: what was at line 1 is at 3, and at 7 and 9.
    text = (vault / "a.md").read_text(encoding="utf-8")
    (vault / "a.md").write_text(f"Above.\n\n{text}", encoding="utf-8")
    found = cite("The same words again. [1]", vault, passages)
    assert summary(found[0]) == (3, 3, "The same words again.", MOVED)


@pytest.mark.parametrize("line_end", ["\r\n", "\r"])
def test_line_ends_that_changed_move_nothing(vault: Path, line_end: str) -> None:
    passages = read_passages(vault)
    (vault / "lstm.md").write_bytes(LSTM.replace("\n", line_end).encode())
    found = cite(
        "the forget gate decides what is dropped; its bias starts at 1 [1]", vault, passages
    )
    quote = f"the forget gate decides what is dropped{line_end}  - its bias starts at 1"
    assert summary(found[0]) == (5, 6, quote, VERIFIED)


def test_stale_when_the_sentence_was_edited(vault: Path) -> None:
    passages = read_passages(vault)
    text = LSTM.replace("has three gates", "has four gates")
    (vault / "lstm.md").write_text(text, encoding="utf-8")
    found = cite("An LSTM cell has three gates. [1] its bias starts at 1 [1]", vault, passages)
    assert [summary(citation) for citation in found] == [
        (3, 3, "An LSTM cell has three gates.", STALE),
        (6, 6, "its bias starts at 1", VERIFIED),
    ]


def test_stale_when_the_note_is_gone(vault: Path) -> None:
    passages = read_passages(vault)
    (vault / "lstm.md").unlink()
    found = cite("An LSTM cell has three gates. [1]", vault, passages)
    assert summary(found[0]) == (3, 3, "An LSTM cell has three gates.", STALE)


def test_stale_when_the_note_leads_out_of_the_vault(vault: Path) -> None:
    passages = read_passages(vault)
    outside = vault.parent / "outside.md"
    outside.write_text(LSTM, encoding="utf-8")
    (vault / "lstm.md").unlink()
    (vault / "lstm.md").symlink_to(outside)
    assert cite("An LSTM cell has three gates. [1]", vault, passages)[0].status is STALE


def test_unsupported(vault: Path) -> None:
    found = cite("Paris lies on the Seine, in the north of France [1].", vault)
    assert [citation.status for citation in found] == [UNSUPPORTED]


@pytest.mark.parametrize(
    ("spoken", "answer", "expected"),
    [
        # Another language shares no letters with the note: nothing can be said against it.
        ("ro", "Celula decide ce se uită și ce se arată [1].", VERIFIED),
        # What counts is the language that was spoken, not the one that was asked for.
        ("en", "Celula decide ce se uită și ce se arată [1].", VERIFIED),
        ("ro", "Paris lies on the Seine and is the capital of France [1].", UNSUPPORTED),
    ],
)
def test_across_languages(vault: Path, spoken: str, answer: str, expected: CitationStatus) -> None:
    found = Checker(read_passages(vault), vault, spoken).cite(answer)
    assert [citation.status for citation in found] == [expected]


@pytest.fixture(scope="module")
def encoder() -> Encoder:
    return EmbeddedEncoder()


@pytest.mark.parametrize(
    ("spoken", "answer", "expected"),
    [
        # A translation, in the words of another language.
        ("ro", "Poarta de ieșire decide ce se arată [1].", (7, VERIFIED)),
        ("pl", "Bramka zapominania decyduje, co zostaje usunięte [1].", (5, VERIFIED)),
        ("pt", "Uma célula LSTM tem três portas [1].", (3, VERIFIED)),
        # The same language, in other words.
        ("en", "One of them controls what gets forgotten [1].", (5, VERIFIED)),
        ("ro", "Parisul este capitala Franței și stă pe Sena [1].", (None, UNSUPPORTED)),
        ("en", "Paris lies on the Seine, in the north of France [1].", (None, UNSUPPORTED)),
    ],
)
def test_an_encoder_finds_what_letters_do_not(
    vault: Path,
    encoder: Encoder,
    spoken: str,
    answer: str,
    expected: tuple[int | None, CitationStatus],
) -> None:
    (found,) = Checker(read_passages(vault), vault, spoken, encoder).cite(answer)
    line, status = expected
    assert found.status is status
    assert line in (None, found.start_line)


def test_marks_are_added_across_languages(vault: Path, encoder: Encoder) -> None:
    passages = [*read_passages(vault), make_passage("Neural networks learn from data.", rank=2)]
    answer = "Rețelele neuronale învață din date. Celula LSTM are trei porți. Îmi place."
    assert Checker(passages, vault, "ro", encoder).complete(answer) == (
        "Rețelele neuronale învață din date. [2] Celula LSTM are trei porți. [1] Îmi place."
    )


CODE = "# Saving\n\n```python\ntorch.save(model.state_dict(), path)\n```\n"


def test_a_line_of_code_may_be_what_a_sentence_stands_on(tmp_path: Path) -> None:
    vault = write_vault(tmp_path, {"a.md": CODE})
    found = cite("Save a model with torch.save and its state_dict [1].", vault)
    assert summary(found[0]) == (4, 4, "torch.save(model.state_dict(), path)", VERIFIED)


def test_the_notes_own_marks_are_read_as_the_prompt_wrote_them(tmp_path: Path) -> None:
    vault = write_vault(tmp_path, {"a.md": "Attention is all you need [1], says the paper.[^2]\n"})
    found = cite("Attention is all you need (1), says the paper. [1]", vault)
    quote = "Attention is all you need [1], says the paper."
    assert summary(found[0]) == (1, 1, quote, VERIFIED)


@pytest.mark.parametrize(
    "content",
    [
        b"\xef\xbb\xbf---\r\ntitle: Caf\xc3\xa9\r\n---\r\n\r\nUn caf\xc3\xa9 bun\r\nse bea cald.\r\n",
        "---\r\ntitle: Café\r\n---\r\n\r\nUn café bun\r\nse bea cald.\r\n".encode("utf-16"),
    ],
)
def test_byte_order_marks_and_crlf(tmp_path: Path, content: bytes) -> None:
    vault = write_vault(tmp_path, {"a.md": content})
    found = cite("Un cafe bun se bea cald. [1]", vault)
    assert summary(found[0]) == (5, 6, "Un café bun\r\nse bea cald.", VERIFIED)


def test_letters_in_two_characters(tmp_path: Path) -> None:
    """A Mac may write é as e and an accent; models write one character."""
    vault = write_vault(tmp_path, {"a.md": "Un cafe\u0301 tare se bea dimineat\u0326a.\n"})
    found = cite("Un café tare se bea dimineața. [1]", vault)
    assert summary(found[0]) == (1, 1, "Un cafe\u0301 tare se bea dimineat\u0326a.", VERIFIED)


def test_add_marks() -> None:
    passages = [
        make_passage("Bees dance to tell where flowers are. They live in hives."),
        make_passage("The blue whale weighs 150 tonnes.", rank=2),
    ]
    answer = (
        "The blue whale weighs about 150 tonnes. I like it. Bees dance, to tell where flowers are."
    )
    checker = Checker(passages, Path(), "en")
    assert checker.complete(answer) == (
        "The blue whale weighs about 150 tonnes. [2] I like it. "
        "Bees dance, to tell where flowers are. [1]"
    )
    assert checker.complete("Nothing of this stands in the notes.") == (
        "Nothing of this stands in the notes. [?]"
    )


def test_what_no_passage_supports_is_marked() -> None:
    passages = [make_passage("The blue whale weighs 150 tonnes. It eats krill, never fish.")]
    checker = Checker(passages, Path(), "en")
    right = "The blue whale weighs 150 tonnes [1]."
    assert checker.complete(right) == right
    wrong = f"{right} The blue whale weighs 200 tonnes [1]. It never eats krill."
    assert checker.complete(wrong) == (
        f"{right} The blue whale weighs 200 tonnes [1] [?]. It never eats krill. [?]"
    )
    assert checker.keep_supported(wrong) == right
    assert checker.keep_supported("- The blue whale weighs 200 tonnes [1]") == ""


def test_one_mark_is_enough_for_a_list_from_one_passage(vault: Path) -> None:
    answer = (
        "- the output gate decides what is shown\n- its bias starts at 1\n"
        "- the forget gate decides what is dropped [1]"
    )
    checker = Checker(read_passages(vault), vault, "en")
    assert checker.complete(answer) == answer
    assert [summary(one)[:1] + summary(one)[3:] for one in checker.cite(answer)] == [
        (7, VERIFIED),
        (6, VERIFIED),
        (5, VERIFIED),
    ]
    wrong = answer.replace("starts at 1", "starts at 3")
    assert checker.complete(wrong) == wrong.replace("starts at 3", "starts at 3 [?]")


def test_marks_that_were_added_are_verified(vault: Path) -> None:
    answer = "- an LSTM cell has three gates\n\n- its bias starts at 1"
    answer = Checker(read_passages(vault), vault, "en").complete(answer)
    assert answer == "- an LSTM cell has three gates [1]\n\n- its bias starts at 1 [1]"
    assert [citation.start_line for citation in cite(answer, vault)] == [3, 6]


def test_no_answer_is_too_odd(vault: Path) -> None:
    odd = [
        "[1]" * 50,
        "| [1] |",
        "- [1]\n- [1]",
        "\n[1]\n",
        ". [1] .",
        "**[1]**",
        "[1] a [1] b [1]",
    ]
    for answer in odd:
        for citation in cite(answer, vault):
            assert citation.quote in LSTM
            assert re.search(r"\w", citation.quote)
