"""From a question to an answer, over notes that were really ingested."""

from collections.abc import Callable
from pathlib import Path

import pytest

from rag.answers.answer import NOBODY, Answerer
from rag.answers.confidence import ANSWERABLE
from rag.answers.inert import is_alive
from rag.answers.prompt import build_prompt
from rag.answers.refusal import write_refusal
from rag.generators import Generator
from rag.generators.extractive import ExtractiveGenerator
from rag.generators.transformers_chat import TransformersGenerator
from rag.retrieval.search import Retriever
from rag.types import Answer, CitationStatus, Filters
from tests.answers.conftest import IngestNotes
from tests.answers.scripted import ScriptedGenerator
from tests.fake_encoder import FakeEncoder
from tests.retrieval.small_index import make_index
from tests.tiny_decoder import build_tiny_decoder

GATES = "How many gates does an LSTM cell have?"
ELSEWHERE = "Who won the football world cup in Berlin?"


def answer_with(
    retriever: Retriever, generator: Generator, question: str = GATES, **more: str | None
) -> tuple[Answer, str]:
    """Ask; gives the answer, and what was shown while it was written."""
    shown: list[str] = []
    answerer = Answerer(retriever, lambda: generator, lambda: 0)
    language = more.get("language")
    answer = answerer.ask(question, 3, language=language, on_text=shown.append)
    return answer, "".join(shown)


def test_an_answer(retriever: Retriever) -> None:
    generator = ScriptedGenerator("An LSTM cell has ", "three gates [1].", " It is old [9].\n")
    answer, shown = answer_with(retriever, generator)
    assert answer.text == "An LSTM cell has three gates [1]. It is old."
    assert shown == "An LSTM cell has three gates [1]. It is old [9].\n"
    assert not answer.abstained
    assert ANSWERABLE <= answer.confidence <= 1
    assert (answer.question, answer.language) == (GATES, "en")
    assert (answer.generator_kind, answer.generator_model) == ("scripted", "script")
    assert len(answer.passages) == 3
    (citation,) = answer.citations
    assert (citation.number, citation.path, citation.headings) == (1, "lstm.md", ("LSTM",))
    assert (citation.start_line, citation.end_line) == (3, 3)
    assert citation.quote == "An LSTM cell has three gates."
    assert citation.status is CitationStatus.VERIFIED
    assert list(answer.timings_ms) == ["retrieve", "generate", "cite"]
    assert all(spent >= 0 for spent in answer.timings_ms.values())


def test_one_generator_is_opened_for_all_questions(retriever: Retriever) -> None:
    opened: list[int] = []

    def open_generator() -> Generator:
        opened.append(1)
        return ScriptedGenerator("Three gates [1].")

    answerer = Answerer(retriever, open_generator, lambda: 3)
    assert answerer.ask(GATES, 2).behind == 3
    assert not answerer.ask(GATES, 2).abstained
    assert opened == [1]


def test_no_generator_is_opened_for_a_refusal(retriever: Retriever) -> None:
    shown: list[str] = []
    answerer = Answerer(retriever, lambda: pytest.fail("it was opened"), lambda: 0)
    answer = answerer.ask(ELSEWHERE, 3, on_text=shown.append)
    assert answer.abstained
    assert answer.confidence < ANSWERABLE
    assert answer.text == write_refusal("en", answer.passages) == "".join(shown)
    assert answer.text.startswith("Your notes do not answer this question. The nearest notes are: ")
    assert (answer.generator_kind, answer.generator_model) == (NOBODY, "")
    assert answer.citations == ()
    assert len(answer.passages) == 3


@pytest.mark.parametrize(
    ("pieces", "before"),
    [
        (["NOT_IN_NOTES"], ""),
        (["N", "OT", "_IN_NO", "TES", "."], ""),
        (["\n**NOT", "\\_IN\\_NOTES**"], ""),
        (["I have looked. ", "NOT_IN", "_NOTES"], "I have looked. \n\n"),
        (["I have looked. NO", "T_IN_NOTES"], "I have looked. \n\n"),
    ],
)
def test_a_model_that_says_so_abstains(
    retriever: Retriever, pieces: list[str], before: str
) -> None:
    generator = ScriptedGenerator(*pieces, "never asked for")
    answer, shown = answer_with(retriever, generator)
    assert answer.abstained
    assert answer.text == write_refusal("en", answer.passages)
    assert shown == before + answer.text
    assert answer.generator_kind == "scripted"
    assert answer.citations == ()
    assert generator.given <= len(pieces)


