import time

import pytest

from rag.notes.hidden import blank, find_hidden, span_at
from rag.notes.readable import Readable

PICTURE = "data:image/png;base64,iVBORw0KGgo="


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("a %%b%% c", "a  c"),
        ("a <!-- b --> c", "a  c"),
        ("a\n%%\nb\n\nc\n%%\nd", "a\n\n\n\n\n\nd"),
        ("a %%b%% c %%d%% e", "a  c  e"),
        ("%%a <!-- b%% c -->", " c -->"),
        ("<!-- a %% b --> c %%d%%", " c "),
        ("100%% sure", "100%% sure"),
        ("a <!-- b", "a <!-- b"),
        ("a <!-- b %%c%% d", "a <!-- b  d"),
        ("%%%% a", " a"),
        ("`%%a%%` %%b%%", "`%%a%%` "),
        ("``a ` %%b%%`` %%c%%", "``a ` %%b%%`` "),
        ("` %%a%%", "` "),
        ("`\n%%a%% `", "`\n `"),
        ("```\n%%a%%\n```\n%%b%%", "```\n%%a%%\n```\n"),
        ("~~~ x\n%%a%%\n```\n%%b%%\n~~~~\n%%c%%", "~~~ x\n%%a%%\n```\n%%b%%\n~~~~\n"),
        ("````\n```\n%%a%%\n````\n%%b%%", "````\n```\n%%a%%\n````\n"),
        ("- ```\n  %%a%%\n  ```\n- %%b%%", "- ```\n  %%a%%\n  ```\n- "),
        ("> ```\n> %%a%%\n> ```\n> %%b%%", "> ```\n> %%a%%\n> ```\n> "),
        ("```\n%%a%%", "```\n%%a%%"),
        ("``` a ``` %%b%%", "``` a ``` "),
        ("%%\n```\n%%\na", "\n\n\na"),
        ("a\r%%b\rc%%\rd", "a\r\r\rd"),
        (f"![x]({PICTURE}) y", "![x]() y"),
        (f"[i]: <{PICTURE}>", "[i]: <>"),
        ("data: x;base64 no", "data: x;base64 no"),
        ("", ""),
    ],
)
def test_what_is_hidden(text: str, left: str) -> None:
    spans = find_hidden(text)
    hidden = blank(text, spans)
    assert len(hidden) == len(text)
    kept = "".join(text[a:b] for a, b in _gaps(spans, len(text)))
    # Line ends stay, everything else that is hidden becomes a blank.
    assert hidden.replace(" ", "") == left.replace(" ", "")
    assert "".join(kept.split()) == "".join(left.split())


def _gaps(spans: object, length: int) -> list[tuple[int, int]]:
    assert isinstance(spans, list)
    starts = [0, *(end for _, end in spans)]
    ends = [*(start for start, _ in spans), length]
    return list(zip(starts, ends, strict=True))


def test_places_by_hand() -> None:
    # a 0, blank 1, %% 2-3, b 4, %% 5-6, LF 7, <!-- 8-11, LF 12, --> 13-15
    text = "a %%b%%\n<!--\n-->"
    assert find_hidden(text) == [(2, 7), (8, 16)]
    assert blank(text, [(2, 7), (8, 16)]) == "a      \n    \n   "


def test_span_at() -> None:
    spans = [(2, 5), (8, 9)]
    found = [span_at(spans, place) for place in range(10)]
    assert found == [None] * 2 + [(2, 5)] * 3 + [None] * 3 + [(8, 9), None]
    assert span_at([], 0) is None


def test_a_note_without_its_properties() -> None:
    note = Readable("---\na: '%%'\n---\nb %%c%%\n")
    assert note.visible == "   \n       \n   \nb      \n"
    assert note.lines.content() == ("   ", "       ", "   ", "b      ", "")
    assert note.hidden == [(0, 16), (18, 23)]


def test_a_note_of_properties_only() -> None:
    assert Readable("---\na: b\n---").visible == "   \n    \n   "
    assert Readable("").visible == ""


@pytest.mark.parametrize(
    "period",
    [
        "%%",
        "%",
        "%% ",
        "<!--",
        "<!-- ",
        "-->",
        "`",
        "``a",
        "`a``b```c",
        "```\n",
        "> ```x",
        "- ",
        "\t>",
    ],
)
def test_time_grows_with_the_text_and_not_with_its_square(period: str) -> None:
    text = period * (100_000 // len(period))
    began = time.process_time()
    find_hidden(f"%% {text}")
    find_hidden(f"<!-- {text}")
    assert time.process_time() - began < 10


def test_a_large_picture_is_hidden_at_once() -> None:
    text = f"a ![x](data:image/png;base64,{'A' * 3_000_000}) b"
    assert blank(text, find_hidden(text)).split() == ["a", "![x](", ")", "b"]
