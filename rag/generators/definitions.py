"""Questions that ask what something is or how two things differ, and sentences that say it.

`What is X?`, `Ce este X?`, `Co to jest X?`, `O que é X?` are the commonest questions to notes and
the hardest for word overlap: they share one word with every sentence that uses X, and one with
the sentence that defines it. Notes define in three ways: `X is …`, `X: …` or `X – …` at the head of
a line, and the first sentences under a heading that is X.
"""

import re

from rag.notes.folding import fold
from rag.notes.grams import gram_keys

_FORMULA = re.compile(r"\b(?:formul\w*|equations?|ecuati\w+|equac\w+|wzor\w*|rownani\w+)\b")
_ASKS_NUMBER = re.compile(
    r"\b(?:how (?:many|much|long|often|large|big|old|far|high)|when"
    r"|(?:what|which) (?:year|value|percentage|date|number)"
    r"|what is the (?:size|number|value|share|rate)"
    r"|cat[ie]?|cand|in ce (?:an|data|luna)|ce (?:an|procent|nota|marime|dimensiune|valoare|scor)"
    r"|ile|ilu|kiedy|w ktorym roku|jaki (?:procent|wynik|rok)|ktory rok|do kiedy"
    r"|quant[oa]s?|quando|em que (?:ano|data)|qual (?:e )?(?:o |a )?(?:valor|taxa|ano|percentagem"
    r"|porcentagem|tamanho|numero|data))\b"
)
_CODE = re.compile(
    r"\b(?:cod|code|codigo|kod|kodu|kodzie|python\w*|pytorch\w*|numpy|sklearn|scikit|torch|pandas"
    r"|argument\w*|funkcj\w+|functi\w+|funcao|polecen\w+|command|comand\w*|parametr\w* funkc\w+)\b"
)


MOST_WORDS = 4
"""Of a term; a longer one is a description, not a name."""
SAME_TERM = 0.75
"""Share of a term's grams that a heading must hold to be about it."""
LEAD = (1.0, 0.7, 0.4)
"""How much the first, second and third sentence under the term's heading are a definition."""
BROADER = 0.6
"""Of that, where the heading names more than the term: `LoRA and QLoRA`."""
EXTRA_WORDS = 2
"""Words that a heading may have beside the term: a number, an article, an abbreviation."""
OPENING = 200
"""Characters of a sentence that are looked at; a definition names its term before."""

_ASKS = re.compile(
    r"^(?:what(?:s| is| are| does)?|define|explain"
    r"|ce (?:este|e|sunt|inseamna)|co (?:oznacza|to (?:jest|sa)|to)|czym (?:jest|sa)"
    r"|o que (?:e|sao|significa)|que (?:es|son|significa)|qu est ce que|was (?:ist|sind)|che cos e)"
    r" (?:(?:an?|the|u[mn]a?|o|une|eine?|den|der|die|das) )?"
    r"(.{2,60}?)(?: means?)?$"
)
_ARTICLES = r"(?:(?:an?|the|u[mn]a?|os?|as?|une?|eine?|den|der|die|das) )?"
_COMPARES = re.compile(
    r"(?:czym (?:sie )?roznia? (?:sie )?(?P<a1>.+?) od (?P<b1>.+)"
    r"|.*\broznica (?:po)?miedzy (?P<a2>.+?) (?:a|i|oraz) (?P<b2>.+)"
    r"|.*\bdifference between (?P<a3>.+?) and (?P<b3>.+)"
    r"|how (?:does|do|is) (?P<a4>.+?) (?:differ|different) from (?P<b4>.+)"
    r"|.*\bdiferenta (?:d?intre) (?P<a5>.+?) si (?P<b5>.+)"
    r"|(?:prin ce|cum) (?:se )?(?:difera|deosebesc|deosebeste) (?P<a6>.+?) (?:de|si) (?P<b6>.+)"
    r"|.*\bdiferenca entre (?P<a7>.+?) e (?P<b7>.+)"
    r"|(?P<a8>\S+(?: \S+)?) vs\.? (?P<b8>\S+(?: \S+)?))$"
)
LEAST_STEM = 5
"""Letters of a term that stay when its ending is taken off: `dekodera` is `dekoder`."""
MOST_ENDING = 2
_APART = re.compile(r"[^\w+.-]+")
_ARTICLE = r"^\W*(?:(?:the|an?|os?|as?|uma?|une?) )?"
_FULL_NAME = r"(?:[\w-]+ ){0,6}?"
_BETWEEN = r"\w{0,4}(?:[*_=\"”»`)]|\s*\([^)]*\))*(?:\s*[,–—-][^.;:]{0,40}[,–—-])?\s*"
_COPULA = (
    r"(?:[=:–—]|-\s|\b(?:is|are|means?|este|sunt|e|inseamna|reprezinta|to|jest|sa|oznacza|polega"
    r"|sao|significa|consiste|es|son|est|ist|sind)\b)"
)


