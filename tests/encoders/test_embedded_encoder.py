"""The encoder that comes with the package: the same as in torch, and whole."""

import importlib.util
import os
import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

from rag.encoders.cores import multiplies_bytes
from rag.encoders.embedded_encoder import FOLDER, EmbeddedEncoder
from rag.encoders.manifest import BYTE_GRAPH, DECISIVE, FILE, GRAPH, Manifest
from rag.encoders.sentence_transformers_encoder import SentenceTransformersEncoder
from rag.errors import NoModel

ROOT = Path(__file__).parents[2]

TRANSLATIONS = [
    ("Rețelele neuronale învață din exemple.", "Neural networks learn from examples."),
    ("Mâine va ploua în toată țara.", "Tomorrow it will rain in the whole country."),
    ("Cum instalez programul pe calculator?", "How do I install the program on a computer?"),
    ("Kot śpi na krześle.", "The cat sleeps on a chair."),
    ("Kliknij przycisk, aby zapisać plik.", "Click the button to save the file."),
    ("Ile kosztuje bilet na pociąg?", "How much does a train ticket cost?"),
    ("O aluno leu três livros este mês.", "The student read three books this month."),
    ("A senha deve ter pelo menos oito letras.", "The password must have at least eight letters."),
    ("Onde fica a biblioteca da universidade?", "Where is the university library?"),
]

NOTES = [file.read_text(encoding="utf-8") for file in sorted((ROOT / "notes").rglob("*.md"))]


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """A copy of the model to be damaged."""
    return Path(shutil.copytree(FOLDER, tmp_path / "embedded"))


@pytest.fixture(scope="session")
def export_onnx() -> ModuleType:
    """The export script, which is no part of the package."""
    file = ROOT / "eval" / "encoder" / "export_onnx.py"
    spec = importlib.util.spec_from_file_location("export_onnx", file)
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_agrees_with_torch(
    embedded: EmbeddedEncoder, embedded_in_torch: SentenceTransformersEncoder
) -> None:
    texts = [text for pair in TRANSLATIONS for text in pair]
    texts += [" ".join(texts), "x", "Zażółć gęślą jaźń. " * 30]
    cosines = (embedded.encode_passages(texts) * embedded_in_torch.encode_passages(texts)).sum(1)
    assert cosines.min() >= 0.9999
    assert embedded.max_tokens == embedded_in_torch.max_tokens == 190
    assert embedded.count_tokens(texts) == embedded_in_torch.count_tokens(texts)


@pytest.mark.skipif(not multiplies_bytes(), reason="this processor does not multiply bytes well")
def test_bytes_agree_with_the_rest(embedded: EmbeddedEncoder, bytewise: EmbeddedEncoder) -> None:
    texts = [text for pair in TRANSLATIONS for text in pair]
    texts += [" ".join(texts), "x", "", "ATP", "Zażółć gęślą jaźń. " * 30, *NOTES]
    cosines = (embedded.encode_passages(texts) * bytewise.encode_passages(texts)).sum(1)
    assert cosines.min() >= 0.985


def test_bytes_are_for_processors_that_multiply_them(tmp_path: Path) -> None:
    cpuinfo = tmp_path / "cpuinfo"
    cpuinfo.write_text("processor\t: 0\nflags\t\t: fpu avx2 avx512_vnni sse\nbugs\t\t: x\n")
    assert multiplies_bytes(cpuinfo)
    cpuinfo.write_text("model name\t: avx512_vnni\nflags\t\t: fpu avx2 avx512f\n")
    assert not multiplies_bytes(cpuinfo)
    assert not multiplies_bytes(tmp_path / "elsewhere")


def test_a_translation_is_nearest(embedded: EmbeddedEncoder) -> None:
    foreign = embedded.encode_questions([foreign for foreign, _ in TRANSLATIONS])
    english = embedded.encode_passages([english for _, english in TRANSLATIONS])
    assert (foreign @ english.T).argmax(axis=1).tolist() == list(range(len(TRANSLATIONS)))


def test_diacritics_make_no_difference(embedded: EmbeddedEncoder) -> None:
    with_marks, without = embedded.encode_questions(
        ["Ştiinţă, łódź, coração", "stiinta, lodz, coracao"]
    )
    np.testing.assert_array_equal(with_marks, without)


