"""Where a sentence-transformers model's files are: a folder of the user's, or the hub's cache.

This is the one place that may reach the network, and only for a model that the user named and that
is not on this machine yet. It knows which files are safe to read, not what they mean. It imports no
torch: which model a name stands for can be known without loading it.
"""

import errno
import hashlib
import json
import sys
from dataclasses import dataclass
from pathlib import Path

from huggingface_hub import snapshot_download
from huggingface_hub.errors import (
    GatedRepoError,
    HFValidationError,
    LocalEntryNotFoundError,
    RepositoryNotFoundError,
)
from huggingface_hub.utils.tqdm import disable_progress_bars

from rag.encoders.manifest import hash_file
from rag.errors import NoModel, NoSpace

READ = ["*.safetensors", "*.json", "*.txt", "*.model", "*.jinja"]
"""All that a model needs. No pickle (`*.bin`, `*.pt`), no code, no copies for other runtimes."""

DISK_FULL = {errno.ENOSPC, getattr(errno, "EDQUOT", errno.ENOSPC)}  # Windows has no quota error


@dataclass(frozen=True, slots=True)
class Kind:
    """What a model is wanted for."""

    noun: str
    owner: str
    """Of a name without an owner, as the sentence-transformers library has it."""
    otherwise: str
    """What a person can do without such a model, at the end of each error."""


EMBEDDING = Kind("an embedding model", "sentence-transformers", "or use the encoder `embedded`")
RERANKING = Kind("a cross-encoder", "cross-encoder", "or search without a reranker")


@dataclass(frozen=True, slots=True)
class ModelFolder:
    """A model on this machine."""

    path: Path
    identity: str
    """Equal only for equal files: a commit of the hub, or a hash of the content."""


def find_model(name_or_path: str) -> ModelFolder:
    """Find an embedding model on this machine, or fetch it.

    A model that was fetched before is used as it is, without asking the hub for a newer one, so
    that the vectors of an index and of a question stay comparable.

    Raises:
        NoModel: unknown, out of reach, private, or not readable without running code.
        NoSpace: the disk is full.
    """
    folder, is_own = find_folder(name_or_path, EMBEDDING)
    return ModelFolder(folder, hash_folder(folder) if is_own else f"{name_or_path} {folder.name}")


def find_folder(name_or_path: str, kind: Kind) -> tuple[Path, bool]:
    """Give the folder of a model's files, and whether it is one of the user's own.

    Raises:
        NoModel, NoSpace: as `find_model`.
    """
    try:
        folder = Path(name_or_path).expanduser()
        is_own = folder.is_dir()
    except (OSError, RuntimeError, ValueError) as error:  # a name too long, no home, a NUL
        raise unknown(name_or_path, kind) from error
    if not is_own:
        repository = name_or_path if "/" in name_or_path else f"{kind.owner}/{name_or_path}"
        folder = fetch(repository, kind)
    elif not any((folder / file).is_file() for file in ("modules.json", "config.json")):
        raise NoModel(f"the folder {name_or_path!r} holds no model", "name the model's own folder")
    check_safe(folder, name_or_path)
    return folder, is_own


def fetch(repository: str, kind: Kind) -> Path:
    """Give the folder of a hub model's files, from the cache if it is there, else from the hub.

    Its last part is the commit. Progress is shown on standard error if that is a terminal.

    Raises:
        NoModel: unknown, out of reach, or private.
        NoSpace: the disk is full.
    """
    if not sys.stderr.isatty():
        disable_progress_bars()
    try:
        if cached := _find_cached(repository):
            return cached
    except (HFValidationError, OSError) as error:
        raise unknown(repository, kind) from error
    try:
        return Path(snapshot_download(repository, allow_patterns=READ))
    except GatedRepoError as error:
        raise NoModel(
            f"the model {repository!r} is open only to those whom its owner let in",
            "ask on its page, then log in with `hf auth login`",
        ) from error
    except RepositoryNotFoundError as error:
        raise unknown(repository, kind) from error
    except Exception as error:  # the connection's own errors come from several libraries
        if isinstance(error, OSError) and error.errno in DISK_FULL:
            raise NoSpace(
                f"no space for the model {repository!r}", "free some, then retry"
            ) from error
        raise NoModel(
            f"the model {repository!r} is not on this machine and the hub cannot be reached",
            f"connect once to fetch it, give a folder, {kind.otherwise}",
        ) from error


def _find_cached(repository: str) -> Path | None:
    try:
        cached = Path(snapshot_download(repository, allow_patterns=READ, local_files_only=True))
    except LocalEntryNotFoundError:
        return None  # not here, or only in part
    return cached if any(cached.rglob("*.safetensors")) else None


def is_here(name_or_path: str, owner: str = "") -> bool:
    """Say whether a model is on this machine, asking nobody.

    Args:
        name_or_path: of a model.
        owner: of a name without one, if it may go without.
    """
    try:
        if Path(name_or_path).expanduser().is_dir():
            return True
        repository = name_or_path if "/" in name_or_path else f"{owner}/{name_or_path}"
        return _find_cached(repository) is not None
    except (HFValidationError, OSError, RuntimeError, ValueError):
        return False


def unknown(name: str, kind: Kind) -> NoModel:
    """Say that there is no such model."""
    return NoModel(
        f"there is no folder and no model of the hub called {name[:100]!r}",
        f"check the name, {kind.otherwise}",
    )


def check_safe(folder: Path, name: str) -> None:
    """Refuse a model that cannot be read without unpickling or running something of its own.

    Raises:
        NoModel: it has pickled weights without safetensors, or needs its own code.
    """
    for pickled in folder.rglob("pytorch_model*.bin"):
        if not any(pickled.parent.glob("*.safetensors")):
            raise pickled_only(name)
    modules = folder / "modules.json"
    if not modules.is_file():
        if not any(folder.glob("*.safetensors")):
            raise pickled_only(name)
        return
    try:
        kinds = [str(module["type"]) for module in json.loads(modules.read_text(encoding="utf-8"))]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise NoModel(
            f"{name!r} has an unreadable modules.json", "fetch the model again"
        ) from error
    for kind in kinds:
        # Versions before 6 of the library import whatever a local folder names here.
        if not kind.startswith("sentence_transformers."):
            raise NoModel(
                f"{name!r} wants to run code of its own ({kind})", "choose a model that does not"
            )


def pickled_only(name: str) -> NoModel:
    """Say that a model has no weights that are safe to read."""
    return NoModel(
        f"{name!r} has no weights as safetensors, and pickled ones can run code when they are read",
        "choose a model with a model.safetensors file",
    )


def read_object(file: Path) -> dict[str, object]:
    """Read a JSON object of a model; empty where it is damaged, which is told when it is loaded."""
    try:
        content = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return content if isinstance(content, dict) else {}


def hash_folder(folder: Path) -> str:
    """Hash the names and contents of the files that a model is read from.

    All of the content: 1 GB takes about a second, of the ten that such a model takes to load, and a
    model trained a little further differs nowhere else.
    """
    digest = hashlib.sha256()
    files = {path for pattern in READ for path in folder.rglob(pattern) if path.is_file()}
    for path in sorted(files):
        digest.update(f"{path.relative_to(folder).as_posix()} {hash_file(path)}\n".encode())
    return digest.hexdigest()
