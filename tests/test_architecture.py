"""The order of the layers, and what each command may load: the source is parsed, not trusted."""

import ast
import json
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import rag

PACKAGE = Path(rag.__file__).parent
PAGE = next(file for file in (PACKAGE.parent / "app.py", PACKAGE / "app.py") if file.exists())

LAYERS = (
    {"rag"},
    {"rag.types", "rag.errors"},
    {"rag.config", "rag.schema", "rag.sidecar"},
    {"rag.feedback", "rag.history"},
    {"rag.notes", "rag.encoders"},
    {"rag.index", "rag.generators"},
    {"rag.index.local", "rag.index.freshness", "rag.index.workshop"},
    {"rag.index.ingest", "rag.index.check", "rag.retrieval"},
    {"rag.index.build"},
    {"rag.index.update", "rag.index.milvus"},
    {"rag.answers"},
    {"rag.evaluation"},
    {"rag.wire_llm", "rag.wire_index"},
    {"rag.wire_beside"},
    {"rag.wire"},
    {"rag.wire_eval", "rag.wire_encoders", "rag.wire_doctor"},
    {"rag.cli", "rag.page"},
    {"app"},
)
"""From the bottom up. A module belongs to the longest name that it begins with; it may import from
the layers below and from what has its own name here, not from what stands beside it."""

SETTINGS = ("rag.wire", "rag.cli", "rag.page", "app")
"""Where settings are known; below, arguments have names of their own."""

SEAMS = ("rag.encoders", "rag.generators", "rag.index")
"""Others import the protocol, which the package itself is, never a module in it."""

PAST_A_SEAM = {
    ("rag.cli.indexing", "rag.index.update"),  # the report of an ingest, for its type
    ("rag.cli.encoders", "rag.encoders.catalogue"),  # what is listed, for its type
    ("rag.page.jobs", "rag.index.update"),
}

LATE_IMPORTS = {
    "rag.wire": "a search loads no torch, help loads nothing",
    "rag.wire_llm": "a search loads no torch, help loads nothing",
    "rag.wire_index": "a search loads no pymilvus, help loads nothing",
    "rag.wire_eval": "help loads nothing",
    "rag.wire_encoders": "help loads nothing",
    "rag.wire_doctor": "help loads nothing",
    "rag.notes.cutting": "most ingests cut no text that is too long",
    "rag.cli.progress": "rich takes 30 ms, and most commands show no bars",
    "rag.cli": "Ctrl-C while the libraries load has no traceback",
}

MOST_LINES = 400


@dataclass(frozen=True, slots=True)
class Module:
    """A parsed file."""

    name: str
    file: Path
    tree: ast.Module


def parse(file: Path, root: Path) -> Module:
    """Parse a file; its name is its path from a root."""
    parts = file.relative_to(root).with_suffix("").parts
    name = ".".join(parts[:-1] if parts[-1] == "__init__" else parts)
    return Module(name, file, ast.parse(file.read_text(encoding="utf-8")))


MODULES = {
    module.name: module
    for module in (
        *(parse(file, PACKAGE.parent) for file in sorted(PACKAGE.rglob("*.py")) if file != PAGE),
        parse(PAGE, PAGE.parent),
    )
}


