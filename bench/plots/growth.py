"""How the CPU of a tweet grows with the size of things: rows named for it, as lines."""

import re
from collections.abc import Sequence
from typing import Any

from matplotlib import pyplot as plt

from bench.plots.style import BLUE, PALE, WIDTH_INCHES
from bench.plots.words import Words
from bench.rows import Row

_SIZE = re.compile(r"([\d,]+) (.+)")


def plot(rows: Sequence[Row], words: Words) -> Any:
    """CPU against size, for each unit that rows are named for (`10,000 records`); the band is ±20 %."""
    series: dict[str, list[tuple[int, Row]]] = {}
    for row in rows:
        if named := _SIZE.match(row.name):
            series.setdefault(named[2], []).append((int(named[1].replace(",", "")), row))
    columns = min(3, len(series)) or 1
    lines = -(-len(series) // columns) or 1
    figure, axes = plt.subplots(
        lines, columns, squeeze=False, figsize=(WIDTH_INCHES, 2.2 * lines), layout="constrained"
    )
    for axis, (unit, points) in zip(axes.flat, series.items(), strict=False):
        sizes = [size for size, _ in points]
        costs = [row.cpu_us_per_tweet for _, row in points]
        places = range(len(points))
        axis.axhspan(costs[0] * 0.8, costs[0] * 1.2, color=PALE, alpha=0.45, linewidth=0)
        axis.plot(places, costs, "o-", color=BLUE, markersize=5)
        for place, cost in zip(places, costs, strict=True):
            axis.annotate(
                words.number(cost), (place, cost), (0, 7), textcoords="offset points", ha="center", fontsize=9
            )
        axis.set_ylim(0, max(costs) * 1.35)
        axis.set_xlim(-0.35, len(points) - 0.65)
        axis.set_xticks(places, [_short(size) for size in sizes])
        axis.yaxis.set_visible(False)
        axis.spines["left"].set_visible(False)
        axis.set_title(words.name(unit))
    for axis in axes.flat[len(series) :]:
        axis.set_visible(False)
    figure.suptitle(words.band, x=0.01, ha="left", fontsize=9)
    return figure


def _short(size: int) -> str:
    """3,000,000 → 3 M."""
    for unit, name in ((1_000_000, " M"), (1000, " k")):
        if size >= unit and not size % unit:
            return f"{size // unit}{name}"
    return str(size)
