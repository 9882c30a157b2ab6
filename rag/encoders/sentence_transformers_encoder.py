"""Any model of the sentence-transformers library, on a GPU where there is one.

Importing this module imports torch and takes seconds; nothing else in the package does so to embed.
"""

import hashlib
import json
from collections.abc import Sequence

import numpy as np
import torch
from sentence_transformers import SentenceTransformer
from tokenizers import Tokenizer
from transformers.utils import logging as transformers_logging

from rag.encoders import Vectors
from rag.encoders.batches import plan_batches
from rag.encoders.model_folder import ModelFolder, find_model
from rag.encoders.text import first_line, make_encodable, slices
from rag.errors import NoModel

PADDED_TOKENS = {"cpu": 2_048, "cuda": 32_768}
"""Of a batch. On a CPU larger batches are slower (batches of 32 chunks 33 chunks/s, this 45); a GPU
is kept busy, and where its memory does not hold that many the batch is halved."""

LONGEST = 8_192
"""Tokens. Tokenizers without a limit of their own give 10^30; no chunk is longer than this."""

CHARACTERS_PER_TOKEN = 4
"""About; batches are planned by it: tokenizing twice would cost a GPU more than padding does."""

MOST_CHARACTERS_PER_TOKEN = 100
"""What lies beyond this many characters per token that is read is cut off before tokenizing."""

PROMPTS = {
    f"{family}-{size}": ("query: ", "passage: ")
    for family in ("multilingual-e5", "e5")
    for size in ("small", "base", "large", "small-v2", "base-v2", "large-v2")
}
"""Prompts of well-known models whose own files do not say them, by the last part of their name."""


