"""Numbers of four languages, as values."""

from decimal import Decimal

import pytest

from rag.answers.numbers import NumberKind, read_numbers


def values(text: str) -> list[list[str]]:
    return [
        sorted(f"{one.normalize():f}" for one in number.readings) for number in read_numbers(text)
    ]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("117 248 de parametri", [["117248"]]),
        ("117\u00a0248 i 524\\,288", [["117248"], ["524288"]]),
        ("1.000", [["1", "1000"]]),
        ("0,940 i 36.8", [["0.94"], ["36.8"]]),
        ("1.234.567 or 1,234.5", [["1234567"], ["1234.5"]]),
        ("$0{,}9^{100}$", [["0.9"], ["100"]]),
        ("10²⁵", [["10"], ["25"]]),
        ("175 de miliarde, 1,3 mld, 671B", [["175000000000"], ["1300000000"], ["671000000000"]]),
        ("1,5 mil milhões", [["1500000000"]]),
        ("65 mil.", [["65000", "65000000"]]),
        ("trei porți, trzy bramki, três portas, three gates", [["3"]] * 4),
        ("four hundred models", [["400"]]),
        ("GPT-3, int8, fp32, A4 and GPT-3.5", []),
        ("256–512 tokens", [["256"], ["512"]]),
    ],
)
def test_values(text: str, expected: list[list[str]]) -> None:
    assert values(text) == expected


def test_dates_and_times() -> None:
    for text in ("27/01/2026, 9:00", "2026-01-27 09:00", "27.01.2026, 9h00"):
        assert [(number.kind, int(max(number.readings))) for number in read_numbers(text)] == [
            (NumberKind.PLAIN, 27),
            (NumberKind.MONTH, 1),
            (NumberKind.YEAR, 2026),
            (NumberKind.TIME, 540),
        ]
    for text in ("1 August 2024", "1 sierpnia 2024", "1 august 2024", "1 de agosto de 2024"):
        assert [int(max(number.readings)) for number in read_numbers(text)] == [1, 8, 2024]


@pytest.mark.parametrize(
    ("first", "second", "agrees"),
    [
        ("36,8 %", "36.8 percent", True),
        ("36,8 %", "36.8", True),  # the header of a table says percent
        ("117,248", "117.248", True),
        ("65 million", "65", True),
        ("65 million", "65 billion", False),
        ("350 GB", "350 MB", False),
        ("350 GB", "350", True),
        ("1997", "1979", False),
        ("8 o'clock", "August", False),
    ],
)
def test_agreement(first: str, second: str, *, agrees: bool) -> None:
    one, other = read_numbers(first)[0], read_numbers(second)[0]
    assert one.agrees(other) is agrees
    assert other.agrees(one) is agrees


def test_what_may_be_another_word_is_not_sure() -> None:
    assert [number.is_sure for number in read_numbers("opt porți, trei porți")] == [False, True]
    assert read_numbers("opt")[0].readings == frozenset([Decimal(8)])
