"""Leave out what a reasoning model says to itself before it answers.

Only a block at the beginning is taken for thinking. Later, `<think>` is text like any other: notes
about reasoning models quote it, and an answer about them may too.
"""

from collections.abc import Iterable, Iterator

OPEN = "<think>"
CLOSE = "</think>"


def without_thinking(pieces: Iterable[str], *, inside: bool = False) -> Iterator[str]:
    """Pass the pieces on, without thinking and white space before the answer.

    What was not yet decided (the `<thi` of a tag cut in two) is held back until it is; once the
    answer has begun, each piece goes through as it comes.

    Args:
        pieces: the model's text, cut anywhere.
        inside: the prompt has opened the block already, so that only its end will be seen.
    """
    held = ""
    answering = False
    for piece in pieces:
        if answering:
            yield piece
            continue
        held, inside = _skip(held + piece, inside=inside)
        if not inside and not OPEN.startswith(held):
            answering = True
            yield held
    if held and not answering and not inside:
        yield held


def _skip(text: str, *, inside: bool) -> tuple[str, bool]:
    """Cut whole blocks off the beginning; say what is left and whether it is within a block."""
    while True:
        if inside:
            _, tag, rest = text.partition(CLOSE)
            if not tag:
                # The end may have begun in this piece; a longer tail is not needed to see it.
                return text[1 - len(CLOSE) :], True
            text, inside = rest, False
        text = text.lstrip()
        if not text.startswith(OPEN):
            return text, False
        text, inside = text.removeprefix(OPEN), True
