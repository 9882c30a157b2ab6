"""Run a chat decoder and give its answer while it is written.

The network runs in a thread of its own, since transformers hands tokens to a callback. Before each
layer the thread looks whether anybody still wants the answer: a long prompt takes a laptop minutes
before the first token, too long to wait after Ctrl-C.
"""

import threading
from collections.abc import Generator, Iterable, Iterator
from contextlib import closing
from queue import SimpleQueue
from typing import Any

import torch
from transformers import GenerationConfig, LogitsProcessor, LogitsProcessorList
from transformers.generation.streamers import BaseStreamer

from rag.errors import BadSettings, NoModel
from rag.generators.thinking import without_thinking
from rag.generators.transformers_chat.chat import ChatFormat, find_hidden_ids
from rag.generators.transformers_chat.loading import describe_failure, load_decoder
from rag.generators.turns import until_turn_ends
from rag.types import Prompt

HALF_A_CHARACTER = "\ufffd"
"""What a decoder gives for bytes whose other half is in the next token."""


class TransformersGenerator:
    """Answers with a chat decoder on this machine.

    Args:
        name_or_path: a folder, or the name of a model on the hub; it is loaded at once.
        max_new_tokens: how long an answer may be, thinking included.
        temperature: 0 always takes the likeliest token; 1 draws from the model's own distribution.
        seed: equal seeds draw equal answers to equal prompts.

    Raises:
        BadSettings: a number is out of range.
        NoModel: the model cannot be had or cannot chat.
    """

    kind = "transformers"

    def __init__(
        self,
        name_or_path: str,
        *,
        max_new_tokens: int = 512,
        temperature: float = 0.0,
        seed: int = 0,
    ) -> None:
        if max_new_tokens < 1:
            raise BadSettings(f"max_new_tokens is {max_new_tokens}", "give 1 or more")
        if not 0 <= temperature < float("inf"):
            raise BadSettings(f"temperature is {temperature}", "give 0 or more")
        self.model = name_or_path
        self._max_new_tokens = max_new_tokens
        self._temperature = temperature
        self._seed = seed
        decoder = load_decoder(name_or_path)
        self._tokenizer = decoder.tokenizer
        self._network: Any = decoder.network
        self._chat = ChatFormat(decoder.tokenizer, name_or_path)
        self._hidden = find_hidden_ids(decoder.tokenizer)
        self._limit = _find_limit(decoder.network.config, decoder.tokenizer.model_max_length)
        ends = self._chat.end_ids | _as_set(decoder.network.generation_config.eos_token_id)
        # A fresh one: sampling and penalties that the model's makers chose for chatting make it
        # leave the words of the notes.
        decoder.network.generation_config = GenerationConfig(  # type: ignore[no-untyped-call]
            do_sample=False,
            eos_token_id=sorted(ends) or None,
            pad_token_id=min(ends, default=0),
        )
        self._thread = threading.local()
        for layer in _find_layers(decoder.network):
            layer.register_forward_pre_hook(self._stop_if_unwanted)

    def fits(self, prompt: Prompt) -> bool:
        """Whether the prompt and an answer of full length stay within the model's context."""
        return len(self._chat.encode(prompt.messages).ids) + self._max_new_tokens <= self._limit

    def stream(self, prompt: Prompt) -> Iterator[str]:
        """Give the answer in pieces, without what the model thinks first.

        Closing the iterator early ends the work within a layer of the network.

        Raises:
            NoModel: the prompt leaves no room for an answer; the model failed or ran out of memory.
        """
        chat = self._chat.encode(prompt.messages)
        room = min(self._max_new_tokens, self._limit - len(chat.ids))
        if room < 1:
            problem = f"the prompt has {len(chat.ids)} tokens and {self.model} reads {self._limit}"
            raise NoModel(problem, "ask with a smaller -k, or take a model with a longer context")
        with closing(self._run(chat.ids, int(room))) as tokens:
            answer = without_thinking(self._decode(tokens), inside=chat.thinking)
            yield from until_turn_ends(answer)

    def _decode(self, tokens: Iterable[int]) -> Iterator[str]:
        """Give the text of the tokens so far, less the text given before.

        All are decoded each time, as what a token says may depend on those before it.
        """
        seen: list[int] = []
        given = 0
        text = ""
        for token in tokens:
            if token in self._hidden:
                continue
            seen.append(token)
            text = str(self._tokenizer.decode(seen, clean_up_tokenization_spaces=False))
            if len(text) > given and not text.endswith(HALF_A_CHARACTER):
                yield text[given:]
                given = len(text)
        if len(text) > given:
            yield text[given:]

    def _run(self, ids: tuple[int, ...], room: int) -> Generator[int, None, None]:
        """Give the tokens as the thread makes them; end the thread whatever happens here."""
        made: SimpleQueue[int | Exception | None] = SimpleQueue()
        unwanted = threading.Event()
        # A daemon, so that an answer which nobody closed does not keep the process alive.
        thread = threading.Thread(
            target=self._work, args=(ids, room, made, unwanted), name="rag-generate", daemon=True
        )
        try:
            thread.start()
            while (token := made.get()) is not None:
                if isinstance(token, Exception):
                    raise describe_failure(f"{self.model} failed", token) from token
                yield token
        finally:
            unwanted.set()
            if thread.is_alive():
                thread.join()

    def _work(
        self,
        ids: tuple[int, ...],
        room: int,
        made: SimpleQueue[int | Exception | None],
        unwanted: threading.Event,
    ) -> None:
        self._thread.unwanted = unwanted
        prompt = torch.tensor([ids], device=self._network.device)
        try:
            self._network.generate(
                prompt,
                attention_mask=torch.ones_like(prompt),
                max_new_tokens=room,
                logits_processor=self._draws(),
                streamer=_Tokens(made),
            )
        except _Unwanted:
            pass  # nobody waits for the rest
        except Exception as error:  # noqa: BLE001 - it is raised where the answer is read
            made.put(error)
        finally:
            made.put(None)

    def _draws(self) -> LogitsProcessorList:
        draws = [_Draw(self._temperature, self._seed)] if self._temperature else []
        return LogitsProcessorList(draws)

    def _stop_if_unwanted(self, _module: torch.nn.Module, _inputs: object) -> None:
        # By thread, since answers may be written at once and only one of them is unwanted.
        if self._thread.unwanted.is_set():
            raise _Unwanted


