"""Answers that quote: which sentences, in what shape, and never a changed letter."""

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rag.encoders import Encoder
from rag.encoders.embedded_encoder import EmbeddedEncoder
from rag.generators.extractive import MOST_SENTENCES, ExtractiveGenerator
from rag.types import Passage, Prompt
from tests.answers.scripted import make_passage
from tests.fake_encoder import FakeEncoder


@pytest.fixture(scope="module")
def encoder() -> Encoder:
    return EmbeddedEncoder()


def quote(encoder: Encoder, question: str, *passages: Passage, language: str = "en") -> str:
    prompt = Prompt(question, language, passages, ())
    return "".join(ExtractiveGenerator(encoder).stream(prompt))


def test_what_it_is() -> None:
    generator = ExtractiveGenerator(FakeEncoder())
    assert (generator.kind, generator.model) == ("extractive", "fake")
    assert generator.fits(Prompt("Why?", "en", (), ()))
    assert list(generator.stream(Prompt("Why?", "en", (), ()))) == []


LSTM = make_passage(
    "Recurrent networks are old. An LSTM cell has three gates. We read about music afterwards.\n",
    headings=("LSTM",),
)


def test_the_sentence_that_answers(encoder: Encoder) -> None:
    answer = quote(encoder, "How many gates does an LSTM cell have?", LSTM)
    assert answer == "An LSTM cell has three gates. [1]"


@pytest.mark.parametrize(
    ("language", "question", "text", "expected"),
    [
        (
            "en",
            "What is overfitting?",
            "We met overfitting in week two.\n\nOverfitting is learning noise by heart.\n",
            "Overfitting is learning noise by heart. [1]",
        ),
        (
            "ro",
            "Ce este supraînvățarea?",
            "La curs a fost supraînvățare.\n\n**Supraînvățarea** este memorarea zgomotului.\n",
            "**Supraînvățarea** este memorarea zgomotului. [1]",
        ),
        (
            "pl",
            "Co to jest przeuczenie?",
            "Na wykładzie było przeuczenie.\n\nPrzeuczenie to dopasowanie się modelu do szumu.\n",
            "Przeuczenie to dopasowanie się modelu do szumu. [1]",
        ),
        (
            "pt",
            "O que é sobreajuste?",
            "Vimos o sobreajuste na aula de ontem.\n\nSobreajuste é decorar o ruído dos dados.\n",
            "Sobreajuste é decorar o ruído dos dados. [1]",
        ),
    ],
)
def test_definitions_come_first(
    encoder: Encoder, language: str, question: str, text: str, expected: str
) -> None:
    passage = make_passage(text, language=language)
    assert expected in quote(encoder, question, passage, language=language)


def test_sentences_stand_in_the_order_of_the_note(encoder: Encoder) -> None:
    text = (
        "The forget gate of the LSTM drops memories. The output gate of the LSTM shows memories.\n"
    )
    question = (
        "Which memories does the output gate of the LSTM show, and what does the forget gate?"
    )
    assert quote(encoder, question, make_passage(text)) == (
        "The forget gate of the LSTM drops memories. [1] "
        "The output gate of the LSTM shows memories. [1]"
    )


def test_bullets_stand_under_their_parents(encoder: Encoder) -> None:
    text = (
        "- regularisation\n  - penalties\n    - the L1 penalty makes weights exactly zero\n"
        "- music of the week\n"
    )
    answer = quote(encoder, "Which penalty makes weights exactly zero?", make_passage(text))
    assert answer == (
        "- regularisation\n  - penalties\n    - the L1 penalty makes weights exactly zero [1]"
    )


def test_a_list_comes_whole_with_the_line_that_announces_it(encoder: Encoder) -> None:
    text = (
        "Music.\n\nAn LSTM cell has three gates:\n\n1. forget\n2. input\n3. output\n\nMore music.\n"
    )
    answer = quote(encoder, "Which gates does an LSTM cell have?", make_passage(text))
    assert answer == "An LSTM cell has three gates:\n- forget\n- input\n- output [1]"


