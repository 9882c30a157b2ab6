"""Which language a text is in: function words first, then character statistics.

Function words decide a short question better than statistics do, because its other words are often
English whatever its language ("co to dropout", "ce e overfitting"), and they need no model: loading
py3langid's takes 0.6 s, more than the rest of a cold search. Where they are silent or undecided,
py3langid does it, held to the languages of the embedded encoder. Figures: eval/LOG.md.
"""

import re
from collections import Counter
from functools import cache
from itertools import pairwise

from py3langid.langid import MODEL_FILE, LanguageIdentifier

from rag.notes.folding import fold

LANGUAGES = ("de", "en", "es", "fr", "it", "pl", "pt", "ro")
NAMES = {
    "de": "Deutsch",
    "en": "English",
    "es": "español",
    "fr": "français",
    "it": "italiano",
    "pl": "polski",
    "pt": "português",
    "ro": "română",
}
"""Each language's name in itself."""
MOST_CHARACTERS = 2_000
"""Beyond this more text does not change the verdict and only costs time."""

_WORDS = {
    "de": """der die das ein eine ist sind war was wie warum wann wo wer und oder nicht mit von zu
        fur auf im den dem des zwischen welche welcher welches werden wird kann sich auch bei nach
        aus einer einem einen uber unterschied bedeutet funktioniert es ich wir""",
    "en": """the a an is are was were what how why when where who which and or not with of to for
        in on at by from does do did can between it its this that these there be as than into
        about difference mean means work works has have whats their they we you i what_is""",
    "es": """el la los las un una es son era que como por cuando donde quien cual cuales y o no con
        de del para en entre al se su sus lo mas pero esta hay segun cuanto cuantos sirve
        diferencia significa funciona ser esto ese que_es""",
    "fr": """le la les un une est sont etait que qu quoi comment pourquoi quand ou qui quel quelle
        quels quelles et ne pas avec de du des pour dans en entre au aux se sa son ses ce cette
        il elle on plus par sur difference signifie fonctionne est_ce""",
    "it": """il lo la i gli le un una uno e sono era che come perche quando dove chi quale quali o
        non con di del della dei delle per in nel nella tra fra al alla si suo sua piu cosa questo
        questa differenza significa funziona da dal cos""",
    "pl": """i w na z ze do od po o u sie nie jest sa byl byla bylo co to jak jaki jaka jakie
        jakich jakim dlaczego kiedy gdzie kto ktory ktora ktore czym czy oraz lub dla przez przy
        miedzy pod nad bez ten ta te tego tej tym jego jej ich ktorych ktorym ile rozni roznica
        znaczy dziala polega sluzy mozna byc ma jako czego ktorej za co_to""",
    "pt": """o a os as um uma e sao era que como por porque quando onde quem qual quais ou nao com
        de do da dos das para em no na nos nas entre ao aos se seu sua mais mas isso esta
        foi ser pelo pela quantos quanto diferenca significa funciona serve num numa voce eu ha
        pelos pelas dum o_que que_e""",
    "ro": """si in la cu de pe din pentru este sunt era e ce cum cand unde cine care sau nu un o
        unei unui ale al ai a ca sa se mai prin intre dintre fata dupa cat cate cati fost fi au are
        inseamna functioneaza diferenta doar fara despre catre asupra lui ei lor acest aceasta sunt
        cei cele cea cel ii le iar deci asta avem ce_e ce_este""",
}
_WORD = re.compile(r"[^\W\d_]+")
_WORD_OR_NUMBER = re.compile(r"[^\W_]+")


def _weights() -> dict[str, dict[str, float]]:
    """Share a word's one vote among the languages that have it, so that `de` says little.

    `a_b` stands for the word b behind the word a.
    """
    owners = Counter(word for words in _WORDS.values() for word in set(words.split()))
    return {
        language: {word: 1 / owners[word] for word in words.split()}
        for language, words in _WORDS.items()
    }


_VOTES = _weights()
_FUNCTION_WORDS = frozenset(word for owned in _VOTES.values() for word in owned)
CLEAR = 0.75
"""Votes by which the first language must lead the second; below, the statistics are asked."""
LEAD_SHARE = 0.06
"""The same for a passage, per word and pair: formulas and names look like small words by chance."""
FEW_WORDS = 5
"""Three words and their two pairs: too few for character statistics (`RLHF` is German)."""


def detect_language(text: str, otherwise: str | None = None) -> str:
    """Give the ISO 639-1 code of the most likely of LANGUAGES.

    Args:
        text: a question or a whole note.
        otherwise: the answer for text that gives no hint, such as a lone `RLHF`; without it, the
            best guess.
    """
    words, votes = _vote(text)
    if otherwise and not any(votes.values()) and len(words) <= FEW_WORDS:
        return otherwise
    if clear := _clear_winner(votes):
        return clear
    ranked = _statistics().rank(text[:MOST_CHARACTERS])
    # The votes break what the statistics leave open: their probabilities add up to one.
    best, _ = max(ranked, key=lambda pair: pair[1] + votes[pair[0]])
    return str(best)


def clear_language(text: str) -> str | None:
    """Give the language of a passage if its function words leave no doubt, else None."""
    words, votes = _vote(text)
    return _clear_winner(votes, lead=max(CLEAR, LEAD_SHARE * len(words)))


def content_words(text: str) -> list[str]:
    """Give the folded words that are no function word of any language: what a text is about."""
    return [word for word in _WORD_OR_NUMBER.findall(fold(text)) if word not in _FUNCTION_WORDS]


def _vote(text: str) -> tuple[list[str], dict[str, float]]:
    words = _WORD.findall(fold(text[:MOST_CHARACTERS]))
    words += [f"{first}_{second}" for first, second in pairwise(words)]
    return words, {
        code: sum(owned.get(word, 0.0) for word in words) for code, owned in _VOTES.items()
    }


def _clear_winner(votes: dict[str, float], lead: float = CLEAR) -> str | None:
    first, second = sorted(votes, key=lambda code: -votes[code])[:2]
    return first if votes[first] - votes[second] >= lead else None


@cache
def _statistics() -> LanguageIdentifier:
    identifier = LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)
    identifier.set_languages(list(LANGUAGES))
    return identifier
