"""Which language a text is in: function words first, then character statistics.

Function words decide a short question better than statistics do, because its other words are often
English whatever its language ("co to dropout", "ce e overfitting"), and they need no model: loading
py3langid's takes 0.6 s, more than the rest of a cold search. So do the
letters that one language alone has. Where both are silent or undecided, py3langid does it, held to
the languages of the embedded encoder. Figures: eval/LOG.md.
"""

import re
import unicodedata
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
        aus einer einem einen uber unterschied bedeutet funktioniert es ich wir wozu wofur""",
    "en": """the a an is are was were what how why when where who which and or not with of to for
        in on at by from does do did can between it its this that these there be as than into
        about per without difference mean means work works has have whats their they we you i
        what_is""",
    "es": """el la los las un una es son era que como por cuando donde quien cual cuales y o no con
        de del para en entre al se su sus lo mas pero esta hay segun cuanto cuantos sirve
        diferencia significa funciona ser esto ese que_es""",
    "fr": """le la les un une est sont etait que qu quoi comment pourquoi quand ou qui quel quelle
        quels quelles et ne pas avec de du des pour dans en entre au aux se sa son ses ce cette
        il elle on plus par sur difference signifie fonctionne est_ce
        combien c_est d_un d_une""",
    "it": """il lo la i gli le un una uno e sono era che come perche quando dove chi quale quali o
        non con di del della dei delle per in nel nella tra fra al alla si suo sua piu cosa questo
        questa differenza significa funziona da dal cos
        quante quanti""",
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
        cei cele cea cel ii le iar deci asta avem ce_e ce_este
        de_ce""",
}
_ASKING = {
    "de": "erklare beispiel vorteile nachteile definition formel",
    "en": "explain define describe give list tell example advantages disadvantages definition "
    "formula",
    "es": "explica define describe ejemplo ventajas definicion formula",
    "fr": "explique decris definis exemple avantages definition formule",
    "it": "spiega definisci descrivi elenca esempio vantaggi definizione formula",
    "pl": "wyjasnij opisz podaj wymien przyklad definicja wzor zalety wady uzywamy oznacza",
    "pt": "explique explica defina descreva cite exemplo vantagens desvantagens definicao formula",
    "ro": "explica defineste descrie enumera exemplu avantajele definitia formula folosim "
    "foloseste",
}
"""Words with which short questions ask; they tell the language, but also what is asked for."""
_OWN_LETTERS = {"de": "ß", "es": "ñ¿¡", "pl": "łąęśźżćń", "pt": "ãõ", "ro": "ășțşţ"}
"""Letters that none of the other languages has."""
_FORMULA = re.compile(r"\$\$?[^$]{1,1000}+\$\$?")
_WORD = re.compile(r"[^\W\d_]+")
_WORD_OR_NUMBER = re.compile(r"[^\W_]+")


def _votes() -> dict[str, tuple[tuple[str, float], ...]]:
    """Share a word's one vote among the languages that have it, so that `de` says little.

    `a_b` stands for the word b behind the word a.
    """
    owners: dict[str, list[str]] = {}
    for language in LANGUAGES:
        for word in dict.fromkeys(f"{_WORDS[language]} {_ASKING[language]}".split()):
            owners.setdefault(word, []).append(language)
    return {
        word: tuple((language, 1 / len(languages)) for language in languages)
        for word, languages in owners.items()
    }


_VOTES = _votes()
_FUNCTION_WORDS = frozenset(" ".join(_WORDS.values()).split())
_LETTERS = {letter: language for language, letters in _OWN_LETTERS.items() for letter in letters}
_LETTER = re.compile(f"[{''.join(_LETTERS)}]")
CLEAR = 0.75
"""Votes by which the first language must lead the second; below, the statistics are asked."""
PASSAGE_CLEAR = 1.5
"""The same for a passage: more than one word, since the `y` of a formula is Spanish."""
LEAD_SHARE = 0.06
"""And this for each of its words and pairs: names look like small words by chance."""
FEW_WORDS = 5
"""Three words and their two pairs: too few for character statistics (`RLHF` is German)."""
MOST_LETTER_VOTES = 2
"""Votes that letters have together: a name in a question brings its own."""


def detect_language(text: str, otherwise: str | None = None) -> str:
    """Give the ISO 639-1 code of the most likely of LANGUAGES.

    Args:
        text: a question or a whole note.
        otherwise: the answer for text that gives no hint, such as a lone `RLHF`, and for a few
            words that are as much of this language as of another; without it, the best guess.
    """
    words, votes = _vote(text)
    if otherwise and len(words) <= FEW_WORDS and votes.get(otherwise, 0) >= max(votes.values()):
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
    return _clear_winner(votes, lead=max(PASSAGE_CLEAR, LEAD_SHARE * len(words)))


def content_words(text: str) -> list[str]:
    """Give the folded words that are no function word of any language: what a text is about."""
    return [word for word in _WORD_OR_NUMBER.findall(fold(text)) if word not in _FUNCTION_WORDS]


def _vote(text: str) -> tuple[list[str], dict[str, float]]:
    text = unicodedata.normalize("NFC", _FORMULA.sub(" ", text[:MOST_CHARACTERS]))
    words = _WORD.findall(fold(text))
    words += [f"{first}_{second}" for first, second in pairwise(words)]
    votes = dict.fromkeys(LANGUAGES, 0.0)
    for word in words:
        for language, vote in _VOTES.get(word, ()):
            votes[language] += vote
    letters = Counter(_LETTERS[letter] for letter in _LETTER.findall(text.lower()))
    for language, count in letters.items():
        votes[language] += min(count, MOST_LETTER_VOTES)
    return words, votes


def _clear_winner(votes: dict[str, float], lead: float = CLEAR) -> str | None:
    first, second = sorted(votes, key=lambda code: -votes[code])[:2]
    return first if votes[first] - votes[second] >= lead else None


@cache
def _statistics() -> LanguageIdentifier:
    identifier = LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)
    identifier.set_languages(list(LANGUAGES))
    return identifier
