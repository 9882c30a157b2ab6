"""The page in a real browser: it answers, and a note that means harm does none."""

import base64
import http.client
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TypeVar
from urllib.parse import urlsplit

import pytest
from selenium.common.exceptions import NoAlertPresentException, WebDriverException
from selenium.webdriver import Chrome, ChromeOptions
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.remote.webelement import WebElement

from tests.page.conftest import write_notes

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
DRIVER = shutil.which("chromedriver")
ROOT = Path(__file__).parents[2]
RAG = [sys.executable, "-c", "from rag.cli import main; main()"]
SECONDS = 20
FLAGS = (
    "--headless --no-sandbox --disable-gpu --no-first-run --disable-background-networking"
    " --disable-component-update --disable-sync --window-size=1200,1000"
).split()

T = TypeVar("T")

pytestmark = pytest.mark.skipif(
    not (CHROMIUM and DRIVER), reason="no chromium and chromedriver on this machine"
)


def wait_for(what: Callable[[], T | None], missing: str) -> T:
    """Ask again until there is an answer; the page may be redrawn in between."""
    end = time.monotonic() + SECONDS
    while time.monotonic() < end:
        try:
            if found := what():
                return found
        except WebDriverException:
            pass  # an element went while it was being looked at
        time.sleep(0.05)
    pytest.fail(f"not on the page after {SECONDS} s: {missing}")


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    """Ingest the notes and serve the page; gives the port."""
    folder = tmp_path_factory.mktemp("served")
    write_notes(folder / "vault")
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    subprocess.run(
        [*RAG, "ingest", "vault", "--index", "idx", "--quiet"],
        cwd=folder,
        env=environment,
        check=True,
        timeout=60,
    )
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    with (folder / "serve.log").open("w") as log:
        process = subprocess.Popen(
            [*RAG, "serve", "--port", str(port), "--index", "idx"],
            cwd=folder,
            env=environment,
            stdout=log,
            stderr=log,
        )
        try:
            wait_for(lambda: is_listening("127.0.0.1", port), "the server")
            yield port
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(timeout=SECONDS)
    assert "Traceback" not in (folder / "serve.log").read_text()


@pytest.fixture(scope="module")
def browser(server: int, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Chrome]:
    options = ChromeOptions()
    options.binary_location = CHROMIUM or ""
    for flag in [*FLAGS, f"--user-data-dir={tmp_path_factory.mktemp('profile')}"]:
        options.add_argument(flag)
    options.set_capability("goog:loggingPrefs", {"performance": "ALL", "browser": "ALL"})
    driver = Chrome(options=options, service=Service(DRIVER))
    try:
        driver.get(f"http://127.0.0.1:{server}/")
        yield driver
    finally:
        driver.quit()


def is_listening(host: str, port: int) -> bool:
    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex((host, port)) == 0


def find(browser: Chrome, selector: str, text: str = "") -> WebElement | None:
    elements = browser.find_elements(By.CSS_SELECTOR, selector)
    return next((element for element in elements if text in element.text), None)


def ask(browser: Chrome, question: str) -> WebElement:
    """Type a question; gives the answer, once it is whole."""
    box = wait_for(lambda: find(browser, "[data-testid=stChatInput] textarea"), "the question box")
    box.send_keys(question, Keys.ENTER)
    wait_for(lambda: is_answered(browser, question), f"an answer to {question!r}")
    return browser.find_elements(By.CSS_SELECTOR, "[data-testid=stChatMessage]")[1]


def is_answered(browser: Chrome, question: str) -> bool:
    messages = browser.find_elements(By.CSS_SELECTOR, "[data-testid=stChatMessage]")
    return (
        len(messages) > 1
        and question in messages[0].text
        and "Confidence" in messages[1].text
        and not find(browser, "[data-testid=stStatusWidget]")
    )


def requested_hosts(browser: Chrome) -> set[str]:
    hosts = set()
    for entry in browser.get_log("performance"):  # type: ignore[no-untyped-call]
        event = json.loads(entry["message"])["message"]
        if event["method"] in ("Network.requestWillBeSent", "Network.webSocketCreated"):
            parameters = event["params"]
            address = urlsplit(parameters.get("url") or parameters["request"]["url"])
            if address.scheme in ("http", "https", "ws", "wss"):
                hosts.add(address.netloc)
    return hosts


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


def test_an_answer_with_its_source(browser: Chrome, tmp_path: Path) -> None:
    answer = ask(browser, "What does a capacitor store on its plates?")
    browser.save_screenshot(str(tmp_path / "answer.png"))
    assert "A capacitor stores electric charge on two metal plates." in answer.text
    assert "physics/Capacitors.md" in answer.text
    assert "lines 6, " in answer.text
    marked = [mark.text for mark in answer.find_elements(By.CSS_SELECTOR, "[style*=background]")]
    assert "A capacitor stores electric charge on two metal plates." in marked


def test_a_hostile_note_is_inert(browser: Chrome, server: int, tmp_path: Path) -> None:
    ask(browser, "Where is the zebra password kept?")
    for summary in browser.find_elements(By.CSS_SELECTOR, "[data-testid=stMain] summary"):
        # Not summary.click(): the page may still be moving under the pointer.
        browser.execute_script("arguments[0].click()", summary)
    wait_for(lambda: "flowchart" in browser.page_source, "the drawing as code")
    tags = wait_for(lambda: find(browser, "[data-testid=stMultiSelect] input"), "the tags")
    tags.send_keys(Keys.ARROW_DOWN)
    wait_for(lambda: find(browser, "[role=option]", ":red[tag]"), "a tag as it is written")
    browser.save_screenshot(str(tmp_path / "hostile.png"))
    text = browser.find_element(By.CSS_SELECTOR, "[data-testid=stMain]").text
    assert "http://evil.test/login" in text
    assert ":material/home:" in text.replace("\u2060", "")
    with pytest.raises(NoAlertPresentException):
        _ = browser.switch_to.alert
    assert browser.execute_script("return window.harmed") is None
    live = browser.execute_script("""
        const selector = "a:not([href='#stMain']), img, iframe, video, object, embed";
        return [...document.body.querySelectorAll(selector)].map(element => element.outerHTML);
    """)
    assert live == []
    assert requested_hosts(browser) == {f"127.0.0.1:{server}"}


def test_no_other_page_can_listen(browser: Chrome, server: int) -> None:
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
