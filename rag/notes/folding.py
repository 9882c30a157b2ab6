"""Fold text so that what people type alike is alike: no case, no marks, one kind of letter."""

import unicodedata
from itertools import filterfalse

_LETTERS = str.maketrans(
    {
        "ł": "l",
        "đ": "d",
        "ð": "d",
        "ø": "o",
        "æ": "ae",
        "œ": "oe",
        "ß": "ss",
        "þ": "th",
        "ħ": "h",
        "ı": "i",
    }
)
"""Letters whose stroke or ligature Unicode does not decompose."""


def fold(text: str) -> str:
    """Fold to lower case without marks: `Învățare`, `invatare` and cedilla `ţ` become one.

    NFKD also opens ligatures and full-width letters (Unicode Standard Annex 15); what it opens may
    be a capital again (`℡` is TEL), so it goes first.
    """
    if text.isascii():
        return text.lower()
    folded = unicodedata.normalize("NFKD", text).casefold()
    if not unicodedata.is_normalized("NFKD", folded):
        folded = unicodedata.normalize("NFKD", folded)
    return "".join(filterfalse(unicodedata.combining, folded)).translate(_LETTERS)
