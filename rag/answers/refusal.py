"""What is said when the notes do not answer, in the language of the question."""

from collections.abc import Sequence

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


def write_refusal(language: str, passages: Sequence[Passage]) -> str:
    """Say that the notes do not answer, and name those that come nearest."""
    refusal, nearest = _REFUSALS.get(language, _REFUSALS["en"])
    paths = list(dict.fromkeys(passage.chunk.path for passage in passages))[:MOST_NEAREST]
    return f"{refusal} {nearest}: {', '.join(paths)}." if paths else refusal
