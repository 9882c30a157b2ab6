"""The page speaks four languages, and says nothing that a catalogue lacks."""

import ast
import gettext
import re
from io import BytesIO
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog
from babel.messages.mofile import read_mo
from babel.messages.pofile import read_po

import rag.page
from rag.page.words import DOMAIN, LANGUAGES, LOCALES, closest_language

PAGE = Path(rag.page.__file__).parent
APP = next(file for file in (PAGE.parents[1] / "app.py", PAGE.parent / "app.py") if file.exists())
FIELD = re.compile(r"\{\w+\}")
CODE = re.compile(r"`[^`]+`")


def read_catalogue(language: str) -> Catalog:
    file = LOCALES / language / "LC_MESSAGES" / f"{DOMAIN}.po"
    return read_po(BytesIO(file.read_bytes()), locale=language)


def messages_of_the_source() -> set[str]:
    found = set()
    for file in (*PAGE.rglob("*.py"), APP):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            name = getattr(getattr(node, "func", None), "id", "")
            if isinstance(node, ast.Call) and name in ("gettext", "ngettext", "mark"):
                message = node.args[0]
                if name == "mark" or isinstance(message, ast.Constant):
                    assert isinstance(message, ast.Constant), f"{file}:{node.lineno}"
                    found.add(str(message.value))
    return found


def forms(text: str | list[str] | tuple[str, ...] | None) -> tuple[str, ...]:
    return (text,) if isinstance(text, str) else tuple(text or ())


def as_table(catalogue: Catalog) -> dict[tuple[str, ...], tuple[str, ...]]:
    return {forms(message.id): forms(message.string) for message in catalogue if message.id}


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_message_is_translated(language: str) -> None:
    catalogue = read_catalogue(language)
    assert not catalogue.obsolete
    known = {forms(message.id)[0] for message in catalogue if message.id}
    assert known == messages_of_the_source()
    for message in catalogue:
        if not message.id:
            continue
        assert not message.fuzzy, message.id
        written = forms(message.string)
        assert len(written) == (catalogue.num_plurals if message.pluralizable else 1)
        for form in written:
            assert form.strip(), message.id
            wanted = forms(message.id)[0]
            assert sorted(FIELD.findall(form)) == sorted(FIELD.findall(wanted)), form
            assert CODE.findall(form) == CODE.findall(wanted), form
            assert form.count("**") == wanted.count("**"), form


@pytest.mark.parametrize("language", LANGUAGES)
def test_what_is_compiled_is_what_is_written(language: str) -> None:
    compiled = LOCALES / language / "LC_MESSAGES" / f"{DOMAIN}.mo"
    with compiled.open("rb") as file:
        machine = as_table(read_mo(file))
    people = as_table(read_catalogue(language))
    assert machine == people, "run: make messages"


@pytest.mark.parametrize(
    ("language", "count", "expected"),
    [
        ("pl", 1, "1 fragment"),
        ("pl", 3, "3 fragmenty"),
        ("pl", 5, "5 fragmentów"),
        ("pl", 22, "22 fragmenty"),
        ("ro", 1, "1 pasaj"),
        ("ro", 2, "2 pasaje"),
        ("ro", 20, "20 de pasaje"),
        ("ro", 101, "101 pasaje"),
        ("pt", 2, "2 passagens"),
        ("en", 0, "0 passages"),
    ],
)
def test_numbers_take_their_form(language: str, count: int, expected: str) -> None:
    catalogue = gettext.translation(DOMAIN, LOCALES, [language])
    form = catalogue.ngettext("{count} passage", "{count} passages", count)
    assert form.format(count=count) == expected


@pytest.mark.parametrize(
    ("locale", "expected"),
    [("pt-BR", "pt"), ("ro_RO", "ro"), ("PL", "pl"), ("de-DE", "en"), ("", "en"), (None, "en")],
)
def test_the_browsers_language_is_followed(locale: str | None, expected: str) -> None:
    assert closest_language(locale) == expected
