from pathlib import Path

import pytest

from rag.index.generations import PICTURES
from rag.index.pictures import PictureTexts

KEY, OTHER = b"k" * 32, b"o" * 32


def test_what_is_put_is_found_by_the_next_who_opens_it(tmp_path: Path) -> None:
    texts = PictureTexts(tmp_path)
    assert texts.get(KEY) is None
    texts.put(KEY, "schéma")
    texts.put(OTHER, "")
    again = PictureTexts(tmp_path)
    assert (again.get(KEY), again.get(OTHER)) == ("schéma", "")
    assert (tmp_path / PICTURES).stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("content", [b"", b"no database", b"\0" * 5_000])
def test_a_damaged_file_begins_anew(tmp_path: Path, content: bytes) -> None:
    (tmp_path / PICTURES).write_bytes(content)
    texts = PictureTexts(tmp_path)
    texts.put(KEY, "text")
    assert texts.get(KEY) == "text"


def test_no_flipped_byte_gives_another_text(tmp_path: Path) -> None:
    texts = PictureTexts(tmp_path)
    texts.put(KEY, "what stands in it")
    whole = (tmp_path / PICTURES).read_bytes()
    for place in range(0, len(whole), 13):
        flipped = bytearray(whole)
        flipped[place] ^= 0xFF
        (tmp_path / PICTURES).write_bytes(flipped)
        assert PictureTexts(tmp_path).get(KEY) in ("what stands in it", None)
