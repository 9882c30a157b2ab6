"""When the notes do not answer: the word by which a model says so, and what people are told."""

import re
from collections.abc import Sequence

from rag.answers.inert import make_name_inert
from rag.answers.prompt import UNKNOWN
from rag.types import Passage

MOST_NEAREST = 3

_REFUSALS = {
    "de": ("Deine Notizen beantworten diese Frage nicht.", "Am nächsten kommen"),
    "en": ("Your notes do not answer this question.", "The nearest notes are"),
    "es": ("Tus notas no responden a esta pregunta.", "Las notas más cercanas son"),
    "fr": ("Tes notes ne répondent pas à cette question.", "Les notes les plus proches sont"),
    "it": ("I tuoi appunti non rispondono a questa domanda.", "Gli appunti più vicini sono"),
    "pl": ("Twoje notatki nie odpowiadają na to pytanie.", "Najbliższe notatki to"),
    "pt": ("As tuas notas não respondem a esta pergunta.", "As notas mais próximas são"),
    "ro": ("Notițele tale nu răspund la această întrebare.", "Cele mai apropiate notițe sunt"),
}


# Models escape the underscores as Markdown wants it, or leave them out.
_UNKNOWNS = tuple(UNKNOWN.replace("_", between).casefold() for between in ("_", "\\_", " "))
_UNKNOWN = re.compile(
    "|".join(re.escape(word) for word in _UNKNOWNS[:2]) + f"|(?-i:{UNKNOWN.replace('_', ' ')})",
    re.IGNORECASE,
)
_WORD = re.compile(r"\w")


def says_unknown(text: str) -> bool:
    """Say whether a model says that the notes do not answer."""
    return bool(_UNKNOWN.search(text))


def count_shown(text: str) -> int:
    """Count the characters of a text that is being written which can be shown already.

    What may still become the model's word for a refusal cannot; nor can a beginning without words,
    such as the `**` before that word.
    """
    if not _WORD.search(text):
        return 0
    longest = min(len(text), max(map(len, _UNKNOWNS)))
    for length in range(longest, 0, -1):
        tail = text[-length:].casefold()
        if any(word.startswith(tail) for word in _UNKNOWNS):
            return len(text[:-length]) if _WORD.search(text[:-length]) else 0
    return len(text)


def write_refusal(language: str, passages: Sequence[Passage]) -> str:
    """Say that the notes do not answer, and name those that come nearest."""
    refusal, nearest = _REFUSALS.get(language, _REFUSALS["en"])
    paths = list(dict.fromkeys(passage.chunk.path for passage in passages))[:MOST_NEAREST]
    names = ", ".join(map(make_name_inert, paths))
    return f"{refusal} {nearest}: {names}." if names else refusal
