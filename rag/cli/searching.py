"""`rag search`."""

from typing import Any

import click

from rag import wire
from rag.cli import options
from rag.cli.output import one_line, put, put_json, say
from rag.types import Chunk, Citation, Mode, Passage


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


def place(item: Chunk | Citation) -> str:
    """Write where something stands, e.g. `llm.md:3-9 › Tokens`."""
    lines = str(item.start_line)
    if item.end_line != item.start_line:
        lines += f"-{item.end_line}"
    return one_line(" › ".join((f"{item.path}:{lines}", *item.headings)))


@click.command()
@click.argument("query")
@options.count
@options.index
@options.as_json
@click.option("--explain", is_flag=True, help="Show what each leg of retrieval gave.")
@options.mode
@options.filters
def search(
    *,
    query: str,
    k: int | None,
    index: str | None,
    as_json: bool,
    explain: bool,
    mode: str,
    tags: tuple[str, ...],
    paths: tuple[str, ...],
    languages: tuple[str, ...],
) -> None:
    """Find the passages for QUERY.

    The notes may be in other languages than QUERY; `-` as QUERY reads standard input.
    """
    text = options.read_text(query, "query")
    settings = options.settings(index=index, k=k)
    retriever = wire.open_retriever(settings)
    passages = retriever.search(
        text,
        settings.k,
        mode=Mode(mode),
        filters=options.make_filters(tags, paths, languages),
    )
    if as_json:
        results = [as_result(passage) for passage in passages]
        if explain:
            for result, passage in zip(results, passages, strict=True):
                result["explain"] = _explain(passage)
        language = wire.language_of(text, retriever)
        put_json({"query": text, "language": language, "results": results})
        return
    for passage in passages:
        put(f"{passage.rank}. {place(passage.chunk)}  [{passage.score:.2f}]")
        if explain:
            legs = passage.legs
            put(f"   dense: cosine {legs.dense:.3f}, {legs.dense_z:+.1f} deviations", end="; ")
            put(f"lexical: BM25 {legs.lexical:.1f}, {legs.lexical_z:+.1f} deviations")
        for line in passage.chunk.text.splitlines():
            put(f"   {line}")
        put()
    if not passages:
        say("nothing found: no note matches the filters or the words")


def _explain(passage: Passage) -> dict[str, float]:
    legs = passage.legs
    return {
        "dense": round(legs.dense, 6),
        "dense_z": round(legs.dense_z, 6),
        "lexical": round(legs.lexical, 6),
        "lexical_z": round(legs.lexical_z, 6),
    }
