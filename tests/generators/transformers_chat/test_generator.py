import os
import signal
import threading
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
import torch
from transformers import AutoTokenizer

from rag.errors import BadSettings, NoModel
from rag.generators import Generator
from rag.generators.transformers_chat import TransformersGenerator
from rag.generators.transformers_chat.loading import choose_device
from rag.types import Message, Prompt
from tests.tiny_decoder import CHATML, build_tiny_decoder


def ask(question: str) -> Prompt:
    messages = (Message("system", "Answer from the notes."), Message("user", question))
    return Prompt(question, "ro", (), messages)


QUESTION = ask("Ce este atenția?")
OTHER = ask("Czym jest uwaga?")


def reference_ids(folder: Path, prompt: Prompt, tokens: int) -> tuple[list[int], Any]:
    """What the library writes by itself, greedily, and its tokenizer."""
    transformers: Any = import_module("transformers")
    device, dtype = choose_device()
    tokenizer = transformers.AutoTokenizer.from_pretrained(folder)
    network = transformers.AutoModelForCausalLM.from_pretrained(folder, dtype=dtype).to(device)
    network.generation_config = transformers.GenerationConfig(
        max_new_tokens=tokens, do_sample=False, eos_token_id=2, pad_token_id=0
    )
    turns = [{"role": turn.role, "content": turn.content} for turn in prompt.messages]
    inputs = tokenizer.apply_chat_template(
        turns, add_generation_prompt=True, return_dict=True, return_tensors="pt"
    ).to(device)
    ids, mask = inputs["input_ids"], inputs["attention_mask"]
    written = network.generate(ids, attention_mask=mask)[0, ids.shape[1] :]
    return written.tolist(), tokenizer


def text_of(ids: list[int], tokenizer: Any) -> str:
    return str(tokenizer.decode(ids, skip_special_tokens=True)).lstrip()


def generating() -> list[threading.Thread]:
    return [thread for thread in threading.enumerate() if thread.name == "rag-generate"]


@pytest.fixture(autouse=True)
def no_thread_is_left() -> Iterator[None]:
    yield
    assert generating() == []


@pytest.fixture(scope="module")
def generator(tiny_decoder: Path) -> Generator:
    return TransformersGenerator(str(tiny_decoder), max_new_tokens=40)


def test_it_says_what_it_is(generator: Generator, tiny_decoder: Path) -> None:
    assert (generator.kind, generator.model) == ("transformers", str(tiny_decoder))


@pytest.mark.parametrize("prompt", [QUESTION, OTHER, ask("ą" * 40)])
def test_the_pieces_are_the_library_s_own_greedy_text(
    generator: Generator, tiny_decoder: Path, prompt: Prompt
) -> None:
    ids, tokenizer = reference_ids(tiny_decoder, prompt, 40)
    pieces = list(generator.stream(prompt))
    assert "".join(pieces) == text_of(ids, tokenizer)
    assert len(pieces) > 3
    assert all(pieces)
    assert list(generator.stream(prompt)) == pieces


def test_nothing_is_said_on_the_side(
    generator: Generator, capfd: pytest.CaptureFixture[str], recwarn: pytest.WarningsRecorder
) -> None:
    list(generator.stream(QUESTION))
    assert capfd.readouterr() == ("", "")
    assert not recwarn.list


def test_characters_cut_in_two_are_held_back(generator: TransformersGenerator) -> None:
    ids = generator._tokenizer("żółć — 漢字 🦊!", add_special_tokens=False)["input_ids"]
    pieces = list(generator._decode(ids))
    assert len(ids) > len(pieces)
    assert "".join(pieces) == "żółć — 漢字 🦊!"
    assert "\ufffd" not in "".join(pieces)
    half = generator._tokenizer("漢", add_special_tokens=False)["input_ids"][:1]
    assert "".join(generator._decode(half)) == "\ufffd"  # its other half never came


def test_special_tokens_are_not_shown_but_thinking_tags_are(
    generator: TransformersGenerator,
) -> None:
    ids = generator._tokenizer("<think>a</think>b<|im_end|><|endoftext|>c")["input_ids"]
    assert "".join(generator._decode(ids)) == "<think>a</think>bc"


