"""Models that the user names: prompts, safety, and errors that say what to do."""

import json
import shutil
import socket
from pathlib import Path
from typing import Any

import huggingface_hub
import numpy as np
import pytest
import torch

from rag.encoders.catalogue import KNOWN
from rag.encoders.loading import choose_dtype
from rag.encoders.sentence_transformers_encoder import SentenceTransformersEncoder, to_unit_rows
from rag.errors import NoModel

COMMIT = "0123456789abcdef0123456789abcdef01234567"


@pytest.fixture
def copy(tmp_path: Path, tiny_folder: Path) -> Path:
    """A copy of the tiny model to be changed."""
    return Path(shutil.copytree(tiny_folder, tmp_path / "model"))


@pytest.fixture
def connections(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """No network; the names and addresses that were tried."""
    tried: list[str] = []

    def refuse(*arguments: Any, **_: Any) -> None:
        tried.append(str(arguments[0] if isinstance(arguments[0], str) else arguments[1]))
        raise socket.gaierror(socket.EAI_NONAME, "no network here")

    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    monkeypatch.setattr(socket.socket, "connect", refuse)
    return tried


@pytest.fixture
def cache(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """An empty cache of the hub."""
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_CACHE", str(tmp_path / "hub"))
    return tmp_path / "hub"


def change(file: Path, **values: object) -> None:
    content = json.loads(file.read_text(encoding="utf-8"))
    file.write_text(json.dumps(content | values), encoding="utf-8")


def test_a_question_gets_the_models_prompt(tiny: SentenceTransformersEncoder) -> None:
    question = tiny.encode_questions(["what"])
    passages = tiny.encode_passages(["ask: what", "what"])
    np.testing.assert_allclose(question[0], passages[0], atol=1e-6)
    assert np.abs(question[0] - passages[1]).max() > 1e-4
    assert tiny.max_tokens == 30  # 32 without [CLS] and [SEP]


def test_given_prompts_come_first(tiny_folder: Path, tiny: SentenceTransformersEncoder) -> None:
    encoder = SentenceTransformersEncoder(str(tiny_folder), query_prompt="q ", passage_prompt="p: ")
    np.testing.assert_allclose(
        encoder.encode_questions(["a"]), tiny.encode_passages(["q a"]), atol=1e-6
    )
    np.testing.assert_allclose(
        encoder.encode_passages(["a"]), tiny.encode_passages(["p: a"]), atol=1e-6
    )
    assert encoder.max_tokens == 28  # `p` and `:` take two
    assert encoder.fingerprint != tiny.fingerprint


SAID = {
    "google/embeddinggemma-300m": {
        "query": "task: search result | query: ",
        "document": "title: none | text: ",
    },
    "Snowflake/snowflake-arctic-embed-l-v2.0": {"query": "query: "},
}
"""Prompts in the files of models that we list; the others' files say none."""
GIVEN = {
    "intfloat/multilingual-e5-small": ("query: ", "passage: "),
    "intfloat/multilingual-e5-base": ("query: ", "passage: "),
    "google/embeddinggemma-300m": ("task: search result | query: ", "title: none | text: "),
    "Snowflake/snowflake-arctic-embed-l-v2.0": ("query: ", ""),
    "sentence-transformers/paraphrase-multilingual-MiniLM-L12-v2": ("", ""),
}
"""What their cards say to put before a question and a passage."""


@pytest.mark.parametrize("name", [item.name for item in KNOWN])
def test_listed_models_get_their_prompts(
    copy: Path, tiny: SentenceTransformersEncoder, name: str
) -> None:
    change(copy / "config_sentence_transformers.json", prompts=SAID.get(name, {}))
    folder = copy.rename(copy.with_name(name.rpartition("/")[2]))
    encoder = SentenceTransformersEncoder(f"{folder}/")
    before_question, before_passage = GIVEN[name]
    expected = tiny.encode_passages([f"{before_question}a", f"{before_passage}a"])
    np.testing.assert_allclose(encoder.encode_questions(["a"])[0], expected[0], atol=1e-6)
    np.testing.assert_allclose(encoder.encode_passages(["a"])[0], expected[1], atol=1e-6)


def test_a_moved_model_keeps_its_fingerprint(copy: Path, tiny: SentenceTransformersEncoder) -> None:
    assert SentenceTransformersEncoder(str(copy)).fingerprint == tiny.fingerprint


def test_a_trained_model_has_another_fingerprint(
    copy: Path, tiny: SentenceTransformersEncoder
) -> None:
    weights = copy / "model.safetensors"
    content = bytearray(weights.read_bytes())
    content[-1] ^= 1
    weights.write_bytes(content)
    assert SentenceTransformersEncoder(str(copy)).fingerprint != tiny.fingerprint


def test_a_local_model_opens_no_connection(tiny_folder: Path, connections: list[str]) -> None:
    SentenceTransformersEncoder(str(tiny_folder)).encode_passages(["a"])
    assert connections == []


def test_a_fetched_model_is_used_without_asking_the_hub(
    tiny_folder: Path, tiny: SentenceTransformersEncoder, cache: Path, connections: list[str]
) -> None:
    repository = cache / "models--someone--tiny"
    shutil.copytree(tiny_folder, repository / "snapshots" / COMMIT)
    (repository / "refs").mkdir()
    (repository / "refs" / "main").write_text(COMMIT)
    encoder = SentenceTransformersEncoder("someone/tiny")
    assert connections == []
    assert encoder.name == "someone/tiny"
    np.testing.assert_array_equal(encoder.encode_passages(["a"]), tiny.encode_passages(["a"]))


def test_out_of_reach(cache: Path, connections: list[str]) -> None:
    with pytest.raises(NoModel, match="hub cannot be reached; connect once"):
        SentenceTransformersEncoder("nobody/no-such-model")
    assert 1 <= len(connections) <= 3  # no long row of retries: 0.03 s with a refused connection


def test_offline(cache: Path, connections: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_OFFLINE", True)
    with pytest.raises(NoModel, match="is not on this machine"):
        SentenceTransformersEncoder("no-such-model")
    assert connections == []


@pytest.mark.parametrize(
    "name", ["", ".", "a b//c", "nul\0", "x" * 5_000, "../x/y", "~nobody/x", "\ud800"]
)
def test_names_of_nothing(
    cache: Path, connections: list[str], name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(NoModel) as caught:
        SentenceTransformersEncoder(name)
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < 500


def test_a_folder_of_notes_is_no_model(tmp_path: Path) -> None:
    (tmp_path / "note.md").write_text("# A note")
    with pytest.raises(NoModel, match="holds no model"):
        SentenceTransformersEncoder(str(tmp_path))


def test_a_file_is_no_model(tmp_path: Path, cache: Path, connections: list[str]) -> None:
    (tmp_path / "note.md").write_text("# A note")
    with pytest.raises(NoModel):
        SentenceTransformersEncoder(str(tmp_path / "note.md"))


def test_pickled_weights_are_refused(copy: Path) -> None:
    (copy / "model.safetensors").unlink()
    torch.save({}, copy / "pytorch_model.bin")
    with pytest.raises(NoModel, match="no weights as safetensors"):
        SentenceTransformersEncoder(str(copy))


def test_pickled_weights_without_modules_are_refused(copy: Path) -> None:
    (copy / "modules.json").unlink()
    (copy / "model.safetensors").rename(copy / "model.bin")
    with pytest.raises(NoModel, match="no weights as safetensors"):
        SentenceTransformersEncoder(str(copy))


def test_a_pickled_later_module_is_refused(copy: Path) -> None:
    (copy / "2_Dense").mkdir()
    torch.save({}, copy / "2_Dense" / "pytorch_model.bin")
    with pytest.raises(NoModel, match="no weights as safetensors"):
        SentenceTransformersEncoder(str(copy))


def test_a_module_of_its_own_is_never_imported(copy: Path, tmp_path: Path) -> None:
    (copy / "own.py").write_text(f"open({str(tmp_path / 'ran')!r}, 'w')\nclass Module: pass\n")
    modules = json.loads((copy / "modules.json").read_text())
    modules[1]["type"] = "own.Module"
    (copy / "modules.json").write_text(json.dumps(modules))
    with pytest.raises(NoModel, match="code of its own"):
        SentenceTransformersEncoder(str(copy))
    assert not (tmp_path / "ran").exists()


def test_an_architecture_of_its_own_is_never_imported(copy: Path, tmp_path: Path) -> None:
    (copy / "own.py").write_text(f"open({str(tmp_path / 'ran')!r}, 'w')\n")
    change(
        copy / "config.json",
        model_type="own",
        auto_map={"AutoConfig": "own.Config", "AutoModel": "own.Model"},
    )
    with pytest.raises(NoModel):
        SentenceTransformersEncoder(str(copy))
    assert not (tmp_path / "ran").exists()


@pytest.mark.parametrize(
    "file", ["modules.json", "config.json", "tokenizer.json", "model.safetensors"]
)
def test_a_damaged_model_is_no_model(copy: Path, file: str) -> None:
    (copy / file).write_text("{")
    with pytest.raises(NoModel) as caught:
        SentenceTransformersEncoder(str(copy))
    assert "\n" not in str(caught.value)


def out_of_memory_beyond(rows: int) -> Any:
    """A hook that runs before a module and lets it have this many rows."""

    def check(_: torch.nn.Module, arguments: tuple[dict[str, torch.Tensor], ...]) -> None:
        if len(arguments[0]["input_ids"]) > rows:
            raise torch.cuda.OutOfMemoryError("CUDA out of memory")

    return check


def test_a_batch_too_large_for_memory_is_halved(tiny_folder: Path) -> None:
    encoder = SentenceTransformersEncoder(str(tiny_folder))
    texts = list("abcdefg")
    expected = encoder.encode_passages(texts)
    encoder._model[0].register_forward_pre_hook(out_of_memory_beyond(2))
    np.testing.assert_allclose(encoder.encode_passages(texts), expected, atol=1e-6)


def test_a_model_too_large_for_memory_is_no_model(tiny_folder: Path) -> None:
    encoder = SentenceTransformersEncoder(str(tiny_folder))
    encoder._model[0].register_forward_pre_hook(out_of_memory_beyond(0))
    with pytest.raises(NoModel, match="not enough memory"):
        encoder.encode_questions(["a", "b"])


def test_vectors_that_are_no_numbers_are_refused(tiny_folder: Path) -> None:
    encoder = SentenceTransformersEncoder(str(tiny_folder))
    next(encoder._model.parameters()).data.fill_(torch.nan)
    with pytest.raises(NoModel, match="no numbers"):
        encoder.encode_questions(["a"])


def test_numbers_are_fp32_on_a_cpu_and_half_on_a_gpu(copy: Path) -> None:
    assert choose_dtype(copy, "cpu") == torch.float32
    assert choose_dtype(copy, "cuda") == torch.float16
    change(copy / "config.json", dtype="bfloat16")
    assert choose_dtype(copy, "cuda") == torch.bfloat16


def test_unit_rows() -> None:
    rows = np.array([[3, 4], [0, 0]], dtype=np.float32)
    np.testing.assert_allclose(to_unit_rows(rows), [[0.6, 0.8], [0.5**0.5, 0.5**0.5]])
