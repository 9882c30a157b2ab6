"""Each test runs in an empty folder of its own, with no settings but those that it makes."""

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from rag.cli.commands import run
from tests.cli.command import Result

Rag = Callable[..., Result]


@pytest.fixture(autouse=True)
def empty_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Go to a folder without a rag.toml, with no RAG_ variable set."""
    folder = tmp_path / "here"
    folder.mkdir()
    monkeypatch.chdir(folder)
    for name in [name for name in os.environ if name.startswith("RAG_")]:
        monkeypatch.delenv(name)
    return folder


@pytest.fixture
def rag(capsys: pytest.CaptureFixture[str]) -> Rag:
    """Run a command line in this process."""

    def run_here(*arguments: object) -> Result:
        capsys.readouterr()
        code = run([str(argument) for argument in arguments])
        out, err = capsys.readouterr()
        return Result(code, out, err).check()

    return run_here


@pytest.fixture
def vault(small_vault: Path, tmp_path: Path) -> Path:
    """A copy of the small vault, to change."""
    return Path(shutil.copytree(small_vault, tmp_path / "vault"))


@pytest.fixture
def index(small_index: Path, tmp_path: Path) -> Path:
    """A copy of the small vault's index, to change; it still names `small_vault`."""
    return Path(shutil.copytree(small_index, tmp_path / "index"))
