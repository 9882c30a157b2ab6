"""Which encoders can be used: the embedded one, those on this machine, and some worth fetching.

It reads names and small files. It loads no model, imports no torch and opens no connection.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from huggingface_hub import constants, scan_cache_dir
from huggingface_hub.errors import CacheNotFound

from rag.encoders.embedded_encoder import FOLDER
from rag.encoders.manifest import Manifest
from rag.encoders.model_folder import READ, check_safe, read_object
from rag.errors import NoModel

BYTES = 4
"""Of a weight, as these models are published."""


@dataclass(frozen=True, slots=True)
class Listed:
    """An encoder, as far as it is known without loading it."""

    name: str
    """What `--encoder` takes."""
    at_hand: bool
    """Whether it is on this machine, whole, and can be used."""
    bytes: int
    """On disk; of what is not here about."""
    dimension: int | None
    """Numbers in a vector; None: its files do not say."""
    languages: str
    """Codes, or how many; empty where that is not known."""
    problem: str | None = None
    """Why it cannot be used though it is here."""


def known(name: str, parameters: int, dimension: int, languages: str) -> Listed:
    """Describe a model of the hub; `parameters` in millions."""
    return Listed(name, False, parameters * BYTES * 1_000_000, dimension, languages)


KNOWN = (
    known("sentence-transformers/paraphrase-multilingual-MiniLM-L12-v2", 118, 384, "50"),
    known("intfloat/multilingual-e5-small", 118, 384, "100"),
    known("intfloat/multilingual-e5-base", 278, 768, "100"),
    known("google/embeddinggemma-300m", 308, 768, "100"),
    known("Snowflake/snowflake-arctic-embed-l-v2.0", 568, 1024, "74"),
)
"""Multilingual models that are published as safetensors and need no code of their own; figures from
their cards. BAAI/bge-m3 is published pickled, gte-multilingual-base wants to run code."""

EMBEDDED_LANGUAGES = "ro pl pt en es fr de it"


def list_encoders(chosen: str) -> list[Listed]:
    """List the embedded encoder, then what is on this machine, then what would be fetched.

    Args:
        chosen: the encoder that the settings name; where it is a folder, it is listed too.
    """
    manifest = Manifest.read(FOLDER)
    size = sum(file.bytes for file in manifest.files.values())
    embedded = Listed("embedded", True, size, manifest.dimension, EMBEDDED_LANGUAGES)
    here = sorted(_find_here(chosen), key=lambda item: item.name.lower())
    names = {item.name for item in here}
    return [embedded, *here, *(item for item in KNOWN if item.name not in names)]


def _find_here(chosen: str) -> Iterator[Listed]:
    """Find models of sentence-transformers in a folder of the user's and in the hub's cache."""
    folder = Path(chosen).expanduser() if chosen else None
    if folder and (folder / "modules.json").is_file():
        yield _describe(chosen, folder)
    try:
        cache = scan_cache_dir(constants.HF_HUB_CACHE)
    except (CacheNotFound, ValueError):  # nothing was ever fetched; a file is in its place
        return
    for repository in cache.repos:
        revision = repository.refs.get("main")
        if repository.repo_type == "model" and revision:
            path = revision.snapshot_path
            if (path / "modules.json").is_file() and repository.repo_id != chosen:
                yield _describe(repository.repo_id, path)


def _describe(name: str, folder: Path) -> Listed:
    """Describe a model by its files, and by what is known of it."""
    listed = next((item for item in KNOWN if item.name == name), None)
    problem = None
    try:
        check_safe(folder, name)
        if not any(folder.rglob("*.safetensors")):
            problem = "its weights are not all here"
    except NoModel as error:
        problem = error.problem
    files = {path for pattern in READ for path in folder.rglob(pattern) if path.is_file()}
    return Listed(
        name,
        at_hand=problem is None,
        bytes=sum(path.stat().st_size for path in files),
        dimension=_read_dimension(folder),
        languages=listed.languages if listed else "",
        problem=problem,
    )


def _read_dimension(folder: Path) -> int | None:
    """Read how many numbers the vectors have: what the last of the model's modules says."""
    for file in sorted(folder.glob("*_*/config.json"), reverse=True):  # 2_Dense, then 1_Pooling
        config = read_object(file)
        for key in ("out_features", "embedding_dimension", "word_embedding_dimension"):
            number = config.get(key)
            if isinstance(number, int):
                return number
    return None
