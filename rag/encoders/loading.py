"""Loads a sentence-transformers model safely, and says in one line why it cannot be had.

Importing this module imports torch. It knows nothing of prompts and batches.
"""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import torch
from sentence_transformers import SentenceTransformer
from tokenizers import Tokenizer
from transformers import PreTrainedTokenizerBase
from transformers.utils import logging as transformers_logging

from rag.encoders.model_folder import EMBEDDING, Kind
from rag.encoders.text import first_line
from rag.errors import NoModel

LONGEST = 8_192
"""Tokens. Tokenizers without a limit of their own give 10^30; no chunk is longer than this."""


def load_model(folder: Path, name: str) -> SentenceTransformer:
    """Load a model from its folder, onto the GPU if there is one.

    Args:
        folder: checked by `rag.encoders.model_folder`.
        name: as the user knows it.

    Raises:
        NoModel: it is not an embedding model that can be read safely, or memory ran out.
    """
    with explaining(name, EMBEDDING):
        device = choose_device()
        model = SentenceTransformer(
            str(folder),
            device=device,
            local_files_only=True,
            model_kwargs={"use_safetensors": True, "dtype": choose_dtype(folder, device)},
        )
        check_tokenizer(model.tokenizer, name, EMBEDDING)
    return model


@contextmanager
def explaining(name: str, kind: Kind) -> Iterator[None]:
    """Load a model quietly, and say in one line why it cannot be.

    Raises:
        NoModel: for whatever is raised inside.
    """
    transformers_logging.disable_progress_bar()  # type: ignore[no-untyped-call]  # one at every start
    try:
        yield
    except NoModel:
        raise
    except Exception as error:  # whatever a folder that is no model provokes, in four libraries
        if is_out_of_memory(error):
            raise out_of_memory(name, kind) from error
        raise NoModel(
            f"{name!r} cannot be loaded as {kind.noun}: {first_line(error)}",
            f"check that it is a sentence-transformers model, {kind.otherwise}",
        ) from error


def check_tokenizer(tokenizer: object, name: str, kind: Kind) -> None:
    """Refuse a model that reads no text.

    Raises:
        NoModel: it has no tokenizer.
    """
    if not isinstance(tokenizer, Tokenizer | PreTrainedTokenizerBase):
        raise NoModel(f"{name!r} has no tokenizer for text", f"choose another, {kind.otherwise}")


def choose_device() -> str:
    """Choose the GPU where there is one."""
    return "cuda" if torch.cuda.is_available() else "cpu"


def choose_dtype(folder: Path, device: str) -> torch.dtype:
    """Choose fp16 on a GPU, and fp32 on a CPU whatever the file holds.

    A model that was made in bf16 keeps it on a GPU: its values can be beyond the range of fp16.
    """
    if device == "cpu":
        return torch.float32
    try:
        config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):  # not every model has one at the top
        return torch.float16
    made_in = config.get("dtype") or config.get("torch_dtype")
    return torch.bfloat16 if made_in == "bfloat16" else torch.float16


def limit_input(model: SentenceTransformer) -> int:
    """Have the model cut its input to its own limit, at most LONGEST tokens; give that limit."""
    own = model.max_seq_length
    limit = LONGEST if own is None else int(min(own, LONGEST))
    if isinstance(model.tokenizer, Tokenizer):  # a static embedding, which has no limit of its own
        model.tokenizer.enable_truncation(limit)
    else:
        model.max_seq_length = limit
    return limit


def token_counter(model: SentenceTransformer) -> tuple[Callable[[str], int], int]:
    """Give what counts the tokens of a text, uncut, and how many the model puts around one."""
    tokenizer = model.tokenizer
    if isinstance(tokenizer, Tokenizer):
        uncut = Tokenizer.from_str(tokenizer.to_str())  # the model's own cuts
        uncut.no_truncation()
        return lambda text: len(uncut.encode(text, add_special_tokens=False)), 0
    return (
        # verbose: else a text longer than the model's limit prints a warning.
        lambda text: len(tokenizer(text, add_special_tokens=False, verbose=False)["input_ids"]),
        int(tokenizer.num_special_tokens_to_add()),
    )


def is_out_of_memory(error: BaseException) -> bool:
    """Tell a lack of memory from other errors; on a CPU torch says so only in words."""
    kinds = (MemoryError, torch.cuda.OutOfMemoryError)
    return isinstance(error, kinds) or "allocate memory" in str(error)


def out_of_memory(name: str, kind: Kind) -> NoModel:
    """Say that the model is too large for this machine."""
    return NoModel(
        f"not enough memory for the model {name!r}",
        f"close other programs, choose a smaller model, {kind.otherwise}",
    )
