"""Timelines, second by second, beside one another."""

import math
from collections.abc import Sequence
from typing import Any

from matplotlib import pyplot as plt
from matplotlib.ticker import FuncFormatter, NullLocator

from bench.plots.style import BLUE, GREEN, PALE, RED, WIDTH_INCHES
from bench.plots.words import Words, tick
from bench.timeline import Timeline


def plot(timelines: Sequence[Timeline], words: Words) -> Any:
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
            axis.yaxis.set_major_formatter(FuncFormatter(lambda value, _: tick(value, words)))
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
