"""A small vault, one of whose notes means harm, and its index."""

from pathlib import Path

import pytest

from rag import wire
from rag.config import Settings

NOTES = {
    "physics/Capacitors.md": """\
---
tags: [physics]
---
# Capacitors

A capacitor stores electric charge on two metal plates.

## Energy

The energy of a capacitor is $E = \\frac{1}{2} C U^2$, so **twice the voltage** means four times
the energy.
""",
    "fizyka/Tarcie.md": """\
---
tags: [fizyka]
---
# Tarcie

Współczynnik tarcia lodu o stal wynosi około 0,03 i rośnie, gdy lód jest bardzo zimny.
""",
    "Biologie.md": """\
# Celula

Mitocondria produce energia celulei sub formă de ATP.
""",
    "Geografia.md": """\
# Rios

O rio Amazonas nasce nos Andes peruanos e deságua no oceano Atlântico.
""",
    "hostile.md": """\
---
tags: ["![x](http://evil.test/tag.png)", ":red[tag]"]
---
# Zebra <img src=x onerror="window.harmed=1">

The zebra password <script>window.harmed=1;alert(1)</script> is ![pic](http://evil.test/a.png) kept
at [the shop](http://evil.test/login), http://evil.test/bare or <http://evil.test/auto>, and :red[in
red] by :material/home: and www.evil.test or [here](javascript:window.harmed=1).

![by reference][p]

[p]: http://evil.test/reference.png

```mermaid
flowchart TD
  A@{ img: "http://evil.test/mermaid.png", label: "zebra" }
```

$\\href{http://evil.test}{zebra}$ <svg onload="window.harmed=1"> <iframe src="http://evil.test">
""",
}


def ingest(vault: Path, index: Path) -> None:
    wire.ingest(
        Settings(vault=str(vault), index=str(index)), rebuild=False, progress=lambda *_: None
    )


def write_notes(vault: Path) -> None:
    for path, text in NOTES.items():
        file = vault / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")
    (vault / "empty.md").touch()


@pytest.fixture(scope="session")
def vault(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("vault")
    write_notes(folder)
    return folder


@pytest.fixture(scope="session")
def index(vault: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("index")
    ingest(vault, folder)
    return folder
