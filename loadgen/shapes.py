"""How many users there are over time: steps, and spikes on a calm ground."""

from collections.abc import Callable

STEPS = 5
SPIKE_PART = 0.1
CALM_PART = 0.2

Shape = Callable[[float, int, float], int]
"""Users at a time in seconds, given the most users and the length of a period in seconds."""


def steps(elapsed_seconds: float, peak: int, period_seconds: float) -> int:
    """Up to `peak` users in equal steps over a period; then they stay."""
    step = min(STEPS, int(elapsed_seconds / period_seconds * STEPS) + 1)
    return max(1, round(peak * step / STEPS))


def spikes(elapsed_seconds: float, peak: int, period_seconds: float) -> int:
    """A fifth of `peak` users, and all of them in the middle tenth of every period."""
    phase = elapsed_seconds % period_seconds / period_seconds
    in_spike = abs(phase - 0.5) <= SPIKE_PART / 2
    return peak if in_spike else max(1, round(peak * CALM_PART))


SHAPES: dict[str, Shape] = {"steps": steps, "spikes": spikes}
