"""The figures of an evaluation as tables of text."""

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rag.evaluation.compare import Difference

GAP = 2
_DIGITS = {"questions": 0, "p50_ms": 1, "p95_ms": 1, "words": 1}
"""Behind the point; other figures have three."""


def figure_lines(title: str, groups: Mapping[str, Mapping[str, float]], wide: int) -> Iterator[str]:
    """Write figures with a group a line.

    Args:
        title: of the first column.
        groups: figures by group, the same in each.
        wide: of the first column at least, so that tables stand below each other.
    """
    names = list(next(iter(groups.values()), {}))
    wide = max(wide, *map(len, (title, *groups)))
    widths = [max(len(name), 6) + GAP for name in names]
    heads = (f"{name:>{width}}" for name, width in zip(names, widths, strict=True))
    yield "".join((f"{title:<{wide}}", *heads))
    for group, figures in groups.items():
        cells = (
            f"{figures[name]:>{width}.{_DIGITS.get(name, 3)}f}"
            for name, width in zip(names, widths, strict=True)
        )
        yield "".join((f"{group:<{wide}}", *cells))


def difference_lines(groups: Mapping[str, "Mapping[str, Difference]"]) -> Iterator[str]:
    """Write a comparison with a figure a line; `*` where the interval leaves zero out."""
    wide = max(map(len, groups))
    name_width = max((len(name) for figures in groups.values() for name in figures), default=0)
    for group, figures in groups.items():
        for name, change in figures.items():
            mark = " *" if change.low > 0 or change.high < 0 else ""
            yield (
                f"{group:<{wide}}  {name:<{name_width}}  {change.before:.3f} -> {change.now:.3f}"
                f"  {change.difference:+.3f} [{change.low:+.3f}, {change.high:+.3f}]{mark}"
            )
