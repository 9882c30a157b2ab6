"""Pictures of a passage come from the vault, as bytes, and nothing else does."""

import io
from pathlib import Path

import pytest
from PIL import Image

from rag.notes.attachments import list_pictures
from rag.page.pictures import MOST_PICTURES, WIDEST, Picture, find_pictures


def draw(
    file: Path, size: tuple[int, int] = (30, 20), mode: str = "RGB", color: str = "red"
) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    Image.new(mode, size, color).save(file)


def find(vault: Path, text: str, path: str = "a/note.md") -> list[Picture]:
    return find_pictures(text, path, vault, list_pictures(vault))


@pytest.fixture
def vault(tmp_path: Path) -> Path:
    folder = tmp_path / "vault"
    draw(folder / "a" / "near.png")
    draw(folder / "near.png")
    draw(folder / "img" / "root one.jpg")
    draw(folder / "deep" / "er" / "only-here.png", size=(700, 10))
    draw(tmp_path / "secret.png")
    return folder


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("![[near.png]]", ["a/near.png"]),
        ("![x](near.png)", ["a/near.png"]),
        ("![x](../near.png)", ["near.png"]),
        ("![x](/img/root%20one.jpg)", ["img/root one.jpg"]),
        ("![[img/root one.jpg|300]]", ["img/root one.jpg"]),
        ("![[only-here.png]] and again ![[only-here.png]]", ["deep/er/only-here.png"]),
        ("![[ONLY-HERE.PNG]] ![[near.png]]", ["deep/er/only-here.png", "a/near.png"]),
        ("[[near.png]] `![[near.png]]` %%![[near.png]]%%", []),
        ("![x](http://evil.test/near.png) ![x](file:///etc/x.png)", []),
        ("![x](../../secret.png) ![x](../secret.png) ![[missing.png]]", []),
    ],
)
def test_a_picture_is_found_as_obsidian_finds_it(
    vault: Path, text: str, expected: list[str]
) -> None:
    assert [picture.path for picture in find(vault, text)] == expected


def test_no_link_leads_out(vault: Path, tmp_path: Path) -> None:
    (vault / "link.png").symlink_to(tmp_path / "secret.png")
    (vault / "out").symlink_to(tmp_path)
    draw(vault / ".hidden" / "h.png")
    assert find(vault, "![[link.png]] ![](out/secret.png) ![[secret.png]] ![[h.png]]") == []
    # A link that takes a picture's place after the vault was looked through.
    files = list_pictures(vault)
    (vault / "near.png").unlink()
    (vault / "near.png").symlink_to(tmp_path / "secret.png")
    assert find_pictures("![[/near.png]]", "b.md", vault, files) == []


def test_what_is_no_picture_is_not_shown(vault: Path) -> None:
    (vault / "page.png").write_text("<html><script>alert(1)</script>")
    (vault / "drawing.svg").write_text("<svg xmlns='http://www.w3.org/2000/svg'/>")
    (vault / "vector.png").write_text("<svg xmlns='http://www.w3.org/2000/svg'/>")
    (vault / "post.png").write_text("%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 1 1\n")
    (vault / "cut.png").write_bytes((vault / "near.png").read_bytes()[:20])
    draw(vault / "scan.bmp")
    names = ("page.png", "drawing.svg", "vector.png", "post.png", "cut.png", "scan.bmp")
    assert find(vault, " ".join(f"![[{name}]]" for name in names)) == []


def test_what_is_too_large_is_made_smaller_or_left_out(vault: Path) -> None:
    draw(vault / "wide.png", size=(2 * WIDEST, 100))
    draw(vault / "vast.png", size=(10_000, 5_000), mode="1", color="white")
    [picture] = find(vault, "![[wide.png]] ![[vast.png]]")
    assert Image.open(io.BytesIO(picture.content)).size == (WIDEST, 50)
    assert picture.width == WIDEST
    (vault / "heavy.png").write_bytes((vault / "near.png").read_bytes() + bytes(9 * 1024 * 1024))
    assert find(vault, "![[heavy.png]]") == []


def test_lines_on_nothing_are_put_on_white(vault: Path) -> None:
    draw(vault / "lines.png", mode="RGBA", color="#00000000")
    [picture] = find(vault, "![[lines.png]]")
    assert Image.open(io.BytesIO(picture.content)).getpixel((3, 3)) == (255, 255, 255)


def test_the_width_that_its_author_gave(vault: Path) -> None:
    text = "![[only-here.png|300]] ![x|120](near.png) ![y](../img/root%20one.jpg)"
    # A picture is never blown up: near.png is 30 wide.
    assert [picture.width for picture in find(vault, text)] == [300, 30, 30]


def test_there_is_a_last_one(vault: Path) -> None:
    for number in range(9):
        draw(vault / f"{number}.png")
    text = " ".join(f"![[{number}.png]]" for number in range(9))
    assert len(find(vault, text)) == MOST_PICTURES
