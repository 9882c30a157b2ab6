"""Rerankers that the user names: order, safety, and errors that say what to do."""

import json
import shutil
from pathlib import Path

import huggingface_hub
import numpy as np
import pytest
import torch
from sentence_transformers import CrossEncoder

from rag.encoders.cross_encoder import CrossEncoderScorer
from rag.errors import NoModel
from tests.tiny_models import build_tiny_cross_encoder

QUESTION = "abc"
TEXTS = ["abc def", "x", "", "zyx zyx zyx", "abc", "longer than all that it reads " * 50]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build_tiny_cross_encoder(tmp_path_factory.mktemp("cross") / "model")


@pytest.fixture
def copy(folder: Path, tmp_path: Path) -> Path:
    """A copy of the model to be changed."""
    return Path(shutil.copytree(folder, tmp_path / "model"))


@pytest.fixture(scope="module")
def scorer(folder: Path) -> CrossEncoderScorer:
    return CrossEncoderScorer(str(folder))


def change(file: Path, **values: object) -> None:
    content = json.loads(file.read_text(encoding="utf-8"))
    file.write_text(json.dumps(content | values), encoding="utf-8")


def test_scores_are_the_models_own(scorer: CrossEncoderScorer, folder: Path) -> None:
    scores = scorer.score(QUESTION, TEXTS)
    assert scores.dtype == np.float32
    assert scores.shape == (len(TEXTS),)
    model = CrossEncoder(str(folder), device="cpu")
    expected = model.predict([(QUESTION, text) for text in TEXTS], activation_fn=torch.nn.Sigmoid())
    np.testing.assert_allclose(1 / (1 + np.exp(-scores)), expected, atol=1e-5)
    assert len(set(scores.round(4).tolist())) == len(TEXTS)


def test_a_score_does_not_depend_on_its_batch(scorer: CrossEncoderScorer) -> None:
    one_by_one = [float(scorer.score(QUESTION, [text])[0]) for text in TEXTS]
    np.testing.assert_allclose(scorer.score(QUESTION, TEXTS), one_by_one, atol=1e-5)


def test_strange_texts(scorer: CrossEncoderScorer) -> None:
    scores = scorer.score("\ud800 a" * 100_000, ["\udfff", "\0", "a" * 1_000_000])
    assert np.isfinite(scores).all()


def test_saved_by_the_library(folder: Path, tmp_path: Path, scorer: CrossEncoderScorer) -> None:
    CrossEncoder(str(folder), device="cpu").save_pretrained(str(tmp_path / "saved"))
    again = CrossEncoderScorer(str(tmp_path / "saved")).score(QUESTION, TEXTS)
    np.testing.assert_allclose(again, scorer.score(QUESTION, TEXTS), atol=1e-5)


def test_an_embedding_model_is_no_reranker(tiny_folder: Path) -> None:
    with pytest.raises(NoModel, match="not made to score passages; choose a cross-encoder"):
        CrossEncoderScorer(str(tiny_folder))


def test_a_model_of_three_labels_is_no_reranker(tmp_path: Path) -> None:
    with pytest.raises(NoModel, match="3 scores where one is wanted"):
        CrossEncoderScorer(str(build_tiny_cross_encoder(tmp_path / "model", labels=3)))


@pytest.mark.parametrize("name", ["./nowhere", "no-such-model", "a b//c", "nul\0", "~nobody/x"])
def test_names_of_nothing(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_CACHE", str(tmp_path / "hub"))
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_OFFLINE", True)
    with pytest.raises(NoModel, match="or search without a reranker") as caught:
        CrossEncoderScorer(name)
    assert "\n" not in str(caught.value)


def test_pickled_weights_are_refused(copy: Path) -> None:
    (copy / "model.safetensors").unlink()
    torch.save({}, copy / "pytorch_model.bin")
    with pytest.raises(NoModel, match="no weights as safetensors"):
        CrossEncoderScorer(str(copy))


def test_code_that_comes_with_a_model_never_runs(copy: Path, tmp_path: Path) -> None:
    (copy / "own.py").write_text(f"open({str(tmp_path / 'ran')!r}, 'w')\n")
    change(
        copy / "config.json",
        model_type="own",
        auto_map={"AutoConfig": "own.Config", "AutoModelForSequenceClassification": "own.Model"},
    )
    with pytest.raises(NoModel):
        CrossEncoderScorer(str(copy))
    assert not (tmp_path / "ran").exists()


@pytest.mark.parametrize("file", ["config.json", "tokenizer.json", "model.safetensors"])
def test_a_damaged_model_is_no_model(copy: Path, file: str) -> None:
    (copy / file).write_text("{")
    with pytest.raises(NoModel) as caught:
        CrossEncoderScorer(str(copy))
    assert "\n" not in str(caught.value)


def test_scores_that_are_no_numbers(folder: Path) -> None:
    scorer = CrossEncoderScorer(str(folder))
    next(scorer._model.parameters()).data.fill_(torch.nan)
    with pytest.raises(NoModel, match="no numbers"):
        scorer.score(QUESTION, ["a"])


def test_out_of_memory(folder: Path) -> None:
    def fail(*_: object) -> None:
        raise torch.cuda.OutOfMemoryError("CUDA out of memory")

    scorer = CrossEncoderScorer(str(folder))
    scorer._model[0].register_forward_pre_hook(fail)
    with pytest.raises(NoModel, match="not enough memory"):
        scorer.score(QUESTION, ["a"])
