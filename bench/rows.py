"""The rows of the result: medians of repeated runs, with their spread."""

from collections.abc import Collection, Mapping, Sequence
from statistics import median
from typing import TYPE_CHECKING, NamedTuple

import msgspec

from bench.hop import Hop
from bench.timeline import Timeline

if TYPE_CHECKING:  # rows are also read and drawn where there is nothing to read processes with
    from bench.reading import Reading

OURS = frozenset({"gateway", "producer", "streams", "writer"})
"""The services; the row's CPU and memory are theirs unless a stage says otherwise."""


class Run(NamedTuple):
    """One run; latencies in milliseconds, None where the stage has none."""

    tweets: int
    reading: "Reading"
    p50_ms: float | None = None
    p99_ms: float | None = None
    p999_ms: float | None = None
    hops: Mapping[str, Hop] = {}


class Use(msgspec.Struct, frozen=True):
    """What one part used."""

    cpu_us_per_tweet: float
    peak_rss_mb: float


class Row(msgspec.Struct, frozen=True):
    """Medians of the runs; MB are 10⁶ bytes."""

    name: str
    rate_per_second: float
    cpu_us_per_tweet: float
    """Of the parts that count, together."""
    p50_ms: float | None
    p99_ms: float | None
    peak_rss_mb: float
    """Of the part that counts and took the most."""
    runs: int
    rate_spread_percent: float
    """(most − least) ÷ median of the runs."""
    cpu_spread_percent: float
    processes: dict[str, Use]
    """Every part that was read, also those that do not count."""
    p999_ms: float | None = None
    hops: dict[str, Hop] = {}
    """Batches of each service on the way; empty where they were not counted."""


class Result(msgspec.Struct, frozen=True):
    """Of one stage: its rows, and its figures by the names of `goals`."""

    rows: list[Row]
    ratios: dict[str, float]
    timelines: list[Timeline] = []


def row(name: str, runs: Sequence[Run], *, counting: Collection[str] = OURS) -> Row:
    """The medians of runs of the same thing; `counting` names the parts that the row is about."""
    rates = [run.tweets / run.reading.seconds for run in runs]
    cpu = [sum(_cpu_us(run, part) for part in run.reading.cpu_seconds if part in counting) for run in runs]
    parts = runs[0].reading.cpu_seconds
    processes = {
        part: Use(
            median(_cpu_us(run, part) for run in runs),
            median(run.reading.peak_rss_bytes.get(part, 0) for run in runs) / 1e6,
        )
        for part in parts
    }
    return Row(
        name=name,
        rate_per_second=median(rates),
        cpu_us_per_tweet=median(cpu),
        p50_ms=_median([run.p50_ms for run in runs]),
        p99_ms=_median([run.p99_ms for run in runs]),
        peak_rss_mb=max((use.peak_rss_mb for part, use in processes.items() if part in counting), default=0),
        runs=len(runs),
        rate_spread_percent=_spread(rates),
        cpu_spread_percent=_spread(cpu),
        processes=processes,
        p999_ms=_median([run.p999_ms for run in runs]),
        hops={
            name: Hop(
                median(run.hops[name].batches_per_second for run in runs),
                median(run.hops[name].tweets_per_batch for run in runs),
            )
            for name in runs[0].hops
            if all(name in run.hops for run in runs)
        },
    )


def _cpu_us(run: Run, part: str) -> float:
    return run.reading.cpu_seconds.get(part, 0.0) * 1e6 / run.tweets


def _median(values: Sequence[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return median(known) if known else None


def _spread(values: Sequence[float]) -> float:
    middle = median(values)
    return (max(values) - min(values)) / middle * 100 if middle else 0.0
