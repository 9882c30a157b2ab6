"""The numbers of a text, read as values, so that `117 248`, `117.248` and `117,248` are one.

A sentence and the note it stands on may write a number in different languages: with another sign
before the decimals, as a word, with a month's name, as `1,3 mld` or `1.3B`. What is ambiguous
(`1.000`) keeps both readings: two numbers agree if they share one. A sign before a number is not
read, because a dash is as often that of a range. Digits of a name (`GPT-3`) are the name's.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from decimal import Decimal
from enum import StrEnum

from rag.notes.folding import fold


class NumberKind(StrEnum):
    """What a number counts; numbers of two kinds do not stand for each other."""

    PLAIN = "plain"
    PERCENT = "percent"
    YEAR = "year"
    MONTH = "month"
    TIME = "time"


@dataclass(frozen=True, slots=True)
class Number:
    """A number of a text."""

    readings: frozenset[Decimal]
    """What it may be; one, but for `1.000` and `mil`, which is a thousand in Portuguese and a
    million in Romanian."""
    kind: NumberKind
    unit: str
    """`gb`, `s` and the like; empty where it has none that is written in one way everywhere."""
    bare: Decimal | None
    """Before its `million`; None where it has no such word."""
    is_sure: bool = True
    """Whether it is certainly a number: `opt` is eight in Romanian and a verb in English."""

    def agrees(self, other: "Number") -> bool:
        """Say whether two numbers may be the same.

        A unit, percent or million that only one of them has is no difference: in a table it stands
        in the header.
        """
        if self.unit and other.unit and self.unit != other.unit:
            return False
        kinds = {self.kind, other.kind}
        if len(kinds) > 1 and kinds & {NumberKind.MONTH, NumberKind.TIME}:
            return False
        if not self.readings.isdisjoint(other.readings):
            return True
        if self.bare is not None and other.bare is None:
            return self.bare in other.readings
        return other.bare is not None and self.bare is None and other.bare in self.readings


_FIRST_YEAR, _LAST_YEAR = 1000, 2100
_SMALL = {
    # Nothing for one: in three of the four languages it is also the article.
    2: "two twice doi doua dublu dublul dwa dwie dwoch dwoma dwu dwukrotnie dois duas dobro double",
    3: "three thrice trei trzy trzech trzema trzykrotnie tres triplo",
    4: "four patru cztery czterech czterema quatro",
    5: "five cinci piec pieciu cinco",
    6: "six sase szesc szesciu seis",
    7: "seven sapte siedem siedmiu sete",
    8: "eight opt osiem osmiu oito",
    9: "nine noua dziewiec dziewieciu nove",
    10: "ten zece dziesiec dziesieciu dez",
    11: "eleven unsprezece jedenascie jedenastu onze",
    12: "twelve doisprezece douasprezece dwanascie dwunastu doze",
    13: "thirteen treisprezece trzynascie trzynastu treze",
    14: "fourteen paisprezece czternascie czternastu catorze quatorze",
    15: "fifteen cincisprezece pietnascie pietnastu quinze",
    16: "sixteen saisprezece szesnascie szesnastu dezesseis dezasseis",
    17: "seventeen saptesprezece siedemnascie siedemnastu dezessete dezassete",
    18: "eighteen optsprezece osiemnascie osiemnastu dezoito",
    19: "nineteen nouasprezece dziewietnascie dziewietnastu dezenove dezanove",
    20: "twenty douazeci dwadziescia dwudziestu vinte",
    30: "thirty treizeci trzydziesci trzydziestu trinta",
    40: "forty patruzeci czterdziesci czterdziestu quarenta",
    50: "fifty cincizeci piecdziesiat piecdziesieciu cinquenta",
    60: "sixty saizeci szescdziesiat szescdziesieciu sessenta",
    70: "seventy saptezeci siedemdziesiat siedemdziesieciu setenta",
    80: "eighty optzeci osiemdziesiat osiemdziesieciu oitenta",
    90: "ninety nouazeci dziewiecdziesiat dziewiecdziesieciu noventa",
    200: "dwiescie dwustu duzentos duzentas",
    300: "trzysta trzystu trezentos trezentas",
    400: "czterysta czterystu quatrocentos quatrocentas",
    500: "piecset pieciuset quinhentos quinhentas",
    600: "szescset szesciuset seiscentos seiscentas",
    700: "siedemset siedmiuset setecentos setecentas",
    800: "osiemset osmiuset oitocentos oitocentas",
    900: "dziewiecset dziewieciuset novecentos novecentas",
}
_WORDS = {word: Decimal(value) for value, words in _SMALL.items() for word in words.split()}
_AMBIGUOUS_WORDS = frozenset("opt noua sete".split())
"""`opt` is an English verb, `noua` also Romanian for new, `sete` also Portuguese and Romanian for
thirst."""
_MONTHS = (
    "january ianuarie styczen stycznia styczniu janeiro",
    "february februarie luty lutego lutym fevereiro",
    "march martie marzec marca marcu marco",
    "april aprilie kwiecien kwietnia kwietniu abril",
    "may mai maj maja maju maio",
    "june iunie czerwiec czerwca czerwcu junho",
    "july iulie lipiec lipca lipcu julho",
    "august sierpien sierpnia sierpniu agosto",
    "september septembrie wrzesien wrzesnia wrzesniu setembro",
    "october octombrie pazdziernik pazdziernika pazdzierniku outubro",
    "november noiembrie listopad listopada listopadzie novembro",
    "december decembrie grudzien grudnia grudniu dezembro",
)
_MONTH_OF = {
    word: Decimal(number) for number, words in enumerate(_MONTHS, 1) for word in words.split()
}
MONTHS = frozenset(_MONTH_OF)
"""The months' names, folded."""
_UNSURE_MONTHS = frozenset("may mai maj maja maju march marca marco maio".split())
"""Also words of other meanings, or first names: months only beside another number."""
_THOUSAND, _MILLION, _BILLION, _TRILLION = (Decimal(10) ** power for power in (3, 6, 9, 12))
_SCALES: dict[str, tuple[Decimal, ...]] = {
    word: scales
    for words, scales in (
        ("hundred hundreds sute suta cem", (Decimal(100),)),
        ("thousand thousands mii mie tys tysiac tysiace tysiecy k", (_THOUSAND,)),
        ("mil", (_THOUSAND, _MILLION)),
        ("million millions milion milioane milioanele milione milhao milhoes", (_MILLION,)),
        ("mln miliona milionow milionami miliony mi m", (_MILLION,)),
        ("billion billions miliard miliarde mld miliarda miliardow miliardy bi b", (_BILLION,)),
        ("bilhao bilhoes", (_BILLION,)),
        ("bilion bilioane biliona bilionow bilioes biliao", (_TRILLION,)),
        ("trillion trillions trilhao trilhoes t", (_TRILLION,)),
    )
    for word in words.split()
}
_UNITS = frozenset(
    "kb mb gb tb kib mib gib tib ms s min h kg g mg km cm mm hz khz mhz ghz v w kw kwh".split()
)
_PERCENTS = frozenset("percent procent procente procenta procentow proc pct cento".split())
_PERCENT_PHRASES = ("la suta", "por cento", "per cent")

