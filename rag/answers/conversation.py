"""Follow-up questions: made whole with what was asked before, by rule."""

import re

from rag.notes.folding import fold

_OPENERS = frozenset(
    "and but or so then also why how si iar dar deci atunci cum oraz ale wiec jak dlaczego czemu"
    " a e mas entao tambem por como porque y pero".split()
)
"""First words with which people go on."""
_POINTERS = frozenset(
    "it its they them this that these those he she one"
    " el ea ei ele acesta aceasta acestea asta astea lui"
    " on ona ono oni ich jego jej tego tej tym to te"
    " ele ela eles elas isso isto esse essa disso dele dela".split()
)
"""Words that stand for something said before."""
SHORT = 4
"""Words up to which a question may lean on the one before."""
_WORD = re.compile(r"\w+")


class Conversation:
    """What a chat is about."""

    def __init__(self) -> None:
        self._topic = ""

    def reset(self) -> None:
        """Forget what was asked before."""
        self._topic = ""

    def standalone(self, question: str) -> str:
        """Give the question with its topic, if it leans on the question before.

        It does if it is short and opens like a continuation or points back: `And why?`, `Jak to
        działa?`. Then the question before is put in front of it, whole.
        """
        words = _WORD.findall(fold(question))
        leans = len(words) <= SHORT and (
            not words or words[0] in _OPENERS or not _POINTERS.isdisjoint(words)
        )
        if leans and self._topic:
            return f"{self._topic} {question}"
        self._topic = question
        return question