def asked_term(question: str) -> str | None:
    """Give the folded term whose definition is asked for, or None."""
    words = _APART.sub(" ", fold(question.replace("'", " "))).strip(" .-")
    match = _ASKS.match(words.replace("what s ", "whats "))
    if not match or len(match[1].split()) > MOST_WORDS:
        return None
    return match[1]


def asked_block(question: str) -> str | None:
    """Give `formula` or `code` where a question asks for one, by its words; else None."""
    words = fold(question)
    if _FORMULA.search(words):
        return "formula"
    return "code" if _CODE.search(words) else None


def asks_number(question: str) -> bool:
    """Say whether a question asks for a number, a date or an amount."""
    return bool(_ASKS_NUMBER.search(fold(question)))


def strip_block_words(question: str) -> str:
    """Take out the words that ask for a formula: they stand beside any formula."""
    return _FORMULA.sub(" ", fold(question))


def asked_pair(question: str) -> tuple[str, str] | None:
    """Give the two folded terms whose difference is asked for, or None."""
    words = _APART.sub(" ", fold(question)).strip(" .-")
    match = _COMPARES.match(words)
    if not match:
        return None
    first, second = (re.sub(f"^{_ARTICLES}", "", term) for term in match.groups() if term)
    if max(len(first.split()), len(second.split())) > MOST_WORDS:
        return None
    return first, second


def describes(sentence: str, term: str) -> float:
    """Say how much a sentence looks like what a term is, whatever the term's ending: 0 to 1."""
    endings = range(min(MOST_ENDING, max(0, len(term) - LEAST_STEM)) + 1)
    return max(defines(sentence, term[: len(term) - ending]) for ending in endings)


def defines(sentence: str, term: str) -> float:
    """Say how much a sentence looks like the term's definition: 1 opens with it, 0.5 nearly."""
    folded = fold(sentence[:OPENING])
    named = r"[*_=\"„`(]*" + r"\W+".join(map(re.escape, term.split()))
    if re.match(_ARTICLE + named + _BETWEEN + _COPULA, folded):
        return 1.0
    return 0.5 if re.match(_ARTICLE + _FULL_NAME + named + _BETWEEN + _COPULA, folded) else 0.0


def leads(place: int, heading: str, term: str) -> float:
    """Say how much a sentence is a definition by where it stands.

    Args:
        place: of the sentence under its heading, from 0.
        heading: the nearest one.
        term: as `asked_term` gives it.
    """
    wanted = set(gram_keys(term).tolist())
    shared = len(wanted.intersection(gram_keys(heading).tolist()))
    if place >= len(LEAD) or not wanted or shared < SAME_TERM * len(wanted):
        return 0.0
    broader = len(heading.split()) > len(term.split()) + EXTRA_WORDS
    return LEAD[place] * (BROADER if broader else 1.0)
