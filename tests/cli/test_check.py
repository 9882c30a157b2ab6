"""Damage: searching says so or answers right, `check` names it, `check --repair` mends it."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from rag.index.generations import CURRENT, GENERATIONS, MANIFEST
from tests.cli.conftest import Rag
from tests.cli.vault import NOTES, QUESTION


def flip(file: Path) -> None:
    """Change one byte in the middle."""
    content = bytearray(file.read_bytes())
    content[len(content) // 2] ^= 1
    file.write_bytes(content)


def files_of(index: Path) -> list[Path]:
    """All files but the lock, which holds nothing."""
    files = [file for file in index.rglob("*") if file.is_file() and file.stat().st_size]
    return sorted(file.relative_to(index) for file in files if file.name != "lock")


def search(rag: Rag, index: Path) -> dict[str, object]:
    """What the search gives, which no repair may change."""
    return rag("search", QUESTION, "--index", index, "--json", "--mode", "lexical").json()


def test_every_file(rag: Rag, index: Path, tmp_path: Path) -> None:
    expected = search(rag, index)
    files = files_of(index)
    assert len(files) > 5
    for file in files:
        damaged = Path(shutil.copytree(index, tmp_path / "damaged"))
        flip(damaged / file)
        found = rag("search", QUESTION, "--index", damaged, "--json", "--mode", "lexical")
        if found.code == 0:
            assert found.json() == expected
        else:
            assert (found.code, found.out, len(found.err.splitlines())) == (4, "", 1), file
            assert "run: rag " in found.err
        checked = rag("check", "--index", damaged)
        assert checked.code == 4, file
        assert "run: rag " in checked.out
        named = rag("check", "--index", damaged, "--json")
        assert (named.code, named.json()["ok"]) == (4, False)
        assert named.json()["problems"][0]["file"]
        repaired = rag("check", "--index", damaged, "--repair")
        assert (repaired.code, repaired.out) == (0, "the index is sound\n"), file
        assert search(rag, damaged) == expected
        shutil.rmtree(damaged)


@pytest.mark.parametrize("harm", [Path.unlink, lambda file: file.write_bytes(b"")])
def test_repair_without_manifest(
    rag: Rag, index: Path, small_vault: Path, harm: Callable[[Path], object]
) -> None:
    """Nothing says any more whose notes they were, and the folder `notes` is not taken for them."""
    Path("notes").mkdir()
    Path("notes/other.md").write_text("Other notes altogether.")
    for file in (index / GENERATIONS).glob(f"*/{MANIFEST}"):
        harm(file)
    result = rag("check", "--index", index, "--repair")
    assert result.code == 4
    assert "too much is lost" in result.err
    assert "rag ingest YOUR-NOTES --rebuild" in result.err
    report = rag("ingest", small_vault, "--index", index, "--rebuild", "--json").json()
    assert (report["notes"], report["embedded"]) == (len(NOTES), 0)
    assert rag("check", "--index", index).code == 0


def test_repair_keeps_to_its_vault(rag: Rag, index: Path, small_vault: Path) -> None:
    Path("notes").mkdir()
    Path("notes/other.md").write_text("Other notes altogether.")
    flip(index / CURRENT)
    assert rag("status", "--index", index).code == 4
    assert rag("ingest", small_vault, "--index", index).code == 4
    assert rag("check", "--index", index, "--repair").code == 0
    status = rag("status", "--index", index, "--json").json()
    assert (status["vault"], status["notes"]) == (str(small_vault.resolve()), len(NOTES))


def test_repair_where_the_vault_is_gone(rag: Rag, vault: Path) -> None:
    rag("ingest", vault, "--index", "ix")
    shutil.rmtree(vault)
    flip(next(Path("ix", GENERATIONS).glob("*/*.sqlite")))
    result = rag("check", "--index", "ix", "--repair")
    assert result.code == 1
    assert "cannot be read" in result.err
    assert rag("check", "--index", "ix").code == 4
