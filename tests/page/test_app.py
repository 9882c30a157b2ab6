"""The pages' logic, without a browser."""

import shutil
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from rag.config import Settings
from rag.history import History
from rag.page.conversation import TURNS
from rag.page.finding import USUAL_RESULTS
from rag.page.jobs import find_jobs
from rag.wire_beside import open_feedback
from rag.wire_llm import AUTO
from tests.page.conftest import ingest, write_notes

APP = Path(__file__).parents[2] / "app.py"
SECONDS = 30
"""For the first run, which loads the encoder, on a slow machine."""


@pytest.fixture
def page(index: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> AppTest:
    return open_page(index, monkeypatch, tmp_path)


def open_page(index: Path, monkeypatch: pytest.MonkeyPatch, folder: Path) -> AppTest:
    monkeypatch.chdir(folder)  # where no rag.toml is
    monkeypatch.setenv("RAG_INDEX", str(index))
    page = AppTest.from_file(str(APP), default_timeout=SECONDS).run()
    assert not page.exception
    return page


def ask(page: AppTest, question: str) -> AppTest:
    page.chat_input[0].set_value(question).run()
    assert not page.exception
    return page


def shown(page: AppTest) -> str:
    elements = [*page.markdown, *page.caption, *page.info, *page.warning, *page.error]
    return "\n".join(element.value for element in [*elements, *page.subheader, *page.title])


def sources(page: AppTest) -> list[str]:
    return [head.value for head in page.main.subheader if head.value.endswith(r"\.md")]


def test_without_an_index_it_asks_for_the_notes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = open_page(tmp_path / "none", monkeypatch, tmp_path)
    assert len(page.chat_input) == 0
    assert not page.error
    folder = page.text_input(key="vault")
    folder.set_value("no such folder").run()
    assert page.error[0].value == "There is no folder `no such folder`."
    (tmp_path / "empty").mkdir()
    folder.set_value(str(tmp_path / "empty")).run()
    assert "no note in it" in page.warning[0].value
    write_notes(tmp_path / "vault")
    folder.set_value(str(tmp_path / "vault")).run()
    assert "6 notes in it" in shown(page)
    assert [button.label for button in page.button] == ["Read the notes"]


def test_a_new_ingest_is_picked_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_notes(tmp_path / "vault")
    page = open_page(tmp_path / "index", monkeypatch, tmp_path)
    assert len(page.chat_input) == 0
    ingest(tmp_path / "vault", tmp_path / "index")
    page.run()
    ask(page, "Where does a quokka live?")
    assert "Rottnest" not in shown(page)
    (tmp_path / "vault" / "new.md").write_text("A quokka lives on Rottnest Island.")
    ingest(tmp_path / "vault", tmp_path / "index")
    ask(page, "Where does a quokka live?")
    assert "Rottnest" in shown(page)


def test_a_damaged_index_is_one_line_and_can_be_rebuilt(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_notes(tmp_path / "vault")
    ingest(tmp_path / "vault", tmp_path / "index")
    (tmp_path / "index" / "CURRENT").write_text("nonsense")
    page = open_page(tmp_path / "index", monkeypatch, tmp_path)
    assert [("\\-\\-rebuild" in error.value) for error in page.error] == [True]
    page.text_input(key="vault").set_value(str(tmp_path / "vault")).run()
    assert [button.label for button in page.button] == ["Rebuild"]
    page.button[0].click().run()
    latest = find_jobs(str(tmp_path / "index")).latest
    assert latest
    latest.wait(SECONDS)
    assert len(page.run().chat_input) == 1


def test_a_bad_setting_is_one_line(
    index: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RAG_K", "0")
    page = open_page(index, monkeypatch, tmp_path)
    assert "k is 0" in page.error[0].value


def test_examples_are_questions_that_can_be_clicked(page: AppTest) -> None:
    examples = [button for button in page.button if button.key]
    assert 1 <= len(examples) <= 4
    examples[0].click().run()
    assert not page.exception
    assert any("Confidence" in caption.value for caption in page.caption)


def test_an_answer_has_its_sources(page: AppTest) -> None:
    ask(page, "What does a capacitor store on its plates?")
    assert sources(page)[0] == r":blue-badge[1] physics/Capacitors\.md"
    texts = [element.value for element in page.markdown]
    assert any("[:blue-badge[1]](#source-" in text for text in texts)
    assert any(":yellow-background[" in text for text in texts)
    assert any("English · score " in caption.value for caption in page.caption)
    assert any(
        caption.value.startswith("**Confidence ") and "quoted word for word" in caption.value
        for caption in page.caption
    )


def test_what_was_asked_is_in_the_log(page: AppTest, index: Path) -> None:
    question = "What does a capacitor store on its plates? path:physics/"
    ask(page, question)
    assert History(index, None).latest(1)[0].answer["question"] == question


def test_an_answer_is_shown_where_it_cannot_be_kept(
    index: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    copy = tmp_path / "index"
    shutil.copytree(index, copy)
    History(copy, None).file.mkdir()
    page = ask(open_page(copy, monkeypatch, tmp_path), "What does a capacitor store?")
    assert sources(page)
    assert any(caption.value.startswith("not in the log") for caption in page.caption)


def test_where_the_notes_do_not_answer_it_says_so_in_the_language_of_the_question(
    page: AppTest,
) -> None:
    ask(page, "Kto wygrał mistrzostwa świata w piłce nożnej w 1998 roku?")
    assert page.info[0].value.startswith("Twoje notatki nie odpowiadają na to pytanie")
    assert any(expander.label.startswith("Nearest notes") for expander in page.expander)
    assert not any(":yellow-background[" in element.value for element in page.markdown)


def test_filters_hold(page: AppTest) -> None:
    page.multiselect(key="tags").select("fizyka").run()
    ask(page, "Ile wynosi współczynnik tarcia lodu o stal?")
    assert sources(page)
    assert all("Tarcie" in name for name in sources(page))
    page.multiselect(key="tags").unselect("fizyka")
    page.multiselect(key="languages").select("ro").run()
    ask(page, "Ce produce mitocondria?")
    assert all("Biologie" in name for name in sources(page))
    page.multiselect(key="languages").unselect("ro")
    page.multiselect(key="folders").select("physics").run()
    ask(page, "What is the energy of a capacitor?")
    assert all("physics/" in name for name in sources(page))


def test_filters_in_the_question_narrow_those_of_the_sidebar(page: AppTest) -> None:
    ask(page, "What does a capacitor store on its plates? path:fizyka/")
    [turn] = page.session_state[TURNS]
    assert [passage.chunk.path for passage in turn.answer.passages] == ["fizyka/Tarcie.md"]
    assert "understood as: What does a capacitor store on its plates?" in shown(page)
    page.multiselect(key="tags").select("physics").run()
    ask(page, "What does a capacitor store on its plates? path:fizyka/")
    assert page.info


def test_a_filter_to_which_nothing_answers_is_told(page: AppTest) -> None:
    ask(page, 'What does a capacitor store? tag:physic "no such words" ![x](http://evil.test/a)')
    told = [caption.value for caption in page.caption if caption.value.startswith("No ")]
    assert told[:2] == [
        "No note has the tag **physic**. There is physics.",
        "No passage holds the words **no such words** side by side.",
    ]


def test_a_question_of_filters_alone_is_no_error(page: AppTest) -> None:
    ask(page, "tag:physics")
    assert "tag:physics" in page.main.markdown[0].value.replace("\\", "")


def test_earlier_questions_stay_and_go_with_a_new_conversation(page: AppTest) -> None:
    ask(page, "What does a capacitor store on its plates?")
    ask(page, "Ce produce mitocondria?")
    earlier = [expander.label for expander in page.main.expander]
    assert "What does a capacitor store on its plates?" in earlier
    next(button for button in page.button if button.label == "New conversation").click().run()
    assert not any("Confidence" in caption.value for caption in page.caption)


def test_a_follow_up_is_understood_with_its_topic(page: AppTest) -> None:
    ask(page, "What does a capacitor store on its plates?")
    ask(page, "And why?")
    assert any(caption.value.startswith("understood as: What does") for caption in page.caption)


def test_nothing_of_a_hostile_note_is_live(page: AppTest) -> None:
    ask(page, "Where is the zebra password kept?")
    everything = shown(page)
    assert "zebra" in everything
    assert "![" not in everything
    assert "](http" not in everything
    assert "```mermaid" not in everything
    assert not any(element.allow_html for element in page.markdown)


def test_an_answer_is_saved_where_its_reader_says(page: AppTest, tmp_path: Path) -> None:
    ask(page, "Ce produce mitocondria?")
    folder = next(box for box in page.text_input if box.label == "Folder")
    folder.set_value(str(tmp_path))
    save = next(button for button in page.button if button.label == "Save as note")
    save.click().run()
    assert "Saved as" in page.success[0].value
    [file] = tmp_path.glob("*.md")
    assert "ATP" in file.read_text(encoding="utf-8")


# AppTest cannot follow the navigation: the other pages are drawn by themselves.
SCRIPT = """
from rag.config import load_settings
from rag.page.opening import open_notes
from rag.page.finding import show_find
from rag.page.library import show_library
from rag.page.preferences import show_settings
from rag.page.quality import show_quality
from rag.types import Filters

settings = load_settings({})
notes = open_notes(settings)
"""


def draw(index: Path, monkeypatch: pytest.MonkeyPatch, folder: Path, code: str) -> AppTest:
    monkeypatch.chdir(folder)
    monkeypatch.setenv("RAG_INDEX", str(index))
    page = AppTest.from_string(SCRIPT + code, default_timeout=SECONDS).run()
    assert not page.exception
    return page


def test_find(index: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    page = draw(index, monkeypatch, tmp_path, "show_find(notes, settings, Filters())")
    page.text_input(key="query").set_value("capacitor").run()
    assert sources(page)[0] == r"physics/Capacitors\.md"
    everything = shown(page)
    assert "Words of your query in it: capacitor" in everything
    assert "cosine" in everything
    assert "BM25" in everything
    page.text_input(key="query").set_value("path:fizyka/").run()
    assert sources(page) == [r"fizyka/Tarcie\.md"]
    assert "Words of your query" not in shown(page)


def test_find_shows_more_on_demand(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "vault").mkdir()
    for number in range(12):
        (tmp_path / "vault" / f"{number}.md").write_text(f"# Quokka {number}\n\nA quokka {number}.")
    ingest(tmp_path / "vault", tmp_path / "index")
    code = "show_find(notes, settings, Filters())"
    page = draw(tmp_path / "index", monkeypatch, tmp_path, code)
    page.text_input(key="query").set_value("quokka").run()
    assert len(sources(page)) == USUAL_RESULTS
    page.button[0].click().run()
    assert len(sources(page)) == 12
    assert not page.button


def test_library(index: Path, vault: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    page = draw(index, monkeypatch, tmp_path, "show_library(notes, settings)")
    assert [metric.value for metric in page.metric] == ["5", "5", "4"]
    everything = shown(page).replace("\\", "")
    assert str(vault) in everything
    assert "**empty.md**" in everything
    assert "All notes are as they were read." in page.success[0].value
    assert page.text_input(key="vault").value == str(vault)
    other = tmp_path / "other"
    write_notes(other)
    page.text_input(key="vault").set_value(str(other)).run()
    assert "They are replaced." in page.warning[0].value


def test_changed_notes_are_counted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_notes(tmp_path / "vault")
    ingest(tmp_path / "vault", tmp_path / "index")
    (tmp_path / "vault" / "new.md").write_text("A quokka lives on Rottnest Island.")
    page = draw(tmp_path / "index", monkeypatch, tmp_path, "show_library(notes, settings)")
    assert page.warning[0].value.startswith("1 note changed since")


def test_settings(index: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    page = draw(index, monkeypatch, tmp_path, "show_settings(settings)")
    assert page.selectbox(key="llm").value == AUTO
    page.selectbox(key="lang").set_value("pl").run()
    assert page.title[0].value == "Ustawienia"


def test_quality(index: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    results = tmp_path / "eval" / "results"
    results.mkdir(parents=True)
    (results / "run.json").write_text('{"report": {"all": {"recall@1": 0.8}, "pl": {"mrr": 0.5}}}')
    page = draw(index, monkeypatch, tmp_path, "show_quality(settings)")
    assert [metric.value for metric in page.metric] == ["0", "0", "0"]
    assert page.selectbox(key="run").options == ["run.json"]
    assert not open_feedback(Settings(index=str(index))).file.exists()
