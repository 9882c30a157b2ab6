"""Have a language model word the drafts: one short prompt a passage, and nothing taken on trust.

A model's question replaces that of the draft only if it is one line in the note's language and its
quote stands in the passage; else the draft stays as it was.
"""

import json
import re
import secrets
from collections.abc import Iterator, Sequence
from dataclasses import replace

from rag.evaluation import wording
from rag.evaluation.drafts import Draft, is_clean
from rag.evaluation.metrics import same_text
from rag.evaluation.questions import Relevant
from rag.generators import Generator
from rag.notes.language import NAMES, detect_language
from rag.types import Message, Prompt

MOST_QUESTION = 200
"""Characters."""
LEAST_QUOTE = 10
"""Characters; a shorter one may stand anywhere."""
MOST_WRITTEN = 4_000
"""Characters of a reply; a model that goes on is stopped."""


def reword(drafts: Sequence[Draft], generator: Generator) -> Iterator[tuple[Draft, bool]]:
    """Give each draft and whether the model worded it; no question is given twice.

    Raises:
        NoModel: the model went away or ran out of memory.
    """
    seen = {same_text(draft.question).casefold() for draft in drafts}
    for draft in drafts:
        found = _read_reply(_ask(draft, generator), draft)
        words = same_text(found.question).casefold() if found else ""
        if found and words not in seen:
            seen.add(words)
            yield found, True
        else:
            yield draft, False


def _ask(draft: Draft, generator: Generator) -> str:
    text = draft.chunk.text
    fence = secrets.token_hex(4)
    while fence in text:
        fence = secrets.token_hex(4)
    language = NAMES.get(draft.language, draft.language)
    user = wording.USER.substitute(fence=fence, text=text, language=language)
    messages = (Message("system", wording.SYSTEM), Message("user", user))
    prompt = Prompt(question=user, language=draft.language, passages=(), messages=messages)
    if not generator.fits(prompt):
        return ""
    written = ""
    for piece in generator.stream(prompt):
        written += piece
        if len(written) > MOST_WRITTEN:
            break
    return written


def _read_reply(reply: str, draft: Draft) -> Draft | None:
    """Read a reply; None if it is not what was asked for."""
    start, end = reply.find("{"), reply.rfind("}")
    try:
        entry = json.loads(reply[start : end + 1], strict=False)
    except (ValueError, RecursionError):
        return None
    if not isinstance(entry, dict):
        return None
    question, quote, answer = (entry.get(key) for key in ("question", "quote", "answer"))
    if not (isinstance(question, str) and isinstance(quote, str)):
        return None
    question = " ".join(question.split())
    stands = _find(quote, draft.chunk.text)
    if (
        not question.endswith("?")
        or len(question) > MOST_QUESTION
        or not is_clean(question)
        or len(stands) < LEAST_QUOTE
        or not is_clean(stands)
        or same_text(stands) in question
        or detect_language(question, draft.language) != draft.language
    ):
        return None
    asked_for = _find(answer, stands) if isinstance(answer, str) else ""
    return replace(
        draft,
        question=question,
        answers=(asked_for or stands,),
        relevant=(Relevant(draft.chunk.path, stands),),
    )


def _find(quote: str, text: str) -> str:
    """Give the stretch of a text that a quote is of, whatever its blanks; empty if none is."""
    words = quote.split()
    found = re.search(r"\s+".join(map(re.escape, words)), text) if words else None
    return found[0] if found else ""
