"""The plots: what the benchmark measured, from the JSON files in `data/`; no file, no plot."""

import json
from pathlib import Path
from typing import Any

import matplotlib as mpl

mpl.use("svg")

from matplotlib import font_manager
from matplotlib import pyplot as plt

from manual.diagrams import FIGURES

DATA = Path(__file__).parent / "data"
STAGES = ("door", "streams", "whole", "growth", "kafka")
# Of each row of `weather-tweets bench --json`, what a panel shows: key, title, colour.
_PANELS = (
    ("rate_per_second", "tweets por segundo", "#2b6ca3"),
    ("cpu_us_per_tweet", "µs de CPU por tweet", "#b7791f"),
    ("p99_ms", "latencia p99, ms", "#6b46c1"),
)
_INK = "#1b2733"


def draw_all(fonts: dict[str, Path]) -> list[Path]:
    """Draws every stage of every benchmark result in `data/` as `<file>-<stage>.svg`; returns the files."""
    _use(fonts)
    FIGURES.mkdir(parents=True, exist_ok=True)
    drawn: list[Path] = []
    for source in sorted(DATA.glob("bench*.json")):
        result = json.loads(source.read_text())
        drawn += [
            _bars(rows, FIGURES / f"{source.stem}-{stage}.svg")
            for stage in STAGES
            if (rows := result.get(stage))
        ]
    return drawn


def _use(fonts: dict[str, Path]) -> None:
    for name in ("SourceSansPro-Regular.ttf", "SourceSansPro-Semibold.ttf"):
        font_manager.fontManager.addfont(fonts[name])
    plt.rcParams.update(
        {
            "font.family": "Source Sans Pro",
            "font.size": 10,
            "text.color": _INK,
            "axes.edgecolor": "#8795a1",
            "axes.labelcolor": _INK,
            "xtick.color": _INK,
            "ytick.color": _INK,
            "axes.spines.top": False,
            "axes.spines.right": False,
            # Text stays text in the PDF, and the same data gives the same file.
            "svg.fonttype": "none",
            "svg.hashsalt": "weather-tweets",
        }
    )


def _bars(rows: list[dict[str, Any]], target: Path) -> Path:
    """Rows as horizontal bars, a panel per quantity that at least one row has."""
    panels = [panel for panel in _PANELS if any(row.get(panel[0]) is not None for row in rows)]
    figure, axes = plt.subplots(
        1,
        len(panels),
        sharey=True,
        squeeze=False,
        figsize=(7.2, 0.7 + 0.3 * len(rows)),
        layout="constrained",
    )
    names = [row["name"] for row in rows]
    for axis, (key, title, colour) in zip(axes[0], panels, strict=True):
        values = [row.get(key) or 0 for row in rows]
        bars = axis.barh(names, values, color=colour, height=0.62)
        axis.bar_label(bars, [_spanish(row.get(key)) for row in rows], padding=3, fontsize=9)
        axis.set_title(title, fontsize=10, fontweight=600, loc="left")
        axis.margins(x=0.3)
        axis.xaxis.set_visible(False)
        axis.spines["bottom"].set_visible(False)
        axis.tick_params(axis="y", length=0)
    axes[0][0].invert_yaxis()
    figure.savefig(target, metadata={"Date": None})
    plt.close(figure)
    return target


def _spanish(value: float | None) -> str:
    """1234567.8 → "1 234 568", 12.34 → "12,3"; an em dash for what was not measured."""
    if value is None:
        return "—"
    digits = 0 if abs(value) >= 100 else 1
    text = f"{value:,.{digits}f}".replace(",", " " if abs(value) >= 10_000 else "")
    return text.replace(".", ",")
