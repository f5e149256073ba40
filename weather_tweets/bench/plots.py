"""The result as plots, for the README and the manuals. Needs matplotlib."""

import math
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import matplotlib as mpl

mpl.use("svg")

from matplotlib import pyplot as plt
from matplotlib.ticker import FixedLocator, FuncFormatter, NullLocator

from weather_tweets.bench.goals import GOALS, Goal
from weather_tweets.bench.report import Report
from weather_tweets.bench.rows import Row
from weather_tweets.bench.stages import NAMES
from weather_tweets.bench.timeline import Timeline

INK, BLUE, OCHRE, VIOLET, GREEN, RED, PALE = (
    "#1b2733", "#2b6ca3", "#b7791f", "#6b46c1", "#2d7a46", "#b23b3b", "#c5d3de",
)  # fmt: skip
WIDTH_INCHES = 7.2

STYLE: Any = {
    "font.size": 10,
    "text.color": INK,
    "axes.titlelocation": "left",
    "axes.titlesize": 10,
    "axes.titleweight": "bold",
    "axes.edgecolor": "#8795a1",
    "axes.labelcolor": INK,
    "axes.formatter.use_locale": False,
    "xtick.color": INK,
    "ytick.color": INK,
    "axes.spines.top": False,
    "axes.spines.right": False,
    # The same data gives the same file.
    "svg.hashsalt": "weather-tweets",
}

# What we wrote in colours, what we use in greys, what stands beside it for comparison in red.
_COLOURS = {
    "gateway": BLUE, "producer": OCHRE, "streams": GREEN, "writer": VIOLET,
    "kafka": "#8795a1", "mongo": "#a9b6c1", "redis": PALE,
}  # fmt: skip
_GREYS = {"kafka", "mongo", "redis"}
_OTHER_COLOURS = (RED, "#d08770", "#e3b7a0", "#7a5a4a")
_SIZE = re.compile(r"([\d,]+) (.+)")
_LEAST_FACTOR, _MOST_FACTOR = 1 / 8, 32
"""How far the plot of the figures goes below and above the goals."""


@dataclass(frozen=True)
class Words:
    """What a plot says beside the rows' own names, and how it writes names and numbers."""

    rate: str = "tweets/s"
    cpu: str = "CPU-µs per tweet"
    latency: str = "p50 to p99, ms"
    sent: str = "sent/s"
    accepted: str = "accepted/s"
    processed: str = "processed/s"
    answer_p99: str = "p99 to the answer, ms"
    processed_p99: str = "p99 to the count, ms"
    second: str = "second"
    figures: str = "how many times better than the goal"
    greys: str = "The numbers leave out what is grey."
    band: str = "CPU-µs per tweet; the bands are ±20 % of the first"
    name: Callable[[str], str] = str
    number: Callable[[float], str] = lambda value: f"{value:,.{_digits(value)}f}"


ENGLISH = Words()


def draw(
    report: Report,
    folder: Path,
    words: Words = ENGLISH,
    *,
    prefix: str = "",
    style: Any = STYLE,
) -> list[Path]:
    """Draws what the report has: `<stage>.svg`, `timelines.svg`, `figures.svg`; returns these files.

    `style` are matplotlib's rcParams.
    """
    folder.mkdir(parents=True, exist_ok=True)
    drawn = []
    with plt.rc_context(style):
        for stage in NAMES:
            if rows := getattr(report, stage):
                figure = _lines(rows, words) if stage == "growth" else _bars(rows, words)
                drawn.append(_save(figure, folder / f"{prefix}{stage}.svg"))
        if report.timelines:
            drawn.append(_save(_timelines(report.timelines, words), folder / f"{prefix}timelines.svg"))
        if any(name in GOALS for name in report.ratios):
            drawn.append(_save(_figures(report.ratios, words), folder / f"{prefix}figures.svg"))
    return drawn


def _save(figure: Any, file: Path) -> Path:
    figure.savefig(file, metadata={"Date": None})
    plt.close(figure)
    return file


def _bars(rows: Sequence[Row], words: Words) -> Any:
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
    bars = axes[1].barh(places, [row.rate_per_second for row in rows], color=PALE, height=0.62)
    axes[1].bar_label(bars, [words.number(row.rate_per_second) for row in rows], padding=3, fontsize=9)
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
                fontweight="bold",
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
    axis.xaxis.set_major_formatter(FuncFormatter(lambda value, _: _tick(value, words)))
    axis.xaxis.set_minor_locator(NullLocator())
    axis.tick_params(axis="x", labelsize=8)
    axis.set_title(words.latency)


def _lines(rows: Sequence[Row], words: Words) -> Any:
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


