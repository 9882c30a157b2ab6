"""The page's logic, without a browser."""

from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from rag.page.safe_markdown import safe_label
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
    return "\n".join(element.value for element in elements)


def test_without_an_index_it_says_what_to_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = open_page(tmp_path / "none", monkeypatch, tmp_path)
    assert len(page.error) == 1
    assert "rag ingest" in page.error[0].value
    assert len(page.chat_input) == 0
    assert any(f"rag ingest YOUR-NOTES --index {tmp_path}/none" in m.value for m in page.markdown)


def test_an_index_that_came_meanwhile_is_found(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = open_page(tmp_path / "index", monkeypatch, tmp_path)
    write_notes(tmp_path / "vault")
    ingest(tmp_path / "vault", tmp_path / "index")
    page.button[0].click().run()
    assert "**5** notes" in shown(page)


def test_a_new_ingest_is_picked_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_notes(tmp_path / "vault")
    ingest(tmp_path / "vault", tmp_path / "index")
    page = open_page(tmp_path / "index", monkeypatch, tmp_path)
    assert "**5** notes" in shown(page)
    assert len(page.warning) == 0
    (tmp_path / "vault" / "new.md").write_text("A quokka lives on Rottnest Island.")
    page.run()
    assert page.warning[0].value.startswith("1 note changed since. Run `rag ingest ")
    ingest(tmp_path / "vault", tmp_path / "index")
    page.run()
    assert "**6** notes" in shown(page)
    assert len(page.warning) == 0


def test_a_damaged_index_is_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_notes(tmp_path / "vault")
    ingest(tmp_path / "vault", tmp_path / "index")
    (tmp_path / "index" / "CURRENT").write_text("nonsense")
    page = open_page(tmp_path / "index", monkeypatch, tmp_path)
    assert [("\\-\\-rebuild" in error.value) for error in page.error] == [True]


def test_a_bad_setting_is_one_line(
    index: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RAG_K", "0")
    page = open_page(index, monkeypatch, tmp_path)
    assert "k is 0" in page.error[0].value


def test_the_sidebar_tells_what_is_indexed(page: AppTest, vault: Path) -> None:
    sidebar = "\n".join(element.value for element in [*page.sidebar.markdown, *page.caption])
    assert "**5** notes" in sidebar
    assert "English" in sidebar
    assert "polski" in sidebar
    assert vault.name in sidebar.replace("\\", "")
    assert page.sidebar.expander[0].label == "1 file was not read"
    assert r"**empty\.md**" in sidebar
    assert {"fizyka", "physics"} < set(page.sidebar.multiselect[0].options)


def test_examples_are_questions_that_can_be_clicked(page: AppTest) -> None:
    examples = [button for button in page.button if button.key]
    assert 1 <= len(examples) <= 4
    examples[0].click().run()
    assert not page.exception
    assert any("Confidence" in caption.value for caption in page.caption)


def test_an_answer_has_its_sources(page: AppTest) -> None:
    ask(page, "What does a capacitor store on its plates?")
    texts = [element.value for element in page.markdown]
    place = texts.index(r":blue-badge[1] **physics/Capacitors\.md**")
    assert any(":blue-badge[1]" in text for text in texts[:place])
    assert ":yellow-background[" in texts[place + 1]
    assert any("lines 6, " in caption.value for caption in page.caption)
    assert any(
        caption.value.startswith("**Confidence ") and "quoted word for word" in caption.value
        for caption in page.caption
    )


def test_where_the_notes_do_not_answer_it_says_so_in_the_language_of_the_question(
    page: AppTest,
) -> None:
    ask(page, "Kto wygrał mistrzostwa świata w piłce nożnej w 1998 roku?")
    assert page.info[0].value.startswith("Twoje notatki nie odpowiadają na to pytanie")
    assert any(expander.label.startswith("Nearest passages") for expander in page.expander)
    assert not any(":yellow-background[" in element.value for element in page.markdown)


def test_filters_hold(page: AppTest) -> None:
    page.sidebar.multiselect[0].select("fizyka")
    ask(page, "What does a capacitor store on its plates?")
    names = [element.value for element in page.main.markdown if ".md**" in element.value]
    assert names
    assert all("Tarcie" in name for name in names)

    page.sidebar.multiselect[0].unselect("fizyka")
    page.sidebar.multiselect[1].select("ro")
    ask(page, "Ce produce mitocondria?")
    latest = page.main.markdown[1:]
    assert any("Biologie" in element.value for element in latest)

    page.sidebar.multiselect[1].unselect("ro")
    page.sidebar.text_input[0].set_value("no such folder")
    ask(page, "Onde nasce o rio Amazonas?")
    assert page.info


def test_filters_in_the_question_narrow_those_of_the_sidebar(page: AppTest) -> None:
    ask(page, "What does a capacitor store on its plates? path:fizyka/")
    names = [element.value for element in page.main.markdown if ".md**" in element.value]
    assert names
    assert all("Tarcie" in name for name in names)
    assert "understood as: What does a capacitor store on its plates?" in shown(page)
    page.sidebar.multiselect[0].select("physics")
    ask(page, "What does a capacitor store on its plates? path:fizyka/")
    assert page.info


def test_a_filter_to_which_nothing_answers_is_told(page: AppTest) -> None:
    ask(page, 'What does a capacitor store? tag:physic "no such words" ![x](http://evil.test/a)')
    told = [caption.value for caption in page.caption if caption.value.startswith("no ")]
    assert told == [
        safe_label('no note has the tag "physic"; there is physics'),
        safe_label('no passage holds the phrase "no such words"'),
    ]


def test_a_question_of_filters_alone_is_no_error(page: AppTest) -> None:
    ask(page, "tag:physics")
    assert "tag:physics" in page.main.markdown[0].value.replace("\\", "")


def test_as_many_passages_are_read_as_chosen(page: AppTest) -> None:
    page.sidebar.slider[0].set_value(1)
    ask(page, "What does a capacitor store on its plates?")
    assert sum(".md**" in element.value for element in page.main.markdown) == 1


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
