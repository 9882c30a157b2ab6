"""Settings: defaults < rag.toml < RAG_* environment < flags."""

import os
import tomllib
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Self

from rag.errors import BadSettings

FILE = "rag.toml"
PREFIX = "RAG_"
NO_SETTINGS = ("RAG_LLM_KEY",)
"""Variables that are not settings: a key is read where it is used, and has no place in a file."""
MOST_PASSAGES = 100
"""More than this no prompt holds and nobody reads."""
MOST_TEMPERATURE = 2.0
"""No server takes more; at 2 every other token is a surprise."""
MOST_SEED = 2**31 - 1
"""What every program that draws takes."""
MOST_SECONDS = 3600
LEAST_CONTEXT = 2048
MOST_CONTEXT = 10_000_000
"""The longest that any model claims."""
_FOLDERS = ("vault", "index")
_SWITCHES = {"1": True, "true": True, "yes": True, "0": False, "false": False, "no": False}
_WANTED = {int: "a whole number", float: "a number", bool: "true or false", str: "a text"}


@dataclass(frozen=True, slots=True)
class Settings:
    """What a user can set: each field is a key of rag.toml and, in capitals, a RAG_ variable."""

    vault: str = "notes"
    """The folder of notes that `rag ingest` reads."""
    index: str = "index"
    """The folder of the index, or `milvus+http://HOST:19530/NAME`."""
    encoder: str = ""
    """`embedded`, or the name or folder of a sentence-transformers model; empty: the one that made
    the index, else `embedded`."""
    query_prompt: str = ""
    """Put before a question, for a sentence-transformers model; empty: what the model says."""
    passage_prompt: str = ""
    """Put before a passage, for a sentence-transformers model; empty: what the model says."""
    ocr: str = ""
    """Languages in which `tesseract` reads the text in pictures, such as `ron+eng`; `auto`: all of
    ours that it has; empty: pictures are not read."""
    llm: str = "auto"
    """`auto`, `extractive`, `hf:MODEL`, `hf:MODEL#4bit` or `openai:MODEL@URL`."""
    llm_timeout: int = 300
    """Seconds that a server may say nothing; a laptop reads five passages in a minute or two. 1 to
    3600."""
    llm_context: int = 0
    """Tokens that a server's model reads, prompt and answer together; 0: what the server says, else
    4096. Otherwise from 2048: an answer may take 1024."""
    temperature: float = 0.0
    """How freely a language model words an answer: 0 always takes the likeliest word. 0 to 2."""
    seed: int = 0
    """Equal seeds draw equal answers, at a temperature above 0. From 0."""
    strict: bool = False
    """Whether sentences of an answer that no passage supports are left out; else they are marked
    `[?]`."""
    log: bool = True
    """Whether questions and answers are kept beside the index, for `rag log`."""
    k: int = 5
    """How many passages are found, and read for an answer. 1 to 100."""
    rerank: str = ""
    """The name or folder of a cross-encoder that puts the first passages into its order; empty:
    none."""
    rerank_seconds: int = 10
    """How long it may read for one question, from 1 on; then the order is that without it."""

    def __post_init__(self) -> None:
        if not 1 <= self.k <= MOST_PASSAGES:
            raise BadSettings(f"k is {self.k}", f"give a number from 1 to {MOST_PASSAGES}")
        if self.rerank_seconds < 1:
            raise BadSettings(f"rerank_seconds is {self.rerank_seconds}", "give a number from 1 on")
        if not 0 <= self.temperature <= MOST_TEMPERATURE:
            remedy = f"give a number from 0 to {MOST_TEMPERATURE:g}"
            raise BadSettings(f"temperature is {self.temperature}", remedy)
        if not 0 <= self.seed <= MOST_SEED:
            raise BadSettings(f"seed is {self.seed}", f"give a number from 0 to {MOST_SEED}")
        if self.llm_context and not LEAST_CONTEXT <= self.llm_context <= MOST_CONTEXT:
            remedy = f"give tokens from {LEAST_CONTEXT} to {MOST_CONTEXT}, or 0"
            raise BadSettings(f"llm_context is {self.llm_context}", remedy)
        if not 1 <= self.llm_timeout <= MOST_SECONDS:
            remedy = f"give seconds from 1 to {MOST_SECONDS}"
            raise BadSettings(f"llm_timeout is {self.llm_timeout}", remedy)
        for key in _FOLDERS:
            # `--index "$UNSET"` would otherwise stand for the folder where one happens to be.
            if not getattr(self, key).strip() or "\0" in getattr(self, key):
                raise BadSettings(f"{key} is {getattr(self, key)!r}", "name a folder")

    def override(self, values: Mapping[str, object], source: str) -> Self:
        """Replace the fields that `values` names; None leaves one as it is.

        Raises:
            BadSettings: an unknown key or a value of another type, named with its source.
        """
        kinds = {field.name: type(field.default) for field in fields(self)}
        changed: dict[str, object] = {}
        for key, value in values.items():
            if value is None:
                continue
            if key not in kinds:
                known = ", ".join(sorted(kinds))
                raise BadSettings(f"{source}: unknown setting {key!r}", f"use one of: {known}")
            if isinstance(value, str) and kinds[key] is bool:
                value = _SWITCHES.get(value.lower(), value)
            elif isinstance(value, str) and kinds[key] is not str:
                with suppress(ValueError):
                    value = int(value) if kinds[key] is int else float(value)
            if kinds[key] is float and type(value) is int:
                value = float(value)
            if type(value) is not kinds[key]:
                wanted = _WANTED[kinds[key]]
                raise BadSettings(f"{source}: {key} is {value!r}", f"give {wanted}")
            if key in _FOLDERS:
                value = _expand_home(str(value))
            changed[key] = value
        try:
            return replace(self, **changed)  # type: ignore[arg-type]
        except BadSettings as error:
            raise BadSettings(f"{source}: {error.problem}", error.remedy) from error


def load_settings(
    flags: Mapping[str, object],
    *,
    folder: Path = Path(),
    environment: Mapping[str, str] = os.environ,
) -> Settings:
    """Gather the settings of one run.

    Args:
        flags: what the command line gave; None stands for not given.
        folder: where rag.toml is looked for.
        environment: variables; those that do not start with RAG_ are ignored.

    Raises:
        BadSettings: rag.toml is not TOML, a key is unknown, a value is out of range.
    """
    settings = Settings()
    file = folder / FILE
    try:
        content = tomllib.loads(file.read_text(encoding="utf-8-sig"))
    except FileNotFoundError:
        content = {}
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise BadSettings(f"{FILE} cannot be read: {error}", "mend it or remove it") from error
    settings = settings.override(content, FILE)
    variables = {
        name.removeprefix(PREFIX).lower(): value
        for name, value in environment.items()
        if name.startswith(PREFIX) and value and name not in NO_SETTINGS
    }
    settings = settings.override(variables, "environment (RAG_*)")
    return settings.override(flags, "command line")


def _expand_home(folder: str) -> str:
    """Write out the `~` of rag.toml and of `--index=~/x`, which no shell does."""
    with suppress(RuntimeError):  # there is no home
        return str(Path(folder).expanduser()) if folder.startswith("~") else folder
    return folder
