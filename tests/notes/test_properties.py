import time
from pathlib import Path

import pytest

from rag.notes.properties import (
    MOST_CHARACTERS,
    Properties,
    find_inline_tags,
    find_properties,
    normalize_tags,
    read_properties,
)


def test_title_tags_and_aliases() -> None:
    text = "---\ntitle: A  title\ntags: [One, two/three]\naliases:\n  - B\n  - C D\n---\nbody"
    assert read_properties(text) == Properties(7, "A title", ("one", "two/three"), ("B", "C D"))


@pytest.mark.parametrize(
    ("yaml", "title"),
    [
        ("title: 01", "01"),
        ("title: 2025-11-04", "2025-11-04"),
        ("title: yes", "yes"),
        ("title: 3.10", "3.10"),
        ("Title: T", "T"),
        ("title: 'it''s'", "it's"),
        ("title: |\n  two\n  lines", "two lines"),
        ("title:", ""),
        ("title: null", ""),
        ("title: ~", ""),
        ("title: [a, b]", ""),
        ("title: {a: b}", ""),
        ("title: !!int x", "x"),
        ("title: !!timestamp x", "x"),
    ],
)
def test_titles_stay_as_they_are_written(yaml: str, title: str) -> None:
    assert read_properties(f"---\n{yaml}\n---\n").title == title


@pytest.mark.parametrize(
    ("yaml", "tags"),
    [
        ("tags: a, b c", ("a", "b", "c")),
        ("tags: '#a #B'", ("a", "b")),
        ("tag: a", ("a",)),
        ("tags: [a, A, '#a', 2024, null]", ("a", "2024")),
        ("tags:\n- a/b/\n- [nested]\n- c", ("a/b", "c")),
        ("tags: {a: 1}", ()),
        ("tags:", ()),
    ],
)
def test_tags(yaml: str, tags: tuple[str, ...]) -> None:
    assert read_properties(f"---\n{yaml}\n---\n").tags == tags


@pytest.mark.parametrize(
    ("yaml", "aliases"),
    [
        ("aliases: One two, three", ("One two", "three")),
        ("alias: [RNN, 'LSTM și GRU']", ("RNN", "LSTM și GRU")),
        ("aliases: []", ()),
    ],
)
def test_aliases(yaml: str, aliases: tuple[str, ...]) -> None:
    assert read_properties(f"---\n{yaml}\n---\n").aliases == aliases


@pytest.mark.parametrize(
    ("yaml", "problem"),
    [
        ("title: [a", "at line 2: expected ',' or ']', but got"),
        ("tags: x\ntitle: a: b: c", "at line 3: mapping values are not allowed here"),
        ("title: 'a", "at line 2: found unexpected end of stream"),
        ("title:\ta\n\tb: c", "at line 2: "),
        ("title: a\n]", "at line 3: "),
        ("title: \x07", ": special characters are not allowed"),
        ("title: *unknown", ": aliases, `*name`, are not read"),
        ("title: !!python/object:os.system x\n: : :", "at line "),
        ("key: " + "[" * 5_000, ": nested too deep"),
    ],
)
def test_broken_yaml_gives_a_remark_and_ends_where_it_ends(yaml: str, problem: str) -> None:
    text = f"---\n{yaml}\n---\nbody"
    found = read_properties(text)
    assert found.end_line == text.split("\n").index("---", 1) + 1
    assert (found.title, found.tags, found.aliases) == ("", (), ())
    assert found.problem.startswith("its properties are not valid YAML")
    assert problem in found.problem
    assert len(found.problem) < 140
    assert found.problem.isprintable()


