import json
import time
from importlib.util import find_spec
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file

from rag.errors import NoModel
from rag.generators.transformers_chat.loading import (
    FOUR_BIT_NEEDS,
    choose_device,
    describe_failure,
    load_decoder,
)
from tests.tiny_decoder import build_tiny_decoder


@pytest.fixture
def broken(tmp_path: Path) -> Path:
    """A folder with a sound model, for a test to break."""
    return build_tiny_decoder(tmp_path / "model")


def failure(folder: Path) -> str:
    with pytest.raises(NoModel) as caught:
        load_decoder(str(folder))
    text = str(caught.value)
    assert "\n" not in text
    assert "; " in text
    return text


def test_a_folder_is_loaded_without_a_word(
    tiny_decoder: Path, capfd: pytest.CaptureFixture[str], recwarn: pytest.WarningsRecorder
) -> None:
    decoder = load_decoder(str(tiny_decoder))
    device, dtype = choose_device()
    assert (decoder.network.device.type, decoder.network.dtype) == (device.type, dtype)
    assert not decoder.network.training
    assert capfd.readouterr() == ("", "")
    assert not recwarn.list


def test_pickled_weights_are_never_read(broken: Path) -> None:
    weights = broken / "model.safetensors"
    torch.save(load_file(weights), broken / "pytorch_model.bin")
    weights.unlink()
    assert "has no safetensors weights; take a model with them" in failure(broken)


def test_a_folder_without_a_model(tmp_path: Path) -> None:
    assert "no config.json; take another model" in failure(tmp_path)


def test_a_path_that_is_no_folder(tmp_path: Path) -> None:
    assert "is not a folder; give the folder" in failure(tmp_path / "missing")
    assert "is not a folder; give the folder" in failure(Path(__file__))
    assert "is not a folder; give the folder" in failure(Path("~nobody-of-this-name/model"))


@pytest.mark.parametrize("name", ["", "a/b/c", "two words", "-x", "owner/model\n"])
def test_what_is_no_name(name: str) -> None:
    began = time.monotonic()
    with pytest.raises(NoModel):
        load_decoder(name)
    assert time.monotonic() - began < 5  # seconds; it takes milliseconds


@pytest.mark.parametrize(
    ("file", "content"),
    [
        ("config.json", b"{"),
        ("config.json", b"[]"),
        ("config.json", b'{"model_type": "nobody-knows"}'),
        ("config.json", b'{"model_type": "t5"}'),
        ("config.json", b'{"model_type": "llama", "hidden_size": "big"}'),
        ("config.json", b"\xff\xfe"),
        ("model.safetensors", b""),
        ("model.safetensors", b"\xff" * 64),
        ("tokenizer.json", b"{}"),
    ],
)
def test_damaged_files(broken: Path, file: str, content: bytes) -> None:
    (broken / file).write_bytes(content)
    assert "cannot be loaded" in failure(broken)


def test_code_that_comes_with_a_model_is_never_run(broken: Path) -> None:
    ran = broken / "ran"
    (broken / "modeling.py").write_text(
        f"open({str(ran)!r}, 'w')\nclass M: ...\n", encoding="utf-8"
    )
    file = broken / "config.json"
    config = json.loads(file.read_bytes())
    config |= {
        "model_type": "own",
        "auto_map": {"AutoConfig": "modeling.M", "AutoModelForCausalLM": "modeling.M"},
    }
    file.write_text(json.dumps(config), encoding="utf-8")
    assert "cannot be loaded" in failure(broken)
    assert not ran.exists()


def test_missing_weights_are_not_made_up(broken: Path) -> None:
    weights = load_file(broken / "model.safetensors")
    del weights["lm_head.weight"]
    save_file(weights, broken / "model.safetensors", metadata={"format": "pt"})
    assert "1 of its weights are missing, e.g. lm_head.weight" in failure(broken)


def test_a_model_without_tokenizer(broken: Path) -> None:
    for file in broken.glob("tokenizer*"):
        file.unlink()
    assert "has no tokenizer" in failure(broken)


def test_want_of_memory_has_its_own_remedy() -> None:
    with pytest.raises(RuntimeError) as refused:
        torch.empty(1 << 60)
    for error in (refused.value, torch.cuda.OutOfMemoryError("CUDA out of memory."), MemoryError()):
        found = describe_failure("M failed", error)
        assert found.problem == "M failed: out of memory"
        assert found.remedy.startswith("take a smaller model, or use --llm extractive")
    assert str(describe_failure("M failed", KeyError("a\nb"))).startswith("M failed: 'a\\nb'; take")


def test_what_four_bits_need_is_said(tiny_decoder: Path) -> None:
    if all(find_spec(library) for library in FOUR_BIT_NEEDS):
        pytest.skip("all of it is installed")
    with pytest.raises(
        NoModel, match=r"4 bits need .*bitsandbytes; pip install .*, or leave #4bit"
    ):
        load_decoder(f"{tiny_decoder}#4bit")


@pytest.mark.skipif(
    not all(find_spec(library) for library in FOUR_BIT_NEEDS), reason="optional libraries"
)
def test_four_bits(tmp_path: Path) -> None:
    folder = build_tiny_decoder(tmp_path, width=128)
    whole, packed = load_decoder(str(folder)), load_decoder(f"{folder}#4bit")
    kinds = {type(module).__name__ for module in packed.network.modules()}
    assert "Linear4bit" in kinds
    sizes = [sum(p.nbytes for p in decoder.network.parameters()) for decoder in (packed, whole)]
    assert sizes[0] < sizes[1] / 2
