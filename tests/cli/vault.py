"""The notes that the command line is tried on: short, in four languages, each on its own subject."""

from pathlib import Path

NOTES = {
    "biology/Photosynthesis.md": """\
---
title: Photosynthesis
tags: [biology/plants, energy]
---
# Photosynthesis

Chlorophyll absorbs red and blue light and reflects green light.

## Calvin cycle

The Calvin cycle fixes carbon dioxide in the stroma of the chloroplast.
""",
    "biology/Cells.md": """\
# Cells

- Mitochondria make ATP by oxidising sugars.
- Ribosomes build proteins from amino acids.
""",
    "Rzeki/Wisła.md": """\
# Wisła

Wisła jest najdłuższą rzeką Polski i ma 1047 kilometrów długości.
Uchodzi do Zatoki Gdańskiej koło Mikoszewa. #geografia
""",
    "Rzeki/Dunărea.md": """\
# Dunărea

Dunărea izvorăște din munții Pădurea Neagră și se varsă în Marea Neagră printr-o deltă.
""",
    "Química/Água.md": """\
# Água

A água pura ferve a cem graus Celsius ao nível do mar.

| Líquido | Ponto de ebulição |
| ------- | ----------------- |
| Etanol  | 78 graus          |
""",
}
QUESTION = "What does chlorophyll absorb?"
ANSWERED_BY = "biology/Photosynthesis.md"
UNANSWERED = "Who won the chess championship of 1972?"


def write_notes(vault: Path) -> Path:
    """Write all notes into a folder that is made for them."""
    for path, text in NOTES.items():
        file = vault / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")
    return vault