@pytest.mark.parametrize(
    "pieces",
    [[], [""], [" ", "\n"], ["**", "**"], ["[9]"], ["[1]"], ["<br>"], ["![](x.png)"], ["- \n- "]],
)
def test_no_words_are_no_answer(retriever: Retriever, pieces: list[str]) -> None:
    answer, shown = answer_with(retriever, ScriptedGenerator(*pieces))
    assert answer.abstained
    assert answer.text == write_refusal("en", answer.passages)
    assert shown.endswith(answer.text)


@pytest.mark.parametrize(
    "pieces", [["NO"], ["**N", "o", "**"], ["Gates do n", "ot"], ["x ", "NOT IN"]]
)
def test_what_was_held_back_is_shown_at_the_end(retriever: Retriever, pieces: list[str]) -> None:
    answer, shown = answer_with(retriever, ScriptedGenerator(*pieces))
    assert answer.text == shown == "".join(pieces)
    assert not answer.abstained


def test_a_model_that_cites_nothing_is_cited_for(retriever: Retriever) -> None:
    answer, shown = answer_with(retriever, ScriptedGenerator("An LSTM cell has three gates."))
    assert shown == "An LSTM cell has three gates."
    assert answer.text == "An LSTM cell has three gates. [1]"
    assert [citation.quote for citation in answer.citations] == [shown]


@pytest.mark.parametrize(
    ("question", "given", "expected", "name"),
    [
        (GATES, None, "en", "English"),
        ("După ce împarte datele un arbore de decizie?", None, "ro", "română"),
        ("Co robi dropout podczas uczenia sieci?", None, "pl", "polski"),
        ("Quantas médias móveis guarda o otimizador Adam?", None, "pt", "português"),
        # No hint: the language of most notes.
        ("LSTM?", None, "en", "English"),
        (GATES, "pl", "pl", "polski"),
        (GATES, "pt-BR", "pt", "português"),
        (GATES, "RO", "ro", "română"),
    ],
)
def test_the_language_of_the_answer(
    retriever: Retriever, question: str, given: str | None, expected: str, name: str
) -> None:
    generator = ScriptedGenerator("Words [1].")
    answer, _ = answer_with(retriever, generator, question, language=given)
    assert answer.language == expected
    (prompt,) = generator.prompts
    assert prompt.language == expected
    assert f"Answer in {name}" in prompt.messages[1].content


def test_a_refusal_is_in_the_language_asked_for(retriever: Retriever) -> None:
    answer, _ = answer_with(retriever, ScriptedGenerator(), ELSEWHERE, language="pl")
    assert answer.text.startswith("Twoje notatki nie odpowiadają na to pytanie.")


@pytest.mark.parametrize(
    ("fitting", "expected"),
    [(3, "Gates [1], cells [2]."), (2, "Gates [1], cells [2]."), (1, "Gates [1], cells.")],
)
def test_passages_are_dropped_until_the_prompt_fits(
    retriever: Retriever, fitting: int, expected: str
) -> None:
    messages = build_prompt(GATES, "en", retriever.search(GATES, fitting)).messages
    most = sum(len(message.content) for message in messages)
    generator = ScriptedGenerator("Gates [1], cells [2].", most_characters=most)
    answer, _ = answer_with(retriever, generator)
    assert [len(prompt.passages) for prompt in generator.prompts] == [fitting]
    assert answer.text == expected
    assert len(answer.passages) == 3


def test_one_passage_always_stays(retriever: Retriever) -> None:
    generator = ScriptedGenerator("One [1].", most_characters=1)
    assert answer_with(retriever, generator)[0].text == "One [1]."
    assert [len(prompt.passages) for prompt in generator.prompts] == [1]


def test_filters_say_which_notes_may_answer(retriever: Retriever) -> None:
    answerer = Answerer(retriever, lambda: ScriptedGenerator("Words [1]."), lambda: 0)
    answer = answerer.ask(GATES, 3, filters=Filters(paths=("bees.md",)))
    assert {passage.chunk.path for passage in answer.passages} == {"bees.md"}
    assert answerer.ask(GATES, 3, filters=Filters(paths=("nowhere.md",))).text == (
        "Your notes do not answer this question."
    )


PLANTED = """\
# Gradient clipping

Gradient clipping limits the norm of all gradients ![plot](http://evil.test/p) together to one.
See [the page](http://evil.test/page) on gradient clipping <img src="http://evil.test/x.png"> now.
Gradient clipping was described at https://good.test/clip by the course.
Read ![the plot][pic] and [gradient clipping][pic] too.

[pic]: http://evil.test/pic.png
[1]: http://evil.test/one
"""


