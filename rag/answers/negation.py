"""Whether a clause denies what it speaks of.

A sentence and the note it stands on must both deny or both affirm. They are compared clause by
clause, because one sentence may deny one thing and affirm another. Two negations in one clause
count as one, as in Romanian, Polish and Portuguese (`nu ... niciodată`); in English they are rare.
What denies without such a word (`fails to`, `unlike`) is not seen.
"""

import re

from rag.notes.folding import fold
from rag.notes.plain import strip_markup

_NEGATIONS = {
    "de": "nicht kein keine keinen keiner ohne nie niemals nichts weder",
    "en": "no not never none nothing nobody neither nor cannot without nowhere",
    "es": "no sin nunca ningun ninguna ninguno nada nadie ni jamas",
    "fr": "ne pas sans jamais aucun aucune rien ni",
    "it": "non senza mai nessun nessuna nessuno niente nulla ne",
    "pl": "nie bez nigdy nic nikt zaden zadna zadne zadnego zadnej zadnych zadnym ani brak brakuje",
    "pt": "nao sem nenhum nenhuma nunca nada ninguem nem jamais tampouco",
    "ro": "nu fara niciun nicio niciunul niciuna nici niciodata nimic nimeni nicaieri",
}
_WORDS = {language: frozenset(words.split()) for language, words in _NEGATIONS.items()}
_ALL = _WORDS["en"] | _WORDS["pl"] | _WORDS["pt"] | _WORDS["ro"]
_WORD = re.compile(r"[^\W_]+")
_CONTRACTED = re.compile(r"n['’]t\b|\bn-(?:am|ai|a|au|are|as|ar|avem|aveti|o)\b")
_DENIES_NOTHING = re.compile(
    r"\bnot only\b|\bnu (?:doar|numai)\b|\bnie tylko\b|\bnao (?:so|apenas|somente)\b|\bno\. ?\d"
)
_CLAUSE = re.compile(
    r"(?<=[,;:.!?])\s+|\s+[–—]\s+|\s*→\s*|\n+"
    r"|\s+(?=(?:but|yet|whereas|while|because|dar|iar|ci|însă|deoarece|fiindcă|ale|lecz|natomiast|bo"
    r"|mas|porém|enquanto|porque|pois)\b)"
)
LEAST_WORDS = 2
"""Of a clause that stands alone: `sem consulta`, but not `2014)`."""
NEGATIONS = frozenset().union(*(words.split() for words in _NEGATIONS.values()))
"""The words by which clauses deny, folded."""


def cut_clauses(text: str) -> list[str]:
    """Cut sentences into clauses, at punctuation and at words such as `but`."""
    clauses: list[str] = []
    for part in _CLAUSE.split(strip_markup(text)):
        if not _WORD.search(part):
            continue
        is_short = len(_WORD.findall(part)) < LEAST_WORDS
        if clauses and (is_short or len(_WORD.findall(clauses[-1])) < LEAST_WORDS):
            clauses[-1] += f" {part}"
        else:
            clauses.append(part)
    return clauses


def denies(clause: str, language: str) -> bool:
    """Say whether a clause denies, by the words of its language."""
    text = _DENIES_NOTHING.sub(" ", fold(clause))
    if _CONTRACTED.search(text):
        return True
    return not _WORDS.get(language, _ALL).isdisjoint(_WORD.findall(text))
