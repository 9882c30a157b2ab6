"""Models: loaded once for all tabs, and those that are on this machine already."""

import json
from collections.abc import Callable
from pathlib import Path
from threading import Lock
from typing import TypeVar

import streamlit as st
from huggingface_hub import constants

from rag.wire_llm import TRANSFORMERS

MOST_KEPT = 3
"""Loaded at once: the encoder, a language model, and the one that somebody compares it with."""
_PREFIX = "models--"
_CHAT = ("ForCausalLM", "ForConditionalGeneration")
"""How architectures end that write text."""

Model = TypeVar("Model")


def keep_model(name: str, load: Callable[[], Model]) -> Model:
    """Give the model of this name, loaded now or earlier, in any tab and by any ingest."""
    model: Model = _keep(name, load)
    return model


@st.cache_resource(max_entries=MOST_KEPT, show_spinner=False)
def _keep(name: str, _load: Callable[[], Model]) -> Model:
    del name  # Streamlit compares it
    return _load()


@st.cache_resource(show_spinner=False)
def find_turn(llm: str) -> Lock:
    """Give the lock of a language model: it outlives an index, and answers one tab at a time."""
    del llm  # Streamlit compares it
    return Lock()


def find_local_models() -> list[str]:
    """Name what may be given as LLM and is in the Hugging Face cache; no server is asked."""
    return sorted(
        f"{TRANSFORMERS}{folder.name.removeprefix(_PREFIX).replace('--', '/')}"
        for folder in Path(constants.HF_HUB_CACHE).glob(f"{_PREFIX}*")
        if any(_writes_text(config) for config in folder.glob("snapshots/*/config.json"))
    )


def _writes_text(config: Path) -> bool:
    try:
        kinds = json.loads(config.read_bytes())["architectures"]
        return any(str(kind).endswith(_CHAT) for kind in kinds)
    except (OSError, ValueError, KeyError, TypeError):
        return False  # half downloaded, or not of transformers
