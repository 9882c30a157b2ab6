"""The values that travel through the house, in the order in which they are made.

    in    file -> Note -> Document (Blocks) -> Chunk -> vector -> index
    out   question -> Passage -> Prompt -> Answer (Citations)

All are frozen. Paths are relative to the vault, with `/`. Lines are 1-based and inclusive, in the
file as it is on disk. Languages are ISO 639-1 codes.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from enum import StrEnum


@dataclass(frozen=True, slots=True)
class Note:
    """A Markdown file that was read."""

    path: str
    """Where it stands in the vault, e.g. `2024/Large Language Model.md`."""
    text: str
    """What it says, decoded, without byte order mark, line ends as on disk."""


@dataclass(frozen=True, slots=True)
class Skipped:
    """A file that was not indexed."""

    path: str
    reason: str
    """One line that the person who wrote the file understands."""


@dataclass(frozen=True, slots=True)
class Notice:
    """What of an indexed note could not be read as its author meant it."""

    path: str
    problem: str
    """One line."""


class BlockKind(StrEnum):
    """What a block is."""

    PARAGRAPH = "paragraph"
    LIST = "list"
    TABLE = "table"
    CODE = "code"
    MATH = "math"
    QUOTE = "quote"
    CALLOUT = "callout"
    FOOTNOTE = "footnote"
    HEADING = "heading"
    """Only where short sections are cut together."""


@dataclass(frozen=True, slots=True)
class Piece:
    """The smallest part of a block at which a chunk may begin: an item, a row, a definition."""

    start_line: int
    end_line: int
    depth: int
    """How deep it is nested; 0 begins a block. A cut at a small depth harms least."""
    context: tuple[str, ...]
    """What it needs to be understood alone: its parent bullets, or the header rows of its table."""


@dataclass(frozen=True, slots=True)
class Block:
    """A top-level construct of a note."""

    kind: BlockKind
    start_line: int
    end_line: int
    pieces: tuple[Piece, ...]
    """At least one; together they cover the block's lines, in order."""


@dataclass(frozen=True, slots=True)
class Section:
    """A heading and the blocks up to the next heading."""

    headings: tuple[str, ...]
    """The heading and those above it, outermost first; empty before the first heading."""
    start_line: int
    """The heading's own line, or the first line of the first block."""
    blocks: tuple[Block, ...]


@dataclass(frozen=True, slots=True)
class Document:
    """A parsed note."""

    path: str
    title: str
    """The `title` property, else the file's name without its ending."""
    tags: tuple[str, ...]
    """From the properties and inline, without `#`, in lower case, e.g. `ml/llm`."""
    aliases: tuple[str, ...]
    language: str
    text: str
    """The note's own text."""
    sections: tuple[Section, ...]
    footnotes: Mapping[str, str] = field(default_factory=dict)
    """What each footnote says, without markup, by its label."""
    pictures: Mapping[str, str] = field(default_factory=dict)
    """What was read in the pictures that it embeds, by what the embeds name; not read: empty."""
    problems: tuple[str, ...] = ()
    """What could not be read as its author meant it, a line each."""


@dataclass(frozen=True, slots=True)
class Chunk:
    """What is embedded, and the lines it stands for."""

    path: str
    title: str
    headings: tuple[str, ...]
    start_line: int
    end_line: int
    text: str
    """The note's own characters, all within these lines: what people are shown. Whole lines, but
    for a block that had to be cut inside one."""
    indexed_text: str
    """Title, headings, parents and body without markup: what both legs of retrieval read."""
    tags: tuple[str, ...]
    language: str


@dataclass(frozen=True, slots=True)
class Filters:
    """Which chunks may be found. Empty allows all.

    All that is given must hold; tags, paths and languages are alternatives among their own kind.
    """

    tags: tuple[str, ...] = ()
    """A tag also allows the tags below it: `ml` allows `ml/llm`."""
    paths: tuple[str, ...] = ()
    """Shell patterns over the whole path; `*` also matches `/`. A folder allows what is in it."""
    languages: tuple[str, ...] = ()
    phrases: tuple[str, ...] = ()
    """Each stands in the chunk's indexed text, whole words side by side; case and marks aside."""
    without_tags: tuple[str, ...] = ()
    """None of these and of the next three may hold."""
    without_paths: tuple[str, ...] = ()
    without_languages: tuple[str, ...] = ()
    without_phrases: tuple[str, ...] = ()
    """Single words too."""
    also: tuple["Filters", ...] = ()
    """More filters, which must hold as well."""

    def __bool__(self) -> bool:
        return any(getattr(self, field.name) for field in fields(self))

    def __and__(self, other: "Filters") -> "Filters":
        """Allow what both allow."""
        if not self or not other:
            return self or other
        return replace(self, also=(*self.also, other))


