"""The pictures of the page for the README: `python -m tests.page.screenshots`.

They are taken of the sample notes, by the same browser as the tests use.
"""

import subprocess
from pathlib import Path
from tempfile import TemporaryDirectory

from PIL import Image
from selenium.webdriver import Chrome
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys

from tests.page.browsing import (
    RAG,
    ROOT,
    ask,
    browse,
    environment,
    find,
    go_to,
    is_quiet,
    serve,
    wait_for,
)

PICTURES = ROOT / "docs"
QUESTIONS = {
    "light": "Câte porți are o celulă LSTM?",
    "dark": "What is the difference between Q-learning and SARSA?",
    "narrow": "Quantos bytes por parâmetro o Adam gasta em precisão mista?",
}


def main() -> None:
    PICTURES.mkdir(exist_ok=True)
    with TemporaryDirectory() as place:
        folder = Path(place)
        (folder / "notes").symlink_to(ROOT / "notes")
        command = [*RAG, "ingest", "notes", "--index", "index", "--quiet"]
        subprocess.run(command, cwd=folder, env=environment(), check=True)
        with serve(folder, "index") as port, browse(folder / "profile", 1200, 1000) as browser:
            address = f"http://127.0.0.1:{port}/"
            show(browser, f"{address}?lang=en", 1160, 1060)
            ask(browser, QUESTIONS["light"])
            save(browser, "light")
            go_to(browser, "library")
            wait_for(lambda: find(browser, "svg.marks"), "the map")
            browser.execute_script(
                "arguments[0].scrollIntoView()", browser.find_element(By.CSS_SELECTOR, "[role=tab]")
            )
            save(browser, "map")
            set_scheme(browser, "dark")
            show(browser, f"{address}?lang=pl", 1160, 1060)
            ask(browser, QUESTIONS["dark"])
            save(browser, "dark")
            set_scheme(browser, "light")
            show(browser, f"{address}?lang=pt", 500, 900)
            browser.execute_cdp_cmd(
                "Emulation.setDeviceMetricsOverride",
                {"width": 400, "height": 800, "deviceScaleFactor": 1, "mobile": False},
            )
            ask(browser, QUESTIONS["narrow"])
            browser.find_element(By.CSS_SELECTOR, "textarea").send_keys(Keys.TAB)
            save(browser, "narrow")


def show(browser: Chrome, address: str, width: int, height: int) -> None:
    browser.set_window_size(width, height)
    browser.get(address)
    wait_for(lambda: find(browser, "[data-testid=stChatInput]"), "the question box")
    wait_for(lambda: is_quiet(browser), "the page")


def set_scheme(browser: Chrome, scheme: str) -> None:
    features = [{"name": "prefers-color-scheme", "value": scheme}]
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": features})


def save(browser: Chrome, name: str) -> None:
    browser.execute_async_script("setTimeout(arguments[0], 900)")  # what fades in has come in
    file = PICTURES / f"page-{name}.png"
    browser.save_screenshot(str(file))
    with Image.open(file) as picture:
        picture.convert("RGB").save(file, optimize=True)


if __name__ == "__main__":
    main()
