"""Wait until something in a vault changes, and then until it is quiet."""

import time
from collections.abc import Iterator
from pathlib import Path

import watchfiles

QUIET_MS = 300
"""Without a change before the vault is looked at: an editor writes a temporary file, then moves it
over the note; a sync client writes many notes one after another."""
MOST_MS = 5_000
"""After the first change; whoever writes without a pause is not waited for any longer."""


class VaultWatcher:
    """Has the system tell of changes; where it does not, time tells.

    Which changes matter is not judged here: temporary files, sync conflicts and folders that came
    back are seen for what they are when the vault is compared with the index. A vault that is gone,
    or another folder in its place, is watched again once it is there.
    """

    def __init__(self, vault: Path) -> None:
        self._vault = vault
        self._changes: Iterator[object] | None = None
        self._identity: tuple[int, int] | None = None

    def wait(self, seconds: float) -> None:
        """Come back after a change, or after so many seconds.

        Raises:
            KeyboardInterrupt: a signal came.
        """
        changes = self._watch(seconds)
        if changes is None:
            time.sleep(seconds)
            return
        try:
            next(changes)
        except (OSError, RuntimeError, StopIteration):
            # It is gone, or the system lets no more folders be watched.
            self._changes = None
            time.sleep(seconds)

    def _watch(self, seconds: float) -> Iterator[object] | None:
        """Watch the folder that is there now; None if there is none."""
        try:
            status = self._vault.stat()
        except OSError:
            self._changes = None
            return None
        identity = status.st_dev, status.st_ino
        if self._changes is None or identity != self._identity:
            self._identity = identity
            self._changes = watchfiles.watch(
                self._vault,
                watch_filter=None,
                debounce=MOST_MS,
                step=QUIET_MS,
                rust_timeout=max(1, round(seconds * 1_000)),
                yield_on_timeout=True,
            )
        return self._changes