@dataclass(frozen=True, slots=True)
class Unmatched:
    """A filter that no chunk answers to."""

    kind: str
    """`tag`, `path`, `language` or `phrase`."""
    value: str
    """As it was given."""
    close: tuple[str, ...]
    """Names that are there and may have been meant, nearest first; none for a phrase."""


@dataclass(frozen=True, slots=True)
class Legs:
    """What each leg of retrieval gave a passage."""

    dense: float
    """Cosine of the question and the chunk, -1 to 1."""
    lexical: float
    """BM25 of the question's 4-grams, >= 0."""
    dense_z: float
    """`dense` in standard deviations above the mean over all chunks."""
    lexical_z: float
    """The same for `lexical`. It is in no score, but tells how good a match is in this index."""
    nearness: float = 0.0
    """What `dense_z` added to the score."""
    grams: float = 0.0
    """What `lexical` added: the share of the question's 4-grams that the chunk holds, above what
    chunks in its language hold."""
    words: float = 0.0
    """What whole words added: the share of the question's words that stand near one another in the
    chunk, and in the heading above it, names above all."""
    crowding: float = 0.0
    """What better passages of the same note took off. The score is nearness + grams + words -
    crowding."""

    @property
    def parts(self) -> dict[str, float]:
        """What was added up to the fused score, by name."""
        parts = {"dense": self.nearness, "grams": self.grams, "words": self.words}
        return parts | ({"crowding": -self.crowding} if self.crowding else {})


@dataclass(frozen=True, slots=True)
class Reranked:
    """How a reranker changed the order."""

    score: float
    """On the model's own scale."""
    fused_rank: int
    """The rank before."""
    fused_score: float


@dataclass(frozen=True, slots=True)
class Passage:
    """A chunk that was retrieved."""

    chunk: Chunk
    rank: int
    """1 is best."""
    score: float
    """What the passages are ordered by; comparable within one search only."""
    legs: Legs
    reranked: Reranked | None = None
    """None where no reranker read it."""
    embedded_in: str = ""
    """The note that embeds it, if that brought it here: its score is then that passage's."""


class Mode(StrEnum):
    """Which legs of retrieval rank."""

    HYBRID = "hybrid"
    DENSE = "dense"
    LEXICAL = "lexical"


@dataclass(frozen=True, slots=True)
class Message:
    """One turn of a chat prompt."""

    role: str
    """`system`, `user` or `assistant`."""
    content: str


@dataclass(frozen=True, slots=True)
class Prompt:
    """Everything that a generator may use. Passage n is cited as `[n]`."""

    question: str
    language: str
    """The language to answer in."""
    passages: tuple[Passage, ...]
    """Best first; their `[n]` is their place here, from 1."""
    messages: tuple[Message, ...]
    """The same, written out for a chat model."""


class CitationStatus(StrEnum):
    """What the check of a citation against the note on disk found."""

    VERIFIED = "verified"
    """The quote stands at these lines."""
    MOVED = "moved"
    """The quote stands in the note, but not where it was indexed; the lines are today's."""
    STALE = "stale"
    """The note changed or is gone, and the quote with it."""
    UNSUPPORTED = "unsupported"
    """The passage does not support the sentence that cites it."""


@dataclass(frozen=True, slots=True)
class Citation:
    """A quoted span of a note."""

    number: int
    """The `[n]` in the answer, from 1."""
    path: str
    headings: tuple[str, ...]
    start_line: int
    end_line: int
    quote: str
    """Byte for byte as in the note, if the status is verified or moved."""
    status: CitationStatus


@dataclass(frozen=True, slots=True)
class Answer:
    """What `ask` gives."""

    question: str
    language: str
    text: str
    """Markdown with `[n]` marks, or the refusal."""
    abstained: bool
    confidence: float
    """How likely the notes answer the question, 0 to 1."""
    citations: tuple[Citation, ...]
    passages: tuple[Passage, ...]
    generator_kind: str
    generator_model: str
    behind: int
    """How many notes changed on disk since the index was built."""
    timings_ms: dict[str, float] = field(default_factory=dict)
    """Milliseconds by stage: retrieve, generate, cite."""
    languages: tuple[str, ...] = ()
    """Of the text: those of the notes that are quoted, or that of what a model wrote; empty for a
    refusal, which is in `language`."""

    @property
    def other_languages(self) -> tuple[str, ...]:
        """Those of the text that the question is not in."""
        return tuple(language for language in self.languages if language != self.language)
