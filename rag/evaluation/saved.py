"""Runs kept in files: the report, each question's figures, and what made them.

A saved run is one JSON object. It comes back as untrusted input: it may be another program's file.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from rag.errors import BadRun
from rag.evaluation.report import Report, Scored

KIND = "rag eval"
FORMAT = 1
_REMEDY = "make one with: rag eval --output FILE.json"


@dataclass(frozen=True, slots=True)
class About:
    """What made a run."""

    questions: str
    """The question file, as it was named."""
    mode: str
    """Which legs of retrieval ranked."""
    llm: str
    """What answered, as the user wrote it; empty where nothing was answered."""
    k: int
    """Passages that an answer could stand on."""
    date: str
    """ISO 8601, UTC."""
    version: str
    """Of rag."""
    encoder: str
    fingerprint: str
    """Of the encoder: equal only for encoders that give equal vectors."""
    notes: int
    chunks: int
    """In the index."""


@dataclass(frozen=True, slots=True)
class SavedRun:
    """An earlier run."""

    about: About
    questions: tuple[Scored, ...]


def as_object(about: About, report: Report, scored: Sequence[Scored]) -> dict[str, Any]:
    """Give a run as it is saved."""
    return {
        "kind": KIND,
        "format": FORMAT,
        **asdict(about),
        "report": report.languages,
        "pairs": report.pairs,
        "per_question": [
            {
                "id": one.id,
                "lang": one.language,
                "pair": one.pair,
                "cross_lingual": one.is_cross_lingual,
                "figures": one.figures,
            }
            for one in scored
        ],
    }


def write_run(run: Mapping[str, Any]) -> str:
    """Write a run as JSON, a question a line, so that two files can be compared line by line."""
    head = {key: value for key, value in run.items() if key != "per_question"}
    text = json.dumps(head, ensure_ascii=False, allow_nan=False, indent=1).removesuffix("\n}")
    lines = ",\n".join(
        f"  {json.dumps(one, ensure_ascii=False, allow_nan=False)}" for one in run["per_question"]
    )
    return f'{text},\n "per_question": [\n{lines}\n ]\n}}\n'


def read_run(file: Path) -> SavedRun:
    """Read what `write_run` wrote.

    Raises:
        BadRun: it is missing, or no saved run.
    """
    try:
        entry = json.loads(file.read_bytes())
    except (OSError, ValueError, RecursionError) as error:
        reason = getattr(error, "strerror", None) or "it is no JSON"
        raise BadRun(f"{str(file)!r} cannot be read ({reason.lower()})", _REMEDY) from error
    if not isinstance(entry, dict) or entry.get("kind") != KIND:
        raise BadRun(f"{str(file)!r} is no saved run", _REMEDY)
    if entry.get("format") != FORMAT:
        raise BadRun(f"{str(file)!r} was saved by another version of rag", _REMEDY)
    try:
        return _parse(entry)
    except (KeyError, TypeError, ValueError, AttributeError, OverflowError) as error:
        raise BadRun(f"{str(file)!r} is a damaged run ({error})", _REMEDY) from error


def _parse(entry: dict[str, Any]) -> SavedRun:
    kinds: dict[str, type] = About.__annotations__
    for key, kind in kinds.items():
        if type(entry[key]) is not kind:
            raise ValueError(f'"{key}" is {entry[key]!r}')
    if not isinstance(entry["per_question"], list):
        raise ValueError('"per_question" is a list')  # noqa: TRY004 -- it is the file that is wrong
    return SavedRun(
        about=About(**{key: entry[key] for key in kinds}),
        questions=tuple(_parse_question(one) for one in entry["per_question"]),
    )


def _parse_question(one: dict[str, Any]) -> Scored:
    figures = {str(name): float(value) for name, value in one["figures"].items()}
    if not all(0 <= value <= 1 for value in figures.values()):
        raise ValueError("a figure is not between 0 and 1")
    pair = one["pair"]
    return Scored(
        id=str(one["id"]),
        language=str(one["lang"]),
        pair=None if pair is None else str(pair),
        is_cross_lingual=one["cross_lingual"] is True,
        figures=figures,
    )
