"""The page stays on this machine, however it is started."""

import socket
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from streamlit import net_util

from rag.cli.serving import FLAGS, VARIABLES
from rag.page.guard import NotLocal, check_host, forbid_look_ups

ROOT = Path(__file__).parents[2]


def written(value: object) -> str:
    """Write a value of the file as a flag or a variable has it."""
    if isinstance(value, bool):
        return str(value).lower()
    return " ".join(value) if isinstance(value, list) else str(value)


def read_options() -> dict[str, str]:
    content = tomllib.loads((ROOT / ".streamlit" / "config.toml").read_text(encoding="utf-8"))
    flat: dict[str, str] = {}
    for section, options in content.items():
        for name, value in options.items():
            if isinstance(value, dict):
                flat |= {f"{section}.{name}.{key}": written(v) for key, v in value.items()}
            else:
                flat[f"{section}.{name}"] = written(value)
    return flat


def as_variable(option: str) -> str:
    letters = "".join(f"_{letter}" if letter.isupper() else letter for letter in option)
    return f"STREAMLIT_{letters.replace('.', '_').upper()}"


def test_streamlit_run_is_as_safe_as_rag_serve() -> None:
    options = read_options()
    # Whether a browser is opened, and what is printed, is the caller's.
    ours = {"server.headless", "logger.hideWelcomeMessage", "logger.level"}
    theirs = {"server.showEmailPrompt"}
    assert {name: value for name, value in options.items() if name in FLAGS} == {
        name: value for name, value in FLAGS.items() if name not in ours
    }
    rest = {n: v for n, v in options.items() if n not in FLAGS and n not in theirs}
    assert {
        as_variable(name).replace("X_S_R_F", "XSRF"): v for name, v in rest.items()
    } == VARIABLES


def test_what_is_promised_is_set() -> None:
    assert FLAGS["server.address"] == "127.0.0.1"
    assert FLAGS["server.enableXsrfProtection"] == "true"
    assert FLAGS["server.enableCORS"] == "true"
    assert FLAGS["browser.gatherUsageStats"] == "false"


@pytest.mark.parametrize("host", ["127.0.0.1:8501", "localhost:8501", "LOCALHOST", "[::1]:1", None])
def test_our_own_names_are_let_in(host: str | None) -> None:
    check_host(host)


@pytest.mark.parametrize(
    "host", ["evil.test:8501", "127.0.0.1.evil.test", "192.168.0.7:8501", "", "[", "localhost@e"]
)
def test_foreign_names_are_refused(host: str) -> None:
    with pytest.raises(NotLocal, match="rag serve"):
        check_host(host)


def test_nobody_is_asked_for_our_address(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise AssertionError("a connection was tried")

    monkeypatch.setattr(net_util, "get_external_ip", net_util.get_external_ip)
    forbid_look_ups()
    monkeypatch.setattr(socket, "socket", refuse)
    assert net_util.get_external_ip() is None


def test_a_taken_port_is_one_line(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        run = subprocess.run(
            [sys.executable, "-c", "from rag.cli import main; main()", "serve", f"--port={port}"],
            capture_output=True,
            text=True,
            timeout=30,
            check=False,
            cwd=ROOT,
        )
    assert run.returncode == 1
    assert run.stderr.startswith(f"rag: port {port} cannot be used")
    assert len(run.stderr.splitlines()) == 1
