"""Follow-up questions: made whole with what was asked before, by rule."""

import re
from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from itertools import dropwhile

from rag.answers.names import read_names
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
_POSSESSIVES = frozenset("its their his her".split())
"""Of the subject's own: `How does BERT mask its input?` says whose. Other languages have another
word for that (`swój`, `său`)."""
_DETERMINERS = frozenset("a an the any some all each every which what of".split())
_NO_REFERENT = re.compile(
    r"(?:is|was) it (?:important|possible|necessary|useful|better|best|common|good|bad|hard|easy"
    r"|difficult|true|likely|enough|safe) (?:to [a-z]+ [a-z]|that [a-z])"
)
"""`Why is it important to scale inputs?`, but `Is it easy to train?`"""
_ASKS_AGAIN = re.compile(
    r" (?:and|or|but|si|iar|sau|dar|i|oraz|lub|a|ale|e|ou|mas)"
    r" (?:how|why|when|what|where|which|who|is|are|does|do|can"
    r"|ce|cum|cand|de ce|la ce|unde|care|cine|cat[ei]?"
    r"|co|po co|do czego|jak|jaki[ea]?|kiedy|dlaczego|gdzie|ile|kto|czym"
    r"|o que|como|quais|qual|quando|por que|para que|onde|quant[oa]s?|quem) "
)
"""A second question in one: what it points at may have been said in the first."""
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
_CAPITALS = re.compile(r"\b[^\W\d_a-z]{2,}\b")


class Conversation:
    """What a chat is about."""

    def __init__(self) -> None:
        self._topic = ""
        self._subject = ""
        """The last follow-up that named something else: `And GRU?`."""
        self._turn = ""
        """The last that brought words of its own."""
        self._language: str | None = None

    def reset(self) -> None:
        """Forget what was asked before."""
        self._topic = self._subject = self._turn = ""
        self._language = None

    def standalone(self, question: str) -> str:
        """Give the question with its topic, if it leans on the questions before.

        It does if it is short and has no content words of its own (`Why?`), opens like a
        continuation (`And GRU?`), points back (`Jak on działa?`) or only asks for more. Then the
        question that began the topic is put in front of it, and what else was named since. What
        brings no words of its own is about the last turn that did, which comes along too.
        """
        words, own = _WORD.findall(fold(question)), content_words(question)
        if not self._topic or not self._leans(question, words, own):
            self._topic, self._subject, self._turn = question, "", ""
            self._language = clear_language(question)
            return question
        turn = ""
        if _REQUESTS.issuperset(own):
            turn = self._turn
        else:
            self._turn = question
            if _goes_on(words, own) and not self._points_back(question, words, set(own)):
                self._subject = question
        said = (self._topic, self._subject, turn, question)
        return " ".join(dict.fromkeys(filter(None, said)))

    def _leans(self, question: str, words: Sequence[str], own: Sequence[str]) -> bool:
        if len(words) > LONGEST:
            return False
        if _REQUESTS.issuperset(own) or _goes_on(words, own):
            return True
        if _NO_SUBJECT.search(" ".join(words)) and len(set(own)) <= MOST_OWN:
            return True
        return self._points_back(question, words, set(own))

    def _points_back(self, question: str, words: Sequence[str], own: AbstractSet[str]) -> bool:
        """Say whether a word stands for something that the question itself does not say."""
        language = clear_language(question) or self._language or ""
        pointers = _POINTERS.get(language) or frozenset().union(*_POINTERS.values())
        if len(own - pointers) > MOST_OWN:
            return False
        if words[-1] in _POINTERS_LAST.get(language, frozenset()):
            return True
        # `What is IT?` has no pronoun.
        capitals = (
            set() if question.isupper() else {fold(one) for one in _CAPITALS.findall(question)}
        )
        pointing = (place for place, word in enumerate(words) if word in pointers - capitals)
        written = _WORD.findall(question)
        return not all(_is_said(words, place, " ".join(written[:place])) for place in pointing)


def _goes_on(words: Sequence[str], own: Sequence[str]) -> bool:
    """Say whether a question opens like a continuation."""
    if not words or words[0] in _OPENERS:
        return True
    if f"{' '.join(words)} ".startswith(tuple(f"{phrase} " for phrase in _OPENING_PHRASES)):
        return True
    if words[0] in _SHORT_OPENERS and len(own) == 1 and words[-1] == own[0]:
        return True
    return words[0] == "a" and bool(own) and own == words[1:]  # Polish: `A k-średnie?`


def _is_said(words: Sequence[str], place: int, begun: str) -> bool:
    """Say whether what a pronoun stands for is in its own question, if it stands for anything.

    Args:
        words: of the question, folded.
        place: of the pronoun among them.
        begun: the words before it, as they are written.
    """
    word, behind = words[place], words[place + 1 :]
    before = " ".join(words[:place])
    opens = {"it": place - 1, "that": place - 3}.get(word, place)
    if opens >= 0 and _NO_REFERENT.match(" ".join(words[opens:])):
        return True
    if word == "that" and behind:  # `the loss that BERT uses`, but `Why train that network?`
        others = dropwhile(content_words, reversed(words[:place]))
        return bool(content_words(words[place - 1])) and next(others, "") in _DETERMINERS
    if word in ("il", "l") and "pe" in behind[:-1]:  # `Cine l-a inventat pe Adam?`
        return True
    if word in _POSSESSIVES and any(name.is_sure for name in read_names(begun)):
        return True
    again = _ASKS_AGAIN.search(f"{before} ")
    return bool(again and content_words(before[: again.start()]))
