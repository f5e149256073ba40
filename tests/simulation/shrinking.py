"""From a schedule that fails to the shortest one that still does."""

from collections.abc import Callable, Sequence

from tests.simulation.schedule import Action


def shrink(actions: Sequence[Action], fails: Callable[[Sequence[Action]], bool]) -> list[Action]:
    """Leaves actions out, many at once first, as long as it `fails` without them.

    Delta debugging; of what remains no action can be left out alone.
    https://doi.org/10.1109/32.988498
    """
    kept = list(actions)
    size = len(kept) // 2
    while size:
        start = 0
        while start < len(kept):
            fewer = kept[:start] + kept[start + size :]
            if fails(fewer):
                kept = fewer
            else:
                start += size
        size //= 2
    return kept
