"""Measure the support check of rag/answers on pairs of a sentence and the passage that it cites.

    python eval/measure_support.py [PAIRS.jsonl]

Each pair cites the chunk of notes/ that holds the quote, as an answer would. A positive is a pair
that the check refuses. Recall is taken over the altered sentences of a kind, false alarms over the
faithful ones; precision is that of all refusals. The pairs were split in two halves by a hash of
their id: the check was written looking at the first; figures of the second are shown beside it.
"""

import json
import sys
import zlib
from collections import defaultdict
from collections.abc import Iterable
from pathlib import Path

from rag.answers.blocks import find_blocks, is_held
from rag.answers.citations import check_claim
from rag.answers.quotes import Source
from rag.encoders.embedded_encoder import EmbeddedEncoder
from rag.notes.chunking import chunk_document
from rag.notes.markdown import parse
from rag.notes.vault import read_note
from rag.types import Chunk, Note

PAIRS = Path(__file__).parent / "support_pairs.jsonl"
NOTES = Path(__file__).parent.parent / "notes"
FAITHFUL = ("paraphrase", "translation", "copy")


def is_seen(pair: dict[str, str]) -> bool:
    """Say whether a pair is in the half that the check was written with."""
    return zlib.crc32(pair["id"].encode()) % 2 == 0


def main() -> None:
    """Check all pairs and report."""
    file = Path(sys.argv[1]) if len(sys.argv) > 1 else PAIRS
    pairs = [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()]
    encoder = EmbeddedEncoder()
    chunks: dict[str, list[Chunk]] = {}
    refused: dict[str, str] = {}
    for pair in pairs:
        if pair["path"] not in chunks:
            note = read_note(NOTES, pair["path"])
            if not isinstance(note, Note):
                raise SystemExit(f"{pair['path']} cannot be read: {note.reason}")
            chunks[pair["path"]] = chunk_document(
                parse(note), encoder.count_tokens, encoder.max_tokens
            )
        chunk = next(one for one in chunks[pair["path"]] if pair["quote"] in one.text)
        objection, quote = hold(pair, Source(chunk, encoder))
        if objection:
            refused[pair["id"]] = objection
        if bool(objection) == pair["supported"]:
            why = objection or "no objection"
            print(f"  wrong: {pair['id']} {pair['lang']} ({why}): {pair['claim']}")
            print(f"         {pair['note_lang']}: {quote!r}")
    report("seen", [pair for pair in pairs if is_seen(pair)], refused)
    report("unseen", [pair for pair in pairs if not is_seen(pair)], refused)
    report("all", pairs, refused)


def hold(pair: dict[str, str], source: Source) -> tuple[str, str]:
    """Hold a sentence, a block of code or a formula against a passage.

    Returns:
        The objection, empty if there is none, and what it was held against.
    """
    blocks = find_blocks(pair["claim"])
    if not blocks:
        found = check_claim([pair["claim"]], pair["lang"], source)
        return found.objection, found.quote.text
    held = is_held(blocks[0], [f"{source.context}\n{source.text}"])
    return "" if held else "block", pair["quote"]


def report(name: str, pairs: Iterable[dict[str, str]], refused: dict[str, str]) -> None:
    """Print the figures of some pairs by kind and by language of the sentence."""
    groups: dict[tuple[str, str], list[bool]] = defaultdict(list)
    for pair in pairs:
        kind = "faithful" if pair["kind"] in FAITHFUL else pair["kind"]
        for language in (pair["lang"], "all"):
            groups[kind, language].append(pair["id"] in refused)
        if kind != "faithful":
            groups["altered", "all"].append(pair["id"] in refused)
            groups["altered", pair["lang"]].append(pair["id"] in refused)
    print(f"{name}: refused / pairs")
    languages = ("all", "en", "pl", "pt", "ro")
    for kind in (
        "number",
        "name",
        "negation",
        "unrelated",
        "code",
        "formula",
        "altered",
        "faithful",
    ):
        cells = [
            f"{language} {sum(groups[kind, language])}/{len(groups[kind, language])}"
            for language in languages
        ]
        print(f"  {kind:10}", "   ".join(cells))
    for language in languages:
        caught, false = sum(groups["altered", language]), sum(groups["faithful", language])
        recall = caught / max(1, len(groups["altered", language]))
        print(f"  {language}: precision {caught / max(1, caught + false):.3f} recall {recall:.3f}")


if __name__ == "__main__":
    main()
