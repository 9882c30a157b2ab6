"""Says what works on this machine, without loading a model or asking anybody beyond it.

Heavy libraries are imported inside the functions that need them; torch never is.
"""

import os
import platform
import shutil
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import rag
from rag.config import FILE, PREFIX, Settings
from rag.errors import BadSettings, NoIndex, NoModel, RagError
from rag.wire import EMBEDDED, count_behind
from rag.wire_index import MILVUS, find_problems, open_index
from rag.wire_llm import AUTO, EXTRACTIVE, OPENAI, TRANSFORMERS, check_llm

if TYPE_CHECKING:
    from rag.index import IndexInfo

INSTALL = "install rag again: pipx install --force . in its clone"
LIBRARIES = {
    "click": "click",
    "langchain_text_splitters": "langchain-text-splitters",
    "markdown_it": "markdown-it-py",
    "mdit_py_plugins": "mdit-py-plugins",
    "numpy": "numpy",
    "onnxruntime": "onnxruntime",
    "py3langid": "py3langid",
    "rich": "rich",
    "tokenizers": "tokenizers",
    "yaml": "pyyaml",
}
"""What every ingest or search needs: modules with their packages."""
LEAST_SPACE = 100_000_000
"""Bytes: an index of 3,000 notes takes some 20 MB, and a rebuild puts a second one beside it."""
CLEAN_INDEXES = 3
"""An index folder is at most so many times a clean index."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at."""

    name: str
    ok: bool
    detail: str
    remedy: str = ""
    """What to do where it is not ok, or not all that it could be."""
    needed: bool = True
    """Whether the settings as they are need it."""


def examine(settings: Settings, problem: BadSettings | None) -> Iterator[Finding]:
    """Look at everything, one by one.

    Args:
        settings: those of this run; the defaults where they cannot be read.
        problem: why they cannot be read.
    """
    system = f"{platform.system()} {platform.machine()}"
    yield Finding("python", ok=True, detail=f"{platform.python_version()}, {system}")
    yield Finding("rag", ok=True, detail=f"{rag.__version__} in {Path(rag.__file__).parent}")
    yield _settings(problem)
    yield _libraries()
    yield _faiss()
    index, info = _index(settings)
    yield index
    yield _encoder(settings.encoder or (info.encoder if info else EMBEDDED))
    vault = info.vault if info else settings.vault
    yield _vault(vault, needed=vault != Settings().vault)
    if not settings.index.startswith(MILVUS):
        yield _space(Path(settings.index))
    yield _torch(settings, info.encoder if info else EMBEDDED)
    yield _language_model(settings)
    yield _tesseract(settings)
    yield _page()


def _settings(problem: BadSettings | None) -> Finding:
    if problem:
        return Finding("settings", ok=False, detail=problem.problem, remedy=problem.remedy)
    sources = [str(Path(FILE).absolute())] if Path(FILE).is_file() else []
    sources += sorted(
        name for name, value in os.environ.items() if name.startswith(PREFIX) and value
    )
    return Finding("settings", ok=True, detail=", ".join(sources) or f"no {FILE} here: defaults")


def _version(package: str) -> str:
    from importlib import metadata  # 20 ms, of every command

    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return "of unknown version"


def _libraries() -> Finding:
    missing = [package for module, package in LIBRARIES.items() if not find_spec(module)]
    if missing:
        detail = f"not installed: {', '.join(missing)}"
        return Finding("libraries", ok=False, detail=detail, remedy=INSTALL)
    told = ("numpy", "onnxruntime", "tokenizers")
    detail = ", ".join(f"{package} {_version(package)}" for package in told)
    return Finding("libraries", ok=True, detail=f"all {len(LIBRARIES)}, among them {detail}")


def _faiss() -> Finding:
    try:
        import faiss
    except ImportError as error:
        return Finding("faiss", ok=False, detail=f"cannot be loaded ({error})", remedy=INSTALL)
    count = faiss.get_num_gpus()
    where = (
        f"{count} GPU{'s' if count > 1 else ''}" if count else "no GPU seen: searches on the CPU"
    )
    return Finding("faiss", ok=True, detail=f"{faiss.__version__}, {where}")


