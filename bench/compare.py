"""Two results side by side: what became dearer or slower from one to the other."""

from collections.abc import Iterator
from typing import NamedTuple

from bench.report import Report
from bench.rows import Row
from bench.stages import NAMES

NOISE_PERCENT = 10.0
"""A change of less than this, or than the runs of either result differ by, says nothing."""


class Change(NamedTuple):
    """One value of a row, or one figure, before and after."""

    name: str
    value: str
    before: float
    after: float
    noise_percent: float

    @property
    def percent(self) -> float:
        return (self.after - self.before) / self.before * 100 if self.before else 0.0

    @property
    def is_noise(self) -> bool:
        return abs(self.percent) <= max(self.noise_percent, NOISE_PERCENT)


def changes(before: Report, after: Report) -> Iterator[Change]:
    """What both results have."""
    for stage in NAMES:
        known: dict[str, Row] = {row.name: row for row in getattr(before, stage)}
        for row in getattr(after, stage):
            if row.name in known:
                yield from _of_rows(stage, known[row.name], row)
    for name, value in after.ratios.items():
        if name in before.ratios:
            yield Change("figure", name, before.ratios[name], value, 0.0)


def _of_rows(stage: str, before: Row, after: Row) -> Iterator[Change]:
    name = f"{stage}: {after.name}"
    rate_noise = max(before.rate_spread_percent, after.rate_spread_percent)
    cpu_noise = max(before.cpu_spread_percent, after.cpu_spread_percent)
    yield Change(name, "tweets/s", before.rate_per_second, after.rate_per_second, rate_noise)
    yield Change(name, "CPU-µs/tweet", before.cpu_us_per_tweet, after.cpu_us_per_tweet, cpu_noise)
    if before.p99_ms is not None and after.p99_ms is not None:
        yield Change(name, "p99 ms", before.p99_ms, after.p99_ms, rate_noise)
    yield Change(name, "peak MB", before.peak_rss_mb, after.peak_rss_mb, 0.0)
