"""What all plots look like: colours, sizes, matplotlib's settings."""

from typing import Any

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
"""rcParams of matplotlib."""