class SentenceTransformersEncoder:
    """A sentence-transformers model; satisfies `Encoder`.

    Weights are read from safetensors only and no code that comes with a model is ever run. A model
    that is on this machine is loaded without a word to the network.

    Args:
        name_or_path: a name of the hub, or a folder.
        query_prompt: put before a question; empty: what the model itself says.
        passage_prompt: put before a passage; empty: what the model itself says.

    Raises:
        NoModel: offline, unknown, no embedding model, unsafe to read, or out of memory; the last
            also from the methods.
        NoSpace: the disk is full.
    """

    def __init__(
        self, name_or_path: str, *, query_prompt: str = "", passage_prompt: str = ""
    ) -> None:
        self._name = name_or_path
        source = find_model(name_or_path)
        self._model = load_model(source, name_or_path)
        known = PROMPTS.get(
            name_or_path.rstrip("/\\").replace("\\", "/").rpartition("/")[2], ("", "")
        )
        self._query_prompt = query_prompt or self._own_prompt("query") or known[0]
        self._passage_prompt = (
            passage_prompt or self._own_prompt("document", "passage", "corpus") or known[1]
        )
        limit = self._model.max_seq_length
        self._input_tokens = LONGEST if limit is None else int(min(limit, LONGEST))
        self._max_tokens = max(
            1, self._input_tokens - self._count_special() - self._count(self._passage_prompt)
        )
        ingredients = [
            source.identity,
            self._query_prompt,
            self._passage_prompt,
            self._input_tokens,
        ]
        self._fingerprint = hashlib.sha256(json.dumps(ingredients).encode()).hexdigest()
        self._dimension = int(self._run([""], "").shape[1])  # a model that cannot embed fails here

    @property
    def name(self) -> str:
        """The name or folder, as it was given."""
        return self._name

    @property
    def fingerprint(self) -> str:
        """Changes with the model's commit or content, the prompts, and the length of its input.

        Not with the device: fp16 on a GPU and fp32 on a CPU differ by less than ranking sees, and
        an index made on one is searched on the other.
        """
        return self._fingerprint

    @property
    def dimension(self) -> int:
        """As the model has it."""
        return self._dimension

    @property
    def max_tokens(self) -> int:
        """The model's limit without special tokens and the passage prompt."""
        return self._max_tokens

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        """Count each text's tokens, special ones and the prompt not counted, uncut."""
        return [
            sum(self._count(part) for part in slices(text)) for text in map(make_encodable, texts)
        ]

    def encode_passages(self, texts: Sequence[str]) -> Vectors:
        """Embed passages, in the order given.

        Returns:
            float32 [texts, dimension], rows of length 1.

        Raises:
            NoModel: out of memory.
        """
        return self._encode(texts, self._passage_prompt)

    def encode_questions(self, texts: Sequence[str]) -> Vectors:
        """Embed questions, in the order given; as `encode_passages`, with the other prompt."""
        return self._encode(texts, self._query_prompt)

    def _own_prompt(self, *names: str) -> str:
        """Give the first prompt of these names that the model's own files fill."""
        return next((p for name in names if (p := self._model.prompts.get(name))), "")

    def _count_special(self) -> int:
        """Count the tokens that the model puts around a text."""
        tokenizer = self._model.tokenizer
        if isinstance(tokenizer, Tokenizer):  # of a static embedding: uses none
            return 0
        return int(tokenizer.num_special_tokens_to_add())

    def _count(self, text: str) -> int:
        tokenizer = self._model.tokenizer
        if isinstance(tokenizer, Tokenizer):
            return len(tokenizer.encode(text, add_special_tokens=False))
        # verbose: else a text longer than the model's limit prints a warning.
        return len(tokenizer(text, add_special_tokens=False, verbose=False)["input_ids"])

    def _encode(self, texts: Sequence[str], prompt: str) -> Vectors:
        vectors = np.empty((len(texts), self._dimension), dtype=np.float32)
        most = self._input_tokens * MOST_CHARACTERS_PER_TOKEN
        heads = [make_encodable(text[:most]) for text in texts]
        lengths = [min(self._input_tokens, 2 + len(head) // CHARACTERS_PER_TOKEN) for head in heads]
        budget = PADDED_TOKENS.get(self._model.device.type, PADDED_TOKENS["cpu"])
        for batch in plan_batches(lengths, padded_tokens=budget):
            vectors[batch] = self._run([heads[position] for position in batch], prompt)
        return vectors

    def _run(self, batch: list[str], prompt: str) -> Vectors:
        """Embed one batch; in halves where it does not fit into memory."""
        try:
            vectors = self._model.encode(
                batch,
                prompt=prompt,
                batch_size=len(batch),
                show_progress_bar=False,
                convert_to_numpy=True,
            )
        except (RuntimeError, MemoryError) as error:
            if not is_out_of_memory(error):
                raise NoModel(
                    f"the model {self._name!r} cannot embed: {first_line(error)}",
                    "choose another model, or use the encoder `embedded`",
                ) from error
            if len(batch) == 1:
                raise out_of_memory(self._name) from error
        else:
            return to_unit_rows(np.asarray(vectors, dtype=np.float32))
        torch.cuda.empty_cache()  # does nothing without a GPU
        half = len(batch) // 2
        return np.concatenate([self._run(batch[:half], prompt), self._run(batch[half:], prompt)])


def load_model(source: ModelFolder, name: str) -> SentenceTransformer:
    """Load a model from its folder, onto the GPU if there is one.

    Raises:
        NoModel: it is not an embedding model that can be read safely, or memory ran out.
    """
    transformers_logging.disable_progress_bar()  # one for the weights, at every start
    device = "cuda" if torch.cuda.is_available() else "cpu"
    try:
        model = SentenceTransformer(
            str(source.path),
            device=device,
            local_files_only=True,
            trust_remote_code=False,
            model_kwargs={"use_safetensors": True, "dtype": choose_dtype(source, device)},
        )
    except Exception as error:  # whatever a folder that is no model provokes, in four libraries
        if is_out_of_memory(error):
            raise out_of_memory(name) from error
        raise NoModel(
            f"{name!r} cannot be loaded as an embedding model: {first_line(error)}",
            "check that it is a sentence-transformers model, or use the encoder `embedded`",
        ) from error
    return model.eval()


def choose_dtype(source: ModelFolder, device: str) -> torch.dtype:
    """Choose fp16 on a GPU, fp32 on a CPU whatever the file holds.

    A model that was made in bf16 keeps it on a GPU: its values can be beyond the range of fp16.
    """
    if device == "cpu":
        return torch.float32
    try:
        config = json.loads((source.path / "config.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):  # not every model has one at the top
        return torch.float16
    made_in = config.get("dtype") or config.get("torch_dtype")
    return torch.bfloat16 if made_in == "bfloat16" else torch.float16


def to_unit_rows(vectors: Vectors) -> Vectors:
    """Scale each row of [rows, dimension] to length 1.

    A row of zeros, which some models give an empty text, becomes one of equal numbers.
    """
    filled = np.where(vectors.any(axis=1, keepdims=True), vectors, np.float32(1))
    lengths = np.linalg.norm(filled, axis=1, keepdims=True)
    unit: Vectors = np.divide(filled, lengths, dtype=np.float32)
    return unit


def is_out_of_memory(error: BaseException) -> bool:
    """Tell a lack of memory from other errors; on a CPU torch says so only in words."""
    return isinstance(error, (MemoryError, torch.cuda.OutOfMemoryError)) or "allocate memory" in str(
        error
    )


def out_of_memory(name: str) -> NoModel:
    """Say that the model is too large for this machine."""
    return NoModel(
        f"not enough memory for the model {name!r}",
        "close other programs, choose a smaller model, or use the encoder `embedded`",
    )


