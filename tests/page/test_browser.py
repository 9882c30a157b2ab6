"""The page in a real browser, from the first start on; a note that means harm does none.

One server and one browser, and the tests follow one another as a reader's day does.
"""

import base64
import http.client
import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from selenium.common.exceptions import NoAlertPresentException
from selenium.webdriver import ActionChains, Chrome
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.remote.webelement import WebElement

from tests.page.browsing import (
    CHROMIUM,
    DRIVER,
    RAG,
    SECONDS,
    ask,
    begin_anew,
    begin_asking,
    browse,
    click,
    environment,
    find,
    go_to,
    is_listening,
    is_quiet,
    read_answer,
    requested_hosts,
    serve,
    wait_for,
)
from tests.page.conftest import write_notes

pytestmark = pytest.mark.skipif(
    not (CHROMIUM and DRIVER), reason="no chromium and chromedriver on this machine"
)

MAIN = "[data-testid=stMain]"
TITLES = {
    "en": "Ask your notes",
    "pl": "Zapytaj swoje notatki",
    "pt": "Pergunta às tuas notas",
    "ro": "Întreabă-ți notițele",
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("served")
    write_notes(place / "vault")
    return place


@pytest.fixture(scope="module")
def server(folder: Path) -> Iterator[int]:
    """Serve the page, nothing ingested yet; gives the port."""
    with serve(folder, "idx") as port:
        yield port


@pytest.fixture(scope="module")
def browser(server: int, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Chrome]:
    with browse(tmp_path_factory.mktemp("profile")) as driver:
        driver.get(f"http://127.0.0.1:{server}/?lang=en")
        yield driver


def test_a_first_start_reads_the_notes(browser: Chrome, folder: Path) -> None:
    box = wait_for(lambda: find(browser, "[data-testid=stTextInput] input"), "the folder")
    box.send_keys(str(folder / "vault"), Keys.ENTER)
    wait_for(lambda: find(browser, MAIN, "6 notes in it"), "the count of notes")
    click(browser, "button", "Read the notes")
    wait_for(lambda: find(browser, "[data-testid=stProgress]"), "the progress bar")
    wait_for(lambda: find(browser, "[data-testid=stChatInput]"), "the question box")
    assert not list((folder / "vault").glob("**/*.sqlite"))


@pytest.mark.parametrize(
    ("question", "answer", "source"),
    [
        (
            "What does a capacitor store on its plates?",
            "A capacitor stores electric charge on two metal plates.",
            "physics/Capacitors.md",
        ),
        ("Ile wynosi współczynnik tarcia lodu o stal?", "0,03", "fizyka/Tarcie.md"),
        ("Ce produce mitocondria?", "energia celulei", "Biologie.md"),
        ("Onde nasce o rio Amazonas?", "Andes peruanos", "Geografia.md"),
    ],
)
def test_an_answer_has_its_source(browser: Chrome, question: str, answer: str, source: str) -> None:
    shown = ask(browser, question)
    assert answer in shown.text
    assert source in shown.text
    marked = [mark.text for mark in shown.find_elements(By.CSS_SELECTOR, "[style*=background]")]
    assert any(answer in text for text in marked)


def test_a_mark_opens_its_source(browser: Chrome) -> None:
    begin_anew(browser)
    shown = ask(browser, "What does a capacitor store on its plates?")
    mark = shown.find_element(By.CSS_SELECTOR, "a[href*='#source-']")
    place = str(mark.get_attribute("href")).partition("#")[2]
    wait_for(lambda: find(browser, f"#{place}", "Capacitors.md"), "the source")
    browser.execute_script("arguments[0].click()", mark)
    wait_for(lambda: browser.current_url.endswith(f"#{place}"), "the source's address")
    assert is_quiet(browser)
    obsidian = shown.find_element(By.CSS_SELECTOR, "a[href^='obsidian:']").get_attribute("href")
    assert obsidian == "obsidian://open?vault=vault&file=physics%2FCapacitors.md"


def test_a_follow_up(browser: Chrome) -> None:
    begin_anew(browser)
    ask(browser, "What does a capacitor store on its plates?")
    ask(browser, "And why?")
    understood = "understood as: What does a capacitor store on its plates?"
    wait_for(lambda: find(browser, MAIN, understood), understood)
    click(browser, "summary", "What does a capacitor store on its plates?")
    wait_for(
        lambda: find(browser, "[data-testid=stExpander]", "stores electric charge"),
        "the answer before",
    )


def test_an_abstention_names_the_nearest_notes(browser: Chrome) -> None:
    shown = ask(browser, "Kto wygrał mistrzostwa świata w piłce nożnej w 1998 roku?")
    assert "Twoje notatki nie odpowiadają na to pytanie" in shown.text
    assert "Nearest notes (5)" in shown.text


def test_thumbs_down_is_exported(browser: Chrome, folder: Path) -> None:
    ask(browser, "Ce produce mitocondria?")
    click(
        browser,
        "[data-testid=stFeedback] button:nth-of-type(2), [data-testid=stButtonGroup] button:nth-of-type(2)",
    )
    wait_for(lambda: find(browser, "[data-testid=stToast]", "Kept on this machine"), "thanks")
    done = subprocess.run(
        [*RAG, "feedback", "export", "--index", "idx"],
        cwd=folder,
        env=environment(),
        capture_output=True,
        check=True,
        timeout=SECONDS,
    )
    [line] = [json.loads(line) for line in done.stdout.splitlines()]
    assert (line["question"], line["verdict"]) == ("Ce produce mitocondria?", "down")
    assert line["passages"][0]["path"] == "Biologie.md"
    assert "ATP" in line["answer"]


def test_a_filter_holds(browser: Chrome) -> None:
    box = wait_for(lambda: find(browser, "[data-testid=stSidebar] input"), "the tags")
    box.send_keys("fizyka", Keys.ENTER)
    wait_for(lambda: find(browser, "[data-testid=stSidebar]", "fizyka · 1"), "the tag")
    shown = ask(browser, "Ile wynosi współczynnik tarcia lodu o stal?")
    assert "Tarcie.md" in shown.text
    assert "Other passages" not in shown.text
    box = wait_for(lambda: find(browser, "[data-testid=stSidebar] input"), "the tags")
    box.send_keys(Keys.BACKSPACE)
    wait_for(lambda: not find(browser, "[data-testid=stSidebar] [data-tag]"), "no tag")


def test_a_hostile_note_is_inert(browser: Chrome, server: int, tmp_path: Path) -> None:
    ask(browser, "Where is the zebra password kept?")
    for summary in browser.find_elements(By.CSS_SELECTOR, f"{MAIN} summary"):
        browser.execute_script("arguments[0].click()", summary)
    wait_for(lambda: "flowchart" in browser.page_source, "the drawing as code")
    box = wait_for(lambda: find(browser, "[data-testid=stSidebar] input"), "the tags")
    box.send_keys(Keys.ARROW_DOWN)
    wait_for(lambda: find(browser, "[role=option]", ":red[tag]"), "a tag as it is written")
    box.send_keys(Keys.ESCAPE)
    text = browser.find_element(By.CSS_SELECTOR, MAIN).text
    assert "http://evil.test/login" in text
    assert ":material/home:" in text.replace("\u2060", "")
    check_harmless(browser)
    go_to(browser, "library")
    wait_for(lambda: find(browser, "svg.marks"), "the map")
    wait_for(lambda: "![pic]" in read_tips(browser), "the passage as it is written")
    check_harmless(browser)
    go_to(browser, "find")
    box = wait_for(lambda: find(browser, "[data-testid=stTextInput] input"), "the words")
    box.send_keys("zebra", Keys.ENTER)
    wait_for(lambda: find(browser, "h3", "hostile.md"), "the note")
    check_harmless(browser)
    browser.save_screenshot(str(tmp_path / "hostile.png"))
    assert requested_hosts(browser) == {f"127.0.0.1:{server}"}
    go_to(browser, "")


def read_tips(browser: Chrome) -> str:
    """Point at each passage of the map, and read what is shown of it."""
    texts = ""
    for point in browser.find_elements(By.CSS_SELECTOR, "svg.marks .mark-symbol path"):
        browser.execute_script("arguments[0].scrollIntoView({block: 'center'})", point)
        ActionChains(browser, duration=0).move_to_element(point).perform()
        tip = find(browser, "#vg-tooltip-element")
        texts += tip.text if tip else ""
    return texts


def check_harmless(browser: Chrome) -> None:
    with pytest.raises(NoAlertPresentException):
        _ = browser.switch_to.alert
    assert browser.execute_script("return window.harmed") is None
    live = browser.execute_script("""
        const ours = "[href^='#'], [href^='obsidian:'], [href^='http://127.0.0.1'], [href^='/']";
        const selector = `a:not(${ours}), img, iframe, video, object, embed`;
        return [...document.body.querySelectorAll(selector)].map(element => element.outerHTML);
    """)
    assert live == []


def test_the_library_tells_what_changed_and_what_was_not_read(
    browser: Chrome, folder: Path
) -> None:
    note = folder / "vault" / "Quokka.md"
    note.write_text("A quokka lives on Rottnest Island.", encoding="utf-8")
    go_to(browser, "library")
    wait_for(lambda: find(browser, MAIN, "1 note changed since: read them again."), "the change")
    click(browser, "[role=tab]", "Not read (1)")
    wait_for(lambda: find(browser, MAIN, "It is empty."), "the reason")
    click(browser, "[role=tab]", "Read again")
    click(browser, "button", "Read the notes")
    wait_for(lambda: find(browser, MAIN, "1 added, 0 changed, 0 removed"), "the end")
    wait_for(lambda: find(browser, MAIN, "All notes are as they were read."), "freshness")


def test_a_cancelled_ingest_leaves_the_index_as_it_was(browser: Chrome, folder: Path) -> None:
    many = folder / "many"
    many.mkdir()
    for number in range(600):
        text = f"# Lecture {number}\n\n" + f"Lecture {number} is about topic {number}. " * 40
        (many / f"{number}.md").write_text(text, encoding="utf-8")
    box = open_ingesting(browser)
    box.send_keys(Keys.CONTROL, "a")
    box.send_keys(str(many), Keys.ENTER)
    wait_for(lambda: find(browser, MAIN, "600 notes in it"), "the count of notes")
    wait_for(lambda: find(browser, MAIN, "They are replaced."), "the warning")
    click(browser, "button", "Read the notes")
    wait_for(lambda: find(browser, "[data-testid=stProgress]"), "the progress bar")
    click(browser, "button", "Cancel")
    wait_for(lambda: find(browser, MAIN, "Cancelled. The next time"), "the end")
    go_to(browser, "")
    assert "Rottnest Island" in ask(browser, "Where does a quokka live?").text


def open_ingesting(browser: Chrome) -> WebElement:
    """Open the part of the library that reads notes; gives the box of their folder."""
    go_to(browser, "library")
    click(browser, "[role=tab]", "Read again")
    label = "input[aria-label='Folder of your notes']"
    return wait_for(lambda: find(browser, label), "the folder")


def test_a_saved_evaluation_is_shown(browser: Chrome, folder: Path) -> None:
    results = folder / "eval" / "results"
    results.mkdir(parents=True)
    report = {"all": {"recall@1": 0.8}, "pl": {"recall@1": 0.75}}
    content = {"date": "2026-01-02T10:00:00+00:00", "mode": "hybrid", "report": report}
    (results / "mine.json").write_text(json.dumps(content), encoding="utf-8")
    go_to(browser, "quality")
    wait_for(lambda: find(browser, MAIN, "January 2026"), "the date")
    bars = "svg.marks .mark-rect path"
    wait_for(lambda: len(browser.find_elements(By.CSS_SELECTOR, bars)) == 2, "a bar each")


def test_settings_last_as_long_as_the_tab(browser: Chrome, folder: Path) -> None:
    before = sorted(folder.rglob("*"))
    go_to(browser, "settings")
    strict = "[data-testid=stCheckbox] input"
    click(browser, strict)
    wait_for(lambda: is_quiet(browser), "the choice")
    go_to(browser, "find")
    go_to(browser, "settings")
    wait_for(lambda: is_chosen(browser, strict), "the choice, kept")
    assert sorted(folder.rglob("*")) == before
    click(browser, strict)
    go_to(browser, "")


def is_chosen(browser: Chrome, selector: str) -> bool:
    return browser.find_element(By.CSS_SELECTOR, selector).is_selected()


def test_the_language_goes_along_to_the_next_page(browser: Chrome, server: int) -> None:
    browser.get(f"http://127.0.0.1:{server}/?lang=pl")
    go_to(browser, "find")
    wait_for(lambda: find(browser, "h1", "Szukaj w swoich notatkach"), "the page in Polish")
    wait_for(lambda: browser.current_url.endswith("/find?lang=pl"), "an address to keep")


@pytest.mark.parametrize("language", TITLES)
def test_the_page_speaks(browser: Chrome, server: int, language: str) -> None:
    browser.get(f"http://127.0.0.1:{server}/?lang={language}")
    wait_for(lambda: find(browser, "h1", TITLES[language]), TITLES[language])


def test_the_page_follows_the_browser(browser: Chrome, server: int) -> None:
    agent = browser.execute_script("return navigator.userAgent")
    wanted = {"userAgent": agent, "acceptLanguage": "ro-RO"}
    browser.execute_cdp_cmd("Network.setUserAgentOverride", wanted)
    browser.get(f"http://127.0.0.1:{server}/")
    wait_for(lambda: find(browser, "h1", TITLES["ro"]), TITLES["ro"])


def test_two_tabs_at_once(browser: Chrome, server: int) -> None:
    questions = {
        "What does a capacitor store on its plates?": "electric charge",
        "Onde nasce o rio Amazonas?": "Andes peruanos",
    }
    tabs = {}
    for question in questions:
        browser.switch_to.new_window("tab")
        browser.get(f"http://127.0.0.1:{server}/?lang=en")
        tabs[question] = browser.current_window_handle
    for question, tab in tabs.items():
        browser.switch_to.window(tab)
        begin_asking(browser, question)
    for question, tab in tabs.items():
        browser.switch_to.window(tab)
        shown = read_answer(browser, question)
        assert questions[question] in shown.text
    others = set(questions.values()) - {questions[question]}
    assert not any(other in browser.find_element(By.CSS_SELECTOR, MAIN).text for other in others)


def shake_hands(port: int, host: str, origin: str) -> int:
    """Try to open the page's channel as a page of another origin would; gives the status."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=SECONDS)
    headers = {
        "Host": host,
        "Origin": origin,
        "Connection": "Upgrade",
        "Upgrade": "websocket",
        "Sec-WebSocket-Version": "13",
        "Sec-WebSocket-Key": base64.b64encode(b"0123456789abcdef").decode(),
    }
    try:
        connection.request("GET", "/_stcore/stream", headers=headers)
        return connection.getresponse().status
    finally:
        connection.close()


def test_no_other_page_can_listen(server: int) -> None:
    ours = f"127.0.0.1:{server}"
    switching_protocols = 101
    assert shake_hands(server, ours, f"http://{ours}") == switching_protocols
    assert shake_hands(server, ours, "http://evil.test") != switching_protocols
    # A name that was made to point here: same origin, so only the name tells.
    foreign = f"evil.test:{server}"
    assert shake_hands(server, foreign, f"http://{foreign}") != switching_protocols


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere 127.0.0.2 is not this machine")
def test_only_the_loopback_address_is_bound(server: int) -> None:
    assert is_listening("127.0.0.1", server)
    assert not is_listening("127.0.0.2", server)