def test_a_list_comes_whole_with_one_of_its_bullets(encoder: Encoder) -> None:
    text = "Steps:\n\n- collect answers\n- people rank the answers by taste\n- train\n"
    answer = quote(encoder, "Who ranks the answers by taste?", make_passage(text))
    assert answer.splitlines() == [
        "Steps:",
        "- collect answers",
        "- people rank the answers by taste",
        "- train [1]",
    ]


def test_a_long_list_does_not_come_whole(encoder: Encoder) -> None:
    others = "".join(f"- number {place} is about the music of another day\n" for place in range(40))
    text = f"Diary:\n\n- people rank the answers by taste\n{others}"
    answer = quote(encoder, "Who ranks the answers by taste?", make_passage(text))
    assert answer == "Diary:\n- people rank the answers by taste [1]"


TABLE = "| Run | Score |\n|:-:|--:|\n| r3 | **0.946** |\n| r4 | 0.921 | \n| r5 |  |\n"


def test_rows_stand_under_their_header(encoder: Encoder) -> None:
    answer = quote(encoder, "What score did run r3 get?", make_passage(TABLE))
    assert answer.startswith("| Run | Score |\n|:-:|--:|\n| r3 | **0.946** |")
    assert answer.count("|:-:|--:|") == 1


def test_rows_that_differ_in_numbers_alone_are_not_the_same(encoder: Encoder) -> None:
    text = "| Run | Model | Score |\n|---|---|---|\n| r1 | LSTM with dropout | 0.946 |\n"
    text += "| r2 | LSTM with dropout | 0.921 |\n"
    answer = quote(encoder, "What score did the LSTM with dropout get?", make_passage(text))
    assert "0.946 |" in answer
    assert "0.921 [1] |" in answer


def test_the_formula_that_is_asked_for(encoder: Encoder) -> None:
    text = "# Entropy\n\nThe entropy of a fair coin is one bit.\n\n$$\nH = -\\sum p \\log p\n$$\n"
    passage = make_passage(text, headings=("Entropy",))
    assert "$$\nH = -\\sum p \\log p\n$$\n[1]" in quote(
        encoder, "What is the formula of entropy?", passage
    )
    assert "$$" not in quote(encoder, "What is the entropy of a fair coin?", passage)


def test_the_code_that_is_asked_for(encoder: Encoder) -> None:
    text = "# Saving\n\nKeep only the weights.\n\nMusic.\n\n```python\ntorch.save(weights, file)\n```\n"
    passage = make_passage(text, headings=("Saving",))
    answer = quote(encoder, "How do I save the weights in PyTorch?", passage)
    assert "```python\ntorch.save(weights, file)\n```\n[1]" in answer


def test_a_formula_comes_with_the_line_that_announces_it(encoder: Encoder) -> None:
    text = "Music.\n\nThe entropy of a source is:\n\n$$\nH = -\\sum p \\log p\n$$\n\nMore music.\n"
    answer = quote(encoder, "What is the entropy of a source?", make_passage(text))
    assert answer == ("The entropy of a source is:\n\n$$\nH = -\\sum p \\log p\n$$\n[1]")


def test_overlapping_passages_say_it_once(encoder: Encoder) -> None:
    whole = "An LSTM cell has three gates that decide what it keeps."
    first = make_passage(f"Music of the week. {whole}\n", path="a.md")
    second = make_passage(f"{whole} More music of the week.\n", path="a.md", rank=2)
    cut = make_passage("three gates that decide what it keeps.\n", path="a.md", rank=3)
    answer = quote(encoder, "How many gates does an LSTM cell have?", first, second, cut)
    assert answer.count("three gates") == 1
    assert whole in answer


def test_a_copied_note_says_it_once(encoder: Encoder) -> None:
    first = make_passage("An LSTM cell has three gates.\n", path="a.md")
    copy = make_passage("An **LSTM** cell has three gates\n", path="copy.md", rank=2)
    answer = quote(encoder, "How many gates does an LSTM cell have?", first, copy)
    assert answer == "An LSTM cell has three gates. [1]"


