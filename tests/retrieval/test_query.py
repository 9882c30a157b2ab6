"""The language of a query: what is an operator, and above all what is not."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag.retrieval.query import (
    LONGEST_PHRASE,
    MOST_OPERATORS,
    Query,
    loosen,
    parse_query,
    write_filters,
    write_unmatched,
)
from rag.types import Filters, Unmatched

NOTHING = Filters()


@pytest.mark.parametrize(
    ("text", "rest", "filters"),
    [
        ("decoder tag:llm", "decoder", Filters(tags=("llm",))),
        ("tag:#ml/llm decoder", "decoder", Filters(tags=("#ml/llm",))),
        ("a tag:x b tag:y c", "a b c", Filters(tags=("x", "y"))),
        ("a tag:x tag:x", "a", Filters(tags=("x",))),
        ("TAG:x Lang:PL", "", Filters(tags=("x",), languages=("PL",))),
        ('a tag:"machine learning"', "a", Filters(tags=("machine learning",))),
        ("Co to jest RLHF tag:llm?", "Co to jest RLHF ?", Filters(tags=("llm",))),
        ("path:2024/ a", "a", Filters(paths=("2024/",))),
        ("a path:*/plan?.md", "a", Filters(paths=("*/plan?.md",))),
        ("a path:pl?n?", "a", Filters(paths=("pl?n?",))),
        ("a path:*, b", "a , b", Filters(paths=("*",))),
        ("a path:„Semestrul 1/”", "a", Filters(paths=("Semestrul 1/",))),
        ("rzeka lang:pl.", "rzeka .", Filters(languages=("pl",))),
        ('"exact phrase"', "exact phrase", Filters(phrases=("exact phrase",))),
        ('the "exact  phrase" here', "the exact phrase here", Filters(phrases=("exact phrase",))),
        ('what is "overfitting"?', "what is overfitting?", Filters(phrases=("overfitting",))),
        ('"a b" "c d"', "a b c d", Filters(phrases=("a b", "c d"))),
        ("a -word", "a", Filters(without_phrases=("word",))),
        ("-word a", "a", Filters(without_phrases=("word",))),
        ("a -word, b", "a , b", Filters(without_phrases=("word",))),
        ("a -C++ -machine-learning", "a", Filters(without_phrases=("C++", "machine-learning"))),
        ("a -învățare", "a", Filters(without_phrases=("învățare",))),
        ('a -"not this" b', "a b", Filters(without_phrases=("not this",))),
        ('a -"2024"', "a", Filters(without_phrases=("2024",))),
        ("a -tag:x -path:y -lang:ro", "a", Filters(
            without_tags=("x",), without_paths=("y",), without_languages=("ro",)
        )),
        ('a -path:"my drafts/"', "a", Filters(without_paths=("my drafts/",))),
        ("tag:x ?", "", Filters(tags=("x",))),
    ],
)  # fmt: skip
def test_operators(text: str, rest: str, filters: Filters) -> None:
    assert parse_query(text) == Query(rest, filters)


@pytest.mark.parametrize(
    "quoted",
    [
        '"de la"', "„de la”", "„de la“", '„de la"', "“de la”", '“de la"', "”de la”", "«de la»",
        "« de la »", "»de la«", '"de la”', "‟de la”",
    ],
)  # fmt: skip
def test_quotes_of_all_languages(quoted: str) -> None:
    filters = Filters(phrases=("de la",))
    assert parse_query(f"ce {quoted}") == Query("ce de la", filters)
    assert parse_query(f"ce -{quoted}") == Query("ce", Filters(without_phrases=("de la",)))
    assert parse_query(f"ce {quoted}, nu?").filters == filters


@pytest.mark.parametrize(
    "text",
    [
        "",
        "?",
        "word-word",
        "-5",
        "a -5 b",
        "-3,14",
        "derivata lui -x",
        "tar -x",
        "softmax(-logits) and -log(p)",
        "C++ and C#",
        "http://x.pl/a?b=c",
        "see http://tag:80/ now",
        "a: b",
        "Problem: what",
        "metatag:x",
        "tag:",
        "tag: llm",
        "path: x",
        "-tag:",
        "tag:: x",
        "tag:?",
        "path://x",
        "lang:!",
        "- item",
        "a - b",
        "a -",
        "-",
        "--flag",
        "a --flag b",
        "-- a",
        "a – b —c",
        "într-o seară s-a întâmplat, n-am",
        "dă-mi-l te-ai dus",
        "d'água, l'eau",
        'a "not closed',
        '"not closed',
        "„not closed",
        "« not closed",
        'a 5" disk',
        'a 5" disk and 3" disk',
        'x="y"',
        "„LLM”-ul",
        '"LLM"-y',
        '"a"b',
        '""',
        '"?"',
        '-"',
        '`tar -xzf` and `tag:x` and ` "a b" `',
        "'single quotes' stay",
    ],
)  # fmt: skip
def test_text_that_is_no_operator(text: str) -> None:
    assert parse_query(text) == Query(text, NOTHING)


def test_what_is_far_apart_is_no_phrase() -> None:
    near, far = ("a" * length for length in (LONGEST_PHRASE - 2, LONGEST_PHRASE))
    assert parse_query(f'"{near}"').filters == Filters(phrases=(near,))
    assert parse_query(f'"{far}"').filters == NOTHING


def test_what_is_pasted_is_no_query() -> None:
    words = " ".join(f"-word{number}" for number in range(MOST_OPERATORS + 1))
    assert parse_query(f"a {words}") == Query(f"a {words}", NOTHING)
    filters = parse_query(f"a {words.rpartition(' ')[0]}").filters
    assert len(filters.without_phrases) == MOST_OPERATORS


@given(st.text(alphabet='ab -"„”“«»:`tagphln/*#?5.\n', max_size=60))
def test_any_text(text: str) -> None:
    query = parse_query(text)
    # Nothing is invented, and what has no operators stays as it is.
    assert set(query.text) <= {*text, " "}
    if not query.filters:
        assert query.text == " ".join(text.split())
    assert parse_query(" ".join(text.split())) == query or "\n" in text or "`" in text


@pytest.mark.parametrize("piece", ['"', "„ ", "` ", "-", "- ", "tag: ", "-a1? ", "„a", ' "a'])
def test_a_million_characters(piece: str) -> None:
    # Half a second each; if the time grew with the square of the length it would be days.
    assert len(parse_query(piece * (1_000_000 // len(piece))).text) > 100_000


EACH = Filters(
    tags=("ml/llm", "two words"),
    paths=("2024/*", "My notes/"),
    languages=("pl",),
    phrases=("one",),
    without_tags=("x",),
    without_paths=("a b",),
    without_languages=("ro",),
    without_phrases=("not this", "C++"),
)


def test_filters_are_written_as_they_are_read() -> None:
    written = (
        'tag:ml/llm tag:"two words" -tag:x path:2024/* path:"My notes/" -path:"a b" lang:pl -lang:ro'
        ' "one" -"not this" -"C++"'
    )
    assert write_filters(EACH) == written
    assert parse_query(written) == Query("one", EACH)
    assert write_filters(EACH & Filters(tags=("y",))) == f"{written} tag:y"
    assert write_filters(NOTHING) == ""


def test_a_question_does_without_the_phrases_that_no_passage_holds() -> None:
    filters = Filters(tags=("x",), phrases=("here", "not here"), without_phrases=("there",))
    unmatched = [Unmatched("phrase", "not here", ()), Unmatched("tag", "x", ("y",))]
    loose = Filters(tags=("x",), phrases=("here",), without_phrases=("there",))
    assert loosen(filters, unmatched) == loose
    assert loosen(loose, []) == loose


@pytest.mark.parametrize(
    ("item", "line"),
    [
        (Unmatched("tag", "lmm", ("llm", "ml")), 'no note has the tag "lmm"; there is llm, ml'),
        (Unmatched("path", "x/", ()), 'no note is at the path "x/"'),
        (
            Unmatched("language", "xx", ("pl",)),
            'no passage is in the language "xx"; there is pl',
        ),
        (Unmatched("phrase", "a b", ()), 'no passage holds the phrase "a b"'),
    ],
)
def test_what_is_said_of_filters_without_a_match(item: Unmatched, line: str) -> None:
    assert write_unmatched(item) == line