def imports(tree: ast.AST) -> Iterator[str]:
    """Give what is imported anywhere in a tree: modules by name, of ours the innermost."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.module, "imports are absolute"
            assert node.level == 0, "imports are absolute"
            for alias in node.names:
                inner = f"{node.module}.{alias.name}"
                yield inner if inner in MODULES else node.module


def ours(module: Module) -> set[str]:
    """Give the modules of this project that a module imports."""
    return {name for name in imports(module.tree) if name in MODULES}


def layer_of(name: str) -> tuple[int, str]:
    """Give the rank of a module, and the name in the table that it belongs to."""
    found = [
        (len(prefix), rank, prefix)
        for rank, layer in enumerate(LAYERS)
        for prefix in layer
        if name == prefix or name.startswith(f"{prefix}.")
    ]
    _, rank, prefix = max(found)
    return rank, prefix


def test_every_layer_has_modules() -> None:
    assert {layer_of(name)[1] for name in MODULES} == set().union(*LAYERS)
    assert [name for name in MODULES if layer_of(name)[1] == "rag"] == ["rag"]


def test_imports_point_downwards() -> None:
    for module in MODULES.values():
        rank, prefix = layer_of(module.name)
        for name in ours(module):
            other_rank, other_prefix = layer_of(name)
            allowed = other_rank < rank or other_prefix == prefix
            assert allowed, f"{module.name} imports {name}"


def test_no_circles() -> None:
    waiting = {name: ours(module) - {name} for name, module in MODULES.items()}
    while free := [name for name, needs in waiting.items() if not needs & waiting.keys()]:
        for name in free:
            del waiting[name]
    assert not waiting


def test_settings_stop_at_the_top() -> None:
    knowing = {name for name, module in MODULES.items() if "rag.config" in ours(module)}
    assert all(name.startswith(SETTINGS) for name in knowing), knowing


def test_only_wire_names_what_is_behind_a_seam() -> None:
    past = {
        (module.name, name)
        for module in MODULES.values()
        for name in ours(module)
        for seam in SEAMS
        if name.startswith(f"{seam}.") and not module.name.startswith(seam)
    }
    assert {pair for pair in past if not pair[0].startswith("rag.wire")} <= PAST_A_SEAM


def test_nothing_imports_the_command_line() -> None:
    for module in MODULES.values():
        if not module.name.startswith("rag.cli"):
            assert not any(name.startswith("rag.cli") for name in imports(module.tree))


def test_imports_stand_at_the_top() -> None:
    inside = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda, ast.ClassDef)
    late = {
        module.name
        for module in MODULES.values()
        for node in ast.walk(module.tree)
        if isinstance(node, inside) and any(imports(node))
    }
    assert late <= LATE_IMPORTS.keys()


def test_files_are_short_and_named_for_what_they_do() -> None:
    for module in MODULES.values():
        lines = module.file.read_text(encoding="utf-8").splitlines()
        assert len(lines) <= MOST_LINES, module.name
        parts = set(module.name.split("."))
        assert not parts & {"utils", "util", "helpers", "common", "misc"}, module.name


def test_only_the_command_line_prints() -> None:
    for module in MODULES.values():
        for node in ast.walk(module.tree):
            if isinstance(node, ast.Name) and node.id == "print":
                assert module.name.startswith("rag.cli"), f"{module.name}:{node.lineno}"


def loaded_by(code: str, *arguments: str) -> set[str]:
    """Give the top-level packages that are loaded once some code has run in a process."""
    report = "import json, sys; sys.stderr.write(json.dumps(sorted(sys.modules)))"
    done = subprocess.run(
        [sys.executable, "-c", f"{code}\n{report}", *arguments],
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    return {name.partition(".")[0] for name in json.loads(done.stderr)}


def command(*arguments: str) -> set[str]:
    """Give what a command loads."""
    code = "import sys\nfrom rag.cli.commands import run\nassert run(sys.argv[1:]) == 0"
    return loaded_by(code, *arguments)


HEAVY = {
    "torch",
    "transformers",
    "sentence_transformers",
    "huggingface_hub",
    "streamlit",
    "langchain_text_splitters",
    "langchain_core",
    "pandas",
    "scipy",
}
"""None is needed to find and quote what was indexed with the embedded encoder."""


def test_the_command_line_itself_loads_nothing_heavy() -> None:
    loaded = loaded_by("import rag.cli.commands")
    assert not loaded & (HEAVY | {"numpy", "faiss", "onnxruntime", "tokenizers", "markdown_it"})


def test_importing_the_entry_point_loads_next_to_nothing() -> None:
    assert "click" not in loaded_by("import rag.cli")


def test_list_of_encoders() -> None:
    assert not command("encoders", "--json") & (HEAVY - {"huggingface_hub"} | {"faiss"})


def test_search(small_index: Path) -> None:
    loaded = command("search", "--json", "--index", str(small_index), "What is chlorophyll?")
    assert "onnxruntime" in loaded
    assert not loaded & HEAVY


def test_lexical_search(small_index: Path) -> None:
    loaded = command("search", "--mode", "lexical", "--index", str(small_index), "chlorophyll")
    assert not loaded & (HEAVY | {"onnxruntime", "tokenizers"})


def test_ingest_of_nothing_new(small_vault: Path, small_index: Path) -> None:
    loaded = command("ingest", str(small_vault), "--index", str(small_index), "--quiet")
    assert not loaded & (HEAVY | {"onnxruntime", "tokenizers", "markdown_it", "yaml", "py3langid"})


def test_doctor(small_index: Path) -> None:
    assert not command("doctor", "--index", str(small_index)) & HEAVY
