"""The result as plots, for the README and the manuals. Needs matplotlib."""

from pathlib import Path
from typing import Any

import matplotlib as mpl

mpl.use("svg")

from matplotlib import pyplot as plt

from bench.goals import GOALS
from bench.plots import bars, figures, growth, timelines
from bench.plots.style import STYLE
from bench.plots.words import ENGLISH, Words
from bench.report import Report
from bench.stages import NAMES


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
                figure = growth.plot(rows, words) if stage == "growth" else bars.plot(rows, words)
                drawn.append(_save(figure, folder / f"{prefix}{stage}.svg"))
        if report.timelines:
            drawn.append(_save(timelines.plot(report.timelines, words), folder / f"{prefix}timelines.svg"))
        if any(name in GOALS for name in report.ratios):
            drawn.append(_save(figures.plot(report.ratios, words), folder / f"{prefix}figures.svg"))
    return drawn


def _save(figure: Any, file: Path) -> Path:
    figure.savefig(file, metadata={"Date": None})
    plt.close(figure)
    return file
