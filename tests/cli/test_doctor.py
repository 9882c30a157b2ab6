"""`rag doctor`: what it finds, what it asks for, and that the rest is still told."""

import shutil
import socket
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from tests.cli import shapes
from tests.cli.command import ENVIRONMENT, run_process
from tests.cli.test_check import files_of, flip
from tests.cli.vault import NOTES
from tests.fake_encoder import FakeEncoder
from tests.index.ingesting import ingest_notes

NAMES = [
    "python",
    "rag",
    "settings",
    "libraries",
    "faiss",
    "index",
    "encoder",
    "vault",
    "disk",
    "torch",
    "llm",
    "tesseract",
    "page",
]
ALONE = ENVIRONMENT | {"RAG_LLM": "extractive"}
"""No Ollama of whoever runs the tests is asked."""


@pytest.fixture
def port() -> Iterator[int]:
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()[1]


def examine(
    *arguments: object, folder: Path, environment: Mapping[str, str] = ALONE, code: int = 0
) -> dict[str, dict[str, Any]]:
    """Gives the findings by name."""
    result = run_process(
        "doctor", "--json", *map(str, arguments), folder=folder, environment=environment
    )
    assert result.code == code, result
    told = result.json()
    shapes.assert_shape(told, shapes.DOCTOR)
    assert told["ok"] == (code == 0)
    assert [finding["name"] for finding in told["findings"]] == NAMES
    broken = [one for one in told["findings"] if one["needed"] and not one["ok"]]
    assert bool(broken) == (code != 0)
    assert all(one["remedy"] for one in told["findings"] if not one["ok"])
    return {finding["name"]: finding for finding in told["findings"]}


def test_before_the_first_ingest(empty_folder: Path) -> None:
    result = run_process("doctor", folder=empty_folder, environment=ALONE)
    assert (result.code, result.err) == (0, "")
    lines = [line.split(maxsplit=2) for line in result.out.splitlines()]
    assert [name for _, name, _ in lines] == NAMES
    states = {name: (state, text) for state, name, text in lines}
    assert states["index"] == ("missing", "no index in 'index'; run: rag ingest YOUR-NOTES")
    assert states["vault"][0] == "missing"
    assert {states[name][0] for name in ("python", "libraries", "faiss", "encoder", "disk")} == {
        "ok"
    }
    assert "weights intact, 384 dimensions" in states["encoder"][1]
    assert list(empty_folder.iterdir()) == []


def test_with_an_index(empty_folder: Path, vault: Path, tmp_path: Path) -> None:
    index = tmp_path / "ix"
    assert run_process("ingest", str(vault), "--index", str(index), "--quiet").code == 0
    found = examine("--index", index, folder=empty_folder)
    assert "nothing changed since" in found["index"]["detail"]
    assert found["vault"]["detail"] == f"{len(NOTES)} notes in {vault}"
    assert found["index"]["remedy"] == ""
    (vault / "new.md").write_text("A new note.\n")
    found = examine("--index", index, folder=empty_folder)
    assert "1 changed since" in found["index"]["detail"]
    assert found["index"]["remedy"] == "run: rag ingest"
    shutil.rmtree(vault)
    found = examine("--index", index, folder=empty_folder, code=1)
    assert "no such file" in found["vault"]["detail"]
    assert found["index"]["ok"]


def test_a_damaged_index(empty_folder: Path, index: Path) -> None:
    flip(index / next(file for file in files_of(index) if file.name == "vectors.faiss"))
    result = run_process("doctor", "--index", str(index), folder=empty_folder, environment=ALONE)
    assert (result.code, result.err) == (1, "rag: 1 thing to mend: index\n")
    (line,) = [line for line in result.out.splitlines() if line.startswith("broken")]
    assert "vectors.faiss is not what its checksum says; run: rag check --repair" in line


def test_settings_that_cannot_be_read_hide_nothing_else(empty_folder: Path) -> None:
    (empty_folder / "rag.toml").write_text("kk = 1")
    found = examine(folder=empty_folder, environment=ENVIRONMENT, code=1)
    assert found["settings"]["detail"] == "rag.toml: unknown setting 'kk'"
    (empty_folder / "rag.toml").write_text("k = 7")
    found = examine(folder=empty_folder)
    assert found["settings"]["detail"] == f"{empty_folder / 'rag.toml'}, RAG_LLM"


def test_an_encoder_that_is_not_here(empty_folder: Path) -> None:
    environment = ALONE | {"RAG_ENCODER": "no-such/encoder"}
    found = examine(folder=empty_folder, environment=environment, code=1)
    assert found["encoder"]["detail"] == "no-such/encoder is not on this machine"
    assert found["torch"]["needed"]


def test_a_server_on_this_machine(empty_folder: Path, port: int) -> None:
    model = f"openai:some@http://127.0.0.1:{port}"
    found = examine(folder=empty_folder, environment=ENVIRONMENT | {"RAG_LLM": model})
    assert found["llm"]["detail"] == f"some: a server runs at http://127.0.0.1:{port}"
    model = "openai:some@http://127.0.0.1:9"
    found = examine(folder=empty_folder, environment=ENVIRONMENT | {"RAG_LLM": model}, code=1)
    assert found["llm"]["detail"] == "some: nothing listens at http://127.0.0.1:9"


def test_a_server_elsewhere_is_not_asked(empty_folder: Path) -> None:
    # No such name can be found: asking would fail.
    model = "openai:some@http://nowhere.invalid:1"
    found = examine(folder=empty_folder, environment=ENVIRONMENT | {"RAG_LLM": model})
    assert found["llm"]["ok"]
    assert "not asked, it is not on this machine" in found["llm"]["detail"]


def test_no_ollama(empty_folder: Path) -> None:
    environment = ENVIRONMENT | {"OLLAMA_HOST": "127.0.0.1:9"}
    found = examine(folder=empty_folder, environment=environment)
    assert (found["llm"]["ok"], found["llm"]["needed"]) == (False, False)


def test_tesseract(empty_folder: Path) -> None:
    without = ALONE | {"PATH": str(empty_folder)}
    found = examine(folder=empty_folder, environment=without)
    assert (found["tesseract"]["ok"], found["tesseract"]["needed"]) == (False, False)
    examine(folder=empty_folder, environment=without | {"RAG_OCR": "auto"}, code=1)


def test_an_index_of_another_version(empty_folder: Path, vault: Path, tmp_path: Path) -> None:
    ingest_notes(vault, tmp_path / "ix", FakeEncoder("embedded"))
    found = examine("--index", tmp_path / "ix", folder=empty_folder, code=1)
    assert "another version of the embedded encoder" in found["index"]["detail"]
    assert found["index"]["remedy"] == "run: rag ingest --rebuild"
    assert found["encoder"]["ok"]
