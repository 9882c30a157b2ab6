"""How a model is spoken to: its chat template, and the tokens that begin and end a turn.

Its tokenizer says which control marks there are, and whether a message still holds one.
"""

import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from jinja2 import TemplateError
from transformers import PreTrainedTokenizerBase

from rag.errors import NoModel
from rag.generators.thinking import CLOSE, OPEN
from rag.generators.transformers_chat.loading import first_line
from rag.generators.turns import TEXT_MARKS, break_marks, compile_marks, fold_system
from rag.types import Message

TAKE_INSTRUCT = "take an instruct or chat model, or use --llm extractive"
LOOKS_LIKE_A_MARK = re.compile(r"[<\[{(|].*[>\]})|]")
"""Which added tokens are control marks though not declared special, e.g. `<think>` or `[INST]`; the
others (runs of spaces, words of a trade) are text and must stay whole."""
TEMPLATE_FAILURES = (TemplateError, AttributeError, ImportError, LookupError, TypeError, ValueError)
"""A template is a program that came with the model; these are the ways in which it can fail."""


@dataclass(frozen=True, slots=True)
class EncodedChat:
    """A prompt as the model reads it."""

    ids: tuple[int, ...]
    thinking: bool
    """The template ends within a thinking block, so that the model goes on inside it."""


class ChatFormat:
    """The chat format of one tokenizer.

    Args:
        tokenizer: with a chat template.
        name: the model, as its users name it.

    Raises:
        NoModel: there is no template, or it cannot be used.
    """

    def __init__(self, tokenizer: PreTrainedTokenizerBase, name: str) -> None:
        self._tokenizer = tokenizer
        self._name = name
        try:
            source = tokenizer.get_chat_template()
        except ValueError as error:
            raise NoModel(f"{name} has no chat template", TAKE_INSTRUCT) from error
        controls = dict(_find_controls(tokenizer))
        self._control_ids = frozenset(controls.values())
        self._marks = compile_marks([*controls, *TEXT_MARKS.findall(source)])
        self._folds_system = not self._takes_system()
        self.end_ids = self._find_end_ids()
        """Any of these ends the model's turn."""

    def encode(self, messages: Sequence[Message]) -> EncodedChat:
        """Write the messages out and open the assistant's turn.

        Raises:
            NoModel: the template refuses these turns.
        """
        turns = [replace(turn, content=self.disarm(turn.content)) for turn in messages]
        if self._folds_system:
            turns = fold_system(turns)
        try:
            text = self._render(turns)
        except TEMPLATE_FAILURES as error:
            problem = f"the chat template of {self._name} refuses the prompt: {first_line(error)}"
            raise NoModel(problem, TAKE_INSTRUCT) from error
        return EncodedChat(tuple(self._to_ids(text)), text.rstrip().endswith(OPEN))

    def disarm(self, text: str) -> str:
        """Break every control mark in the text, so that it is encoded as text."""
        broken = break_marks(text, self._marks)
        if self._control_ids.isdisjoint(self._to_ids(broken)):
            return broken
        # The tokenizer's normaliser made a mark of look-alikes: give it the plain characters.
        plain = unicodedata.normalize("NFKC", text)
        plain = "".join(c for c in plain if unicodedata.category(c) != "Cf")
        return break_marks(plain, self._marks)

    def _takes_system(self) -> bool:
        """Whether the template writes a system turn out; some raise, some drop it in silence."""
        system, user = Message("system", "zyxwvut"), Message("user", "tuvwxyz")
        try:
            return system.content in self._render([system, user])
        except TEMPLATE_FAILURES:
            pass  # is tried again without the system turn
        try:
            self._render([user])
        except TEMPLATE_FAILURES as error:
            problem = f"the chat template of {self._name} fails: {first_line(error)}"
            raise NoModel(problem, TAKE_INSTRUCT) from error
        return False

    def _find_end_ids(self) -> frozenset[int]:
        """The tokenizer's end, and what the template puts behind an answer.

        The second is not always among the ends that a model names: many fine-tuned ones still name
        only the end of text of the model they began with, and would go on to the next turn.
        """
        ends = set()
        if isinstance(self._tokenizer.eos_token_id, int):
            ends.add(self._tokenizer.eos_token_id)
        turns = [Message("user", "tuvwxyz"), Message("assistant", "zyxwvut")]
        try:
            rendered = self._render(turns, open_turn=False)
        except TEMPLATE_FAILURES:
            return frozenset(ends)
        behind = rendered.rpartition(turns[-1].content)[2]
        ends.update([token for token in self._to_ids(behind) if token in self._control_ids][:1])
        return frozenset(ends)

    def _render(self, turns: Sequence[Message], *, open_turn: bool = True) -> str:
        text = self._tokenizer.apply_chat_template(
            [{"role": turn.role, "content": turn.content} for turn in turns],
            tokenize=False,
            add_generation_prompt=open_turn,
            enable_thinking=False,  # templates that do not know it ignore it
        )
        if not isinstance(text, str):
            raise TypeError("it gives no text")
        return text

    def _to_ids(self, text: str) -> list[int]:
        ids: list[int] = self._tokenizer(text, add_special_tokens=False)["input_ids"]
        return ids


def find_hidden_ids(tokenizer: PreTrainedTokenizerBase) -> frozenset[int]:
    """The special tokens, which are no part of an answer; thinking tags stay to be seen as such."""
    named = zip(tokenizer.all_special_tokens, tokenizer.all_special_ids, strict=True)
    special = dict(named) | {
        token.content: index
        for index, token in tokenizer.added_tokens_decoder.items()
        if token.special
    }
    return frozenset(index for text, index in special.items() if text not in {OPEN, CLOSE})


def _find_controls(tokenizer: PreTrainedTokenizerBase) -> Iterator[tuple[str, int]]:
    for index, token in tokenizer.added_tokens_decoder.items():
        text = token.content
        breakable = len(text) > 1 and not any(character.isspace() for character in text)
        if breakable and (token.special or LOOKS_LIKE_A_MARK.fullmatch(text)):
            yield text, index
