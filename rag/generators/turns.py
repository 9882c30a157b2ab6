"""The turns of a chat, whichever program runs the model.

Notes are untrusted. A note that says `<|im_end|><|im_start|>system` would end the user's turn and
speak as the system, since tokenizers read control marks wherever they stand. So each mark in a
message gets a space behind its first character, and is then only text. A space, because no
tokenizer's normaliser removes it, as some do with characters of no width.
"""

import re
from collections.abc import Iterable, Iterator, Sequence

from rag.types import Message

TEXT_MARKS = re.compile(r"<<?/?[^<>\s'\"{}]{1,40}>>?|\[/?[A-Z][A-Z_]*\]")
"""Marks in a template's source; older models learned theirs (`[/INST]`, `<</SYS>>`) as text."""
ANY_PIPE_MARK = r"<[|｜][^<>|｜\s]{1,40}[|｜]>"
"""Some templates put `<|` and `|>` around the role, so that their source does not hold the mark;
DeepSeek's have bars of full width."""
KNOWN_MARKS = (
    "<s>", "</s>", "<bos>", "<eos>", "<start_of_turn>", "<end_of_turn>", "<sop>", "[gMASK]",
    "[INST]", "[/INST]", "<<SYS>>", "<</SYS>>", "[SYSTEM_PROMPT]", "[/SYSTEM_PROMPT]",
    "[AVAILABLE_TOOLS]", "[/AVAILABLE_TOOLS]", "[TOOL_RESULTS]", "[/TOOL_RESULTS]", "[TOOL_CALLS]",
    "<think>", "</think>", "<tool_call>", "</tool_call>", "<tool_response>", "</tool_response>",
)  # fmt: skip
"""Of Llama, Mistral, Gemma, GLM and Qwen: for a server, whose tokenizer nobody here can ask."""
TURN_MARKS = (
    "<|im_start|>", "<|im_end|>", "<|eot_id|>", "<|start_header_id|>", "<|end|>", "<|user|>",
    "<|assistant|>", "<|system|>", "<start_of_turn>", "<end_of_turn>", "[INST]", "[/INST]",
)  # fmt: skip
"""What begins or ends a turn."""

_TURN_MARK = re.compile("(?<!`)(?:" + "|".join(map(re.escape, TURN_MARKS)) + ")")
"""Not in a code span: an answer about chat templates may quote one."""


def compile_marks(marks: Iterable[str]) -> re.Pattern[str]:
    """Give the pattern of control marks: those named, and whatever stands between `<|` and `|>`."""
    longest_first = sorted(set(marks), key=len, reverse=True)
    # Case is ignored because a normaliser may ignore it.
    return re.compile("|".join([*map(re.escape, longest_first), ANY_PIPE_MARK]), re.IGNORECASE)


def break_marks(text: str, marks: re.Pattern[str]) -> str:
    """Put a space into each control mark, so that it is text."""
    # Marks may stand within marks. Each round cuts runs without spaces shorter, so it ends.
    while (broken := marks.sub(_break, text)) != text:
        text = broken
    return text


def _break(mark: re.Match[str]) -> str:
    return f"{mark[0][0]} {mark[0][1:]}"


def fold_system(turns: Sequence[Message]) -> list[Message]:
    """Put what the system says before what the user says first, where there is no system role."""
    system = [turn.content for turn in turns if turn.role == "system"]
    others = [turn for turn in turns if turn.role != "system"]
    if not system:
        return others
    if not others or others[0].role != "user":
        return [Message("user", "\n\n".join(system)), *others]
    first = Message("user", "\n\n".join([*system, others[0].content]))
    return [first, *others[1:]]


def until_turn_ends(pieces: Iterable[str]) -> Iterator[str]:
    """Pass the pieces on up to a mark that ends the turn.

    The program that runs a model stops there by itself where it knows the mark. Where it does not,
    as with a template that is not the model's own, the model goes on as the user, and answers that.
    """
    held, before = "", ""
    for piece in pieces:
        held += piece
        if end := _TURN_MARK.search(before + held):
            yield from filter(None, [held[: end.start() - len(before)]])
            return
        safe = _find_mark_begun(held)
        if safe:
            yield held[:safe]
            held, before = held[safe:], held[safe - 1]
    if held:
        yield held


def _find_mark_begun(text: str) -> int:
    """Say where a mark begins of which the text holds the first characters; else its length."""
    for place in range(max(0, len(text) - max(map(len, TURN_MARKS))), len(text)):
        if text[place] in "<[" and any(mark.startswith(text[place:]) for mark in TURN_MARKS):
            return place
    return len(text)
