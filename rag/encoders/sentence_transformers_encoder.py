"""Any model of the sentence-transformers library, on a GPU where there is one.

Importing this module imports torch and takes seconds; to embed, nothing else in the package does.
"""

import hashlib
import json
from collections.abc import Sequence

import numpy as np
import torch

from rag.encoders import Vectors
from rag.encoders.batches import plan_batches
from rag.encoders.loading import (
    is_out_of_memory,
    limit_input,
    load_model,
    out_of_memory,
    token_counter,
)
from rag.encoders.model_folder import EMBEDDING, find_model
from rag.encoders.text import first_line, make_encodable, slices
from rag.errors import NoModel

PADDED_TOKENS = {"cpu": 2_048, "cuda": 32_768}
"""Of a batch. On a CPU larger batches are slower (batches of 32 chunks 33 chunks/s, this 45); a GPU
is kept busy, and where its memory does not hold that many the batch is halved."""

CHARACTERS_PER_TOKEN = 4
"""About; batches are planned by it: tokenizing twice would cost a GPU more than padding does."""

MOST_CHARACTERS_PER_TOKEN = 100
"""What lies beyond this many characters per token that is read is cut off before tokenizing."""

PROMPTS = {
    f"{family}-{size}": ("query: ", "passage: ")
    for family in ("multilingual-e5", "e5")
    for size in ("small", "base", "large", "small-v2", "base-v2", "large-v2")
}
"""Question and passage prompts of models whose files do not say them, by the last part of the name.
They are in the models' cards: https://huggingface.co/intfloat/multilingual-e5-base"""


class SentenceTransformersEncoder:
    """A sentence-transformers model; satisfies `Encoder`.

    Weights are read from safetensors only, and no code that comes with a model is ever run. A model
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
        self._model = load_model(source.path, name_or_path)
        last_part = name_or_path.replace("\\", "/").rstrip("/").rpartition("/")[2]
        known_query, known_passage = PROMPTS.get(last_part, ("", ""))
        self._query_prompt = query_prompt or self._own_prompt("query") or known_query
        self._passage_prompt = (
            passage_prompt or self._own_prompt("document", "passage", "corpus") or known_passage
        )
        self._input_tokens = limit_input(self._model)
        self._count, around = token_counter(self._model)
        self._max_tokens = max(1, self._input_tokens - around - self._count(self._passage_prompt))
        parts = [source.identity, self._query_prompt, self._passage_prompt, self._input_tokens]
        self._fingerprint = hashlib.sha256(json.dumps(parts).encode()).hexdigest()
        self._dimension = int(self._run(["one"], "").shape[1])  # what cannot embed fails here

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
            NoModel: out of memory, or the model gives no numbers.
        """
        return self._encode(texts, self._passage_prompt)

    def encode_questions(self, texts: Sequence[str]) -> Vectors:
        """Embed questions, in the order given; as `encode_passages`, with the other prompt."""
        return self._encode(texts, self._query_prompt)

    def _own_prompt(self, *names: str) -> str:
        """Give the first prompt of these names that the model's own files fill."""
        return next((p for name in names if (p := self._model.prompts.get(name))), "")

    def _encode(self, texts: Sequence[str], prompt: str) -> Vectors:
        vectors = np.empty((len(texts), self._dimension), dtype=np.float32)
        most = self._input_tokens * MOST_CHARACTERS_PER_TOKEN
        heads = [make_encodable(text[:most]) for text in texts]
        lengths = [min(self._input_tokens, 2 + len(head) // CHARACTERS_PER_TOKEN) for head in heads]
        budget = PADDED_TOKENS[self._model.device.type]
        for batch in plan_batches(lengths, padded_tokens=budget):
            vectors[batch] = self._run([heads[position] for position in batch], prompt)
        return vectors

    def _run(self, batch: list[str], prompt: str) -> Vectors:
        """Embed one batch; in halves where it does not fit into memory."""
        try:
            vectors = self._model.encode(
                batch, prompt=prompt, batch_size=len(batch), show_progress_bar=False
            )
        except Exception as error:  # a model may fail in its own ways
            if not is_out_of_memory(error):
                raise self._cannot_embed(first_line(error)) from error
            if len(batch) == 1:
                raise out_of_memory(self._name, EMBEDDING) from error
        else:
            if not np.isfinite(vectors).all():
                raise self._cannot_embed("its vectors hold values that are no numbers")
            return to_unit_rows(np.asarray(vectors, dtype=np.float32))
        torch.cuda.empty_cache()  # does nothing without a GPU
        half = len(batch) // 2
        return np.concatenate([self._run(batch[:half], prompt), self._run(batch[half:], prompt)])

    def _cannot_embed(self, reason: str) -> NoModel:
        return NoModel(
            f"the model {self._name!r} cannot embed: {reason}",
            f"choose another, {EMBEDDING.otherwise}",
        )


def to_unit_rows(vectors: Vectors) -> Vectors:
    """Scale each row of [rows, dimension] to length 1.

    A row of zeros, which some models give an empty text, becomes one of equal numbers.
    """
    filled = np.where(vectors.any(axis=1, keepdims=True), vectors, np.float32(1))
    lengths = np.linalg.norm(filled, axis=1, keepdims=True)
    unit: Vectors = np.divide(filled, lengths, dtype=np.float32)
    return unit
