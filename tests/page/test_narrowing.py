"""Tags and folders are offered as a tree."""

from rag.page.narrowing import count_branches, name_branch


def test_those_above_count_too_once_a_note() -> None:
    notes = [("ml/llm", "ml/cv"), ("ml",), ("math", "ml/llm"), ("bad\x00tag",), ()]
    assert count_branches(notes) == {"math": 1, "ml": 3, "ml/cv": 1, "ml/llm": 2}


def test_the_order_is_that_of_a_tree() -> None:
    # As texts, `a b` would stand between `a` and `a/b`.
    assert list(count_branches([("a/b",), ("a b",), ("A/c",)])) == ["a", "A", "a/b", "A/c", "a b"]


def test_a_root_is_no_folder() -> None:
    assert count_branches([[""], ["x"]]) == {"x": 1}


def test_names_show_how_deep_they_are() -> None:
    counts = {"a": 3, "a/b": 2, "a/b/c": 1}
    assert [name_branch(name, counts) for name in counts] == [
        "a · 3",
        "└ a/b · 2",
        "\u2003└ a/b/c · 1",
    ]
    assert name_branch("*2025*", counts) == "*2025*"
