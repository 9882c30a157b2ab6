import pytest

from rag.notes.links import Link, file_words, find_links, find_target


@pytest.mark.parametrize(
    ("text", "links"),
    [
        ("[[Note]]", [Link("Note", "", "", is_embed=False, start=0)]),
        ("a [[Note#Part#Deep|alias]]", [Link("Note", "Deep", "", is_embed=False, start=2)]),
        ("[[#^key]]", [Link("", "", "key", is_embed=False, start=0)]),
        ("![[Note#^key]]", [Link("Note", "", "key", is_embed=True, start=0)]),
        ("| [[Note\\|alias]] |", [Link("Note", "", "", is_embed=False, start=2)]),
        ("![[a.png|300x200]]", [Link("a.png", "", "", is_embed=True, start=0)]),
        ("![alt](img/a%20b.png)", [Link("img/a b.png", "", "", is_embed=True, start=0)]),
        ('[x](<b c.md#part> "t")', [Link("b c.md", "part", "", is_embed=False, start=0)]),
        ("{{embed [[Page]]}}", [Link("Page", "", "", is_embed=True, start=8)]),
        ("[[b]] [a](a.md) [[c]]", ["b", "a.md", "c"]),
        ("[x](https://example.org) <mailto:a@b.c> ![](data:image/png;base64,AA)", []),
        ("`[[a]]` %%[[b]]%% \n```\n[[c]]\n```\n[[d]]", ["d"]),
    ],
)
def test_find_links(text: str, links: list[Link | str]) -> None:
    found = find_links(text)
    assert [link if isinstance(one, Link) else link.target for link, one in zip(found, links, strict=True)] == links


def test_pictures_are_embeds_of_pictures() -> None:
    text = "![[a.png]] [[a.png]] ![[a.pdf]] ![x](b.JPG)"
    assert [link.is_picture for link in find_links(text)] == [True, False, False, True]


PATHS = ("Note.md", "a/Note.md", "a/b/Other.md", "deep/down/Third.md", "d/Third.md", "img/x.png")


@pytest.mark.parametrize(
    ("target", "beside", "path"),
    [
        ("Note", "a/c.md", "a/Note.md"),  # beside the note that links
        ("Note", "z.md", "Note.md"),
        ("note.MD", "x/z.md", "Note.md"),  # at the root
        ("Third", "z.md", "d/Third.md"),  # the shortest that ends so
        ("down/Third", "z.md", "deep/down/Third.md"),
        ("../Note", "a/b/Other.md", "a/Note.md"),
        ("../../../Note", "a/b/Other.md", None),  # above the vault
        ("/a/b/Other.md", "z.md", "a/b/Other.md"),
        ("./x.png", "img/z.md", "img/x.png"),
        ("x.png", "a/z.md", "img/x.png"),
        ("", "a/c.md", "a/c.md"),
        ("ote", "z.md", None),
        ("Missing", "z.md", None),
    ],
)
def test_find_target(target: str, beside: str, path: str | None) -> None:
    assert find_target(target, PATHS, beside) == path


def test_a_name_in_another_form_of_unicode_is_the_same() -> None:
    assert find_target("Re\u021bele", ["x/Ret\u0327ele.md".replace("t\u0327", "t\u0326")], "a.md")


@pytest.mark.parametrize(
    ("path", "words"),
    [
        ("img/lstm-cell_v2.png", "lstm cell v2"),
        ("Pasted image 20250610222531.png", ""),
        ("Zrzut ekranu 2024-01-02.png", ""),
        ("Screenshot 2024-01-02 at 10.11.12.png", ""),
        ("IMG_2041.jpg", ""),
        ("9f86d081884c7d659a2f.png", ""),
        ("x.png", ""),
        ("Capítulo 3.pdf", "Capítulo 3"),
    ],
)
def test_file_words(path: str, words: str) -> None:
    assert file_words(path) == words
