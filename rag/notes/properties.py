"""A note's properties: the YAML between `---` lines at its top. Untrusted, and often broken."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import yaml
from yaml.nodes import Node

from rag.notes.lines import LINE_END

MOST_CHARACTERS = 64 * 1024
_KEY = re.compile(r"""[ \t]*+(?:\{|["']?\w[\w ./-]{0,100}+["']?[ \t]*+:(?:[ \t]|$))""")
"""How properties begin; a rule with prose below it is a part of the note."""
_NOTHING = ("", "~", "null", "Null", "NULL")
"""What YAML has for no value."""
_INLINE_TAG = re.compile(r"(?<![\w&/#])#([^\W\d][\w/-]*|\d+[^\W\d][\w/-]*)")
_NO_TAGS = re.compile(
    r"(`{1,2}+)(?!`)[^`\n]{1,300}+\1|\[\[[^\[\]\n]{1,300}+\]\]|\]\([^()\n]{1,500}+\)|<[^<>\n]{1,300}+>"
    r"|\$[^$\n]{1,300}+\$|\bhttps?://\S+"
)
"""Code, links, tags of HTML and formulas: a `#` in them is a colour, a heading or a comment."""


class _Loader(yaml.BaseLoader):
    """Makes strings, lists and mappings only, so that a title `01` or `2025-11-04` stays as it is.

    Aliases are refused: nine lines of them grow into gigabytes.
    """

    def compose_node(self, parent: Node | None, index: int) -> Node | None:
        if self.check_event(yaml.AliasEvent):
            raise yaml.YAMLError("aliases are not read")
        return super().compose_node(parent, index)


@dataclass(frozen=True, slots=True)
class Properties:
    """What the tool uses of them."""

    end_line: int
    """The line of the closing `---`; 0 without properties."""
    title: str = ""
    tags: tuple[str, ...] = ()
    aliases: tuple[str, ...] = ()


def read_properties(text: str) -> Properties:
    """Read the properties at the top of a note; broken YAML gives none, but ends where it ends."""
    end_line, source = find_properties(text)
    if not end_line or len(source) > MOST_CHARACTERS:
        return Properties(end_line)
    try:
        # _Loader makes plain values only.
        values = yaml.load(source, Loader=_Loader)  # noqa: S506
    except (yaml.YAMLError, ValueError, RecursionError):
        return Properties(end_line)
    if not isinstance(values, Mapping):
        return Properties(end_line)
    lowered = {str(key).lower(): value for key, value in values.items()}
    title = lowered.get("title")
    return Properties(
        end_line,
        title=" ".join(title.split()) if isinstance(title, str) and title not in _NOTHING else "",
        tags=normalize_tags(_texts(lowered.get("tags", lowered.get("tag")), separators=", ")),
        aliases=_texts(lowered.get("aliases", lowered.get("alias")), separators=","),
    )


def find_properties(text: str) -> tuple[int, str]:
    """Give the line of the closing `---` and the YAML above it; 0 and `""` without properties."""
    if not text.startswith("---"):
        return 0, ""
    lines = LINE_END.split(text[: 2 * MOST_CHARACTERS])
    if lines[0].rstrip() != "---":
        return 0, ""
    for number, line in enumerate(lines[1:], start=2):
        if line.rstrip() in ("---", "..."):
            source = lines[1 : number - 1]
            said = [line for line in source if line.strip()]
            first = next((line for line in said if not line.startswith("#")), None)
            if said and not (first and _KEY.match(first)):
                break
            return number, "\n".join(source)
    return 0, ""


def normalize_tags(tags: Sequence[str]) -> tuple[str, ...]:
    """Take off `#`, lower the case, keep the first of each."""
    clean = (tag.strip().lstrip("#").strip("/").lower() for tag in tags)
    return tuple(dict.fromkeys(tag for tag in clean if tag))


def find_inline_tags(text: str) -> tuple[str, ...]:
    """Find `#tag` and `#tag/sub` in running text; a number alone is no tag, as in Obsidian."""
    return normalize_tags(_INLINE_TAG.findall(_NO_TAGS.sub(" ", text)))


def _texts(value: object, separators: str) -> tuple[str, ...]:
    if isinstance(value, str):
        parts: Sequence[object] = re.split(f"[{separators}]", value)
    elif isinstance(value, list):
        parts = value
    else:
        parts = ()
    texts = (" ".join(part.split()) for part in parts if isinstance(part, str))
    return tuple(text for text in texts if text not in _NOTHING)
