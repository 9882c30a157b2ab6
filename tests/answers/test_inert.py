"""Answers hold nothing that loads, links or is HTML, whatever notes and models write."""

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from rag.answers.inert import is_alive, make_inert, make_name_inert

READER = MarkdownIt("commonmark").enable(["table", "strikethrough"])
LIVE = {"image", "link_open", "html_inline", "html_block"}


def find_live(text: str) -> list[str]:
    """Name what a reader of Markdown, or a terminal, would do something with."""
    tokens = [token for block in READER.parse(text) for token in (block, *(block.children or ()))]
    found = [f"{token.type} {token.content}" for token in tokens if token.type in LIVE]
    return found + re.findall(r"(?i)[a-z]+:/{2,}|\bwww\.\w", text)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        # What stays.
        ("**Bold**, *it*, ==mark== [1]\n- a [2]\n- [x] b", "**Bold**, *it*, ==mark== [1]\n- a [2]\n- [x] b"),
        ("| a | b |\n|---|---|\n| 1 | 2 [1] |", "| a | b |\n|---|---|\n| 1 | 2 [1] |"),
        ("$a<b$ and `<b>` and ``![x](y)``", "$a< b$ and `<b>` and ``![x](y)``"),
        ("```html\n<img src=x>\n```", "```html\n<img src=x>\n```"),
        ("2 < 3 and 5 > 4 & more", "2 < 3 and 5 > 4 & more"),
        ("a[i][j], \\[x\\], <|end|>", "a[i][j], \\[x\\], <|end|>"),
        # Images and links.
        ("![a plot](http://evil.test/x.png) shows", "a plot shows"),
        ("![](http://evil.test/x.png)shows", "shows"),
        ("see [the *docs*](https://a.org/b 'title') [1]", "see the *docs* [1]"),
        ("[![badge](http://e.test/b.svg)](http://e.test/) z", "badge z"),
        ("[a (b)](http://e.test/x(y)z) c", "a (b) c"),
        ("[1](http://evil.test) and [text](note.md)", "[1] and text"),
        ("f[x](y) here", "f[x] (y) here"),
        ("Yes![1]", "Yes! [1]"),
        # By reference.
        ("![a plot][pic] [text][ref] [text][] ![pic]", "a plot text text pic"),
        ("Text [1]\n\n[pic]: http://evil.test/x.png 'title'\n", "Text [1]\n\n\n"),
        ("> [pic]:\n> <http://evil.test/x.png>\n\nText", "\n\nText"),
        # A definition of `[1]` would make a link of every mark.
        ("[1]: http://evil.test/x\n\nText [1]", "[1] evil.test/x\n\nText [1]"),
        ("[term]: words that follow", "[term] : words that follow"),
        # Wikilinks and footnotes.
        ("[[Note#H|shown]], [[Note#H#^id]], [[Note]], ![[pic.png|300]]", "shown, Note › H, Note, pic.png"),
        ("word[^1] goes on(^2) [1]\n\n[^1]: the footnote", "word goes on [1]\n\nthe footnote"),
        # HTML.
        ("10<sup>-3</sup> H<sub>2</sub>O a<br/>b", "10^-3 H_2O a b"),
        ('<b class=x>bold</b> <img src=x onerror="a>b"> <IFRAME src=//e.test>', "bold "),
        ("a<!-- hidden -->b<script>alert(1)</script>c", "abc"),
        ("vector<int>, <n> and <!-- open", "vector< int>, < n> and < !-- open"),
        # Addresses are shown, without what makes them open.
        ("at https://a.org/b, www.b.org or ftp://c.org", "at a.org/b, b.org or c.org"),
        ("<https://a.org/b> <me@a.org> mailto:me@a.org", "a.org/b me@a.org me@a.org"),
        ("`curl https://a.org`", "`curl a.org`"),
        ("hthttp://tp://a.org http\\://b.org h&#116;tp&colon;//c.org", "a.org b.org c.org"),
    ],
)  # fmt: skip
def test_make_inert(text: str, expected: str) -> None:
    assert make_inert(text) == expected
    assert find_live(expected) == []


@pytest.mark.parametrize(
    "text",
    [
        "- `a ![x](http://evil.test)\n- b`",  # no code: it begins and ends in two items
        "| `a | ![x](http://evil.test) ` |\n|---|---|\n| c | d |",  # nor in two cells
        "> ```\n![x](http://evil.test)\n```",  # the quote, and the code with it, ends
        "~~~\n```\n~~~\n<img src=x>\n```",
        "[x]http://(y)",
        "[a\n\n]: http://evil.test\n[a]: y.png\n\n[a]",
        "<a\nhref='x'>text</a>",
        "&#91;x&#93;(http://evil.test)",
        "<div\n\n![a]<!-- -->(x)",
        "![" * 50 + "](x)" * 50,
    ],
)
def test_nothing_hides(text: str) -> None:
    assert find_live(make_inert(text)) == []


PARTS = [
    *("![a](http://evil.test/x)", "[x](y)", "[1]", "[1]: z.png", "[ref]", "[ref]: x.y", "![ref]"),
    *("<img src=x>", "<b>", "</b>", "<http://e.test>", "<!--", "-->", "<", ">", "http://", "www.e"),
    *("`", "``", "```", "\n```\n", "~~~\n", "$", "$$", "\\", "[", "]", "(", ")", "!", ":", "&#91;"),
    *("\n", "\n\n", "\n> ", "\n- ", "\n| a | b |\n|---|---|\n| ", " | ", "    ", "\t", "word", "\0"),
    *("[[n]]", "[[n|", "]]", "[^1]", "[^1]: f", "%%", "\r\n", "\r"),
]  # fmt: skip


@settings(max_examples=400, deadline=None)
@given(st.lists(st.sampled_from(PARTS), max_size=24).map("".join))
def test_no_mixture_lives(text: str) -> None:
    assert find_live(make_inert(text)) == []


def test_the_check_itself_finds_what_is_live() -> None:
    assert len(find_live("![a](b) [c](d) <b> http://e.test www.e.test")) == 5
    assert is_alive("![a](b)")
    assert not is_alive("`![a](b)` [1]")


def test_make_name_inert() -> None:
    assert make_name_inert("a\nb/ ![x](y)<b>.md") == "a b/ ! [x] (y)< b>.md"
    assert make_name_inert("cursuri/www.site.ro [1].md") == "cursuri/www.site.ro [1].md"
