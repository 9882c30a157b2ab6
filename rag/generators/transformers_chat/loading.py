"""Get a chat decoder: from a folder, from the hub's cache, else from the hub.

The cache is asked first, so that a model that is at hand loads without a connection, and the hub is
asked once, with a time limit, so that nobody waits a minute to hear that there is none. Everything
else reads that folder only. Weights are safetensors; code that comes with a model is never run.
"""

import logging
import sys
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext, suppress
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import torch
from huggingface_hub import HfApi, constants, snapshot_download
from huggingface_hub.errors import (
    GatedRepoError,
    HFValidationError,
    LocalEntryNotFoundError,
    RepositoryNotFoundError,
)
from transformers import (
    AutoModelForCausalLM,
    AutoTokenizer,
    BitsAndBytesConfig,
    PreTrainedModel,
    PreTrainedTokenizerBase,
)
from transformers.utils import logging as bars

from rag.errors import NoModel

WANTED = ("*.safetensors", "*.json", "*.jinja", "tokenizer.model", "merges.txt", "vocab.txt")
UNWANTED = ("*/*", "consolidated*")
"""Folders and `consolidated` files hold the same weights once more, in other formats."""
FOUR_BIT = "#4bit"
"""Behind a model's name: its weights are packed into 4 bits each as they are loaded."""
FOUR_BIT_NEEDS = ("accelerate", "bitsandbytes")
FETCHES_CODE = "kernels"
"""With it bitsandbytes downloads compiled code and runs it, everywhere but on CUDA."""
HUB_TIMEOUT_S = 5.0
"""To reach the hub at all; the hub's own client has no limit there."""

ELSE = "or use --llm extractive, which needs no model"
TAKE_ANOTHER = f"take another model, {ELSE}"
TAKE_SMALLER = f"take a smaller model, {ELSE}"


@dataclass(frozen=True, slots=True)
class Decoder:
    """A model that is ready to run."""

    tokenizer: PreTrainedTokenizerBase
    network: PreTrainedModel


def load_decoder(name: str) -> Decoder:
    """Load a tokenizer and its network, on the GPU if there is one.

    Args:
        name: a folder, or the name of a model on the hub (`owner/model`). With `#4bit` behind it
            the weights take a quarter of the memory that 16 bits take (NF4: Dettmers et al. 2023,
            QLoRA), and the answers are a little worse.

    Raises:
        NoModel: whatever the reason, with the remedy.
    """
    four_bit = name.endswith(FOUR_BIT)
    name = name.removesuffix(FOUR_BIT)
    if four_bit:
        _check_four_bit()
    for library in ("transformers", "huggingface_hub", "bitsandbytes"):
        logging.getLogger(library).setLevel(logging.ERROR)
    folder = find_folder(name)
    _check_files(name, folder)
    try:
        with _no_bars():
            return _load(folder, four_bit=four_bit)
    except Exception as error:
        # Files made by anybody fail in any way; all a person can do is take other files.
        raise describe_failure(f"{name} cannot be loaded", error) from error


def _check_four_bit() -> None:
    missing = [library for library in FOUR_BIT_NEEDS if find_spec(library) is None]
    if missing:
        remedy = f"pip install {' '.join(missing)}, or leave {FOUR_BIT} out"
        raise NoModel(f"4 bits need {' and '.join(missing)}", remedy)
    if not torch.cuda.is_available() and find_spec(FETCHES_CODE) is not None:
        problem = f"without an NVIDIA GPU, 4 bits would fetch compiled code with {FETCHES_CODE}"
        raise NoModel(problem, f"pip uninstall {FETCHES_CODE}, or leave {FOUR_BIT} out")


def find_folder(name: str) -> Path:
    """Say where the model's files are, after downloading them if need be.

    Raises:
        NoModel: there is no such folder, or the hub gives no such model.
    """
    folder = Path(name)
    with suppress(RuntimeError):  # there is no such home
        folder = folder.expanduser()
    if folder.is_dir():
        return folder
    if folder.exists() or folder.is_absolute() or name.startswith((".", "~")):
        remedy = "give the folder that holds config.json, or a model's name on the hub"
        raise NoModel(f"{name} is not a folder", remedy)
    try:
        cached = Path(_fetch(name, local_files_only=True))
        if any(cached.glob("*.safetensors")):
            return cached
    except LocalEntryNotFoundError:
        pass  # not downloaded yet, or not to its end
    except HFValidationError as error:
        remedy = f"give a folder or a name like owner/model, {ELSE}"
        raise NoModel(f"there is no model {name}", remedy) from error
    return _download(name)