def test_an_answer_is_no_longer_than_allowed(tiny_decoder: Path) -> None:
    for allowed in (1, 7):
        generator = TransformersGenerator(str(tiny_decoder), max_new_tokens=allowed)
        assert (
            len(list(generator._run(generator._chat.encode(QUESTION.messages).ids, allowed)))
            == allowed
        )
        ids, tokenizer = reference_ids(tiny_decoder, QUESTION, allowed)
        assert "".join(generator.stream(QUESTION)) == text_of(ids, tokenizer)


@pytest.mark.parametrize("place", [0, 3])
def test_any_of_the_model_s_ends_stops_it(tiny_decoder: Path, tmp_path: Path, place: int) -> None:
    ids, tokenizer = reference_ids(tiny_decoder, QUESTION, 8)
    end = ids[place]
    assert end not in ids[:place]
    ending = TransformersGenerator(str(build_tiny_decoder(tmp_path, end_ids=[2, end, 0])))
    assert "".join(ending.stream(QUESTION)) == text_of(ids[: place + 1], tokenizer)


def test_equal_seeds_draw_equal_answers(tiny_decoder: Path) -> None:
    def draw(seed: int) -> str:
        warm = TransformersGenerator(
            str(tiny_decoder), max_new_tokens=20, temperature=1.0, seed=seed
        )
        return "".join(warm.stream(QUESTION))

    state = torch.get_rng_state()
    assert draw(1) == draw(1)
    assert len({draw(seed) for seed in range(4)}) == 4
    assert torch.equal(torch.get_rng_state(), state)


def test_next_to_no_temperature_is_greedy(tiny_decoder: Path) -> None:
    answers = []
    for temperature in (0.0, 1e-9):
        generator = TransformersGenerator(
            str(tiny_decoder), max_new_tokens=40, temperature=temperature
        )
        generator._network.float()  # in bfloat16 scores are equal now and then
        answers.append(list(generator.stream(QUESTION)))
    assert answers[0] == answers[1]


def test_draws_follow_the_softmax(tiny_decoder: Path) -> None:
    warm = TransformersGenerator(str(tiny_decoder), temperature=2.0)
    draw = warm._draws()[0]
    scores = torch.tensor([[0.0, 2.0, -2.0]]).expand(20_000, 3)
    counts = draw(torch.zeros(1), scores).argmax(dim=1).bincount() / 20_000
    # softmax(0, 1, -1); three standard deviations of 20,000 draws are at most 0.011.
    assert counts.tolist() == pytest.approx([0.2447, 0.6652, 0.0900], abs=0.011)


@pytest.mark.parametrize(
    "wrong", [{"max_new_tokens": 0}, {"temperature": -1.0}, {"temperature": float("nan")}]
)
def test_numbers_out_of_range(tiny_decoder: Path, wrong: dict[str, Any]) -> None:
    with pytest.raises(BadSettings, match=next(iter(wrong))):
        TransformersGenerator(str(tiny_decoder), **wrong)


def test_it_fits_up_to_the_last_token(tiny_decoder: Path) -> None:
    used = len(TransformersGenerator(str(tiny_decoder))._chat.encode(QUESTION.messages).ids)
    exact = TransformersGenerator(str(tiny_decoder), max_new_tokens=512 - used)
    assert exact.fits(QUESTION)
    assert not exact.fits(ask("Ce este atenția??"))
    assert not TransformersGenerator(str(tiny_decoder), max_new_tokens=512 - used + 1).fits(
        QUESTION
    )


def test_the_tokenizer_s_limit_counts_if_it_is_smaller(tmp_path: Path) -> None:
    folder = build_tiny_decoder(tmp_path, context=4096)
    tokenizer = AutoTokenizer.from_pretrained(folder)
    assert tokenizer.model_max_length > 1e29  # none is set
    assert TransformersGenerator(str(folder)).fits(ask("a" * 900))
    tokenizer.model_max_length = 600
    tokenizer.save_pretrained(folder)
    assert not TransformersGenerator(str(folder)).fits(ask("a" * 900))


