"""An answer made by hand, for what is done with answers."""

from rag.types import Answer, Chunk, Citation, CitationStatus, Legs, Passage

TEXT = "One line.\n\nThe *quoted* line.\n\nAnother line."


def make_passage(
    rank: int = 1, path: str = "a.md", text: str = TEXT, language: str = "pl"
) -> Passage:
    chunk = Chunk(path, "Title", ("Top", "Sub"), 11, 15, text, text, ("ml/llm",), language)
    return Passage(chunk, rank, 2.5, Legs(0.5, 1.0, 2.0, 3.0))


def make_citation(
    number: int, status: str = "verified", quote: str = "One line.", start: int = 11, end: int = 11
) -> Citation:
    return Citation(number, "a.md", ("Top", "Sub"), start, end, quote, CitationStatus(status))


def make_answer(
    text: str = "First [1].",
    citations: tuple[Citation, ...] = (),
    kind: str = "transformers",
    *,
    abstained: bool = False,
    question: str = "Why?",
    languages: tuple[str, ...] = (),
) -> Answer:
    return Answer(
        question=question,
        language="en",
        text=text,
        abstained=abstained,
        confidence=0.834,
        citations=citations,
        passages=(make_passage(1), make_passage(2, "b.md")),
        generator_kind=kind,
        generator_model="some/model",
        behind=2,
        timings_ms={"retrieve": 200.0, "generate": 1000.0},
        languages=languages,
    )
