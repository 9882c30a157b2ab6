"""Untrusted Markdown becomes Markdown that does nothing, whatever it is."""

import random
import re
from pathlib import Path

import pytest
from markdown_it import MarkdownIt

from rag.page.quotes import Quote
from rag.page.safe_markdown import safe_answer, safe_label, safe_markdown, safe_passage

FIXTURES = Path(__file__).parent / "fixtures" / "safe_markdown.txt"
READER = MarkdownIt("commonmark").enable(["table", "strikethrough"])
"""Another reader than the one that was written for: without formulas, so that it looks into them."""
OUR_LABELS = re.compile(r":(?:yellow-background|orange-background|blue-badge)\[")
RENDERER_LOOKS_FOR = re.compile(r"(?i)https?://|www\.|[-.\w+]@[-\w]+\.|:[\w+-]+:|:material/")
"""What Streamlit's renderer turns into links and pictures inside plain text."""


def read_cases() -> list[tuple[str, str, str]]:
    text = re.sub(
        r"\\u\{([0-9A-F]+)\}", lambda m: chr(int(m[1], 16)), FIXTURES.read_text(encoding="utf-8")
    )
    return re.findall(r"^([^\n]+)\n\.\n(.*?)\n\.\n(.*?)\n\.$", text, re.MULTILINE | re.DOTALL)


def find_live(source: str) -> list[str]:
    """Name what a browser would do something with."""
    found = []
    for block in READER.parse(OUR_LABELS.sub("\ue000[", source)):
        for token in [block, *(block.children or ())]:
            if token.type in ("image", "link_open", "html_inline", "html_block", "heading_open"):
                found.append(f"{token.type}: {token.content}")
            if token.type == "fence" and token.info.lower().startswith("mermaid"):
                found.append("a drawing")
            if token.type == "text" and RENDERER_LOOKS_FOR.search(token.content):
                found.append(token.content)
    return found


@pytest.mark.parametrize(("title", "text", "expected"), read_cases())
def test_is_written_as_expected(title: str, text: str, expected: str) -> None:
    assert safe_markdown(text) == expected


@pytest.mark.parametrize(("title", "text", "expected"), read_cases())
def test_nothing_is_live_wherever_a_stream_stands(title: str, text: str, expected: str) -> None:
    for end in range(len(text) + 1):
        assert find_live(safe_markdown(text[:end])) == []


def test_the_check_itself_finds_what_is_live() -> None:
    live = "![a](http://e) [b](x) <b> http://evil.test :smile:\n\n```mermaid\n```"
    assert len(find_live(live)) == 5


PARTS = [
    *("![a](http://evil.test/x.png)", "[x](javascript:alert(1))", "<img src=x onerror=alert(1)>"),
    *(
        "`",
        "``",
        "```",
        "~~~",
        "$",
        "$$",
        "\\",
        "[",
        "]",
        "(",
        ")",
        "!",
        "*",
        "**",
        "_",
        "~~",
        "==",
    ),
    *("%%", "|", "\n", "\n\n", "\n> ", "\n- ", "\n1. ", "  ", "    ", "\t", "<b></b>", "<", ">"),
    *("<http://evil.test>", "http://evil.test/a", "www.evil.test", "me@evil.test", "http:", "//"),
    *(
        "[r]: http://evil.test\n",
        "![r][r]",
        "[r][r]",
        "[r]",
        ":red[x]",
        ":smile:",
        "::",
        ":",
        "ww.",
    ),
    *(
        ":material/home:",
        ":material_home:",
        "[[a|b]]",
        "![[x.png]]",
        "> [!info] t",
        "word",
        "w",
        "1",
    ),
    *("\n| a | b |\n|---|---|\n| c | d |\n", "&#58;", "&lt;", "&#x60;", "$a$", "[1]", "[^1]", "#"),
    *(
        "$![x](http://evil.test)$",
        "$:red[x]$",
        "\n---\n",
        "===",
        "\n# ",
        "<!--",
        "-->",
        "{.a}",
        "@",
    ),
    *("\u2028", "\x00", "\ud800", "é", "\n```mermaid\n", "\n$$\n", "<script>"),
]


def test_no_mixture_of_tricks_is_live() -> None:
    choose = random.Random(15)
    for _ in range(1500):
        text = "".join(choose.choices(PARTS, k=choose.randint(1, 25)))
        start, end = sorted(choose.choices(range(len(text) + 1), k=2))
        passage = safe_passage(text, [Quote(text[start:end])])
        label = safe_label(text)
        for source in (safe_markdown(text, citations=3), passage.source, *passage.unmarked, label):
            assert find_live(source) == [], text
            source.encode("utf-8")
        assert "\n" not in label


