"""A picture of a run: recall by language and by pair of languages, with intervals."""

from collections.abc import Sequence
from pathlib import Path

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from rag.evaluation.intervals import wilson_interval
from rag.evaluation.report import ACROSS, ALL, Scored, groups

SHOWN = (
    # Okabe and Ito's palette, which people with any colour vision tell apart; each has its shape.
    ("recall@1", "#0072B2", "o"),
    ("recall@5", "#D55E00", "s"),
    ("recall@10", "#009E73", "D"),
)
MOST_ROWS = 40
"""A taller picture fits no screen; the groups with most questions stay."""
ROW, MARGIN, WIDTH = 0.42, 1.5, 7.0
"""Inches."""
SPREAD = 0.22
"""Between the marks of a row, in rows, so that none covers another."""
DOTS_PER_INCH = 150


def draw(file: Path, scored: Sequence[Scored], title: str) -> bool:
    """Write a PNG; gives False where no question has a relevant place, so nothing is drawn.

    Raises:
        OSError: it cannot be written.
    """
    ranked = [one for one in scored if SHOWN[0][0] in one.figures]
    languages, pairs = groups(ranked)
    crossing = {one.pair for one in ranked if one.is_cross_lingual}
    rows = [*languages.items()]
    rows += [(name, places) for name, places in pairs.items() if name in {ACROSS, *crossing}]
    if len(rows) > MOST_ROWS:
        rows = sorted(rows, key=lambda row: -len(row[1]))[:MOST_ROWS]
    if not rows:
        return False
    with mpl.rc_context(
        {
            # Languages are what the question file says they are: `$x$` is no formula.
            "text.parse_math": False,
            "font.size": 9.0,
            "axes.spines.top": False,
            "axes.spines.right": False,
            "axes.spines.left": False,
        }
    ):
        figure = Figure(figsize=(WIDTH, MARGIN + ROW * len(rows)), layout="constrained")
        FigureCanvasAgg(figure)
        axes = figure.subplots()
        for place, (name, color, marker) in enumerate(SHOWN):
            shares = [
                sum(ranked[i].figures[name] for i in places) / len(places) for _, places in rows
            ]
            ends = [
                wilson_interval(share, len(places))
                for share, (_, places) in zip(shares, rows, strict=True)
            ]
            axes.errorbar(
                shares,
                [row + (place - 1) * SPREAD for row in range(len(rows))],
                xerr=(
                    [share - low for share, (low, _) in zip(shares, ends, strict=True)],
                    [high - share for share, (_, high) in zip(shares, ends, strict=True)],
                ),
                fmt=marker,
                color=color,
                markersize=4.5,
                elinewidth=1.1,
                clip_on=False,  # a mark at 1 is whole
                label=name,
            )
        _label(axes, [(name, len(places)) for name, places in rows], title)
        figure.legend(loc="outside lower center", ncols=len(SHOWN), frameon=False)
        figure.savefig(file, dpi=DOTS_PER_INCH, metadata={"Software": None})
    return True


def _label(axes: Axes, rows: Sequence[tuple[str, int]], title: str) -> None:
    names = [
        f"{'all questions' if name == ALL else name} ({count})".replace(" > ", " → ")
        for name, count in rows
    ]
    axes.set_yticks(range(len(rows)), names)
    axes.set_ylim(len(rows) - 0.5, -0.5)
    axes.tick_params(axis="y", length=0)
    low, _ = axes.get_xlim()
    axes.set_xlim(max(0.0, low), 1.0)
    axes.grid(axis="x", color="#DDDDDD", linewidth=0.7)
    axes.set_axisbelow(True)
    axes.set_xlabel("share of questions whose answer is found; bars: 95 % Wilson interval")
    axes.set_title(title, loc="left", fontsize=9.5)