class _Unwanted(Exception):
    """The reader went away."""


class _Tokens(BaseStreamer):
    """Put each new token on a queue; the first call brings the prompt."""

    def __init__(self, made: SimpleQueue[int | Exception | None]) -> None:
        self._made = made
        self._prompt_seen = False

    def put(self, value: torch.Tensor) -> None:
        if self._prompt_seen:
            for token in value.flatten().tolist():
                self._made.put(token)
        self._prompt_seen = True

    def end(self) -> None:
        """Nothing is held back."""


class _Draw(LogitsProcessor):
    """Make the likeliest token a drawn one, with a random source of its own.

    The index of the largest of `scores + temperature * Gumbel noise` has the distribution
    `softmax(scores / temperature)` (Gumbel 1954). The library would draw from the process-wide
    source, which other answers use at the same time.
    """

    def __init__(self, temperature: float, seed: int) -> None:
        self._temperature = temperature
        self._random = torch.Generator().manual_seed(seed)

    def __call__(self, input_ids: torch.Tensor, scores: torch.Tensor) -> torch.Tensor:  # noqa: ARG002
        # In float64, as float32 cannot tell the smallest draws apart, and these win.
        exponential = torch.empty(scores.shape, dtype=torch.float64)
        noise = -exponential.exponential_(generator=self._random).log()
        return scores + self._temperature * noise.to(scores.device)


def _find_layers(network: torch.nn.Module) -> Iterator[torch.nn.Module]:
    for module in network.modules():
        if isinstance(module, torch.nn.ModuleList):
            yield from module.children()


def _find_limit(config: Any, model_max_length: float) -> float:  # noqa: ANN401 - one class a model
    """How many tokens prompt and answer may have; infinite where the model says nothing.

    A tokenizer that knows no limit says 1e30, which the smaller of the two leaves out by itself. A
    model without positions (a recurrent one) has none.
    """
    positions = getattr(config.get_text_config(), "max_position_embeddings", None)
    return min(positions or float("inf"), model_max_length)


def _as_set(ids: int | list[int] | None) -> frozenset[int]:
    if ids is None:
        return frozenset()
    return frozenset([ids] if isinstance(ids, int) else ids)
