"""Settings: which source wins, and what is refused."""

import json
from dataclasses import fields
from pathlib import Path

import pytest

from rag.config import FILE, MOST_PASSAGES, Settings, load_settings
from rag.errors import BadSettings


def write(folder: Path, content: str | bytes) -> Path:
    """Write a settings file; gives its folder."""
    data = content if isinstance(content, bytes) else content.encode("utf-8")
    (folder / FILE).write_bytes(data)
    return folder


def refused(content: str | bytes, folder: Path) -> str:
    """Give what is said of a settings file that is refused."""
    with pytest.raises(BadSettings) as caught:
        load_settings({}, folder=write(folder, content), environment={})
    assert caught.value.exit_code == 2
    return str(caught.value)


def test_defaults(tmp_path: Path) -> None:
    settings = load_settings({}, folder=tmp_path, environment={})
    assert settings == Settings()
    assert (settings.vault, settings.index, settings.llm) == ("notes", "index", "auto")
    assert (settings.encoder, settings.k) == ("", 5)
    assert (settings.rerank, settings.rerank_seconds) == ("", 10)


@pytest.mark.parametrize(
    ("flag", "variable", "file", "k"),
    [
        (None, None, None, 5),
        (None, None, 2, 2),
        (None, "3", 2, 3),
        (4, "3", 2, 4),
        (4, None, 2, 4),
        (4, None, None, 4),
        (None, "", 2, 2),
    ],
)
def test_precedence(
    tmp_path: Path, flag: int | None, variable: str | None, file: int | None, k: int
) -> None:
    if file:
        write(tmp_path, f"k = {file}")
    environment = {} if variable is None else {"RAG_K": variable}
    assert load_settings({"k": flag}, folder=tmp_path, environment=environment).k == k


def test_each_setting_from_each_source(tmp_path: Path) -> None:
    for field in fields(Settings):
        number = 2048 if field.name == "llm_context" else 9
        value = {int: number, float: 1.5, bool: True, str: "some value"}[type(field.default)]
        write(tmp_path, f"{field.name} = {json.dumps(value)}")
        name = f"RAG_{field.name.upper()}"
        from_file = load_settings({}, folder=tmp_path, environment={})
        from_flag = load_settings({field.name: value}, folder=tmp_path / "none", environment={})
        from_variable = load_settings({}, folder=tmp_path / "none", environment={name: str(value)})
        for settings in (from_file, from_flag, from_variable):
            assert settings == Settings().override({field.name: value}, "test")
            assert getattr(settings, field.name) == value


def test_other_variables_are_ignored(tmp_path: Path) -> None:
    environment = {"HOME": "/", "XRAG_K": "9", "rag_k": "9", "RAG_K": " 7 "}
    assert load_settings({}, folder=tmp_path, environment=environment) == Settings(k=7)


def test_a_key_is_no_setting(tmp_path: Path) -> None:
    environment = {"RAG_LLM_KEY": "sk-1", "RAG_TEMPERATURE": "1"}
    settings = load_settings({}, folder=tmp_path, environment=environment)
    assert settings == Settings(temperature=1.0)
    assert "sk-1" not in repr(settings)


def test_file_with_byte_order_mark(tmp_path: Path) -> None:
    folder = write(tmp_path, b"\xef\xbb\xbfvault = 'Noti\xc8\x9be'\r\n")
    assert load_settings({}, folder=folder, environment={}).vault == "Notițe"


