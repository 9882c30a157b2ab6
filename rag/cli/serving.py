"""`rag serve`."""

import os
import subprocess
import sys
from pathlib import Path

import click

import rag
from rag.cli import options
from rag.cli.output import say
from rag.errors import RagError


@click.command()
@click.option("--port", type=click.IntRange(1, 65535), default=8501, show_default=True)
@options.index
def serve(*, port: int, index: str | None) -> int:
    """Open the page in the browser; it is reachable from this machine only."""
    settings = options.settings(index=index)
    package = Path(rag.__file__).parent
    # In an installed package the page lies in it, in a checkout beside it.
    page = next((p for p in (package / "app.py", package.parent / "app.py") if p.is_file()), None)
    if page is None:
        raise RagError("the page app.py is missing", "install rag again")
    say(f"http://127.0.0.1:{port} (Ctrl-C ends)")
    command = [
        *(sys.executable, "-m", "streamlit", "run", str(page)),
        *("--server.port", str(port)),
        *("--server.address", "127.0.0.1"),
        *("--server.headless", "true"),
        *("--server.enableXsrfProtection", "true"),
        *("--server.enableCORS", "true"),
        *("--server.fileWatcherType", "none"),
        *("--browser.gatherUsageStats", "false"),
        *("--client.toolbarMode", "minimal"),
    ]
    environment = os.environ | {"RAG_INDEX": settings.index}
    try:
        return subprocess.run(command, env=environment, check=False).returncode  # noqa: S603
    except KeyboardInterrupt:
        return 0
