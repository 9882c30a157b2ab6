"""A note's properties: the YAML between `---` lines at its top. Untrusted, and often broken.

A Logseq page has its own kind instead: see `logseq`.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import yaml
from yaml.nodes import Node

from rag.notes import logseq
from rag.notes.lines import LINE_END

MOST_CHARACTERS = 64 * 1024
MOST_LOGSEQ = 4_000
"""Characters looked through for Logseq's; pages have two or three lines of them."""
_KEY = re.compile(r"""[ \t]*+(?:\{|["']?\w[\w ./-]{0,100}+["']?[ \t]*+:(?:[ \t]|$))""")
"""How properties begin; a rule with prose below it is a part of the note."""
_NOTHING = ("", "~", "null", "Null", "NULL")
"""What YAML has for no value."""
_INLINE_TAG = re.compile(r"(?<![\w&/#{])#([^\W\d][\w/-]*|\d+[^\W\d][\w/-]*)")
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
            raise yaml.YAMLError("aliases, `*name`, are not read")
        return super().compose_node(parent, index)


@dataclass(frozen=True, slots=True)
class Properties:
    """What the tool uses of them."""

    end_line: int
    """The line of the closing `---`; 0 without properties."""
    title: str = ""
    tags: tuple[str, ...] = ()
    aliases: tuple[str, ...] = ()
    problem: str = ""
    """Why nothing of them could be used, in one line."""


def read_properties(text: str) -> Properties:
    """Read the properties at the top of a note; broken YAML gives none, but ends where it ends."""
    end_line, source = find_properties(text)
    if not end_line:
        return Properties(0)
    if not _is_yaml(text):
        values: object = logseq.find_page_properties(source.split("\n"))
    elif len(source) > MOST_CHARACTERS:
        return Properties(
            end_line, problem=f"its properties are over {MOST_CHARACTERS:,} characters"
        )
    else:
        try:
            # _Loader makes plain values only.
            values = yaml.load(source, Loader=_Loader)  # noqa: S506
        except (yaml.YAMLError, ValueError, RecursionError) as error:
            return Properties(end_line, problem=_explain(error))
    return _use(values, end_line) if isinstance(values, Mapping) else Properties(end_line)


def _use(values: Mapping[object, object], end_line: int) -> Properties:
    lowered = {str(key).lower(): value for key, value in values.items()}
    title = lowered.get("title")
    tags = [
        tag
        for key in ("tags", "tag", "categories")
        for tag in _texts(lowered.get(key), separators=", ")
    ]
    return Properties(
        end_line,
        title=" ".join(title.split()) if isinstance(title, str) and title not in _NOTHING else "",
        tags=normalize_tags(tags),
        aliases=_texts(lowered.get("aliases", lowered.get("alias")), separators=","),
    )


def _explain(error: Exception) -> str:
    mark = getattr(error, "problem_mark", None)
    # The opening `---` is line 1.
    place = f" at line {mark.line + 2}" if mark else ""
    reason = getattr(error, "problem", None) or str(error)
    if isinstance(error, RecursionError):
        reason = "nested too deep"
    return f"its properties are not valid YAML{place}: {' '.join(str(reason).split()):.80}"


def _is_yaml(text: str) -> bool:
    return text.startswith("---")


def find_properties(text: str) -> tuple[int, str]:
    """Give the last line of the properties and what stands in them; 0 and `""` without any."""
    if not _is_yaml(text):
        lines = LINE_END.split(text[:MOST_LOGSEQ])
        count = len(logseq.find_page_properties(lines))
        return count, "\n".join(lines[:count])
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