_POWERS = re.compile("[⁰¹²³⁴-⁹]+")
_FORMULA_COMMA = re.compile(r"\{,\}")
_FORMULA_SPACE = re.compile(r"\\[,;:]")
_DIGITS = r"\d{1,3}(?: \d{3})+(?!\d)(?:[.,]\d+)?|\d+(?:[.,]\d+)*"
_TOKEN = re.compile(
    r"(?P<date>(?<!\d)\d{1,2}[./]\d{1,2}[./](?:19|20)\d\d(?!\d)|(?<!\d)(?:19|20)\d\d-\d\d-\d\d(?!\d))"
    r"|(?P<day>(?<![\w/])(?:0?[1-9]|[12]\d|3[01])/(?:0[1-9]|1[0-2])(?![\w/]))"
    r"|(?P<time>(?<![\w:])(?:[01]?\d|2[0-3])[:h][0-5]\d(?![\w:]))"
    rf"|(?P<number>(?<!\w)(?<![^\W\d_]-)(?<!\d[.,])(?:{_DIGITS}))"
    r"|(?P<word>[^\W\d_]+)"
)
_THOUSANDS = re.compile(r"\d{1,3}(?:[.,]\d{3})+$")
_BEHIND = re.compile(r"[ -]{0,2}([^\W\d_]+|%)")
_SECOND_SCALE = re.compile(r" milh(?:oes|ao)\b")
_YEAR = re.compile(r"\d{4}$")
_MOST_DAY = 31