def _timelines(timelines: Sequence[Timeline], words: Words) -> Any:
    """Above, tweets in each second; below, latencies; vertical lines where something befell the system."""
    figure, axes = plt.subplots(
        2, len(timelines), squeeze=False, sharex="col", height_ratios=(1.3, 1),
        figsize=(WIDTH_INCHES, 3.9), layout="constrained",
    )  # fmt: skip
    for (rates, times), timeline in zip(axes.T, timelines, strict=True):
        seconds = range(len(timeline.sent))
        rates.plot(seconds, timeline.sent, color=PALE, linewidth=5, label=words.sent)
        rates.plot(seconds, timeline.accepted, color=BLUE, linewidth=1.6, label=words.accepted)
        rates.plot(seconds, timeline.processed, color=GREEN, linewidth=1.6, label=words.processed)
        rates.set_ylim(0)
        times.plot(seconds, _holes(timeline.answer_p99_ms), color=BLUE, linewidth=1.6, label=words.answer_p99)
        times.plot(
            seconds, _holes(timeline.processed_p99_ms), color=GREEN, linewidth=1.6, label=words.processed_p99
        )
        times.set_yscale("log")
        times.set_xlabel(words.second)
        for axis in (rates, times):
            axis.yaxis.set_major_formatter(FuncFormatter(lambda value, _: _tick(value, words)))
            for second in timeline.marks.values():
                axis.axvline(second, color=RED, linewidth=1, linestyle=(0, (3, 2)))
        times.set_ylim(*_decades(timeline))
        times.yaxis.set_minor_locator(NullLocator())
        height = rates.get_ylim()[1]
        rates.set_ylim(0, height * 1.25)
        for number, (what, second) in enumerate(timeline.marks.items()):
            rates.annotate(
                words.name(what), (second, height * (1.2 - 0.11 * number)), (4, 0),
                textcoords="offset points", color=RED, fontsize=9, va="top",
                bbox={"boxstyle": "square,pad=0.1", "facecolor": "white", "edgecolor": "none"},
            )  # fmt: skip
        rates.set_title(words.name(timeline.name))
    handles = [handle for axis in axes[:, 0] for handle in axis.get_legend_handles_labels()[0]]
    figure.legend(
        handles=handles, loc="outside lower center", ncols=5, frameon=False, fontsize=9,
        handlelength=1.4, columnspacing=1.4,
    )  # fmt: skip
    return figure


def _holes(values: Sequence[float | None]) -> list[float]:
    return [float("nan") if value is None else value for value in values]


def _decades(timeline: Timeline) -> tuple[float, float]:
    """Powers of ten around the latencies."""
    known = [value for value in (*timeline.answer_p99_ms, *timeline.processed_p99_ms) if value]
    ends = math.floor(math.log10(min(known, default=1))), math.ceil(math.log10(max(known, default=10)))
    return 10.0 ** ends[0], 10.0 ** max(ends[1], ends[0] + 1)


def _figures(ratios: dict[str, float], words: Words) -> Any:
    """Each figure as a bar from its goal: to the right what is better, to the left what is missed."""
    known = [(GOALS[name], value) for name, value in ratios.items() if name in GOALS]
    figure, axis = plt.subplots(figsize=(1.3 * WIDTH_INCHES, 0.8 + 0.29 * len(known)), layout="constrained")
    for place, (goal, value) in enumerate(known):
        factor = _factor(goal, value)
        axis.barh(place, factor - 1, left=1, height=0.62, color=GREEN if goal.reached(value) else RED)
        bound = f"≥ {goal.at_least:g}" if goal.at_least is not None else f"≤ {goal.at_most:g}"
        axis.annotate(
            f"{words.number(value)} ({bound})", (max(factor, 1), place), (5, 0), textcoords="offset points",
            va="center", fontsize=9,
        )  # fmt: skip
    axis.axvline(1, color=INK, linewidth=1)
    axis.set_xscale("log")
    ticks = (0.25, 0.5, 1, 2, 4, 8, 16)
    axis.xaxis.set_major_locator(FixedLocator(ticks))
    axis.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{_tick(value, words)} ×"))
    axis.xaxis.set_minor_locator(NullLocator())
    factors = [_factor(goal, value) for goal, value in known]
    axis.set_xlim(min(0.9, *factors) / 1.1, max(2.0, *factors) * 2)
    axis.set_yticks(range(len(known)), [words.name(goal.figure).replace("`", "") for goal, _ in known])
    axis.tick_params(axis="y", length=0)
    axis.invert_yaxis()
    axis.set_xlabel(words.figures)
    return figure


def _factor(goal: Goal, value: float) -> float:
    """How many times better than its goal, within what can be shown."""
    if goal.at_least is not None:
        factor = value / goal.at_least
    else:
        factor = (goal.at_most or 0.0) / value if value > 0 else _MOST_FACTOR
    return min(max(factor, _LEAST_FACTOR), _MOST_FACTOR)


def _tick(value: float, words: Words) -> str:
    return re.sub(r"[.,]0+$", "", words.number(value)) if value < 1000 else words.number(value)


def _digits(value: float) -> int:
    return 0 if value == int(value) or abs(value) >= 100 else 1 if abs(value) >= 1 else 2
