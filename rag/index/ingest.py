"""What every ingest does, whatever the index that it writes: compare, cut what is new, report."""

import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Protocol

from rag.errors import NoVault, OtherIndex
from rag.index import IndexInfo, generations
from rag.index.freshness import compare, find_differences
from rag.index.generations import REBUILD, Manifest
from rag.index.tables import FileState, NoteRow
from rag.index.workshop import CutNote, Progress, Report, Workshop, cut_note
from rag.notes import CHUNKING
from rag.notes.vault import scan
from rag.types import Skipped


class Previous(Protocol):
    """The state of an index that an ingest goes on from."""

    @property
    def manifest(self) -> Manifest:
        """What made it."""

    @property
    def info(self) -> IndexInfo:
        """What it says of itself."""

    def notes(self) -> dict[str, NoteRow]:
        """Give all notes, by path."""


def check_origin(manifest: Manifest, encoder_name: str) -> None:
    """Refuse to go on from what this version or this encoder did not make.

    Raises:
        OtherIndex: it did not.
    """
    if manifest.chunking != CHUNKING:
        raise OtherIndex("the index was made by another version of rag", REBUILD)
    if manifest.encoder != encoder_name:
        raise OtherIndex(
            f"the index was made with the encoder {manifest.encoder!r}, not {encoder_name!r}",
            REBUILD,
        )


class Ingest:
    """Brings one vault in step; the index that it writes says how notes are kept and added."""

    def __init__(
        self,
        vault: Path,
        encoder_name: str,
        open_workshop: Callable[[], Workshop],
        progress: Progress,
    ) -> None:
        """Begin.

        Raises:
            NoVault: the vault cannot be read; nothing was made for it.
        """
        self._began, self._started_ns = time.monotonic(), time.time_ns()
        next(scan(vault), None)
        self._vault = vault
        self._encoder_name = encoder_name
        self._open_workshop = open_workshop
        self._workshop: Workshop | None = None
        self.progress = progress
        self.report = Report()

    def look(self, previous: Previous | None, *, without: Path | None) -> bool:
        """Compare the vault with what to go on from; says whether there is anything to do.

        Args:
            previous: nothing for a first ingest and for a rebuild.
            without: a folder that is left out of the vault.

        Raises:
            NoVault: the vault cannot be read, or suddenly holds no note at all.
        """
        self._previous = previous
        self.old = previous.notes() if previous else {}
        started_ns = previous.manifest.started_ns if previous else 0
        self._changes = compare(self._vault, self.old, started_ns, without=without)
        if self.old and not self._changes.found:
            raise NoVault(
                f"the vault {str(self._vault)!r} holds no notes any more; the index stays as it is",
                f"is its disk mounted? if you mean it, {REBUILD}",
            )
        if not previous:
            return True
        info, report = previous.info, self.report
        if info.vault != str(self._vault.resolve()):
            report.previous_vault = info.vault
            return True
        if find_differences(self._vault, self._changes, info.skipped):
            return True
        report.notes = report.unchanged = info.notes
        report.chunks = report.reused = info.chunks
        report.skipped, report.notices = info.skipped, info.notices
        return False

    @property
    def workshop(self) -> Workshop:
        """The workshop, opened when first needed.

        Raises:
            NoModel: the encoder cannot be had.
            OtherIndex: it is not what it was.
        """
        if self._workshop is None:
            workshop = self._open_workshop()
            previous = self._previous
            if previous and workshop.encoder.fingerprint != previous.manifest.fingerprint:
                raise OtherIndex(
                    f"the encoder {workshop.encoder.name!r} is not what it was", REBUILD
                )
            self._workshop = workshop
        return self._workshop

    @property
    def space(self) -> tuple[str, int]:
        """Fingerprint and dimension of the vectors, from the last state if there is one."""
        source = self._previous.manifest if self._previous else self.workshop.encoder
        return source.fingerprint, source.dimension

    def go_through(
        self, keep: Callable[[str, FileState], None], add: Callable[[CutNote], Skipped | None]
    ) -> None:
        """Go through the notes in the order of paths, and count them.

        Args:
            keep: takes a note as it is in the last state, with the file's state of today.
            add: takes a note that is new or changed, or says why it cannot.
        """
        report, found = self.report, self._changes.found
        skipped = list(self._changes.skipped)
        for done, file in enumerate(found):
            self.progress("read", done, len(found))
            if state := self._changes.unchanged.get(file.path):
                keep(file.path, state)
                report.unchanged += 1
                report.chunks += self.old[file.path].chunks
                continue
            cut = cut_note(self._vault, file, lambda: self.workshop)
            if isinstance(cut, Skipped):
                skipped.append(cut)
                continue
            if problem := add(cut):
                skipped.append(problem)
                continue
            report.changed += file.path in self.old
            report.added += file.path not in self.old
            report.chunks += len(cut.chunks)
        self.progress("read", len(found), len(found))
        report.notes = report.unchanged + report.changed + report.added
        report.removed = len(self.old) - report.unchanged - report.changed
        report.skipped = tuple(sorted(skipped, key=lambda item: item.path))

    def manifest(self, files: dict[str, str]) -> Manifest:
        """Describe the new state; `files` are its files with their checksums."""
        fingerprint, dimension = self.space
        return Manifest(
            format=generations.FORMAT,
            chunking=CHUNKING,
            encoder=self._encoder_name,
            fingerprint=fingerprint,
            dimension=dimension,
            vault=str(self._vault.resolve()),
            started_ns=self._started_ns,
            updated_at=datetime.now(UTC).isoformat(timespec="seconds"),
            notes=self.report.notes,
            chunks=self.report.chunks,
            files=files,
        )

    def finish(self) -> Report:
        """Give the report."""
        self.report.reused = self.report.chunks - self.report.embedded
        self.report.seconds = round(time.monotonic() - self._began, 3)
        return self.report
