"""A generator that says what it is told to, and passages of notes that are really on disk."""

from collections.abc import Iterator, Mapping
from pathlib import Path

from rag.notes.chunking import chunk_document
from rag.notes.markdown import parse
from rag.notes.vault import read_note, scan
from rag.types import Chunk, Legs, Note, Passage, Prompt, Skipped
from tests.fake_encoder import FakeEncoder


class ScriptedGenerator:
    """Gives its pieces, whatever is asked; keeps the prompts."""

    kind = "scripted"
    model = "script"

    def __init__(self, *pieces: str, most_characters: int | None = None) -> None:
        self.pieces = pieces
        self.most_characters = most_characters
        self.prompts: list[Prompt] = []
        self.given = 0

    def fits(self, prompt: Prompt) -> bool:
        if self.most_characters is None:
            return True
        return sum(len(message.content) for message in prompt.messages) <= self.most_characters

    def stream(self, prompt: Prompt) -> Iterator[str]:
        self.prompts.append(prompt)
        for piece in self.pieces:
            self.given += 1
            yield piece


def write_vault(folder: Path, notes: Mapping[str, str | bytes]) -> Path:
    for path, text in notes.items():
        file = folder / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(text if isinstance(text, bytes) else text.encode())
    return folder


def read_passages(vault: Path, *, max_tokens: int = 400) -> list[Passage]:
    """Cut all notes of a vault, in the order of their paths; each chunk is a passage."""
    encoder = FakeEncoder(max_tokens=max_tokens)
    chunks: list[Chunk] = []
    for found in sorted(scan(vault), key=lambda found: found.path):
        assert not isinstance(found, Skipped)
        note = read_note(vault, found.path)
        assert isinstance(note, Note)
        chunks += chunk_document(parse(note), encoder.count_tokens, encoder.max_tokens)
    return [
        Passage(chunk, rank, 1 / rank, Legs(0.5, 1.0, 1.0, 1.0))
        for rank, chunk in enumerate(chunks, start=1)
    ]


def make_passage(text: str, *, path: str = "note.md", rank: int = 1, **more: object) -> Passage:
    """Make a passage of text that need not be on disk."""
    headings = more.get("headings", ())
    assert isinstance(headings, tuple)
    language = str(more.get("language", "en"))
    lines = text.count("\n") + 1
    chunk = Chunk(path, "Note", headings, 1, lines, text, text, (), language)
    return Passage(chunk, rank, 1 / rank, Legs(0.5, 1.0, 1.0, 1.0))
