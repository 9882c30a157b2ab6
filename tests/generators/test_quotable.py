"""The sentences of a passage, and what each needs to be understood."""

import pytest

from rag.generators.quotable import Quotable, read_quotables


def read(text: str) -> list[Quotable]:
    return read_quotables(0, text)


def texts(quotables: list[Quotable]) -> list[str]:
    return [quotable.text for quotable in quotables]


def parents(quotable: Quotable) -> list[str]:
    return texts(list(quotable.parents))


def test_sentences_stand_where_they_are_said_to() -> None:
    text = "# Bees\n\nBees dance. They show\nthe way.\n\nBees dance.\n"
    found = read(text)
    assert texts(found) == ["Bees dance.", "They show\nthe way.", "Bees dance."]
    assert [(one.start, one.line, one.last_line) for one in found] == [
        (8, 3, 3),
        (20, 3, 4),
        (40, 6, 6),
    ]
    assert [one.number for one in found] == [0, 1, 2]
    for one in found:
        assert text[one.start :].startswith(one.text)


def test_bullets_bring_those_above() -> None:
    found = read(
        "- penalties\n  - L2\n    - shrinks weights. Never to nought.\n  - L1\n- dropout\n"
    )
    assert texts(found) == [
        "penalties",
        "L2",
        "shrinks weights.",
        "Never to nought.",
        "L1",
        "dropout",
    ]
    assert [parents(one) for one in found] == [
        *([], ["penalties"], ["penalties", "L2"]),
        # The second sentence of a bullet stands under its first.
        ["penalties", "L2", "shrinks weights."],
        *(["penalties"], []),
    ]
    assert [one.marker for one in found] == ["- ", "- ", "- ", "", "- ", "- "]
    assert [one.depth for one in found] == [0, 1, 2, 3, 1, 0]


def test_a_line_with_a_colon_opens_the_list_below() -> None:
    found = read("It is old. A cell has two gates:\n\n1. one\n2. two\n\nAnd more.\n\n- three\n")
    assert texts(found) == [
        "It is old.",
        "A cell has two gates:",
        "one",
        "two",
        "And more.",
        "three",
    ]
    assert [parents(one) for one in found[2:]] == [["A cell has two gates:"]] * 2 + [[], []]
    assert [one.announces for one in found[:3]] == [False, True, False]


@pytest.mark.parametrize("mark", ["**", "__", "=="])
def test_a_bold_line_with_a_colon_opens_too(mark: str) -> None:
    found = read(f"{mark}Pros:{mark}\n- fast\n")
    assert parents(found[1]) == [found[0].text]
    assert found[0].announces


def test_a_paragraph_in_a_bullet_stands_under_it() -> None:
    found = read("- first bullet.\n\n  Its second paragraph.\n\nBehind the list.\n")
    assert [parents(one) for one in found] == [[], ["first bullet."], []]


def test_tasks_keep_their_boxes() -> None:
    assert [one.marker for one in read("- [x] hand in\n* [ ] read\n+ call\n")] == [
        "- [x] ",
        "- [ ] ",
        "- ",
    ]


TABLE = "| Model | Gates |\n|:--|--:|\n| LSTM | 3 |\n| GRU |  |\n"


def test_rows_know_their_header() -> None:
    found = read(f"Two models:\n\n{TABLE}\nBehind | it.\n")
    assert texts(found) == ["Two models:", "LSTM | 3", "GRU", "Behind | it."]
    assert found[1].table == ("| Model | Gates |", "|:--|--:|", "| LSTM | 3 |")
    assert found[2].table == ("| Model | Gates |", "|:--|--:|", "| GRU |  |")
    assert [one.table for one in (found[0], found[3])] == [(), ()]
    assert parents(found[1]) == ["Two models:"]
    assert found[1].topic == "Model | Gates"


def test_a_row_without_its_header_is_a_bullet() -> None:
    (row,) = read("| LSTM | 3 |\n")
    assert (row.text, row.marker, row.table) == ("LSTM | 3", "- ", ())


def test_two_tables() -> None:
    found = read(f"{TABLE}\n| A |\n|---|\n| b |\n")
    assert [one.table[0] for one in found] == ["| Model | Gates |"] * 2 + ["| A |"]


def test_rows_in_a_quote() -> None:
    found = read("> | a | b |\n> |---|---|\n> | 1 | 2 |\n")
    assert [one.table for one in found] == [("| a | b |", "|---|---|", "| 1 | 2 |")]


def test_titles_are_no_sentences_but_say_what_it_is_about() -> None:
    found = read("> [!note] On bees\n> They dance.\n\n**On whales**\nThey sing.\n\nAll of them.\n")
    assert texts(found) == ["They dance.", "**On whales**\nThey sing.", "All of them."]
    assert found[0].topic == "On bees"
    assert "On bees" not in found[-1].topic


def test_a_bold_line_on_its_own_is_a_title() -> None:
    found = read("**On whales**\n\nThey sing.\n\n**They sing.**\n")
    assert texts(found) == ["They sing.", "**They sing.**"]
    assert found[0].topic == "**On whales**"


def test_a_callout_of_one_line_says_what_it_says() -> None:
    assert texts(read("> [!tip] Shuffle before you split\n")) == ["Shuffle before you split"]


def test_what_is_no_sentence() -> None:
    text = "# Title\n\n![[pic.png]]\n\n[ref]: http://e.test/x\n\n---\n"
    assert read(text) == []
    assert read("") == []


def test_formulas_and_code_stand_alone() -> None:
    found = read("Save it.\n\n```py\nx = 1\n```\n\n$$\ny\n$$\n")
    assert [(one.text, one.block, one.before) for one in found] == [
        ("Save it.", "", ""),
        ("", "```py\nx = 1\n```", "Save it."),
        ("", "$$\ny\n$$", "Save it."),
    ]
    assert [(one.line, one.last_line) for one in found[1:]] == [(3, 5), (7, 9)]


@pytest.mark.parametrize(
    ("below", "block"),
    [
        ("\n$$\nx = y\n$$\n\nMore.", "\n$$\nx = y\n$$"),
        ("\n\n$$x = y$$\nMore.", "\n\n$$x = y$$"),
        ("\n```py\nx[1]\n\ny\n```\nMore.", "\n```py\nx[1]\n\ny\n```"),
        ("\n~~~\nx\n~~~\n", "\n~~~\nx\n~~~"),
        ("\n$$\nno end\n", ""),
        ("\n\nMore.\n\n$$x$$\n", ""),
        (f"\n$$\n{'x' * 600}\n$$\n", ""),  # too long to come along
    ],
)
def test_a_formula_or_code_comes_with_the_line_that_announces_it(below: str, block: str) -> None:
    for line in ("The loss is:", "so we minimise"):
        found = read(f"Words. {line}{below}")
        assert (found[1].text, found[1].block) == (line, block)
        assert found[1].announces == (line.endswith(":") and not block)
    assert read(f"The loss is this.{below}")[0].block == ""


def test_windows_line_ends() -> None:
    text = (
        "A cell has gates:\r\n\r\n- one\r\n  - two\r\n\r\n| a | b |\r\n|---|---|\r\n| 1 | 2 |\r\n"
    )
    found = read(text)
    assert texts(found) == ["A cell has gates:", "one", "two", "1 | 2"]
    assert parents(found[2]) == ["A cell has gates:", "one"]
    assert found[3].table == ("| a | b |", "|---|---|", "| 1 | 2 |")
