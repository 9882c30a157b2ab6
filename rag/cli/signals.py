"""Ctrl-C and SIGTERM: the first one ends the work in order, a second one ends the process."""

import signal
from types import FrameType

INTERRUPTED = 130
TERMINATED = 143
_received: list[int] = []


def heed() -> None:
    """Have both signals raise an exception; one that is ignored, as by `nohup`, stays so."""
    for number in (signal.SIGINT, signal.SIGTERM):
        if signal.getsignal(number) != signal.SIG_IGN:
            signal.signal(number, _stop)


def _stop(number: int, frame: FrameType | None) -> None:
    del frame
    _received.append(number)
    signal.signal(number, signal.SIG_DFL)
    stop_if_told()


def stop_if_told() -> None:
    """Raise again what a signal raised: a library that is just being loaded may hide it.

    Raises:
        KeyboardInterrupt, SystemExit: after Ctrl-C, after SIGTERM.
    """
    if signal.SIGTERM in _received:
        raise SystemExit(TERMINATED)
    if _received:
        raise KeyboardInterrupt
