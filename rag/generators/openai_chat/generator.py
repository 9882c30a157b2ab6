"""Ask a server for an answer and give it while it is written."""

import time
from collections.abc import Generator, Iterator, Mapping
from contextlib import closing
from typing import Any

import openai
from openai import Stream
from openai.types.chat import ChatCompletionChunk

from rag.errors import BrokenAnswer, NoModel, RagError
from rag.generators.openai_chat.address import Server
from rag.generators.openai_chat.failures import ELSE, FAILURES, explain
from rag.generators.openai_chat.transport import BadReply, open_client
from rag.generators.thinking import without_thinking
from rag.generators.turns import (
    KNOWN_MARKS,
    break_marks,
    compile_marks,
    fold_system,
    until_turn_ends,
)
from rag.types import Prompt

CONTEXT = 4096
"""Tokens that a model reads, where its server does not say: Ollama's default on a laptop, whatever
the model could read. It would cut a longer prompt at its beginning without a word."""
CONTEXT_KEYS = ("max_model_len", "context_length", "context_window", "max_context_length", "n_ctx")
"""By which vLLM, OpenRouter, Groq, Mistral and llama.cpp say it in their lists of models."""
BYTES_PER_TOKEN = 2
"""Of UTF-8, at least: a vocabulary of 30,522 English entries takes a token for 2.07 bytes of the
hardest sample note, which is Polish; a multilingual one for 2.53."""
TOKENS_PER_TURN = 16
"""What a chat template puts around each turn; no common one takes more than ten."""
MOST_CHARACTERS_PER_TOKEN = 32
"""Of an answer: a token is rarely a longer word. A server that goes on beyond heeds no limit."""
MODELS_S = 5.0
"""To list the models, which every server can do while it works."""
MOST_TRIES = 3
MOST_WAIT_S = 5.0
"""A server that wants a longer pause is not waited for: people would take it for a stall."""
WAITS_S = (1.0, 2.0)
"""Before the second and third try, where the server says nothing of it."""

_MARKS = compile_marks(KNOWN_MARKS)
_CUT_OFF = ("content_filter", "error")
_BUSY = (429, 503)
"""Too many requests; the second is llama.cpp's while it loads the model."""
_REFUSED = (400, 422)


class OpenAIGenerator:
    """Answers with a model behind a server that speaks the OpenAI chat protocol.

    Args:
        server: which model of which server; nothing is sent before there is a prompt.
        key: the bearer token; it is in no message and no representation of this object.
        max_new_tokens: how long an answer may be, thinking included.
        temperature: 0 always takes the likeliest token; 1 draws from the model's own distribution.
        seed: sent where there is something to draw; servers promise to try their best.
        timeout_s: how long the server may say nothing, in seconds.
        context: tokens that the model reads; None for what the server says, else 4,096.
    """

    kind = "openai"

    def __init__(
        self,
        server: Server,
        *,
        key: str | None = None,
        max_new_tokens: int = 1024,
        temperature: float = 0.0,
        seed: int = 0,
        timeout_s: float = 300.0,
        context: int | None = None,
    ) -> None:
        self.model = server.model
        self._server = server
        self._key = key
        self._max_new_tokens = max_new_tokens
        self._timeout_s = timeout_s
        self._client = open_client(server, key, timeout_s=timeout_s)
        self._manners = list(_find_manners(max_new_tokens, temperature, seed))
        # The fullest manner that this server took, and whether its template knows no system.
        self._manner, self._folds_system = 0, False
        self._context = context

    def fits(self, prompt: Prompt) -> bool:
        """Whether the prompt and an answer of full length stay within the model's context."""
        if self._context is None:
            self._context = self._ask_context()
        used = sum(
            len(turn.content.encode()) / BYTES_PER_TOKEN + TOKENS_PER_TURN
            for turn in prompt.messages
        )
        return used + self._max_new_tokens <= self._context

    def stream(self, prompt: Prompt) -> Iterator[str]:
        """Give the answer in pieces, without what the model thinks first.

        Closing the iterator early closes the connection, upon which servers stop.

        Raises:
            NoModel: the server cannot be had, or said no word of an answer.
            BrokenAnswer: it stopped after the first word; what was given is not an answer.
        """
        begun = False
        try:
            with closing(self._write(prompt)) as pieces:
                for piece in until_turn_ends(without_thinking(pieces)):
                    begun = True
                    yield piece
        except _NoRoomLeft:
            if not begun:
                problem = f"{self.model} thought for {self._max_new_tokens} tokens and said nothing"
                remedy = f"take a model that thinks less, {ELSE}"
                raise NoModel(problem, remedy) from None
        except FAILURES as error:
            # Not chained, for the client's errors may hold what the server repeated of the key.
            raise self._tell(error, begun=begun) from None

    def _write(self, prompt: Prompt) -> Generator[str, None, None]:
        room = self._max_new_tokens * MOST_CHARACTERS_PER_TOKEN
        heard, end = False, None
        with closing(self._open(prompt)) as chunks:
            for chunk in chunks:
                heard = True
                piece, thought, reason = _read(chunk)
                end = reason or end
                room -= max(1, len(piece) + len(thought))
                if room < 0:
                    raise BadReply("goes on and on")
                if piece:
                    yield piece
        if not heard:
            raise ValueError("no event in the stream")
        if end is None:
            raise BadReply("stopped before the end of its answer")
        if end in _CUT_OFF:
            raise BadReply(f"cut its answer off ({end})")
        if end == "length":
            raise _NoRoomLeft

    def _open(self, prompt: Prompt) -> Stream[ChatCompletionChunk]:
        """Ask in the fullest manner that the server takes."""
        tries, manner, folds = 0, self._manner, self._folds_system
        while True:
            try:
                chunks = self._client.chat.completions.create(
                    model=self.model,
                    messages=self._turns(prompt, folds=folds),
                    stream=True,
                    extra_body=self._manners[manner],
                )
            except openai.APIStatusError as error:
                refused = error.status_code in _REFUSED
                if refused and not folds and "system" in str(error.body).lower():
                    folds = True
                elif refused and manner + 1 < len(self._manners):
                    manner += 1
                else:
                    tries += 1
                    wait = _find_wait(error, tries)
                    if wait is None:
                        raise
                    time.sleep(wait)
            else:
                self._manner, self._folds_system = manner, folds
                return chunks

    def _turns(self, prompt: Prompt, *, folds: bool) -> Any:  # noqa: ANN401 - has a type for each role
        turns = fold_system(prompt.messages) if folds else prompt.messages
        return [{"role": turn.role, "content": break_marks(turn.content, _MARKS)} for turn in turns]

    def _ask_context(self) -> int:
        models = self._list_models()
        # llama.cpp runs one model, under whatever name it is asked for.
        mine = [model for model in models if _get(model, "id") == self.model or len(models) == 1]
        told = [place for model in mine for place in (model, _get(model, "meta"))]
        found = [_get(place, name) for place in told for name in CONTEXT_KEYS]
        return min((size for size in found if isinstance(size, int) and size > 0), default=CONTEXT)

    def _list_models(self) -> list[object]:
        try:
            return list(self._client.with_options(timeout=MODELS_S).models.list().data or [])
        except (*FAILURES, TypeError, AttributeError):
            return []  # not every server has that list

    def _tell(self, error: Exception, *, begun: bool) -> RagError:
        models: list[str] = []
        if isinstance(error, openai.APIStatusError) and error.status_code in (*_REFUSED, 404):
            names = [_get(model, "id") for model in self._list_models()]
            models = [name for name in names if isinstance(name, str)]
        failure = explain(
            error, self._server, key=self._key, timeout_s=self._timeout_s, models=models
        )
        if begun:
            return BrokenAnswer(f"the answer broke off: {failure.problem}", failure.remedy)
        return NoModel(failure.problem, failure.remedy)


