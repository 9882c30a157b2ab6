"""A server and a real browser, for the tests of the page and for its pictures."""

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar
from urllib.parse import urlsplit

import pytest
from selenium.common.exceptions import WebDriverException
from selenium.webdriver import Chrome, ChromeOptions
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.remote.webelement import WebElement

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
DRIVER = shutil.which("chromedriver")
ROOT = Path(__file__).parents[2]
RAG = [sys.executable, "-c", "from rag.cli import main; main()"]
SECONDS = 30
FLAGS = (
    "--headless --no-sandbox --disable-gpu --no-first-run --disable-background-networking"
    " --disable-component-update --disable-sync --force-device-scale-factor=1"
).split()

T = TypeVar("T")


def wait_for(what: Callable[[], T | None], missing: str) -> T:
    """Ask again until there is an answer; the page may be redrawn in between."""
    end = time.monotonic() + SECONDS
    while time.monotonic() < end:
        try:
            if found := what():
                return found
        except WebDriverException:
            pass  # an element went while it was being looked at
        time.sleep(0.03)
    pytest.fail(f"not on the page after {SECONDS} s: {missing}")


def environment() -> dict[str, str]:
    kept = {key: value for key, value in os.environ.items() if not key.startswith("RAG_")}
    return {**kept, "PYTHONPATH": str(ROOT)}


@contextmanager
def serve(folder: Path, index: str) -> Iterator[int]:
    """Serve the page from a folder; gives the port."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    with (folder / "serve.log").open("w") as log:
        process = subprocess.Popen(
            [*RAG, "serve", "--port", str(port), "--index", index],
            cwd=folder,
            env=environment(),
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


@contextmanager
def browse(profile: Path, width: int = 1200, height: int = 1000) -> Iterator[Chrome]:
    options = ChromeOptions()
    options.binary_location = CHROMIUM or ""
    for flag in [*FLAGS, f"--window-size={width},{height}", f"--user-data-dir={profile}"]:
        options.add_argument(flag)
    options.set_capability("goog:loggingPrefs", {"performance": "ALL", "browser": "ALL"})
    driver = Chrome(options=options, service=Service(DRIVER))
    try:
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


def begin_anew(browser: Chrome) -> None:
    click(browser, "button", "New conversation")
    wait_for(lambda: not find(browser, "[data-testid=stChatMessage]"), "an empty conversation")


def click(browser: Chrome, selector: str, text: str = "") -> None:
    element = wait_for(lambda: find(browser, selector, text), f"{selector} {text!r}")
    # Not element.click(): the page may still be moving under the pointer.
    browser.execute_script("arguments[0].click()", element)


def go_to(browser: Chrome, page: str) -> None:
    """Follow the navigation to a page, and wait until it is drawn; '' is the first one."""
    script = """
        const path = new URL(arguments[0], location).pathname;
        const links = document.querySelectorAll("a[data-testid*=NavLink]");
        const link = [...links].find(one => new URL(one.href).pathname == path);
        link?.click();
        return Boolean(link);
    """
    wait_for(lambda: browser.execute_script(script, f"/{page}"), f"a link to {page!r}")
    wait_for(lambda: urlsplit(browser.current_url).path == f"/{page}", page)
    wait_for(lambda: is_quiet(browser), f"{page}, drawn")


def is_quiet(browser: Chrome) -> bool:
    """Say whether the page shows what it was told last."""
    state = browser.find_elements(By.CSS_SELECTOR, "[data-testid=stApp]")
    return bool(state) and state[0].get_attribute("data-test-script-state") == "notRunning"


def begin_asking(browser: Chrome, question: str) -> None:
    box = wait_for(lambda: find(browser, "[data-testid=stChatInput] textarea"), "the question box")
    wait_for(lambda: is_quiet(browser), "the page")
    box.send_keys(question, Keys.ENTER)


def read_answer(browser: Chrome, question: str) -> WebElement:
    """Wait for the answer to a question, whole, with its sources."""
    # Twice: the question may appear above the answer before it while the first look is taken.
    wait_for(
        lambda: is_answered(browser, question) and is_answered(browser, question),
        f"an answer to {question!r}",
    )
    return browser.find_elements(By.CSS_SELECTOR, "[data-testid=stChatMessage]")[1]


def ask(browser: Chrome, question: str) -> WebElement:
    begin_asking(browser, question)
    return read_answer(browser, question)


def is_answered(browser: Chrome, question: str) -> bool:
    if not is_quiet(browser):
        return False
    messages = browser.find_elements(By.CSS_SELECTOR, "[data-testid=stChatMessage]")
    return len(messages) > 1 and question in messages[0].text and " %" in messages[1].text


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
