"""`rag encoders`: what is listed of a cache that the test makes, and what is measured."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.cli.command import ENVIRONMENT, Result, run_process
from tests.cli.shapes import assert_shape
from tests.tiny_models import build_tiny_encoder

COMMIT = "0123456789abcdef0123456789abcdef01234567"
ENCODER = {
    "name": str,
    "at_hand": bool,
    "bytes": int,
    "languages": str,
}

List = Callable[..., Result]


@pytest.fixture(scope="module")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build_tiny_encoder(tmp_path_factory.mktemp("tiny"), {})


@pytest.fixture
def cache(tmp_path: Path) -> Path:
    return tmp_path / "hub"


@pytest.fixture
def encoders(cache: Path, empty_folder: Path) -> List:
    """Run the command in a process of its own, with that cache."""

    def run(*options: str) -> Result:
        environment = ENVIRONMENT | {"HF_HUB_CACHE": str(cache), "OMP_NUM_THREADS": "1"}
        return run_process("encoders", *options, folder=empty_folder, environment=environment)

    return run


def put_into_cache(cache: Path, name: str, model: Path, kind: str = "models") -> Path:
    """Put a model where the hub's library leaves what it has fetched."""
    repository = cache / f"{kind}--{name.replace('/', '--')}"
    (repository / "refs").mkdir(parents=True)
    (repository / "refs" / "main").write_text(COMMIT)
    return Path(shutil.copytree(model, repository / "snapshots" / COMMIT))


def rows(result: Result) -> dict[str, Any]:
    listed = result.json()["encoders"]
    for row in listed:
        assert_shape(row, ENCODER)
    return {row["name"]: row for row in listed}


def test_without_a_cache(encoders: List) -> None:
    listed = rows(encoders("--json"))
    embedded = listed.pop("embedded")
    assert (embedded["at_hand"], embedded["dimension"]) == (True, 384)
    assert embedded["languages"].split()[:4] == ["ro", "pl", "pt", "en"]
    assert embedded["chunks_per_second"] is None
    assert "intfloat/multilingual-e5-small" in listed
    assert not any(row["at_hand"] for row in listed.values())


def test_a_fetched_model_is_at_hand(encoders: List, cache: Path, tiny: Path) -> None:
    before = rows(encoders("--json"))
    put_into_cache(cache, "someone/tiny", tiny)
    put_into_cache(cache, "intfloat/multilingual-e5-small", tiny)
    put_into_cache(cache, "someone/data", tiny, "datasets")
    listed = rows(encoders("--json"))
    assert listed.keys() == before.keys() | {"someone/tiny"}
    found = listed["someone/tiny"]
    assert (found["at_hand"], found["dimension"], found["languages"]) == (True, 16, "")
    assert found["bytes"] == sum(
        file.stat().st_size
        for file in tiny.rglob("*")
        if file.suffix in {".json", ".safetensors", ".txt"}
    )
    known = listed["intfloat/multilingual-e5-small"]
    assert known["at_hand"]
    assert known["languages"] == before["intfloat/multilingual-e5-small"]["languages"]


def test_what_cannot_be_used_is_said(encoders: List, cache: Path, tiny: Path) -> None:
    pickled = put_into_cache(cache, "someone/pickled", tiny)
    (pickled / "model.safetensors").rename(pickled / "pytorch_model.bin")
    half = put_into_cache(cache, "someone/half", tiny)
    (half / "model.safetensors").unlink()
    result = encoders()
    assert result.code == 0
    assert "'someone/pickled' has no weights as safetensors" in result.err
    listed = rows(encoders("--json"))
    for name in ("someone/pickled", "someone/half"):
        assert (listed[name]["at_hand"], type(listed[name]["problem"])) == (False, str)


def test_other_models_in_the_cache_are_not_listed(
    encoders: List, cache: Path, tmp_path: Path
) -> None:
    decoder = tmp_path / "decoder"
    decoder.mkdir()
    (decoder / "config.json").write_text("{}")
    put_into_cache(cache, "someone/decoder", decoder)
    (cache / "models--broken").mkdir()
    (cache / "stray").write_text("")
    assert not any("someone" in name or "broken" in name for name in rows(encoders("--json")))


def test_the_folder_of_the_settings_is_listed(
    encoders: List, empty_folder: Path, tiny: Path
) -> None:
    (empty_folder / "rag.toml").write_text(f"encoder = {json.dumps(str(tiny))}\n")
    assert rows(encoders("--json"))[str(tiny)]["at_hand"]


def test_a_table_for_people(encoders: List, cache: Path, tiny: Path) -> None:
    put_into_cache(cache, "someone/tiny", tiny)
    result = encoders()
    head, *lines = result.out.splitlines()
    assert head.split() == ["name", "at", "hand", "MB", "dimension", "languages"]
    assert lines[0].split()[:4] == ["embedded", "yes", "60", "384"]
    assert lines[1].split() == ["someone/tiny", "yes", "0", "16", "?"]
    assert "rag ingest --encoder NAME --rebuild" in result.err


def test_measured(encoders: List, cache: Path, tiny: Path) -> None:
    put_into_cache(cache, "someone/tiny", tiny)
    broken = put_into_cache(cache, "someone/broken", tiny)
    (broken / "model.safetensors").write_text("{")
    result = encoders("--measure", "--json")
    listed = rows(result)
    for name in ("embedded", "someone/tiny"):
        assert listed[name]["chunks_per_second"] > 0
    assert listed["someone/broken"]["chunks_per_second"] is None
    assert "'someone/broken' cannot be loaded" in result.err
    assert listed["intfloat/multilingual-e5-base"]["chunks_per_second"] is None
