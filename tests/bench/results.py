"""Results of the benchmark as a stage might give them."""

from bench import report as reports
from bench.report import Report
from bench.rows import Result, Row, Use
from bench.timeline import Timeline

TIMELINE = Timeline(
    "the broker is killed", {"killed": 1.2, "back": 2.4}, [5, 5, 5], [5, 0, 10], [4, 0, 11],
    [8.0, None, 90.0], [30.0, None, None],
)  # fmt: skip


def row(name: str, *, rate: float = 1000, cpu: float = 20, p99: float | None = 9, spread: float = 4) -> Row:
    return Row(
        name=name,
        rate_per_second=rate,
        cpu_us_per_tweet=cpu,
        p50_ms=p99 and p99 / 2,
        p99_ms=p99,
        peak_rss_mb=90,
        runs=3,
        rate_spread_percent=spread,
        cpu_spread_percent=spread,
        processes={"gateway": Use(cpu, 90), "kafka": Use(3 * cpu, 400)},
    )


def report(**ratios: float) -> Report:
    """Every stage with rows, and a timeline."""
    whole = reports.new(quick=True)
    for stage in ("door", "streams", "whole"):
        whole.add(stage, Result([row("10 clients"), row("64 clients", p99=None)], {}))
    whole.add("growth", Result([row("10 countries"), row("250 countries"), row("1,000 viewers")], {}))
    whole.add("kafka", Result([row("acks: 0"), row("acks: all"), row("linger: 5 ms")], ratios, [TIMELINE]))
    return whole