def _encoder(name: str) -> Finding:
    if name == EMBEDDED:
        return _embedded()
    from rag.encoders.model_folder import EMBEDDING, is_here

    if is_here(name, EMBEDDING.owner):
        return Finding("encoder", ok=True, detail=f"{name}, on this machine")
    remedy = "it is fetched by the first ingest that is online, or set: encoder = 'embedded'"
    return Finding("encoder", ok=False, detail=f"{name} is not on this machine", remedy=remedy)


def _embedded() -> Finding:
    from rag.encoders.manifest import REMEDY, Manifest, hash_file

    try:
        from rag.encoders.embedded_encoder import FOLDER

        manifest = Manifest.read(FOLDER)
        for file, known in manifest.files.items():
            if hash_file(FOLDER / file) != known.sha256:
                detail = f"the embedded model is damaged: {file} is not what its checksum says"
                return Finding("encoder", ok=False, detail=detail, remedy=REMEDY)
    except ImportError as error:
        detail = f"embedded: a library cannot be loaded ({error})"
        return Finding("encoder", ok=False, detail=detail, remedy=INSTALL)
    except NoModel as error:
        return Finding("encoder", ok=False, detail=error.problem, remedy=error.remedy)
    detail = f"embedded, weights intact, {manifest.dimension} dimensions"
    return Finding("encoder", ok=True, detail=detail)


def _index(settings: Settings) -> tuple[Finding, "IndexInfo | None"]:
    """Look at the index; gives what it says of itself too, if it can."""
    from rag.index.generations import REBUILD

    try:
        problems = find_problems(settings)
        if problems:
            first = problems[0]
            detail = f"{settings.index}: {first.problem}"
            return Finding("index", ok=False, detail=detail, remedy=first.remedy), None
        index = open_index(settings)
        behind = count_behind(index, Path(settings.index))
    except NoIndex as error:
        finding = Finding(
            "index", ok=False, detail=error.problem, remedy=error.remedy, needed=False
        )
        return finding, None
    except RagError as error:
        return Finding("index", ok=False, detail=error.problem, remedy=error.remedy), None
    info = index.info
    if info.encoder == EMBEDDED and not _is_of_today(info.fingerprint):
        detail = f"{settings.index}: made by another version of the embedded encoder"
        return Finding("index", ok=False, detail=detail, remedy=REBUILD), info
    held = f"{settings.index}, sound: {info.notes} notes, {info.chunks} chunks"
    changed = f"{behind} changed since" if behind else "nothing changed since"
    skipped = f", {len(info.skipped)} skipped" if info.skipped else ""
    remedy = "run: rag ingest" if behind else "rag status names the skipped" if skipped else ""
    return Finding("index", ok=True, detail=f"{held}{skipped}, {changed}", remedy=remedy), info


def _is_of_today(fingerprint: str) -> bool:
    from rag.encoders.embedded_encoder import FOLDER
    from rag.encoders.manifest import Manifest

    try:
        return Manifest.read(FOLDER).fingerprint == fingerprint
    except NoModel:  # told of the encoder
        return True


def _vault(vault: str, *, needed: bool) -> Finding:
    from rag.notes.vault import FoundFile, scan

    try:
        found = sum(isinstance(entry, FoundFile) for entry in scan(Path(vault)))
    except RagError as error:
        return Finding("vault", ok=False, detail=error.problem, remedy=error.remedy, needed=needed)
    if not found:
        remedy = "name the folder that holds your notes: rag ingest FOLDER"
        return Finding(
            "vault", ok=False, detail=f"no notes in {vault}", remedy=remedy, needed=needed
        )
    return Finding("vault", ok=True, detail=f"{found} notes in {vault}")


def _space(folder: Path) -> Finding:
    """Say whether another index of this size has room."""
    from rag.index.generations import folder_size

    wanted = LEAST_SPACE
    try:
        there = next(place for place in (folder, *folder.absolute().parents) if place.is_dir())
        free = shutil.disk_usage(there).free
        if folder.is_dir():
            wanted = max(wanted, CLEAN_INDEXES * folder_size(folder))
    except OSError as error:
        detail = f"{folder} cannot be looked at ({(error.strerror or str(error)).lower()})"
        remedy = "name a folder that you may write to: --index DIR"
        return Finding("disk", ok=False, detail=detail, remedy=remedy)
    detail = f"{free / 1e9:.1f} GB free on the disk of {folder}"
    if not os.access(there, os.W_OK):
        remedy = "name a folder that you may write to: --index DIR"
        return Finding("disk", ok=False, detail=f"{there} may not be written", remedy=remedy)
    if free < wanted:
        return Finding("disk", ok=False, detail=detail, remedy=f"free {wanted / 1e6:.0f} MB")
    return Finding("disk", ok=True, detail=detail)