def read_numbers(text: str) -> list[Number]:
    """Read the numbers of a text, in order."""
    text = _FORMULA_SPACE.sub(" ", _FORMULA_COMMA.sub(",", text))
    text = _POWERS.sub(lambda match: f"^{match[0]}", text)
    return list(_read(fold(text)))


def _read(text: str) -> Iterator[Number]:
    for match in _TOKEN.finditer(text):
        start, end = match.span()
        if match["date"]:
            year, month, day = _read_date(match["date"])
            yield Number(frozenset([day]), NumberKind.PLAIN, "", None)
            yield Number(frozenset([month]), NumberKind.MONTH, "", None)
            yield Number(frozenset([year]), NumberKind.YEAR, "", None)
        elif match["day"]:
            first, second = map(Decimal, match["day"].split("/"))
            yield Number(frozenset([first]), NumberKind.PLAIN, "", None)
            yield Number(frozenset([second]), NumberKind.MONTH, "", None)
        elif match["time"]:
            hours, minutes = map(Decimal, re.split("[:h]", match["time"]))
            yield Number(frozenset([60 * hours + minutes]), NumberKind.TIME, "", None)
        elif match["number"]:
            yield _read_scale(text, _readings(match["number"]), end, digits=match["number"])
        elif (word := match["word"]) in _WORDS:
            number = _read_scale(text, frozenset([_WORDS[word]]), end)
            yield replace(number, is_sure=word not in _AMBIGUOUS_WORDS or number.bare is not None)
        elif word in _MONTH_OF and (word not in _UNSURE_MONTHS or _is_by_number(text, start, end)):
            yield Number(frozenset([_MONTH_OF[word]]), NumberKind.MONTH, "", None)


def _read_date(date: str) -> tuple[Decimal, Decimal, Decimal]:
    first, second, third = map(Decimal, re.split("[./-]", date))
    return (first, second, third) if first > _MOST_DAY else (third, second, first)


def _is_by_number(text: str, start: int, end: int) -> bool:
    return bool(
        re.search(r"\d\.? (?:de )?$", text[max(0, start - 8) : start])
        or re.match(r" (?:de )?\d", text[end:])
    )


def _readings(digits: str) -> frozenset[Decimal]:
    digits = digits.replace(" ", "")
    marks = re.findall("[.,]", digits)
    joined = Decimal(re.sub("[.,]", "", digits))
    if not marks:
        return frozenset([joined])
    # The last mark is that of the decimals, unless it comes twice: `1.234.567`.
    whole, _, decimals = digits.replace(",", ".").rpartition(".")
    parted = Decimal(f"{whole.replace('.', '')}.{decimals}")
    if not _THOUSANDS.match(digits) or digits.startswith("0"):
        return frozenset([parted])
    if len(marks) == 1:
        return frozenset([joined, parted])
    return frozenset([joined if len(set(marks)) == 1 else parted])


def _read_scale(text: str, readings: frozenset[Decimal], end: int, digits: str = "") -> Number:
    """Read what stands behind digits or a number's word: its scale, its unit, percent."""
    kind, unit, bare = NumberKind.PLAIN, "", None
    while following := _BEHIND.match(text, end):
        word = following[1]
        if word == "%" or word in _PERCENTS or text.startswith(_PERCENT_PHRASES, end + 1):
            kind = NumberKind.PERCENT
        elif word == "de":
            end = following.end()
            continue  # `35 de milioane`
        elif word in _SCALES and bare is None and (len(word) > 1 or text.startswith(word, end)):
            bare, scales = min(readings), _SCALES[word]
            end = following.end()
            if second := _SECOND_SCALE.match(text, end):  # `1,3 mil milhões`
                scales, end = (_BILLION,), second.end()
            readings = frozenset(value * scale for value in readings for scale in scales)
            continue
        elif word in _UNITS:
            unit = word
        break
    if kind is NumberKind.PLAIN and not unit and bare is None and _YEAR.match(digits):
        kind = NumberKind.YEAR if _FIRST_YEAR <= int(digits) <= _LAST_YEAR else kind
    return Number(readings, kind, unit, bare)
