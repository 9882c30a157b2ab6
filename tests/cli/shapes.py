"""What `--json` promises, schema 1: keys may be added, none is renamed or changes its type."""

from typing import Any

RESULT = {
    "rank": int,
    "score": float,
    "path": str,
    "title": str,
    "headings": [str],
    "start_line": int,
    "end_line": int,
    "text": str,
    "tags": [str],
    "language": str,
}
SKIPPED = [{"path": str, "reason": str}]
INGEST = {
    "schema": int,
    "index": str,
    "notes": int,
    "chunks": int,
    "added": int,
    "changed": int,
    "removed": int,
    "unchanged": int,
    "embedded": int,
    "reused": int,
    "skipped": SKIPPED,
    "notices": [{"path": str, "problem": str}],
    "seconds": float,
}
SEARCH = {"schema": int, "query": str, "language": str, "results": [RESULT]}
ASK = {
    "schema": int,
    "question": str,
    "language": str,
    "answer": str,
    "abstained": bool,
    "confidence": float,
    "citations": [
        {
            "number": int,
            "path": str,
            "headings": [str],
            "start_line": int,
            "end_line": int,
            "quote": str,
            "status": str,
        }
    ],
    "passages": [RESULT],
    "generator": {"kind": str, "model": str},
    "behind": int,
    "timings_ms": {},
}
STATUS = {
    "schema": int,
    "index": str,
    "vault": str,
    "notes": int,
    "chunks": int,
    "languages": {},
    "encoder": {"name": str, "dimension": int},
    "skipped": SKIPPED,
    "notices": [{"path": str, "problem": str}],
    "updated_at": str,
    "bytes": int,
    "behind": int,
}
CHECK = {
    "schema": int,
    "ok": bool,
    "problems": [{"file": str, "problem": str, "remedy": str}],
}
DOCTOR = {
    "schema": int,
    "ok": bool,
    "findings": [{"name": str, "ok": bool, "detail": str, "remedy": str, "needed": bool}],
}


def assert_shape(value: Any, shape: Any, where: str = "") -> None:
    """Hold a value to a shape: all its keys, and exactly its types."""
    if isinstance(shape, dict):
        assert type(value) is dict, where
        for key, inner in shape.items():
            assert key in value, f"{where}.{key}"
            assert_shape(value[key], inner, f"{where}.{key}")
    elif isinstance(shape, list):
        assert type(value) is list, where
        for place, item in enumerate(value):
            assert_shape(item, shape[0], f"{where}[{place}]")
    else:
        assert type(value) is shape, f"{where} is {value!r}"
