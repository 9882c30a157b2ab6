"""`rag encoders`."""

from dataclasses import asdict
from typing import TYPE_CHECKING

import click

from rag import wire_encoders
from rag.cli import options
from rag.cli.output import put, put_json, say
from rag.errors import NoModel

if TYPE_CHECKING:
    from rag.config import Settings
    from rag.encoders.catalogue import Listed

UNKNOWN = "?"


@click.command()
@options.as_json
@click.option("--measure", is_flag=True, help="Load each that is at hand; takes a while.")
def encoders(*, as_json: bool, measure: bool) -> None:
    """List the encoders that notes can be indexed with.

    The embedded one, those on this machine, and some that are fetched when you name them.
    """
    settings = options.settings()
    listed = wire_encoders.list_encoders(settings)
    speeds = {item.name: _speed(item, settings) if measure else None for item in listed}
    if as_json:
        rows = [asdict(item) | {"chunks_per_second": speeds[item.name]} for item in listed]
        put_json({"encoders": rows})
        return
    _print_table(listed, speeds, measured=measure)
    for item in listed:
        if item.problem:
            say(f"{item.problem}: it cannot be used")
    say("to use one: rag ingest --encoder NAME --rebuild; what is not at hand is fetched then")


def _speed(item: "Listed", settings: "Settings") -> float | None:
    """Measure an encoder that is at hand; why one cannot be is told."""
    if not item.at_hand:
        return None
    try:
        return round(wire_encoders.measure_encoder(item.name, settings), 1)
    except NoModel as error:
        say(str(error))
        return None


def _print_table(
    listed: "list[Listed]", speeds: dict[str, float | None], *, measured: bool
) -> None:
    """Print an encoder a line, numbers on the right of their columns."""
    wide = max(len(item.name) for item in listed)
    last = f"{'chunks/s':>10}" if measured else ""
    put(f"{'name':<{wide}}  at hand{'MB':>7}{'dimension':>11}{last}  languages")
    for item in listed:
        speed = speeds[item.name]
        last = f"{UNKNOWN if speed is None else format(speed, '.1f'):>10}" if measured else ""
        put(
            f"{item.name:<{wide}}  {'yes' if item.at_hand else 'no':<7}"
            f"{item.bytes / 1e6:>7,.0f}{item.dimension or UNKNOWN:>11}{last}"
            f"  {item.languages or UNKNOWN}"
        )
