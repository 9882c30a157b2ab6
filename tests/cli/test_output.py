"""Text made fit for terminals and programs."""

import io
import json
import math

import pytest

from rag.cli import progress
from rag.cli.answering import print_citations
from rag.cli.output import as_text, one_line, plural, printable, put_json, say
from rag.types import Citation, CitationStatus


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("plain ł ș 你 👩‍👩‍👧", "plain ł ș 你 👩‍👩‍👧"),
        ("tab\tand\nline", "tab\tand\nline"),
        ("a\r\nb\rc", "a\nb\nc"),
        ("\x1b[31mred\x1b[0m", "\ufffd[31mred\ufffd[0m"),
        ("\x00\x07\x08\x0b\x0c\x7f\x85\x9b", "\ufffd" * 8),
        ("a\u202eb\u2066c\u200fd\u061c", "a\ufffdb\ufffdc\ufffdd\ufffd"),
    ],
)
def test_printable(text: str, expected: str) -> None:
    assert printable(text) == expected


@pytest.mark.parametrize(
    ("argument", "text"),
    [
        ("wisła", "wisła"),
        ("wis\udcc5\udc82a", "wisła"),
        ("\udcff", "\ufffd"),
        ("half \ud83d", "half ?"),
    ],
)
def test_arguments_of_an_ascii_locale(argument: str, text: str) -> None:
    assert as_text(argument) == text


def test_one_line_and_plural() -> None:
    assert one_line("a\nb\r\nc\x1b") == "a b c\ufffd"
    assert [plural(number, "note") for number in (0, 1, 2)] == ["0 notes", "1 note", "2 notes"]


def test_long_lines_are_cut(capsys: pytest.CaptureFixture[str]) -> None:
    say("x" * 5_000)
    assert capsys.readouterr().err == "x" * 999 + "…\n"


def test_json_is_strict(capsys: pytest.CaptureFixture[str]) -> None:
    text = '\x1b\x9b\x7f\u202e\u2028 ł "\\ \n \udcc5\udc82 \udcff'
    put_json({"text": text})
    out = capsys.readouterr().out
    assert out.isprintable() is False  # for its line end and the separator, which are harmless
    assert not any(sign in out for sign in "\x1b\x9b\x7f\u202e")
    assert json.loads(out)["text"] == '\x1b\x9b\x7f\u202e\u2028 ł "\\ \n ł \ufffd'
    with pytest.raises(ValueError, match="JSON"):
        put_json({"value": math.nan})


class Screen(io.StringIO):
    """A standard error that says that it is a terminal."""

    def isatty(self) -> bool:
        return True


def test_bars(monkeypatch: pytest.MonkeyPatch) -> None:
    screen = Screen()
    monkeypatch.setattr("sys.stderr", screen)
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.setenv("TERM", "xterm")
    with progress.progress_bars(quiet=False) as bars:
        bars("read", 0, 2)
        bars("read", 2, 2)
        bars("nothing", 0, 0)
    shown = screen.getvalue()
    assert "Reading notes" in shown
    assert "2/2" in shown
    assert "nothing" in shown
    assert "0/0" in shown


@pytest.mark.parametrize("screen", [Screen(), io.StringIO()])
def test_no_bars_where_nobody_looks(monkeypatch: pytest.MonkeyPatch, screen: io.StringIO) -> None:
    monkeypatch.setattr("sys.stderr", screen)
    with progress.progress_bars(quiet=screen.isatty()) as bars:
        bars("read", 2, 2)
    assert screen.getvalue() == ""


def test_two_sentences_of_one_line_are_one_place(capsys: pytest.CaptureFixture[str]) -> None:
    said = [
        Citation(number, "a.md", (), 3, 3, quote, CitationStatus.VERIFIED)
        for number, quote in ((1, "One."), (1, "Two."), (2, "One."), (1, "Elsewhere."))
    ]
    print_citations("One. Two. [1]", said)
    assert capsys.readouterr().out.splitlines() == [
        "",
        "[1] a.md:3",
        "[2] a.md:3",
        "[1] a.md:3",
        "    “Elsewhere.”",
    ]
