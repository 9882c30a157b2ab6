"""Passages and answers as the JSON that programs rely on: keys may be added, never renamed."""

from dataclasses import asdict
from typing import Any

from rag.types import Answer, Passage

SCHEMA = 1


def as_result(passage: Passage) -> dict[str, Any]:
    """Give a passage as the contract has it."""
    chunk = passage.chunk
    return {
        "rank": passage.rank,
        "score": round(passage.score, 6),
        "path": chunk.path,
        "title": chunk.title,
        "headings": list(chunk.headings),
        "start_line": chunk.start_line,
        "end_line": chunk.end_line,
        "text": chunk.text,
        "tags": list(chunk.tags),
        "language": chunk.language,
    }


def as_object(answer: Answer) -> dict[str, Any]:
    """Give an answer as the contract has it."""
    return {
        "question": answer.question,
        "language": answer.language,
        "languages": list(answer.languages),
        "answer": answer.text,
        "abstained": answer.abstained,
        "confidence": round(answer.confidence, 4),
        "citations": [
            asdict(citation) | {"status": str(citation.status)} for citation in answer.citations
        ],
        "passages": [as_result(passage) for passage in answer.passages],
        "generator": {"kind": answer.generator_kind, "model": answer.generator_model},
        "behind": answer.behind,
        "timings_ms": answer.timings_ms,
    }
