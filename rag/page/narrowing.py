"""Let the reader narrow which notes may answer or be found."""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping

import streamlit as st

from rag.notes.language import NAMES
from rag.page.opening import Notes
from rag.page.words import gettext
from rag.types import Filters

BRANCH = "└ "
INDENT = "\u2003"


def show_filters(notes: Notes) -> Filters:
    """Show the filters in the sidebar and read them. They hold for the whole visit."""
    with st.sidebar:
        st.subheader(gettext("Only from"), anchor=False)
        tags = count_branches(tags for tags in notes.tags.values())
        chosen_tags = _choose(
            "tags", gettext("Tags"), gettext("any tag"), tags, lambda tag: name_branch(tag, tags)
        )
        folders = count_branches([path.rpartition("/")[0]] for path in notes.paths)
        chosen_paths = _choose(
            "folders",
            gettext("Folders"),
            gettext("any, or *2025*"),
            folders,
            lambda folder: name_branch(folder, folders),
            takes_others=True,
        )
        chosen_languages = _choose(
            "languages",
            gettext("Languages"),
            gettext("any language"),
            notes.info.languages,
            lambda code: NAMES.get(code, code),
        )
    return Filters(tags=chosen_tags, paths=chosen_paths, languages=chosen_languages)


def _choose(
    key: str,
    label: str,
    none_chosen: str,
    options: Iterable[str],
    name: Callable[[str], str],
    *,
    takes_others: bool = False,
) -> tuple[str, ...]:
    names = list(options)
    chosen = st.multiselect(
        label,
        names,
        key=key,
        format_func=name,
        placeholder=none_chosen,
        disabled=not names and not takes_others,
        accept_new_options=takes_others,
        filter_mode="contains",
        select_all=False,
        persist_state="session",
    )
    return tuple(chosen)


def count_branches(names: Iterable[Iterable[str]]) -> dict[str, int]:
    """Count notes by tag or folder, those below counted too; in the order of a tree.

    Args:
        names: of each note, as `a/b/c`; what is not printable is left out, and so is the empty.
    """
    counts: Counter[str] = Counter()
    for of_note in names:
        above = set()
        for name in of_note:
            parts = name.split("/") if name.isprintable() else []
            above |= {"/".join(parts[: end + 1]) for end in range(len(parts))}
        counts.update(above - {""})
    return dict(sorted(counts.items(), key=lambda item: item[0].casefold().split("/")))


def name_branch(name: str, counts: Mapping[str, int]) -> str:
    """Write a tag or folder below those that it belongs to, with its notes."""
    if name not in counts:
        return name  # a pattern that was typed
    depth = name.count("/")
    lead = f"{INDENT * (depth - 1)}{BRANCH}" if depth else ""
    return f"{lead}{name} · {counts[name]}"
