"""What the source must not hold, and that nothing talks to a network."""

import ast
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import yaml

import rag
from rag.notes import properties
from tests.cli.vault import QUESTION

ROOT = Path(rag.__file__).parents[1]
FILES = sorted(
    file for pattern in ("rag/**/*.py", "app.py", "eval/**/*.py") for file in ROOT.glob(pattern)
)

UNSAFE_MODULES = {"pickle", "cPickle", "dill", "joblib", "cloudpickle", "marshal", "shelve"}
NO_TEMPORARY_FILES = {"tempfile"}
"""They belong into the index, which is private and on the disk that was chosen."""
UNSAFE_CALLS = {"eval", "exec", "__import__"}
UNSAFE_METHODS = {
    ("os", "system"),
    ("os", "popen"),
    ("yaml", "unsafe_load"),
    ("yaml", "full_load"),
    ("yaml", "load_all"),
    ("torch", "load"),
    ("pandas", "read_pickle"),
}
UNSAFE_ARGUMENTS = {
    "trust_remote_code",
    "shell",
    "allow_pickle",
    "unsafe_allow_html",
    "unsafe_allow_javascript",
}


def calls(file: Path) -> list[ast.Call]:
    """Give all calls of a file."""
    tree = ast.parse(file.read_text(encoding="utf-8"))
    return [node for node in ast.walk(tree) if isinstance(node, ast.Call)]


def called(call: ast.Call) -> tuple[str, str]:
    """Give the names of what is called, as `module.function` or `.function`."""
    match call.func:
        case ast.Name(id=name):
            return "", name
        case ast.Attribute(value=ast.Name(id=owner), attr=name):
            return owner, name
        case ast.Attribute(attr=name):
            return "", f".{name}"
    return "", ""


def test_there_is_something_to_look_at() -> None:
    assert len(FILES) > 40


def imported(file: Path) -> Iterator[str]:
    """Give the top-level packages that a file imports."""
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name.partition(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield str(node.module).partition(".")[0]


def test_modules() -> None:
    for file in FILES:
        names = set(imported(file))
        assert not names & UNSAFE_MODULES, file
        if file.is_relative_to(ROOT / "rag"):
            assert not names & NO_TEMPORARY_FILES, file


def test_calls() -> None:
    for file in FILES:
        for call in calls(file):
            owner, name = called(call)
            where = f"{file}:{call.lineno}"
            assert owner or name not in UNSAFE_CALLS, where
            assert (owner, name) not in UNSAFE_METHODS, where


def test_arguments() -> None:
    for file in FILES:
        for call in calls(file):
            for keyword in call.keywords:
                if keyword.arg in UNSAFE_ARGUMENTS:
                    where = f"{file}:{call.lineno}"
                    assert isinstance(keyword.value, ast.Constant), where
                    assert keyword.value.value is False, where


def test_words() -> None:
    for file in FILES:
        text = file.read_text(encoding="utf-8")
        for name in UNSAFE_ARGUMENTS:
            assert f"{name}=True" not in text, file


def test_yaml_is_loaded_by_one_safe_loader() -> None:
    loads = [
        (file, call) for file in FILES for call in calls(file) if called(call) == ("yaml", "load")
    ]
    for file, call in loads:
        assert file == Path(properties.__file__)
        loaders = [word.value for word in call.keywords if word.arg == "Loader"]
        for loader in loaders:
            assert isinstance(loader, ast.Name)
            kind = getattr(properties, loader.id)
            # Both know texts, lists and mappings only; neither builds objects.
            assert issubclass(kind, yaml.SafeLoader | yaml.BaseLoader)
            assert not issubclass(kind, yaml.Loader | yaml.UnsafeLoader | yaml.FullLoader)
        assert len(loaders) == 1


WITHOUT_NETWORK = """
import json, sys
tried = []

def forbid(event, arguments):
    if event in ("socket.connect", "socket.sendto", "socket.sendmsg"):
        address = arguments[1]
        if isinstance(address, tuple):
            tried.append([event, str(address)])
            raise ConnectionRefusedError(event)
    if event in ("socket.getaddrinfo", "socket.gethostbyname", "socket.gethostbyaddr"):
        tried.append([event, str(arguments[0])])
        raise ConnectionRefusedError(event)

sys.addaudithook(forbid)
from rag.cli.commands import run
codes = [run(arguments) for arguments in json.loads(sys.argv[1])]
sys.stderr.write("\\n" + json.dumps({"codes": codes, "tried": tried}))
"""


def run_without_network(home: Path, *commands: list[str]) -> dict[str, list[object]]:
    """Run commands in a process that refuses every connection; gives their codes and its tries."""
    others = ("RAG_", "HF_", "OLLAMA_")
    kept = {key: value for key, value in os.environ.items() if not key.startswith(others)}
    done = subprocess.run(
        [sys.executable, "-c", WITHOUT_NETWORK, json.dumps(commands)],
        capture_output=True,
        text=True,
        env={**kept, "HF_HOME": str(home)},
        check=True,
        timeout=60,
    )
    value: dict[str, list[object]] = json.loads(done.stderr.splitlines()[-1])
    return value


def test_all_of_it_works_with_the_network_cut(small_vault: Path, tmp_path: Path) -> None:
    index = ["--index", str(tmp_path / "index")]
    result = run_without_network(
        tmp_path,
        ["ingest", str(small_vault), *index],
        ["search", QUESTION, *index],
        ["ask", QUESTION, *index],
        ["status", *index],
        ["check", *index, "--repair"],
        ["ingest", str(small_vault), *index, "--rebuild"],
    )
    # Only `ask` looks around, on this machine alone: whether an Ollama could write the answer.
    assert result == {"codes": [0] * 6, "tried": [["socket.connect", "('127.0.0.1', 11434)"]]}


def test_the_cut_network_is_cut(tmp_path: Path) -> None:
    """Else the test above proves nothing: a model that is not here is asked for at its hub."""
    (tmp_path / "vault").mkdir()
    name = "no/such-encoder"
    result = run_without_network(
        tmp_path,
        ["ingest", str(tmp_path / "vault"), "--index", str(tmp_path / "ix"), "--encoder", name],
    )
    assert result["codes"] == [5]
    assert result["tried"]