def test_nothing_that_a_note_planted_is_in_an_extractive_answer(ingest_notes: IngestNotes) -> None:
    retriever = ingest_notes({"clip.md": PLANTED})
    generator = ExtractiveGenerator(retriever.encoder)
    answer, _ = answer_with(retriever, generator, "What does gradient clipping limit?")
    assert answer.text.startswith(
        "Gradient clipping limits the norm of all gradients plot together to one. [1]"
    )
    assert not is_alive(answer.text)
    for planted in ("://", "evil.test", "![", "<img", "][", "]("):
        assert planted not in answer.text
    assert answer.citations
    for citation in answer.citations:
        assert citation.status is CitationStatus.VERIFIED
        lines = PLANTED.splitlines()[citation.start_line - 1 : citation.end_line]
        assert citation.quote in "\n".join(lines)


def test_nothing_that_a_model_repeats_is_in_its_answer(ingest_notes: IngestNotes) -> None:
    retriever = ingest_notes({"clip.md": PLANTED})
    answer, shown = answer_with(
        retriever, ScriptedGenerator(*PLANTED), "What is gradient clipping?"
    )
    assert shown == PLANTED
    assert not is_alive(answer.text)
    for planted in ("://", "![", "<img", "]("):
        assert planted not in answer.text
    assert "described at good.test/clip by" in answer.text


CODE_ONLY = "# Saving a model\n\n```python\ntorch.save(model.state_dict(), path)\n```\n"


def test_code_alone_is_an_extractive_answer(ingest_notes: IngestNotes) -> None:
    retriever = ingest_notes({"saving a model.md": CODE_ONLY})
    generator = ExtractiveGenerator(retriever.encoder)
    answer, _ = answer_with(retriever, generator, "How is saving a model done?")
    assert answer.confidence >= ANSWERABLE
    assert answer.text.startswith("```")
    assert answer.text.endswith("```\n[1]")
    (citation,) = answer.citations
    assert citation.status is CitationStatus.VERIFIED


OWN_MARKS = """\
# Attention

Attention weighs words by how much they matter [1], as `weights[2]` holds [2].
"""


def test_the_notes_own_marks_are_no_citations(ingest_notes: IngestNotes) -> None:
    notes = {"attention.md": OWN_MARKS, "bees.md": "# Bees\n\nBees dance for flowers.\n"}
    retriever = ingest_notes(notes)
    generator = ExtractiveGenerator(retriever.encoder)
    answer, _ = answer_with(retriever, generator, "How does attention weigh words that matter?")
    assert answer.text.startswith(
        "Attention weighs words by how much they matter (1), as `weights[2]` holds (2). [1]"
    )
    first = answer.citations[0]
    assert (first.quote, first.number) == (OWN_MARKS.splitlines()[2], 1)
    assert first.status is CitationStatus.VERIFIED


@pytest.mark.parametrize(
    ("question", "path", "quote"),
    [
        (GATES, "lstm.md", "An LSTM cell has three gates."),
        (
            "După ce împarte datele un arbore de decizie?",
            "arbori.md",
            "Un arbore de decizie împarte datele după entropie.",
        ),
        (
            "Co wyłącza dropout podczas uczenia sieci?",
            "regularyzacja.md",
            "Dropout wyłącza losowo neurony podczas uczenia sieci.",
        ),
        (
            "Quantas médias móveis guarda o otimizador Adam?",
            "otimizadores.md",
            "O otimizador Adam guarda duas médias móveis por parâmetro.",
        ),
    ],
)
def test_extractive_answers(retriever: Retriever, question: str, path: str, quote: str) -> None:
    answer, shown = answer_with(retriever, ExtractiveGenerator(retriever.encoder), question)
    assert answer.text.startswith(f"{quote} [1]")
    assert shown == answer.text
    citation = answer.citations[0]
    assert (citation.path, citation.quote) == (path, quote)
    assert {citation.status for citation in answer.citations} == {CitationStatus.VERIFIED}
    assert (citation.start_line, citation.end_line) == (3, 3)