def _download(name: str) -> Path:
    # Else its client looks around for what else runs here and says so in each request.
    constants.HF_HUB_DISABLE_TELEMETRY = True
    try:
        HfApi().model_info(name, timeout=HUB_TIMEOUT_S)
        with nullcontext() if sys.stderr.isatty() else _no_bars():
            return Path(_fetch(name, local_files_only=False))
    except GatedRepoError as error:
        remedy = f"accept its terms on its page and run `hf auth login`, {ELSE}"
        raise NoModel(f"{name} is given only to those who accepted its terms", remedy) from error
    except RepositoryNotFoundError as error:
        raise NoModel(f"the hub has no model {name}", f"check the name, {ELSE}") from error
    except Exception as error:
        # The hub's client raises what its transport raises, which changes with its version.
        remedy = f"check the name and the connection, {ELSE}"
        problem = f"{name} is not on this computer and cannot be downloaded"
        raise NoModel(f"{problem}: {first_line(error)}", remedy) from error


def _fetch(name: str, *, local_files_only: bool) -> str:
    return snapshot_download(
        name,
        allow_patterns=list(WANTED),
        ignore_patterns=list(UNWANTED),
        local_files_only=local_files_only,
    )


def _check_files(name: str, folder: Path) -> None:
    if not (folder / "config.json").is_file():
        raise NoModel(f"{name} holds no transformers model: no config.json", TAKE_ANOTHER)
    if not any(folder.glob("*.safetensors")):
        remedy = f"take a model with them, as pickled weights are never read, {ELSE}"
        raise NoModel(f"{name} has no safetensors weights", remedy)
    if not any((folder / file).is_file() for file in ("tokenizer.json", "tokenizer_config.json")):
        raise NoModel(f"{name} has no tokenizer", TAKE_ANOTHER)


def _load(folder: Path, *, four_bit: bool) -> Decoder:
    tokenizer = AutoTokenizer.from_pretrained(
        folder, local_files_only=True, trust_remote_code=False
    )
    device, dtype = choose_device()
    loaded: Any = AutoModelForCausalLM.from_pretrained(
        folder,
        local_files_only=True,
        trust_remote_code=False,
        use_safetensors=True,
        dtype=dtype,
        output_loading_info=True,
        **(_pack(device, dtype) if four_bit else {}),
    )
    network, report = loaded
    # They would be filled at random, and the model would talk nonsense.
    if missing := sorted(report["missing_keys"]):
        raise ValueError(f"{len(missing)} of its weights are missing, e.g. {missing[0]}")
    # A packed network is on its device already, and refuses to be moved.
    return Decoder(tokenizer, (network if four_bit else network.to(device)).eval())


def _pack(device: torch.device, dtype: torch.dtype) -> dict[str, Any]:
    """Give the arguments that load a network with weights of 4 bits."""
    config = BitsAndBytesConfig(  # type: ignore[no-untyped-call]
        load_in_4bit=True, bnb_4bit_quant_type="nf4", bnb_4bit_compute_dtype=dtype
    )
    return {"quantization_config": config, "device_map": {"": device}}


def choose_device() -> tuple[torch.device, torch.dtype]:
    """Say where to run, and in which precision.

    On a CPU, bfloat16 is worth it only where the instructions exist. Measured on a decoder of half
    a billion weights, 1,024 tokens of prompt, 2 cores: with AMX 1.1 s against 11.3 s in float32;
    with AVX-512 BF16 alone 14.6 against 12.5, in half the memory; with neither, 27 against 8.
    """
    if torch.cuda.is_available():
        # bfloat16 begins with Ampere, compute capability 8.0.
        ampere = torch.cuda.get_device_capability() >= (8, 0)
        return torch.device("cuda"), torch.bfloat16 if ampere else torch.float16
    return torch.device("cpu"), torch.bfloat16 if _has_bfloat16() else torch.float32


def _has_bfloat16() -> bool:
    try:
        cpu = Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return False
    return not {"amx_bf16", "avx512_bf16"}.isdisjoint(cpu.split())


def describe_failure(what: str, error: Exception) -> NoModel:
    """Put a failure of the library into one line; want of memory has a remedy of its own."""
    memory = ("out of memory", "can't allocate memory", "not enough memory")
    if isinstance(error, MemoryError) or any(sign in str(error).lower() for sign in memory):
        return NoModel(f"{what}: out of memory", TAKE_SMALLER)
    return NoModel(f"{what}: {first_line(error)}", TAKE_ANOTHER)


def first_line(error: Exception) -> str:
    """The first line of what an error says, else its name; at most 200 characters."""
    lines = str(error).strip().splitlines()
    return lines[0][:200].rstrip(".") if lines else type(error).__name__


@contextmanager
def _no_bars() -> Iterator[None]:
    shown = bars.is_progress_bar_enabled()
    bars.disable_progress_bar()  # type: ignore[no-untyped-call]
    try:
        yield
    finally:
        if shown:
            bars.enable_progress_bar()  # type: ignore[no-untyped-call]
