"""`rag search`."""

from typing import Any

import click

from rag import wire
from rag.cli import options
from rag.cli.explaining import as_explained, explain_place
from rag.cli.output import one_line, put, put_json, say
from rag.retrieval.query import write_filters
from rag.schema import as_result
from rag.types import Chunk, Citation, Mode

SYNTAX = """\b
In QUERY:
  "exact phrase"         passages that hold it, word for word; any quotes
  -word  -"a phrase"     not those that hold it
  tag:ml  path:2024/     as --tag, --path and --note-lang; values with spaces
  lang:pl                in quotes: path:"Semestrul 1/"
  -tag:ml  -path:drafts  not those
Several tags, paths or languages are alternatives; all else must hold.
A QUERY that begins with a hyphen stands behind --, as in
  rag search -k 10 -- '-draft tag:ml'
Of filters alone, the passages are listed in the order of the notes.
"""
"""`\\b` has click keep the lines as they are."""


def place(item: Chunk | Citation) -> str:
    """Write where something stands, e.g. `llm.md:3-9 › Tokens`."""
    lines = str(item.start_line)
    if item.end_line != item.start_line:
        lines += f"-{item.end_line}"
    return one_line(" › ".join((f"{item.path}:{lines}", *item.headings)))


@click.command(epilog=SYNTAX)
@click.argument("query")
@options.count
@options.index
@options.as_json
@click.option("--explain", is_flag=True, help="Show what each leg of retrieval gave.")
@options.mode
@options.rerank
@options.filters
def search(
    *,
    query: str,
    k: int | None,
    index: str | None,
    as_json: bool,
    explain: bool,
    mode: str,
    rerank: str | None,
    tags: tuple[str, ...],
    paths: tuple[str, ...],
    languages: tuple[str, ...],
) -> None:
    """Find the passages for QUERY.

    The notes may be in other languages than QUERY; `-` as QUERY reads standard input.
    """
    text = options.read_text(query, "query")
    settings = options.settings(index=index, k=k, rerank=rerank)
    retriever = wire.open_retriever(settings, say)
    words, filters = options.narrow(
        text, options.make_filters(tags, paths, languages), retriever, is_question=False
    )
    passages = retriever.search(words, settings.k, mode=Mode(mode), filters=filters)
    if as_json:
        found: dict[str, Any] = {"query": text, "language": wire.language_of(words, retriever)}
        found["results"] = [as_result(passage) for passage in passages]
        if explain:
            found["explain"] = {"words": words, "filters": write_filters(filters), "mode": mode}
            for result, passage in zip(found["results"], passages, strict=True):
                result["explain"] = as_explained(passage)
        put_json(found)
        return
    for passage in passages:
        score = f"  [{passage.score:.2f}]" if words else ""  # what is only listed has none
        put(f"{passage.rank}. {place(passage.chunk)}{score}")
        for line in explain_place(passage) if explain and words else ():
            put(f"   {line}")
        for line in passage.chunk.text.splitlines():
            put(f"   {line}")
        put()
    if not passages:
        say("nothing found: no note matches the filters or the words")