@pytest.mark.parametrize("key", ["vault", "index"])
def test_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, key: str) -> None:
    home = tmp_path / "ana"
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.setenv("USERPROFILE", str(home))
    folder = write(tmp_path, f"{key} = '~/x'")
    settings = load_settings({}, folder=folder, environment={})
    assert Path(getattr(settings, key)) == home / "x"
    assert getattr(settings.override({key: "~nobody-of-this-name/x"}, "test"), key) == (
        "~nobody-of-this-name/x"
    )
    assert getattr(settings.override({key: "a~b"}, "test"), key) == "a~b"


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        ("k = ", "rag.toml cannot be read: "),
        (b"\xff", "rag.toml cannot be read: "),
        ("colour = 1", "rag.toml: unknown setting 'colour'; use one of: encoder, index, k, "),
        ("[rag]\nk = 1", "rag.toml: unknown setting 'rag'"),
        ("k = 'five'", "rag.toml: k is 'five'; give a whole number"),
        ("k = 2.0", "rag.toml: k is 2.0; give a whole number"),
        ("k = true", "rag.toml: k is True; give a whole number"),
        ("k = [1]", "rag.toml: k is [1]; give a whole number"),
        ("k = 0", f"rag.toml: k is 0; give a number from 1 to {MOST_PASSAGES}"),
        ("k = 101", "rag.toml: k is 101; give a number from 1 to 100"),
        ("k = -1", "rag.toml: k is -1; give a number"),
        ("rerank_seconds = 0", "rag.toml: rerank_seconds is 0; give a number from 1 on"),
        ("temperature = 2.5", "rag.toml: temperature is 2.5; give a number from 0 to 2"),
        ("temperature = nan", "rag.toml: temperature is nan; give a number from 0 to 2"),
        ("temperature = true", "rag.toml: temperature is True; give a number"),
        ("temperature = 'warm'", "rag.toml: temperature is 'warm'; give a number"),
        ("seed = -1", "rag.toml: seed is -1; give a number from 0 to 2147483647"),
        ("llm_context = 2047", "rag.toml: llm_context is 2047; give tokens from 2048 to 1"),
        ("llm_timeout = 0", "rag.toml: llm_timeout is 0; give seconds from 1 to 3600"),
        ("llm_key = 'sk-1'", "rag.toml: unknown setting 'llm_key'; use one of: encoder"),
        ("vault = 1", "rag.toml: vault is 1; give a text"),
        ("vault = ''", "rag.toml: vault is ''; name a folder"),
        ("index = ' '", "rag.toml: index is ' '; name a folder"),
        ('index = "a\\u0000b"', "rag.toml: index is 'a\\x00b'; name a folder"),
    ],
)
def test_refused_file(tmp_path: Path, content: str | bytes, problem: str) -> None:
    assert refused(content, tmp_path).startswith(problem)


def test_file_that_is_a_folder(tmp_path: Path) -> None:
    (tmp_path / FILE).mkdir()
    with pytest.raises(BadSettings, match="cannot be read"):
        load_settings({}, folder=tmp_path, environment={})


@pytest.mark.parametrize(
    ("variable", "value", "problem"),
    [
        ("RAG_K", "five", "k is 'five'; give a whole number"),
        ("RAG_K", "-1", "k is -1; give a number from 1 to 100"),
        ("RAG_K", "1e2", "k is '1e2'; give a whole number"),
        ("RAG_K", "9" * 5_000, "k is '999"),
        ("RAG_INDEX", " ", "index is ' '; name a folder"),
        ("RAG_COLOUR", "red", "unknown setting 'colour'"),
        ("RAG_", "x", "unknown setting ''"),
    ],
)
def test_refused_variable(tmp_path: Path, variable: str, value: str, problem: str) -> None:
    with pytest.raises(BadSettings) as caught:
        load_settings({}, folder=tmp_path, environment={variable: value})
    assert str(caught.value).startswith(f"environment (RAG_*): {problem}")


def test_refused_flag(tmp_path: Path) -> None:
    with pytest.raises(BadSettings, match="command line: k is 0"):
        load_settings({"k": 0}, folder=tmp_path, environment={})
    with pytest.raises(BadSettings, match="command line: index is ''"):
        load_settings({"index": ""}, folder=tmp_path, environment={})


def test_override_leaves_what_is_none_and_what_it_was() -> None:
    settings = Settings(k=7)
    assert settings.override({"k": None, "llm": None}, "test") == settings
    assert settings.override({"llm": "extractive"}, "test") == Settings(k=7, llm="extractive")
    assert settings.llm == "auto"
