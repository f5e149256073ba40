"""The figures against their goals."""

from typing import Any

from matplotlib import pyplot as plt
from matplotlib.ticker import FixedLocator, FuncFormatter, NullLocator

from bench.goals import GOALS, Goal
from bench.plots.style import GREEN, INK, RED, WIDTH_INCHES
from bench.plots.words import Words, tick

_LEAST_FACTOR, _MOST_FACTOR = 1 / 8, 32
"""How far the plot of the figures goes below and above the goals."""


def plot(ratios: dict[str, float], words: Words) -> Any:
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
    axis.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{tick(value, words)} ×"))
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
