"""Measure how long the page takes to open and to answer, in a real browser.

    python -m eval.bench_page [--questions 20] [--output FILE]

Asks questions of eval/questions.jsonl of the sample notes, spread over its languages, one after
another in one conversation begun anew each time, quotes without a model. The browser's own clock
runs from the Enter key to the frame that shows the answer with its confidence, and to the one that
shows its last source. First paint is from the address to the question box, the index being open.
Needs Chromium and ChromeDriver. On a busy machine read the server's processor time, and give the
load that is printed with the figures.
"""

import argparse
import json
import os
import statistics
import subprocess
import time
from pathlib import Path
from tempfile import TemporaryDirectory

from selenium.webdriver import Chrome
from selenium.webdriver.common.keys import Keys

from rag.evaluation.questions import load_questions
from tests.page.browsing import (
    RAG,
    ROOT,
    ask,
    begin_anew,
    browse,
    environment,
    find,
    is_quiet,
    serve,
    wait_for,
)

OPENINGS = 5
CLOCK = """
    window.clock = {};
    const box = document.querySelector("[data-testid=stChatInput] textarea");
    box.addEventListener("keydown", event => {
        if (event.key == "Enter" && !clock.entered) clock.entered = performance.now();
    }, {capture: true});
    const state = document.querySelector("[data-testid=stApp]").dataset;
    const show = name => {
        clock[name] ??= 0;  // once; the frame that shows it is the next one
        requestAnimationFrame(() => clock[name] ||= performance.now() - clock.entered);
    };
    const watch = new MutationObserver(() => {
        const answer = document.querySelectorAll("[data-testid=stChatMessage]")[1];
        if (!clock.entered || !answer?.textContent.includes(" %")) return;
        if (clock.answer === undefined) show("answer");
        if (clock.whole === undefined && state.testScriptState == "notRunning") show("whole");
    });
    watch.observe(document.body, {
        attributes: true, characterData: true, childList: true, subtree: true
    });
"""
"""Looks at what the page has become whenever it changes; it asks for no layout."""


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--questions", type=int, default=20)
    parser.add_argument("--output", type=Path)
    arguments = parser.parse_args()
    load = os.getloadavg()[0]
    with TemporaryDirectory() as place:
        figures = measure(Path(place), arguments.questions)
    figures["load"] = [round(value, 1) for value in (load, os.getloadavg()[0])]
    text = json.dumps(figures, indent=2)
    print(text)
    if arguments.output:
        arguments.output.write_text(f"{text}\n", encoding="utf-8")


def measure(folder: Path, count: int) -> dict[str, object]:
    """Serve the sample notes and ask; milliseconds."""
    (folder / "notes").symlink_to(ROOT / "notes")
    command = [*RAG, "ingest", "notes", "--index", "index", "--quiet"]
    subprocess.run(command, cwd=folder, env=environment(), check=True)  # noqa: S603 -- ours
    questions = [
        q.question for q in load_questions(ROOT / "eval" / "questions.jsonl") if q.answerable
    ]
    questions = questions[:: max(1, len(questions) // count)][:count]
    rows: list[dict[str, float]] = []
    with serve(folder, "index") as port, browse(folder / "profile") as browser:
        address = f"http://127.0.0.1:{port}/?lang=en"
        browser.get(address)
        ask(browser, "What is dropout?")
        for question in questions:
            begin_anew(browser)
            rows.append(time_answer(browser, question))
        openings = [time_opening(browser, address) for _ in range(OPENINGS)]
    return {
        "questions": len(rows),
        **{name: describe([row[name] for row in rows]) for name in ("answer", "whole")},
        "opening": describe(openings),
    }


def time_answer(browser: Chrome, question: str) -> dict[str, float]:
    """Ask; gives the milliseconds from Enter to the `answer` and to the `whole` of its sources."""
    wait_for(lambda: is_quiet(browser), "the page")
    box = wait_for(lambda: find(browser, "[data-testid=stChatInput] textarea"), "the question box")
    box.send_keys(question)
    browser.execute_script(CLOCK)
    box.send_keys(Keys.ENTER)
    wait_for(lambda: browser.execute_script("return Boolean(clock.whole)"), question)
    found: dict[str, float] = browser.execute_script("return clock")
    return found


def time_opening(browser: Chrome, address: str) -> float:
    """Open the page; gives the milliseconds to its question box."""
    begin = time.perf_counter()
    browser.get(address)
    wait_for(lambda: find(browser, "[data-testid=stChatInput]"), "the question box")
    return (time.perf_counter() - begin) * 1000


def describe(values: list[float]) -> dict[str, float]:
    """Sum up milliseconds."""
    values = sorted(values)
    return {
        "p50": round(statistics.median(values)),
        "p95": round(values[int(0.95 * (len(values) - 1))]),
        "least": round(values[0]),
    }


if __name__ == "__main__":
    main()