def test_notes_that_changed_since(ingest_notes: IngestNotes) -> None:
    retriever = ingest_notes(
        {"a.md": "# Bees\n\nQueen bees lay eggs.\n\nBees dance for flowers.\n"}
    )
    note = Path(retriever.index.info.vault) / "a.md"
    note.write_text("# Bees\n\nNew.\n\nQueen bees lay eggs.\n", encoding="utf-8")
    script = ScriptedGenerator("Queen bees lay eggs [1]. Bees dance for flowers [1].")
    answer, _ = answer_with(retriever, script, "Which bees lay eggs and which dance?")
    assert [(one.status, one.start_line) for one in answer.citations] == [
        (CitationStatus.MOVED, 5),
        (CitationStatus.STALE, 5),
    ]


@pytest.fixture(scope="module")
def decoder(tmp_path_factory: pytest.TempPathFactory) -> Callable[[int], TransformersGenerator]:
    def build(context: int) -> TransformersGenerator:
        folder = build_tiny_decoder(tmp_path_factory.mktemp("decoder"), context=context)
        return TransformersGenerator(str(folder), max_new_tokens=16)

    return build


@pytest.mark.parametrize(("context", "passages"), [(4_096, 3), (1_000, 2)])
def test_a_decoder_answers(
    retriever: Retriever,
    decoder: Callable[[int], TransformersGenerator],
    context: int,
    passages: int,
) -> None:
    """It writes nonsense, which is an answer like any other, and cites only what there is."""
    generator = decoder(context)
    answer, shown = answer_with(retriever, generator)
    assert (answer.generator_kind, answer.generator_model) == ("transformers", generator.model)
    assert shown
    assert answer.text
    assert not is_alive(answer.text)
    assert all(1 <= citation.number <= passages for citation in answer.citations)


ROMANIAN = "Celula LSTM are trei porți și o poartă de uitare [1]."


def test_another_language_is_asked_for_once_more(retriever: Retriever) -> None:
    generator = ScriptedGenerator(ROMANIAN)
    answer, _ = answer_with(retriever, generator)
    assert len(generator.prompts) == 2
    assert [message.role for message in generator.prompts[1].messages] == [
        "system",
        "user",
        "assistant",
        "user",
    ]
    assert answer.languages == ("ro",)
    assert answer.language == "en"


def test_quotes_say_whose_language_they_are_in(ingest_notes: IngestNotes) -> None:
    text = "# Dropout\n\nDropout wyłącza losowo neurony podczas uczenia sieci.\n"
    retriever = ingest_notes({"dropout.md": text, "bees.md": "# Bees\n\nBees dance for flowers.\n"})
    generator = ExtractiveGenerator(retriever.encoder)
    answer, _ = answer_with(retriever, generator, "What does dropout do to neurons in a network?")
    assert answer.languages == ("pl",)


def test_strict_leaves_out_what_no_passage_supports(retriever: Retriever) -> None:
    generator = ScriptedGenerator(
        "An LSTM cell has three gates [1]. An LSTM cell has nine gates [1]."
    )
    loose = Answerer(retriever, lambda: generator, lambda: 0).ask(GATES, 3)
    assert loose.text.endswith("An LSTM cell has nine gates [1] [?].")
    strict = Answerer(retriever, lambda: generator, lambda: 0, strict=True).ask(GATES, 3)
    assert strict.text == "An LSTM cell has three gates [1]."
    only = ScriptedGenerator("An LSTM cell has nine gates [1].")
    assert Answerer(retriever, lambda: only, lambda: 0, strict=True).ask(GATES, 3).abstained


def test_a_model_reads_what_stands_around_a_passage_while_there_is_room(tmp_path: Path) -> None:
    encoder = FakeEncoder(max_tokens=60)
    words = " ".join(f"word{number}" for number in range(45))
    notes = {"cells.md": f"# Gates\n\nGates forget. {words}\n\nThey open again at noon. {words}\n"}
    retriever = Retriever(make_index(tmp_path, notes, encoder), lambda: encoder)
    told = ScriptedGenerator("They open again at noon [1].")
    answer = Answerer(retriever, lambda: told, lambda: 0).ask("Which gates forget?", 1)
    assert "at noon" in told.prompts[0].messages[1].content
    (citation,) = answer.citations
    assert (citation.status, citation.start_line) == (CitationStatus.VERIFIED, 5)

    room = sum(len(message.content) for message in told.prompts[0].messages) - 1
    narrow = ScriptedGenerator("Gates forget [1].", most_characters=room)
    Answerer(retriever, lambda: narrow, lambda: 0).ask("Which gates forget?", 1)
    assert "at noon" not in narrow.prompts[0].messages[1].content