@pytest.mark.parametrize(
    "part", ["[", "![", "*a ", "`", "$", "==a", "> ", "- ", "[[", "<!--\n", "<"]
)
def test_nesting_has_an_end(part: str) -> None:
    assert safe_markdown(part * 20_000)


def test_a_label_is_one_line_that_shows_as_it_is() -> None:
    label = safe_label("Notes/[x](y)/a\nb `c` *d* :smile:.md")
    assert label == ("Notes/\\[x\\]\\(y\\)/a b \\`c\\` \\*d\\* \\:\u2060smile\\:\\.md")


def test_citations_of_the_answer_are_labels_and_others_are_text() -> None:
    assert safe_markdown("One [1]. Two [2][3].", citations=2) == (
        r"One :blue-badge[1]\. Two :blue-badge[2]\[3\]\."
    )


def test_citations_lead_to_their_sources_and_to_nothing_else() -> None:
    written = safe_answer(
        "One [1]. Two [2]. [1](http://evil.test) [x](#source-9) [3]",
        citations=2,
        anchor="source-a",
        unsupported=frozenset({2}),
    )
    assert written == (
        r"One [:blue-badge[1]](#source-a-1)\. Two [:red-badge[2]](#source-a-2)\. "
        r"1 \(`http://evil.test`\) x \[3\]"
    )
    links = [t for b in READER.parse(written) for t in b.children or () if t.type == "link_open"]
    assert [link.attrs["href"] for link in links] == ["#source-a-1", "#source-a-2"]


def test_a_doubtful_sentence_is_red() -> None:
    written = safe_answer(
        "It is. It is **not** so.", citations=0, anchor="", doubtful=["It is **not** so."]
    )
    assert written == r"It is\. :red-background[It is **not** so\.]"


@pytest.mark.parametrize(
    ("text", "quote", "expected"),
    [
        (
            "Before. The quote. After.",
            "The quote.",
            r"Before\. :yellow-background[The quote\.] After\.",
        ),
        (
            "De ce **împărțim la $d_k$**? Nu.",
            "De ce **împărțim la $d_k$**?",
            r":yellow-background[De ce **împărțim la $d_k$**?] Nu\.",
        ),
        (
            "a **b c** d",
            "a **b",
            ":yellow-background[a ]**:yellow-background[b] c** d",
        ),
        (
            "| x | y |\n|---|---|\n| MQA | jedna |\n| GQA | kilka |",
            "MQA | jedna",
            (
                "| x | y |\n| --- | --- |\n| :yellow-background[MQA] | :yellow-background[jedna] |"
                "\n| GQA | kilka |"
            ),
        ),
        (
            "- one\n- two\n  three",
            "two\n  three",
            "- one\n- :yellow-background[two]\\\n  :yellow-background[three]",
        ),
        (
            "in $[0, 1)$ and `x[1]`",
            "in $[0, 1)$ and `x[1]`",
            ":yellow-background[in ]$[0, 1)$:yellow-background[ and `x[1]`]",
        ),
        ("see [[A|the note]] now", "see [[A|the note]]", ":yellow-background[see the note] now"),
    ],
)
def test_a_quote_is_marked(text: str, quote: str, expected: str) -> None:
    passage = safe_passage(text, [Quote(quote)])
    assert passage.source == expected
    assert passage.unmarked == ()


def test_a_quote_is_marked_at_its_lines() -> None:
    text = "- year 1989\n- other\n- year 1989"
    marked = safe_passage(text, [Quote("year 1989", 3, 3)]).source
    assert marked == "- year 1989\n- other\n- :yellow-background[year 1989]"


def test_two_quotes_of_one_line_are_both_marked() -> None:
    passage = safe_passage("One. Two. Three.", [Quote("Three."), Quote("One.")])
    assert passage.source == r":yellow-background[One\.] Two\. :yellow-background[Three\.]"


def test_a_quote_that_is_not_shown_is_handed_back() -> None:
    passage = safe_passage("text\n\n%%\nhidden words\n%%", [Quote("hidden ![x](http://e) words")])
    assert passage.source == "text"
    assert passage.unmarked == (r"hidden \[x\] words",)
