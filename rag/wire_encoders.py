"""Puts together what `rag encoders` needs: the list, and the speed of one.

Heavy libraries are imported inside the functions that need them.
"""

from typing import TYPE_CHECKING

from rag.config import Settings
from rag.wire import open_encoder

if TYPE_CHECKING:
    from rag.encoders.catalogue import Listed


def list_encoders(settings: Settings) -> "list[Listed]":
    """List the encoders that can be used. See `rag.encoders.catalogue`."""
    from rag.encoders.catalogue import list_encoders as find

    return find(settings.encoder)


def measure_encoder(name: str, settings: Settings) -> float:
    """Load an encoder and give its chunks a second on this machine.

    Raises:
        NoModel: it cannot be had.
    """
    from rag.encoders.speed import measure

    return measure(open_encoder(name, settings))
