"""Choose the vault, read it, see how far that is, call it off."""

from dataclasses import replace
from itertools import islice
from pathlib import Path

import streamlit as st

from rag.config import Settings
from rag.errors import NoVault
from rag.notes.vault import FoundFile, scan
from rag.page.jobs import Job, find_jobs
from rag.page.problems import show_problem
from rag.page.safe_markdown import safe_code
from rag.page.words import gettext, ngettext, write_number

LOOKS = 0.4
"""Seconds between two looks at a running ingest."""
MOST_COUNTED = 100_000
"""Notes that are counted before an ingest."""
VAULT = "vault"


def show_ingesting(settings: Settings, vault: str | None, *, is_unusable: bool = False) -> None:
    """Show what reads the notes.

    Args:
        settings: which index is written.
        vault: whose notes it holds; None if there is no index yet, or none that can be opened.
        is_unusable: an index is there, and can only be built anew.
    """
    jobs = find_jobs(str(Path(settings.index).resolve()))
    if jobs.latest and jobs.latest.state.is_running:
        _watch(jobs.latest, is_first=vault is None)
        return
    if jobs.latest:
        _tell(jobs.latest)
    folder = st.text_input(
        gettext("Folder of your notes"),
        vault or (settings.vault if Path(settings.vault).is_dir() else ""),
        key=VAULT,
        placeholder="~/vault",
        persist_state="session",
    ).strip()
    if not folder:
        st.caption(gettext("An Obsidian vault, for example. It is only read, never changed."))
        return
    chosen = _find_vault(folder)
    if chosen is None:
        return
    is_other = vault is not None and Path(vault).resolve() != chosen.resolve()
    if is_other:
        told = gettext("This index holds the notes of {vault}. They are replaced.")
        st.warning(told.format(vault=safe_code(str(vault))))
    asked = replace(settings, vault=str(chosen))
    with st.container(horizontal=True):
        if not is_unusable and st.button(
            gettext("Read the notes"), type="primary", icon=":material/sync:"
        ):
            jobs.start(asked, rebuild=False)
            st.rerun()
        if (is_unusable or vault is not None) and st.button(
            gettext("Rebuild"),
            type="primary" if is_unusable else "secondary",
            help=gettext("Anew from the notes; vectors are kept."),
        ):
            jobs.start(asked, rebuild=True)
            st.rerun()


def _find_vault(folder: str) -> Path | None:
    """Say what a folder holds; gives it if it can be read."""
    try:
        vault = Path(folder).expanduser()
        found = sum(isinstance(item, FoundFile) for item in islice(scan(vault), MOST_COUNTED))
    except (NoVault, RuntimeError, ValueError):
        st.error(gettext("There is no folder {folder}.").format(folder=safe_code(folder)))
        return None
    if not found:
        st.warning(gettext("There is no note in it: no file that ends in .md."))
        return None
    st.caption(ngettext("{count} note in it", "{count} notes in it", found))
    return vault


@st.fragment(run_every=LOOKS)
def _watch(job: Job, *, is_first: bool) -> None:
    state = job.state
    if not state.is_running:
        st.rerun()
    names = {"read": gettext("Reading notes"), "embed": gettext("Embedding passages")}
    name = names.get(state.stage, gettext("Looking at the folder"))
    count = f" {write_number(state.done)} / {write_number(state.total)}" if state.total else ""
    st.progress(state.done / state.total if state.total else 0.0, text=f"{name}{count}")
    if st.button(gettext("Cancel"), icon=":material/stop:"):
        job.cancel()
        st.caption(gettext("Ending …"))
    if not is_first:
        st.caption(gettext("The old index answers meanwhile. What is embedded is kept."))


def _tell(job: Job) -> None:
    state = job.state
    if state.was_cancelled:
        st.info(gettext("Cancelled. The next time goes on from there."))
    elif state.error:
        show_problem(state.error)
    elif report := state.report:
        told = gettext(
            "Done in {seconds} s: {added} added, {changed} changed, {removed} removed, "
            "{unchanged} unchanged."
        )
        st.success(
            told.format(
                seconds=write_number(report.seconds, 1),
                added=report.added,
                changed=report.changed,
                removed=report.removed,
                unchanged=report.unchanged,
            )
        )
