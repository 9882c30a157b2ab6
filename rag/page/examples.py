"""Questions to begin with."""

import re
from collections.abc import Iterable, Sequence
from pathlib import PurePosixPath

MOST = 4
SAMPLES = {
    "Semestrul 1/Rețele neuronale recurente.md": "Câte porți are o celulă LSTM?",
    "wyklady/05 Transformer – koszt i pamięć.md": "Kto zaproponował MQA?",
    "Faculdade/Otimizadores.md": "Quantos bytes por parâmetro o Adam gasta em precisão mista?",
    "courses/rl/Q-learning.md": "What is the difference between Q-learning and SARSA?",
}
"""For the notes that come with the program, one in each of their languages."""
TEMPLATES = {
    "de": "Was steht in meinen Notizen über „{}“?",
    "en": "What do my notes say about “{}”?",
    "es": "¿Qué dicen mis notas sobre «{}»?",
    "fr": "Que disent mes notes sur « {} » ?",
    "it": "Che cosa dicono i miei appunti su «{}»?",
    "pl": "Co mówią moje notatki na temat „{}”?",
    "pt": "O que dizem as minhas notas sobre “{}”?",
    "ro": "Ce spun notițele mele despre „{}”?",
}
_NUMBERING = re.compile(r"^[\d\s._–-]+")
_LETTERS = re.compile(r"[^\W\d_]{3}")


def choose_examples(paths: Iterable[str], languages: Sequence[str]) -> list[str]:
    """Give up to four questions that these notes may answer.

    Args:
        paths: of the notes.
        languages: of the notes, the most frequent first.
    """
    paths = list(paths)
    known = [question for path, question in SAMPLES.items() if path in paths]
    if known:
        return known[:MOST]
    titles = (_NUMBERING.sub("", PurePosixPath(path).stem) for path in paths)
    topics = [title for title in titles if _LETTERS.search(title)]
    step = max(1, len(topics) // MOST)
    # A title in one language within a question in another is no harm; which is which is not known.
    asked_in = [code for code in languages if code in TEMPLATES] or ["en"]
    return [
        TEMPLATES[asked_in[place % len(asked_in)]].format(topic)
        for place, topic in enumerate(topics[::step][:MOST])
    ]