def _torch(settings: Settings, encoder: str) -> Finding:
    """Look for torch without importing it, which takes seconds."""
    needed = (
        (settings.encoder or encoder) != EMBEDDED
        or bool(settings.rerank)
        or settings.llm.startswith(TRANSFORMERS)
    )
    if not find_spec("torch"):
        detail = "not installed: no other encoders, rerankers or hf: models"
        return Finding("torch", ok=False, detail=detail, remedy="pip install torch", needed=needed)
    has_driver = bool(shutil.which("nvidia-smi")) or Path("/proc/driver/nvidia/version").exists()
    driver = (
        "an NVIDIA driver is there" if has_driver else "no NVIDIA driver: models run on the CPU"
    )
    if sys.platform == "darwin":
        driver = "models run on Metal"
    return Finding("torch", ok=True, detail=f"{_version('torch')}, {driver}", needed=needed)


def _language_model(settings: Settings) -> Finding:
    spec = settings.llm
    try:
        check_llm(spec)
    except BadSettings as error:
        return Finding("llm", ok=False, detail=error.problem, remedy=error.remedy)
    if spec == EXTRACTIVE:
        return Finding("llm", ok=True, detail="extractive: answers quote the notes")
    if spec == AUTO:
        return _ollama()
    if spec.startswith(OPENAI):
        return _server(spec)
    from rag.encoders.model_folder import is_here

    name = spec.removeprefix(TRANSFORMERS).partition("#")[0]
    if is_here(name):
        return Finding("llm", ok=True, detail=f"{name}, on this machine")
    remedy = "it is fetched when it is first asked, online"
    return Finding("llm", ok=False, detail=f"{name} is not on this machine", remedy=remedy)


def _ollama() -> Finding:
    from rag.generators.openai_chat import ollama
    from rag.generators.openai_chat.ollama_models import choose_model

    port = ollama.find_port(os.environ)
    if port is None or not ollama.is_running(port):
        detail = "no Ollama runs on this machine: answers quote the notes"
        remedy = "start one where a model is to word them: https://ollama.com"
        return Finding("llm", ok=False, detail=detail, remedy=remedy, needed=False)
    model = choose_model(port)
    if model is None:
        detail = "Ollama runs here but has no chat model: answers quote the notes"
        return Finding("llm", ok=False, detail=detail, remedy="ollama pull qwen3:4b", needed=False)
    return Finding("llm", ok=True, detail=f"{model} of the Ollama on this machine")


def _server(spec: str) -> Finding:
    from rag.generators.openai_chat.address import parse_server
    from rag.generators.openai_chat.ollama import is_running

    server = parse_server(spec.removeprefix(OPENAI))
    if not server.is_here:
        detail = f"{server.model} at {server.origin}: not asked, it is not on this machine"
        return Finding("llm", ok=True, detail=detail)
    address = urlsplit(server.url)
    port = address.port or (443 if address.scheme == "https" else 80)
    if is_running(port, server.host):
        return Finding("llm", ok=True, detail=f"{server.model}: a server runs at {server.origin}")
    detail = f"{server.model}: nothing listens at {server.origin}"
    return Finding("llm", ok=False, detail=detail, remedy="start it, or set llm = 'auto'")


def _tesseract(settings: Settings) -> Finding:
    from rag.notes.ocr import ALL, find_tesseract

    needed = bool(settings.ocr)
    tesseract = find_tesseract(settings.ocr or ALL)
    if tesseract is None:
        remedy = "install the program tesseract with the data of your languages"
        detail = f"no tesseract that reads {settings.ocr}" if needed else "not installed"
        detail += ": pictures are found by their captions alone"
        return Finding("tesseract", ok=False, detail=detail, remedy=remedy, needed=needed)
    use = "" if needed else "; not used: set ocr = 'auto' to read pictures"
    return Finding("tesseract", ok=True, detail=f"reads {tesseract.languages}{use}", needed=needed)


def _page() -> Finding:
    if find_spec("streamlit"):
        return Finding("page", ok=True, detail=f"streamlit {_version('streamlit')}", needed=False)
    return Finding("page", ok=False, detail="no streamlit", remedy=INSTALL, needed=False)