def test_any_number_of_threads_gives_the_same(embedded: EmbeddedEncoder) -> None:
    texts = [english * (1 + place % 4) for place, (_, english) in enumerate(TRANSLATIONS)]
    expected = embedded.encode_passages(texts)
    for threads in (1, 3):
        vectors = EmbeddedEncoder(threads=threads, bytewise=False).encode_passages(texts)
        np.testing.assert_allclose(vectors, expected, atol=1e-6)


def test_can_be_shared_between_threads() -> None:
    encoder = EmbeddedEncoder()
    texts = [text for pair in TRANSLATIONS for text in pair]
    expected = encoder.encode_passages(texts)
    with ThreadPoolExecutor(4) as pool:
        for vectors in pool.map(encoder.encode_passages, [texts] * 4):
            np.testing.assert_allclose(vectors, expected, atol=1e-6)


def test_a_megabyte_is_counted_in_full(embedded: EmbeddedEncoder) -> None:
    assert embedded.count_tokens(["a " * 250_000]) == [250_000]
    assert embedded.encode_passages(["a" * 1_000_000]).shape == (1, 384)


def test_manifest_is_of_these_files() -> None:
    assert Manifest.read(FOLDER) == Manifest.of(FOLDER)


def test_export_gives_the_same_graph_again(copy: Path, export_onnx: ModuleType) -> None:
    made = (GRAPH, BYTE_GRAPH, FILE)
    for name in made:
        (copy / name).unlink()
    export_onnx.export(copy)
    for name in made:
        assert (copy / name).read_bytes() == (FOLDER / name).read_bytes()


def test_fingerprint_follows_weights_and_length(copy: Path, embedded: EmbeddedEncoder) -> None:
    manifest = Manifest.read(copy)
    shorter = Manifest(manifest.dimension, 100, manifest.files)
    assert shorter.fingerprint != manifest.fingerprint == embedded.fingerprint
    with (copy / "model.safetensors").open("r+b") as file:
        file.seek(-1, os.SEEK_END)
        file.write(b"\x01")
    assert Manifest.of(copy).fingerprint != manifest.fingerprint


@pytest.mark.parametrize("name", [*DECISIVE, FILE])
def test_a_missing_file_is_no_model(copy: Path, name: str) -> None:
    (copy / name).unlink()
    with pytest.raises(NoModel, match="install the package again"):
        EmbeddedEncoder(copy)


@pytest.mark.parametrize("name", [*DECISIVE, FILE])
def test_a_cut_file_is_no_model(copy: Path, name: str) -> None:
    os.truncate(copy / name, (copy / name).stat().st_size // 2)
    with pytest.raises(NoModel, match="install the package again"):
        EmbeddedEncoder(copy)


@pytest.mark.parametrize("name", [GRAPH, BYTE_GRAPH, "tokenizer.json"])
def test_a_file_of_nonsense_is_no_model(copy: Path, name: str) -> None:
    (copy / name).write_bytes(b"\xff" * (copy / name).stat().st_size)
    with pytest.raises(NoModel, match="install the package again") as caught:
        EmbeddedEncoder(copy, bytewise=name == BYTE_GRAPH).encode_passages(["a"])
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    "content", ["[]", "{}", '{"dimension": 384, "max_tokens": 1, "files": []}']
)
def test_a_manifest_of_nonsense_is_no_model(copy: Path, content: str) -> None:
    (copy / FILE).write_text(content)
    with pytest.raises(NoModel, match="makes no sense"):
        EmbeddedEncoder(copy)


def test_loads_no_torch_and_says_nothing_at_a_fork() -> None:
    program = """
import os, sys
from rag.encoders.embedded_encoder import EmbeddedEncoder
encoder = EmbeddedEncoder()
assert encoder.encode_passages(["salut", "dzień dobry"] * 40).shape == (80, 384)
assert encoder.count_tokens(["a b c"]) == [3]
loaded = {"torch", "transformers", "sentence_transformers", "faiss", "onnx"} & set(sys.modules)
assert not loaded, loaded
child = os.fork()
if not child:
    encoder.count_tokens(["bom dia"] * 10)
    os._exit(0)
assert os.waitpid(child, 0)[1] == 0
"""
    environment = {k: v for k, v in os.environ.items() if k != "TOKENIZERS_PARALLELISM"}
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", program],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
