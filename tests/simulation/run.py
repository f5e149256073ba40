"""Many worlds, one after another or side by side, and a report of the first that fail."""

import time
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from functools import cache
from typing import NamedTuple

from prometheus_client import CollectorRegistry

from tests.simulation import schedule
from tests.simulation.schedule import Action
from tests.simulation.shrinking import shrink
from tests.simulation.world import Outcome, live
from weather_tweets.metrics import StreamsMetrics

GUARDS = (
    "redelivered skipped",
    "rewind",
    "repeat",
    "dead letter twice",
    "zombie refused",
    "torn write",
    "history overtaken",
    "history counted anew",
    "healed sum",
    "lost counted",
    "moved to a new epoch",
    "restarted for its topic",
)
"""What has to have fired at least once over the seeds: else nobody knows whether it works."""

_SEEDS_AT_ONCE = 250


class Report(NamedTuple):
    seeds: int
    failed: list[int]
    guards: Counter[str]

    @property
    def unfired(self) -> list[str]:
        return [guard for guard in GUARDS if not self.guards[guard]]


def of_seed(seed: int, actions: Sequence[Action] | None = None) -> Outcome:
    """The world of a seed, with its own schedule or another."""
    return live(seed, schedule.draw(seed) if actions is None else actions, _metrics())


def of_seeds(seeds: Iterable[int]) -> Report:
    failed, guards, count = [], Counter[str](), 0
    for seed in seeds:
        outcome = of_seed(seed)
        guards += outcome.guards
        count += 1
        if outcome.failures:
            failed.append(seed)
    return Report(count, failed, guards)


def side_by_side(first: int, count: int, processes: int) -> Iterator[Report]:
    """Reports of parts, as they come; of all the seeds in the end."""
    parts = [
        range(start, min(start + _SEEDS_AT_ONCE, first + count))
        for start in range(first, first + count, _SEEDS_AT_ONCE)
    ]
    with ProcessPoolExecutor(processes) as pool:
        yield from pool.map(of_seeds, parts)


def explain(seed: int) -> str:
    """What is wrong in the world of a seed, and the shortest schedule with which something still is."""
    began = time.monotonic()
    actions = shrink(schedule.draw(seed), lambda fewer: bool(of_seed(seed, fewer).failures))
    outcome = of_seed(seed, actions)
    return "\n".join([
        f"seed {seed}:",
        *(f"  {failure}" for failure in of_seed(seed).failures),
        f"still wrong with {len(actions)} actions (shrunk in {time.monotonic() - began:.1f} s):",
        *(f"  {failure}" for failure in outcome.failures),
        *(f"  {line}" for line in outcome.trace),
        f"again: make simulate SEEDS=1 FIRST={seed}",
    ])  # fmt: skip


@cache
def _metrics() -> StreamsMetrics:
    return StreamsMetrics(CollectorRegistry())
