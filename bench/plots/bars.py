"""Rows as bars: CPU by process, rate, latencies."""

from collections.abc import Sequence
from typing import Any

from matplotlib import pyplot as plt
from matplotlib.ticker import FuncFormatter, NullLocator

from bench.plots.style import BLUE, GREEN, OCHRE, PALE, RED, VIOLET, WIDTH_INCHES
from bench.plots.words import Words, tick
from bench.rows import Row

# What we wrote in colours, what we use in greys, what stands beside it for comparison in red.
_COLOURS = {
    "gateway": BLUE, "producer": OCHRE, "streams": GREEN, "writer": VIOLET,
    "kafka": "#8795a1", "mongo": "#a9b6c1", "redis": PALE,
}  # fmt: skip
_GREYS = {"kafka", "mongo", "redis"}
_OTHER_COLOURS = (RED, "#d08770", "#e3b7a0", "#7a5a4a")


def plot(rows: Sequence[Row], words: Words) -> Any:
    """CPU by process, rate, and latencies; a gap where the part of a name before a colon changes."""
    places = _places(rows)
    timed = any(row.p99_ms is not None for row in rows)
    figure, axes = plt.subplots(
        1,
        3 if timed else 2,
        sharey=True,
        width_ratios=(1.7, 0.8, 1)[: 3 if timed else 2],
        figsize=(WIDTH_INCHES, 1.0 + 0.29 * (places[-1] + 1)),
        layout="constrained",
    )
    _cpu_bars(axes[0], rows, places, words)
    drawn = axes[1].barh(places, [row.rate_per_second for row in rows], color=PALE, height=0.62)
    axes[1].bar_label(drawn, [words.number(row.rate_per_second) for row in rows], padding=3, fontsize=9)
    axes[1].set_title(words.rate)
    for axis in axes[:2]:
        axis.margins(x=0.32)
        axis.xaxis.set_visible(False)
        axis.spines["bottom"].set_visible(False)
    if timed:
        _latencies(axes[2], rows, places, words)
    for axis in axes:
        axis.tick_params(axis="y", length=0)
    axes[0].set_yticks(places, [words.name(row.name) for row in rows])
    axes[0].set_ylim(places[-1] + 0.6, -0.6)
    handles, labels = axes[0].get_legend_handles_labels()
    figure.legend(
        handles, labels, loc="outside lower left", ncols=min(len(labels), 7), frameon=False, fontsize=9,
        handlelength=1, columnspacing=1.4, title=words.greys if _GREYS & set(labels) else None,
        title_fontsize=9, alignment="left",
    )  # fmt: skip
    return figure


def _places(rows: Sequence[Row]) -> list[float]:
    """Where each row stands."""
    places: list[float] = []
    at, before = -1.0, ""
    for row in rows:
        group, colon, _ = row.name.partition(":")
        at += 1.0 if not places or group == before or not colon else 1.6
        before = group
        places.append(at)
    return places


def _cpu_bars(axis: Any, rows: Sequence[Row], places: Sequence[float], words: Words) -> None:
    names = list(dict.fromkeys(name for row in rows for name in row.processes))
    names.sort(key=lambda name: list(_COLOURS).index(name) if name in _COLOURS else -1)
    others = iter(_OTHER_COLOURS * len(names))
    totals = [sum(use.cpu_us_per_tweet for use in row.processes.values()) for row in rows]
    longest = _longest(totals)
    left = [0.0] * len(rows)
    for name in names:
        values = [row.processes[name].cpu_us_per_tweet if name in row.processes else 0.0 for row in rows]
        values = [min(value, longest - start) for value, start in zip(values, left, strict=True)]
        if any(values):
            colour = _COLOURS.get(name) or next(others)
            bars = axis.barh(places, values, left=left, color=colour, height=0.62, label=words.name(name))
            left = [sum(pair) for pair in zip(left, values, strict=True)]
    # The figure of the row is of the parts that it is about; the bar may go on with those that serve them.
    axis.bar_label(bars, [words.number(row.cpu_us_per_tweet) for row in rows], padding=3, fontsize=9)
    for total, place in zip(totals, places, strict=True):
        if total > longest:
            axis.annotate(
                "//", (longest, place), (-12, 0), textcoords="offset points", color="white", va="center",
                fontweight=plt.rcParams["axes.titleweight"],
            )  # fmt: skip
    axis.set_title(words.cpu)


def _longest(totals: Sequence[float]) -> float:
    """Where bars are cut off, so that one that is far longer does not leave the others without length."""
    ascending = sorted(totals)
    return min(ascending[-1], 4 * ascending[len(ascending) * 3 // 4])


def _latencies(axis: Any, rows: Sequence[Row], places: Sequence[float], words: Words) -> None:
    for row, place in zip(rows, places, strict=True):
        if row.p99_ms is not None:
            low = row.p99_ms if row.p50_ms is None else row.p50_ms
            axis.plot([low, row.p99_ms], [place, place], color=PALE, linewidth=4, solid_capstyle="round")
            axis.plot(low, place, "o", color=BLUE, markersize=4.5)
            axis.plot(row.p99_ms, place, "o", color=RED, markersize=4.5)
            axis.annotate(
                words.number(row.p99_ms), (row.p99_ms, place), (5, 0), textcoords="offset points",
                va="center", fontsize=9,
            )  # fmt: skip
    axis.set_xscale("log")
    axis.margins(x=0.25)
    axis.xaxis.set_major_formatter(FuncFormatter(lambda value, _: tick(value, words)))
    axis.xaxis.set_minor_locator(NullLocator())
    axis.tick_params(axis="x", labelsize=8)
    axis.set_title(words.latency)