def test_the_language_that_was_asked_for_comes_first(encoder: Encoder) -> None:
    passages = [
        make_passage("LSTM ma trzy bramki: 3.\n", path="pl.md", language="pl"),
        make_passage("LSTM has three gates: 3.\n", path="en.md", language="en"),
    ]
    for language, path in (("pl", "[1]"), ("en", "[2]")):
        assert path in quote(encoder, "LSTM?", *passages, language=language)


def test_a_question_in_a_note_is_no_answer(encoder: Encoder) -> None:
    text = "How many gates does an LSTM cell have?\n\nThe LSTM cell has three gates.\n"
    answer = quote(encoder, "How many gates does an LSTM cell have?", make_passage(text))
    assert "The LSTM cell has three gates. [1]" in answer


@pytest.mark.parametrize("text", ["", "# Title\n", "![[a.png]]\n"])
def test_no_sentences_no_answer(text: str) -> None:
    assert quote(FakeEncoder(), "What is x?", make_passage(text), make_passage(text, rank=2)) == ""


LINES = [
    *("Bees dance. They **show** the way!", "- a bullet", "  - nested: [x](y)", "- [x] task", "Steps:"),
    *("| a | b |", "|---|---|", "| 1 | `c\\|d` |", "> [!note] T", "> quoted", "**Label**", "# Title"),
    *("```", "$$", "x = y", "", "", "term\n: meaning", "pok. 214 is free.", "1. one", "[r]: http://e.t"),
    *("Footnote.[^1]", "[^1]: its text", "a<br>b", "\tindented", "| lone row |", "==mark== and $x$"),
]  # fmt: skip


@settings(max_examples=150, deadline=None)
@given(
    st.lists(st.lists(st.sampled_from(LINES), max_size=14), min_size=1, max_size=3),
    st.sampled_from(["\n", "\r\n"]),
)
def test_every_sentence_is_the_notes_own(contents: list[list[str]], line_end: str) -> None:
    passages = [
        make_passage(line_end.join(lines), path=f"{rank}.md", rank=rank)
        for rank, lines in enumerate(contents, start=1)
    ]
    prompt = Prompt("What do bees show on the way to a task?", "en", tuple(passages), ())
    pieces = list(ExtractiveGenerator(FakeEncoder()).stream(prompt))
    number = ""
    for piece in reversed(pieces):
        rows = piece.strip().splitlines()
        # A line without a mark shares that of the next one.
        number = next(iter(re.findall(r"\[(\d+)\](?=[ |]*$)", piece)), number)
        text = passages[int(number) - 1].chunk.text
        if rows[-1].startswith("|"):
            assert all(row in text for row in rows[:-1])
            assert rows[-1].replace(f" [{number}]", "", 1) in text
        else:
            said = re.sub(r"^\s*(?:- (?:\[x\] )?)?", "", piece)
            said = said.removesuffix(f"[{number}]").rstrip(" \n")
            assert said.strip() in text


def test_no_more_than_a_few_sentences(encoder: Encoder) -> None:
    text = "".join(f"Gate number {place} of the LSTM opens at dawn.\n\n" for place in range(12))
    answer = quote(encoder, "When do the gates of the LSTM open?", make_passage(text))
    assert answer.count("[1]") == MOST_SENTENCES


def test_a_passage_without_the_name_that_was_asked_for_gives_way(encoder: Encoder) -> None:
    other = make_passage("How the cell works: the cell has three gates.", headings=("LSTM",))
    asked = make_passage("GRU has two gates and no state.", path="b.md", headings=("GRU",), rank=2)
    question = "How does a GRU cell work?"
    assert "three" not in quote(encoder, question, other, asked)
    assert "three" in quote(encoder, "How does a cell work?", other, asked)
    assert "three" in quote(
        encoder, question, other
    )  # where none has it, no passage is the wrong one
