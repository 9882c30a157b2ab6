"""Folders that hold a model: the one to start from, and the packed one that the tool reads."""

import json
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path

import torch
from safetensors.torch import load_file, save_file
from tokenizers import Tokenizer
from torch import Tensor
from transformers import BertModel

from eval.encoder.export_onnx import export
from eval.encoder.initialise import replace_table, token_vectors
from eval.encoder.vocabulary import build_tokenizer

CONFIGURATION = (
    "config.json",
    "config_sentence_transformers.json",
    "modules.json",
    "sentence_bert_config.json",
    "tokenizer_config.json",
    "1_Pooling/config.json",
    "2_Normalize/config.json",
)
"""What sentence-transformers reads; the same for every model of this shape."""


def start_afresh(
    teacher: Path, english: Sequence[str], other: Sequence[str], new_pieces: int, out: Path
) -> None:
    """Write the student before training: config.json, model.safetensors and tokenizer.json.

    Args:
        teacher: its folder.
        english: sentences.
        other: their translations, the languages in the proportions that they should have.
        new_pieces: of the vocabulary, for the other languages together.
        out: the folder to write.
    """
    theirs = Tokenizer.from_file(str(teacher / "tokenizer.json"))
    theirs.no_padding()
    theirs.no_truncation()
    ours = build_tokenizer(theirs, english, other, new_pieces)
    model = BertModel.from_pretrained(teacher, dtype=torch.float32, local_files_only=True)
    table = model.embeddings.word_embeddings.weight.detach().numpy()
    replace_table(model, token_vectors(ours, theirs, table, english, other))
    model.save_pretrained(out)
    ours.save(str(out / "tokenizer.json"))


def pack(weights: Mapping[str, Tensor], tokenizer: Path, like: Path, out: Path) -> None:
    """Write a model as the tool and sentence-transformers read it: fp16, the graph, the manifest.

    Args:
        weights: of a BertModel, by name.
        tokenizer: its file.
        like: a packed model of the same shape, for the configuration.
        out: the folder to write; may be `like`.
    """
    for name in CONFIGURATION:
        (out / name).parent.mkdir(parents=True, exist_ok=True)
        if out.resolve() != like.resolve():
            shutil.copyfile(like / name, out / name)
    config = json.loads((out / "config.json").read_text(encoding="utf-8"))
    config["vocab_size"] = len(weights["embeddings.word_embeddings.weight"])
    (out / "config.json").write_text(json.dumps(config, indent=2), encoding="utf-8")
    if tokenizer.resolve() != (out / "tokenizer.json").resolve():
        shutil.copyfile(tokenizer, out / "tokenizer.json")
    half = {name: value.to(torch.float16).contiguous() for name, value in weights.items()}
    save_file(half, out / "model.safetensors", metadata={"format": "pt"})
    export(out)


def average(files: Sequence[Path], shares: Sequence[float]) -> dict[str, Tensor]:
    """Average the weights of several checkpoints, tensor by tensor, in fp32.

    Args:
        files: safetensors files with the same tensors.
        shares: of each, sum 1; one below 0 goes away from its checkpoint.
    """
    total: dict[str, Tensor] = {}
    for file, share in zip(files, shares, strict=True):
        for name, value in load_file(file).items():
            total[name] = total.get(name, torch.zeros(())) + share * value.float()
    return total
