"""Any CrossEncoder of the sentence-transformers library: it reads question and passage together.

That is slower than comparing vectors, by the length of a passage, and more exact. Importing this
module imports torch.
"""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from sentence_transformers import CrossEncoder

from rag.encoders.loading import (
    LONGEST,
    check_tokenizer,
    choose_device,
    choose_dtype,
    explaining,
    is_out_of_memory,
    out_of_memory,
)
from rag.encoders.model_folder import RERANKING, find_folder, read_object
from rag.encoders.text import first_line, make_encodable
from rag.errors import NoModel

MOST_CHARACTERS = 20_000
"""Of a question or a passage; what lies beyond is cut off before tokenizing. The models read 512
tokens of both, some 8,192, and no chunk is longer than an encoder reads."""

_HEADS = ("ForSequenceClassification", "ForCausalLM")
"""Ends of the architectures that give a score. Onto any other, such as that of an embedding model,
the library puts a head of random weights without a word."""


class CrossEncoderScorer:
    """Scores passages for a question.

    Weights are read from safetensors only, and no code that comes with a model is ever run.

    Args:
        name_or_path: a name of the hub, or a folder.

    Raises:
        NoModel: offline, unknown, no cross-encoder, unsafe to read, or out of memory.
        NoSpace: the disk is full.
    """

    def __init__(self, name_or_path: str) -> None:
        self._name = name_or_path
        folder, _ = find_folder(name_or_path, RERANKING)
        if not _is_cross_encoder(folder):
            raise self._unfit("it was not made to score passages")
        with explaining(name_or_path, RERANKING):
            device = choose_device()
            self._model = CrossEncoder(
                str(folder),
                device=device,
                local_files_only=True,
                # Scores are only compared: a sigmoid, the usual end, makes the best ones all 1.
                activation_fn=torch.nn.Identity(),
                model_kwargs={"use_safetensors": True, "dtype": choose_dtype(folder, device)},
            )
            check_tokenizer(self._model.tokenizer, name_or_path, RERANKING)
            own = self._model.max_seq_length
            self._model.max_seq_length = LONGEST if own is None else int(min(own, LONGEST))
        if self._model.num_labels != 1:
            raise self._unfit(f"it gives {self._model.num_labels} scores where one is wanted")

    def score(self, question: str, texts: Sequence[str]) -> NDArray[np.float32]:
        """Score some texts for a question.

        Returns:
            float32 [texts], in the order given; higher is better, on the model's own scale.

        Raises:
            NoModel: out of memory, or the model gives no numbers.
        """
        asked = make_encodable(question[:MOST_CHARACTERS])
        pairs = [(asked, make_encodable(text[:MOST_CHARACTERS])) for text in texts]
        try:
            found = self._model.predict(pairs, batch_size=len(pairs), show_progress_bar=False)
        except Exception as error:  # a model may fail in its own ways
            if is_out_of_memory(error):
                raise out_of_memory(self._name, RERANKING) from error
            raise self._unfit(first_line(error)) from error
        scores = np.asarray(found, dtype=np.float32)
        if not np.isfinite(scores).all():
            raise self._unfit("its scores are no numbers")
        return scores

    def _unfit(self, reason: str) -> NoModel:
        return NoModel(
            f"the model {self._name!r} cannot rerank: {reason}",
            f"choose a cross-encoder, {RERANKING.otherwise}",
        )


def _is_cross_encoder(folder: Path) -> bool:
    saved_as = read_object(folder / "config_sentence_transformers.json").get("model_type")
    architectures = read_object(folder / "config.json").get("architectures")
    return saved_as == "CrossEncoder" or (
        isinstance(architectures, list)
        and any(str(name).endswith(_HEADS) for name in architectures)
    )