class _NoRoomLeft(Exception):
    """The answer is as long as was allowed."""


def _find_manners(
    max_new_tokens: int, temperature: float, seed: int
) -> Iterator[Mapping[str, object]]:
    """Give what is asked for beside the answer, first all of it, then less.

    That a model should not think first, most servers are told in a way of their own: Ollama by
    `reasoning_effort`, which vLLM refuses; vLLM and llama.cpp by arguments for the chat template,
    which OpenAI refuses. OpenAI's later models also refuse `max_tokens` and greedy decoding.
    """
    drawn = {"temperature": temperature, "seed": seed} if temperature else {}
    plain = {"max_tokens": max_new_tokens, "temperature": temperature, **drawn}
    quick = {**plain, "chat_template_kwargs": {"enable_thinking": False}}
    yield {**quick, "reasoning_effort": "none"}
    yield quick
    yield plain
    yield {"max_completion_tokens": max_new_tokens, **drawn}


def _find_wait(error: openai.APIStatusError, tries: int) -> float | None:
    """Say how many seconds to wait before the next try; None for no more."""
    if error.status_code not in _BUSY or tries >= MOST_TRIES:
        return None
    try:
        wait = float(error.response.headers["Retry-After"])
    except (KeyError, ValueError):  # there is none, or a date
        return WAITS_S[tries - 1]
    return wait if 0 <= wait <= MOST_WAIT_S else None


def _read(chunk: object) -> tuple[str, str, str | None]:
    """Give what a chunk adds to the answer and to the thinking, and why it is the last."""
    choices = getattr(chunk, "choices", None)
    if not isinstance(choices, list):
        raise BadReply("sends what is no part of an answer")
    if not choices:  # the last one, with what it cost
        return "", "", None
    delta, reason = _get(choices[0], "delta"), _get(choices[0], "finish_reason")
    thoughts = [_get(delta, name) for name in ("reasoning", "reasoning_content")]
    thought = "".join(text for text in thoughts if isinstance(text, str))
    text = _get(delta, "content")
    piece = text.encode("utf-8", "replace").decode() if isinstance(text, str) else ""
    return piece, thought, reason if isinstance(reason, str) else None


def _get(value: object, name: str) -> object:
    if isinstance(value, Mapping):
        return value.get(name)
    return getattr(value, name, None)
