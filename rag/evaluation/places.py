"""What the index says of the places that questions name."""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from rag.evaluation.metrics import holds, same_path
from rag.evaluation.questions import Question
from rag.index import Index

BLOCK = 1_000
"""Chunks read at once: a few megabytes, whatever the size of the index."""


@dataclass(frozen=True, slots=True)
class Places:
    """The notes that questions name, and the questions that nothing in the index can answer."""

    languages: Mapping[str, str]
    """Of the notes, by `same_path`: the language that most of their text is in."""
    lost: tuple[str, ...]
    """Ids of the questions none of whose places stands in any chunk: the note or the quote is not
    there, or the quote lies across two chunks. They count as not found."""

    def language_of(self, question: Question) -> str | None:
        """Give the language to find an answer in; None if the index holds no note of it.

        The question's own if any of its notes is in it, else that of most of its notes.
        """
        paths = {same_path(place.path) for place in question.relevant}
        found = Counter(self.languages[path] for path in sorted(paths & self.languages.keys()))
        if not found:
            return None
        return question.language if question.language in found else found.most_common(1)[0][0]


def survey(questions: Sequence[Question], index: Index) -> Places:
    """Look for the places of questions in an index, in one pass over its chunks."""
    waiting: dict[str, list[tuple[int, int]]] = defaultdict(list)
    for number, question in enumerate(questions):
        for place, relevant in enumerate(question.relevant):
            waiting[same_path(relevant.path)].append((number, place))
    letters: dict[str, Counter[str]] = defaultdict(Counter)
    found: set[int] = set()
    for start in range(0, index.info.chunks, BLOCK):
        for chunk in index.chunks(range(start, min(start + BLOCK, index.info.chunks))):
            path = same_path(chunk.path)
            if path not in waiting:
                continue
            letters[path][chunk.language] += len(chunk.text)
            found |= {
                number
                for number, place in waiting[path]
                if number not in found and holds(chunk, questions[number].relevant[place])
            }
    return Places(
        languages={path: count.most_common(1)[0][0] for path, count in letters.items()},
        lost=tuple(
            question.id
            for number, question in enumerate(questions)
            if question.relevant and number not in found
        ),
    )
