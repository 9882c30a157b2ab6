"""A chat decoder of random weights, small enough to build in a test, in the files of a real one."""

from pathlib import Path

import torch
from tokenizers import Tokenizer, decoders, models, normalizers, pre_tokenizers, trainers
from transformers import GenerationConfig, LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast

CHATML = (
    "{% for message in messages %}"
    "<|im_start|>{{ message['role'] }}\n{{ message['content'] }}<|im_end|>\n"
    "{% endfor %}"
    "{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)
SENTENCES = (
    "Atenția cântărește fiecare cuvânt după cât de mult îi pasă întrebării de el.",
    "Rețeaua neuronală recurentă uită începutul propoziției; transformerul nu.",
    "Drzewo decyzyjne dzieli dane tak, żeby każda gałąź była czystsza niż całość.",
    "Czym się różni uczenie nadzorowane od nienadzorowanego? Źródłem odpowiedzi.",
    "A atenção pesa cada palavra pela importância que ela tem para a pergunta.",
    "Não há aprendizagem sem dados, nem avaliação sem um conjunto à parte.",
    "A decision tree splits the data so that each branch is purer than the whole.",
    "The answer stands on the lines of the notes, and each sentence says which [1].",
)


def build_tiny_decoder(
    folder: Path,
    *,
    chat_template: str | None = CHATML,
    context: int = 512,
    width: int = 32,
    end_ids: list[int] | None = None,
    vocabulary: int | None = None,
    normalizer: normalizers.Normalizer | None = None,
) -> Path:
    """Save a decoder of some 30,000 random weights with its tokenizer; the same ones every time.

    It writes nonsense, different for different prompts, and seldom ends by itself.

    Args:
        folder: where to; it is made.
        chat_template: None for a model that cannot chat.
        context: how many tokens prompt and answer may have.
        width: of its vectors; more weights with it.
        end_ids: what the generation settings name as ends; None: `<|im_end|>`.
        vocabulary: rows of the embedding, if not as many as the tokenizer has tokens.
        normalizer: what the tokenizer does to text first, control tokens in it included.
    """
    tokenizer = _train_tokenizer(normalizer)
    ready = PreTrainedTokenizerFast(  # type: ignore[no-untyped-call]
        tokenizer_object=tokenizer, eos_token="<|im_end|>", pad_token="<|endoftext|>"
    )
    ready.chat_template = chat_template
    ready.save_pretrained(folder)
    torch.manual_seed(0)
    network = LlamaForCausalLM(
        LlamaConfig(
            vocab_size=vocabulary or len(ready),
            hidden_size=width,
            intermediate_size=2 * width,
            num_hidden_layers=2,
            num_attention_heads=2,
            num_key_value_heads=1,
            max_position_embeddings=context,
            initializer_range=0.5,  # at the usual 0.02 all tokens are alike and one is repeated
            bos_token_id=None,
            eos_token_id=ready.eos_token_id,
            pad_token_id=ready.pad_token_id,
        )
    )
    # As many makers do: sampling is on, which a greedy generator has to switch off without a word.
    network.generation_config = GenerationConfig(  # type: ignore[no-untyped-call]
        do_sample=True,
        temperature=0.6,
        top_p=0.9,
        top_k=20,
        repetition_penalty=1.5,
        eos_token_id=end_ids or [ready.eos_token_id],
        pad_token_id=ready.pad_token_id,
    )
    network.save_pretrained(folder)
    return folder


def _train_tokenizer(normalizer: normalizers.Normalizer | None) -> Tokenizer:
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    if normalizer is not None:
        tokenizer.normalizer = normalizer
    trainer = trainers.BpeTrainer(
        vocab_size=400,
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        special_tokens=["<|endoftext|>", "<|im_start|>", "<|im_end|>"],
        show_progress=False,
    )
    tokenizer.train_from_iterator(SENTENCES, trainer)
    tokenizer.add_tokens(["<think>", "</think>"])
    return tokenizer
