"""`rag serve`."""

import os
import socket
import subprocess
import sys
from pathlib import Path

import click

import rag
from rag.cli import options
from rag.cli.output import say
from rag.errors import RagError
from rag.wire_llm import check_llm

ADDRESS = "127.0.0.1"
FLAGS = {
    "server.address": ADDRESS,
    "server.headless": "true",
    "server.enableXsrfProtection": "true",
    "server.enableCORS": "true",
    "server.enableStaticServing": "false",
    "server.fileWatcherType": "none",
    "browser.gatherUsageStats": "false",
    "client.toolbarMode": "minimal",
    "client.showErrorDetails": "none",
    "logger.hideWelcomeMessage": "true",
    "logger.level": "warning",
}
"""How Streamlit is started. `.streamlit/config.toml` says the same to `streamlit run app.py`."""
VARIABLES = {
    "STREAMLIT_SERVER_ALLOWED_HOSTS": f"{ADDRESS} localhost",
    "STREAMLIT_CLIENT_ALLOWED_ORIGINS": f"http://{ADDRESS}",
    "STREAMLIT_THEME_HEADING_FONT_SIZES": "1.9rem 1.35rem 1.05rem",
    "STREAMLIT_THEME_LIGHT_PRIMARY_COLOR": "#3d6fb4",
    "STREAMLIT_THEME_DARK_PRIMARY_COLOR": "#6f9fe0",
}
"""The same for settings that a Streamlit of last year does not know: no flag, which it refuses."""


@click.command()
@click.option("--port", type=click.IntRange(1, 65535), default=8501, show_default=True)
@options.index
@options.llm
def serve(*, port: int, index: str | None, llm: str | None) -> int:
    """Serve the page, to this machine only."""
    settings = options.settings(index=index, llm=llm)
    check_llm(settings.llm)
    package = Path(rag.__file__).parent
    # In an installed package the page lies in it, in a checkout beside it.
    page = next((p for p in (package / "app.py", package.parent / "app.py") if p.is_file()), None)
    if page is None:
        raise RagError("the page app.py is missing", "install rag again")
    _check_port(port)
    say(f"http://{ADDRESS}:{port} (Ctrl-C ends)")
    command = [sys.executable, "-m", "streamlit", "run", str(page), "--server.port", str(port)]
    for name, value in FLAGS.items():
        command += [f"--{name}", value]
    environment = os.environ | VARIABLES | {"RAG_INDEX": settings.index, "RAG_LLM": settings.llm}
    try:
        return subprocess.run(command, env=environment, check=False).returncode  # noqa: S603
    except KeyboardInterrupt:
        return 0


def _check_port(port: int) -> None:
    """Say that a port is taken before Streamlit does at length."""
    with socket.socket() as probe:
        if os.name != "nt":  # there it would let two servers share a port
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((ADDRESS, port))
        except OSError as error:
            raise RagError(
                f"port {port} cannot be used ({(error.strerror or '').lower()})",
                f"name another: rag serve --port {port + 1 if port < 65535 else port - 1}",  # noqa: PLR2004
            ) from error