def test_a_prompt_that_leaves_little_room_gets_a_short_answer(tmp_path: Path) -> None:
    folder = build_tiny_decoder(tmp_path, context=150)
    generator = TransformersGenerator(str(folder))
    used = len(generator._chat.encode(QUESTION.messages).ids)
    seen = generator._tokenizer("".join(generator.stream(QUESTION)))["input_ids"]
    assert 0 < len(seen) <= (150 - used) * 3  # a token of half a character is written as three
    with pytest.raises(
        NoModel, match=r"the prompt has \d+ tokens and .* reads 150; ask with a smaller -k"
    ):
        list(generator.stream(ask("a" * 400)))


def test_closing_early_ends_the_thread(tmp_path: Path) -> None:
    folder = build_tiny_decoder(tmp_path, context=8192)
    slow = TransformersGenerator(str(folder), max_new_tokens=8000)
    slow._network.generation_config.eos_token_id = None  # so that it goes on for 8,000 tokens
    steps: list[None] = []
    slow._network.model.layers[0].register_forward_hook(lambda *_: steps.append(None))
    answer = slow.stream(QUESTION)
    next(answer)
    assert len(generating()) == 1
    answer.close()  # type: ignore[attr-defined]
    assert generating() == []
    assert len(steps) < 4000  # it has time for a few


def test_a_stream_that_nobody_reads_starts_nothing(generator: Generator) -> None:
    generator.stream(QUESTION)
    assert generating() == []


@pytest.fixture
def _ctrl_c_interrupts() -> Iterator[None]:
    """A shell starts what runs in the background with this signal ignored."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.usefixtures("_ctrl_c_interrupts")
def test_ctrl_c_ends_the_work_within_a_layer(tiny_decoder: Path) -> None:
    generator = TransformersGenerator(str(tiny_decoder))
    first, second = generator._network.model.layers
    noticed: list[bool] = []
    reached: list[str] = []

    def interrupt(*_: object) -> None:
        os.kill(os.getpid(), signal.SIGINT)
        noticed.append(generator._thread.unwanted.wait(10))

    first.register_forward_hook(interrupt)
    second.register_forward_hook(lambda *_: reached.append("second layer"))
    with pytest.raises(KeyboardInterrupt):
        next(generator.stream(QUESTION))
    assert noticed == [True]
    assert reached == []


def test_two_answers_at_once_do_not_disturb_each_other(generator: Generator) -> None:
    alone = list(generator.stream(QUESTION))
    one, other = generator.stream(QUESTION), generator.stream(OTHER)
    pieces = [next(one)]
    next(other)
    other.close()  # type: ignore[attr-defined]
    assert pieces + list(one) == alone


def test_thinking_opened_by_the_template_is_left_out(tmp_path: Path) -> None:
    opens = CHATML.replace("assistant\n{%", "assistant\n<think>\n{%")
    generator = TransformersGenerator(
        str(build_tiny_decoder(tmp_path, chat_template=opens)), max_new_tokens=20
    )
    # It writes nonsense and never closes the block, so that there is no answer at all.
    assert list(generator.stream(QUESTION)) == []


def test_want_of_memory_reaches_the_reader_with_a_remedy(tiny_decoder: Path) -> None:
    generator = TransformersGenerator(str(tiny_decoder))
    asked_for_too_much = lambda *_: torch.empty(1 << 60)  # noqa: E731
    generator._network.model.layers[1].register_forward_pre_hook(asked_for_too_much)
    with pytest.raises(NoModel, match=r"failed: out of memory; take a smaller model") as caught:
        list(generator.stream(QUESTION))
    assert isinstance(caught.value.__cause__, RuntimeError)


def test_any_failure_in_the_thread_reaches_the_reader(tmp_path: Path) -> None:
    fewer = build_tiny_decoder(tmp_path, vocabulary=120)  # rows for fewer tokens than there are
    with pytest.raises(NoModel, match=r"failed: index out of range in self; take another model"):
        list(TransformersGenerator(str(fewer)).stream(QUESTION))


def test_a_model_without_chat_template_is_refused(tmp_path: Path) -> None:
    with pytest.raises(NoModel, match="has no chat template; take an instruct or chat model"):
        TransformersGenerator(str(build_tiny_decoder(tmp_path, chat_template=None)))