def test_what_is_no_list_of_properties_is_text() -> None:
    assert read_properties("---\n? [a]\n: b\n? {c: d}\n: e\ntitle\n---\nbody") == Properties(0)
    assert read_properties("---\n{a: b}\n---\n") == Properties(3)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            "title:: My page\ntags:: [[a b]], c\nalias:: P, Q\n\n- text",
            Properties(3, "My page", ("a b", "c"), ("P", "Q")),
        ),
        ("- tags:: x\n  other:: y\n- text", Properties(2, "", ("x",))),
        ("other:: y\n\ntitle:: late", Properties(0)),
        ("title: not these\n", Properties(0)),
    ],
)
def test_properties_of_a_logseq_page(text: str, expected: Properties) -> None:
    assert read_properties(text) == expected


def test_categories_of_quarto_are_tags() -> None:
    assert read_properties("---\ntags: a\ncategories: [b, c]\n---\n").tags == ("a", "b", "c")


def test_aliases_of_yaml_are_refused() -> None:
    bomb = ["---", "a: &a [x, x, x, x, x, x, x, x, x]"]
    for before, name in zip("abcdefgh", "bcdefghi", strict=True):
        bomb.append(f"{name}: &{name} [{', '.join([f'*{before}'] * 9)}]")
    began = time.process_time()
    assert read_properties("\n".join([*bomb, "title: T", "---"])).tags == ()
    assert time.process_time() - began < 10


def test_no_code_is_run(tmp_path: Path) -> None:
    made = tmp_path / "made"
    yaml = f"title: !!python/object/apply:builtins.open ['{made}', 'w']"
    assert read_properties(f"---\n{yaml}\n---\n") == Properties(3)
    assert not made.exists()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("---\na: b\n---\n", (3, "a: b")),
        ("---\r\na: b\r\n---\r\nbody", (3, "a: b")),
        ("---\ra: b\r---\rbody", (3, "a: b")),
        ("---  \na: b\n...\nbody", (3, "a: b")),
        ("---\n---\nbody", (2, "")),
        ("---\n\n---\nbody", (3, "")),
        ("---\n# remark\na: b\n---", (4, "# remark\na: b")),
        ("---\ndate created: x\n---", (3, "date created: x")),
        ("---\n{a: b}\n---", (3, "{a: b}")),
        ("---\na: b\nno end", (0, "")),
        ("---", (0, "")),
        ("----\na: b\n---", (0, "")),
        (" ---\na: b\n---", (0, "")),
        ("text\n---\na: b\n---", (0, "")),
        ("---\nProse on a rule\n---\n", (0, "")),
        ("---\n# Heading\n---\n", (0, "")),
        ("---\n- a\n---\n", (0, "")),
        ("", (0, "")),
    ],
)
def test_find_properties(text: str, expected: tuple[int, str]) -> None:
    assert find_properties(text) == expected


def test_long_properties_are_passed_over_not_read() -> None:
    filler = "x: y\n"
    most = MOST_CHARACTERS // len(filler)
    text = f"---\ntitle: T\n{filler * most}---\nbody"
    found = read_properties(text)
    assert (found.end_line, found.title) == (most + 3, "")
    assert found.problem == "its properties are over 65,536 characters"
    # Without an end within twice as much they are text.
    assert find_properties(f"---\ntitle: T\n{filler * 3 * most}---\n") == (0, "")


def test_normalize_tags() -> None:
    assert normalize_tags(["#A", "a", " b/C/ ", "##", ""]) == ("a", "b/c")


@pytest.mark.parametrize(
    ("text", "tags"),
    [
        ("#a text #b/c-d, (#e).", ("a", "b/c-d", "e")),
        ("#2024 #42 #y2024 #1a", ("y2024", "1a")),
        ("a#b &#39; ##c /#d", ()),
        ("#Știință #zażółć", ("știință", "zażółć")),
        ("`#a` ``#b`` $#c$ [[#d]] [[x#e|f]] [g](#h) <i href=#j> https://k.org/#l", ()),
        ("# heading", ()),
    ],
)
def test_find_inline_tags(text: str, tags: tuple[str, ...]) -> None:
    assert find_inline_tags(text) == tags
