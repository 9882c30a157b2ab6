"""What the folder of the embedded model holds: `manifest.json`, written when the graph is exported.

It lets a process know the model's fingerprint without hashing 59 MB at every start (50 ms where the
CPU hashes fast, 300 ms where not), and find a missing or cut file by its size. It knows nothing of
how the model is run.
"""

import hashlib
import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Self

from rag.errors import NoModel

FILE = "manifest.json"
GRAPH = "model.onnx"
BYTE_GRAPH = "model.int8.onnx"
"""The same with weights in 8 bits, for CPUs that multiply bytes quickly."""
DECISIVE = (GRAPH, BYTE_GRAPH, "model.safetensors", "tokenizer.json", "tokenizer_config.json")
"""The files that decide the vectors."""
REMEDY = "install the package again (pip install --force-reinstall rag-notes)"


@dataclass(frozen=True, slots=True)
class File:
    """A file as it was when the graph was exported."""

    bytes: int
    sha256: str


@dataclass(frozen=True, slots=True)
class Manifest:
    """What is known of a model before it is loaded."""

    dimension: int
    max_tokens: int
    """The longest input without the special tokens around it."""
    files: dict[str, File]

    @classmethod
    def of(cls, folder: Path) -> Self:
        """Gather the manifest from the files themselves: slow, for the export and its test."""
        config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
        tokenizer = json.loads((folder / "tokenizer_config.json").read_text(encoding="utf-8"))
        return cls(
            dimension=config["hidden_size"],
            max_tokens=tokenizer["model_max_length"] - 2,  # [CLS] and [SEP]
            files={
                name: File((folder / name).stat().st_size, hash_file(folder / name))
                for name in DECISIVE
            },
        )

    @classmethod
    def read(cls, folder: Path) -> Self:
        """Read the manifest of a model and hold its files to it, by size.

        Raises:
            NoModel: a file is missing, unreadable, or not as long as it was.
        """
        try:
            content = json.loads((folder / FILE).read_text(encoding="utf-8"))
            files = {name: File(**entry) for name, entry in content["files"].items()}
            manifest = cls(content["dimension"], content["max_tokens"], files)
            for name, file in files.items():
                if (folder / name).stat().st_size != file.bytes:
                    raise NoModel(f"the embedded model is damaged: {name} has another size", REMEDY)
        except OSError as error:
            raise NoModel(f"the embedded model cannot be read: {error}", REMEDY) from error
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise NoModel(
                f"the embedded model is damaged: {FILE} makes no sense", REMEDY
            ) from error
        return manifest

    def write(self, folder: Path) -> None:
        """Write the manifest beside the files that it lists."""
        (folder / FILE).write_text(json.dumps(asdict(self), indent=2) + "\n", encoding="utf-8")

    @property
    def fingerprint(self) -> str:
        """A hash over the decisive files' hashes and the length at which texts are cut."""
        lines = [f"{name} {file.sha256}" for name, file in sorted(self.files.items())]
        lines.append(f"max_tokens {self.max_tokens}")
        return hashlib.sha256("\n".join(lines).encode()).hexdigest()


def hash_file(path: Path) -> str:
    """Give the SHA-256 of a file's content, in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
