"""Follow-up questions: made whole with what was asked before, by rule."""

import re

from rag.notes.folding import fold
from rag.notes.language import clear_language, content_words

LONGEST = 8
"""Words up to which a question may lean on the one before; a longer one says what it is about."""
MOST_OWN = 3
"""Content words beside a pronoun: `Quantas portas ela tem?` leans; a question with more of them can
be searched for as it stands."""

_OPENERS = frozenset(
    "and but or so then also si iar dar deci atunci sau oraz ale albo lub wiec zatem mas ou entao"
    " tambem und aber et y pero".split()
)
"""First words with which people go on."""
_OPENING_PHRASES = (
    "what about", "how about", "what if", "ce zici de", "ce se intampla daca", "a co z", "co z",
    "a co jesli", "e quanto", "e se", "que tal",
)  # fmt: skip
_SHORT_OPENERS = frozenset("a e i o".split())
"""`A dropout?`, `E o Adam?`: also articles and pronouns, so they count only before one word."""
_POINTERS = {
    "en": frozenset("it its they them their this that these those he him his she her".split()),
    "ro": frozenset(
        "el ea ei ele acesta aceasta acestea acestia asta astea acela aceea acelea il l".split()
    ),
    "pl": frozenset(
        "on ono ona oni go jego jej ich nim nich nia tego tej tych tym ten ta te".split()
    ),
    "pt": frozenset(
        "ele ela eles elas isso isto esse essa esses essas disso disto dele dela deles delas"
        " nisso nele nela".split()
    ),
}
"""Words that stand for something said before."""
_POINTERS_LAST = {"ro": frozenset(["lui"])}
"""At the end only: `derivata lui?`, but `teorema lui Bayes`."""
_NO_SUBJECT = re.compile(
    r"^(?:cat[ei]|ce|cum|cand|de ce) .*\b(?:are|face|functioneaza)$"
    r"|^(?:jaki|jaka|jakie|ile|co) ma [a-z]+$|^(?:jak|co|ile|po co) (?:dziala|robi|ma|sluzy)$"
    r"|^(?:quant[oa]s?|que|o que|como|quando) .*\b(?:tem|faz|funciona|serve)$"
    r"|^(?:quem|quando|onde|como) (?:o|a|os|as) [a-z]+(?:ou|eu|iu|am)$"
)
"""A verb whose subject was said before: `Câte porți are?`, `Jakie ma parametry?`."""
_REQUESTS = frozenset(
    "example examples details detail more another give me show tell explain please continue"
    " exemplu exemple detalii da mi ne arata explica continua concret mult"
    " przyklad przyklady szczegoly wiecej daj podaj pokaz wyjasnij prosze dalej czemu"
    " exemplo exemplos detalhes outro outra mostre mostra explique continue".split()
)
"""Content words that ask for more without saying of what."""
_WORD = re.compile(r"[^\W_]+")


class Conversation:
    """What a chat is about."""

    def __init__(self) -> None:
        self._topic = ""
        self._turn = ""
        """The last follow-up that brought words of its own."""
        self._language: str | None = None

    def reset(self) -> None:
        """Forget what was asked before."""
        self._topic, self._turn, self._language = "", "", None

    def standalone(self, question: str) -> str:
        """Give the question with its topic, if it leans on the questions before.

        It does if it is short and has no content words of its own (`Why?`), opens like a
        continuation (`And GRU?`), points back (`Jak on działa?`) or only asks for more. Then the
        question that began the topic is put in front of it, and the last turn that it took.
        """
        if self._topic and self._leans(question):
            whole = " ".join(filter(None, (self._topic, self._turn, question)))
            if not _REQUESTS.issuperset(content_words(question)):
                self._turn = question
            return whole
        self._topic, self._turn = question, ""
        self._language = clear_language(question)
        return question

    def _leans(self, question: str) -> bool:
        words, own = _WORD.findall(fold(question)), content_words(question)
        if len(words) > LONGEST:
            return False
        if _REQUESTS.issuperset(own) or not words or words[0] in _OPENERS:
            return True
        if f"{' '.join(words)} ".startswith(tuple(f"{phrase} " for phrase in _OPENING_PHRASES)):
            return True
        if words[0] in _SHORT_OPENERS and len(own) == 1 and words[-1] == own[0]:
            return True
        if words[0] == "a" and own and own == words[1:]:  # Polish: `A k-średnie?`
            return True
        if _NO_SUBJECT.search(" ".join(words)) and len(set(own)) <= MOST_OWN:
            return True
        language = clear_language(question) or self._language or ""
        pointers = _POINTERS.get(language) or frozenset().union(*_POINTERS.values())
        points = not pointers.isdisjoint(words)
        points |= words[-1] in _POINTERS_LAST.get(language, frozenset())
        return points and len(set(own) - pointers) <= MOST_OWN
