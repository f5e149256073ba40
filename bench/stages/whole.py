"""`whole`: a tweet's way through every part, from the client to the stores and to a viewer."""

from pathlib import Path

from redis import Redis

from bench import hops
from bench.bench import Bench
from bench.failure import StageFailedError
from bench.parts import SETTLE_SECONDS, Parts
from bench.reading import Meter, Reading
from bench.rows import Result, Row, Run, row
from bench.steady import Course, SteadyLoad, percentile
from operations import swarm_run
from operations.energy import traffic
from weather_tweets import processed

PER_SECOND = 1000
"""Of the steady load on which freshness is measured."""

_MOST_PER_SECOND = 3000
_USERS = (10, 64)
_WARM_UP_TWEETS = 5000
_POLL_SECONDS = 0.01


def run(bench: Bench) -> Result:
    """Raises `PartFailedError`, `NotProcessedError`, and `StageFailedError` where the stores disagree."""
    with bench.parts() as parts:
        bench.step("starting every part")
        parts.start("kafka", "redis", "mongo", "producer", "writer", "gateway")
        parts.start_worker()
        data = swarm_run.ensure_data(parts.folder)
        bench.step("warming up")
        traffic.in_arrays(parts.endpoints.gateway, tweets=_WARM_UP_TWEETS, users=2, data=data)
        _swarm(parts, data, tweets=1000, users=10)
        rows = _swarms(bench, parts, data)
        parts.audit()
        freshness = _freshness(bench, parts, PER_SECOND)
        parts.audit()
        bench.step("one Locust user")
        rest = [row("Locust, 1 user", [_swarm(parts, data, tweets=300 if bench.quick else 1500, users=1)])]
        try:
            rest += _freshness(bench, parts, _MOST_PER_SECOND)
        except StageFailedError as error:
            bench.say(f"whole: {_MOST_PER_SECOND:,} tweets/s have no row: {error}")
        parts.audit()
    answered, counted, shown = freshness
    ratios = {
        "whole_rate_per_second": max(row.rate_per_second for row in rows),
        "whole_processed_p99_ms": counted.p99_ms or 0.0,
        "whole_viewer_p99_ms": shown.p99_ms or 0.0,
        "whole_answered_p99_ms": answered.p99_ms or 0.0,
        "whole_1000_cpu_us": answered.cpu_us_per_tweet,
        "whole_10_users_cpu_us": rows[0].cpu_us_per_tweet,
        "whole_64_users_cpu_us": rows[1].cpu_us_per_tweet,
    }
    return Result([*rows, *freshness, *rest], ratios)


def _swarms(bench: Bench, parts: Parts, data: Path) -> list[Row]:
    tweets = 2000 if bench.quick else 6000
    runs: dict[int, list[Run]] = {users: [] for users in _USERS}
    for repeat in range(bench.repeats):
        for users, done in runs.items():
            bench.step(f"Locust with {users} users, run {repeat + 1} of {bench.repeats}")
            done.append(_swarm(parts, data, tweets=tweets, users=users))
    return [row(f"Locust, {users} users", done) for users, done in runs.items()]


def _swarm(parts: Parts, data: Path, *, tweets: int, users: int) -> Run:
    """From the first tweet sent to the last one counted."""
    with Redis.from_url(parts.endpoints.redis) as redis:
        already = processed.total(redis)
        batches = hops.counts(parts)
        meter = Meter(parts.processes())
        summary = swarm_run.run(parts.endpoints.gateway, tweets=tweets, users=users, data=data)
        accepted = int(summary["accepted"])
        counted_at = processed.wait_for(
            redis, already + accepted, timeout_seconds=SETTLE_SECONDS, poll_seconds=_POLL_SECONDS
        )
    reading = meter.read()
    # Locust's own start is no part of it.
    seconds = float(summary["seconds"]) + max(0.0, counted_at - float(summary["ended_at"]))
    latency: dict[str, float] = summary["latency_ms"]
    return Run(
        accepted,
        reading._replace(seconds=seconds),
        latency["p50"],
        latency["p99"],
        hops=hops.between(batches, hops.counts(parts), seconds),
    )


def _freshness(bench: Bench, parts: Parts, per_second: int) -> list[Row]:
    seconds = 10 if bench.quick else 60
    bench.step(f"{per_second:,} tweets/s for {seconds} s")
    load = SteadyLoad(parts.endpoints, per_second=per_second, seconds=seconds)
    load.wait_until(0)
    batches = hops.counts(parts)
    meter = Meter(parts.processes())
    load.wait_until(seconds)
    reading = meter.read()
    made = hops.between(batches, hops.counts(parts), reading.seconds)
    course = load.course()
    if course.refusals:
        bench.say(f"whole: {per_second:,} tweets/s were too many for this machine: {course.refusals}")
    return [
        row(f"{per_second:,} tweets/s: {name}", [_fresh(course, reading, moments)._replace(hops=made)])
        for name, moments in (
            ("answered", course.accepted),
            ("counted", course.counted),
            ("shown to a viewer", course.shown),
        )
    ]


def _fresh(course: Course, reading: Reading, moments: list[float | None]) -> Run:
    waits = course.waits_ms(moments)
    accepted = len(course.due) - course.accepted.count(None)
    if len(waits) < accepted:
        raise StageFailedError(f"{accepted - len(waits):,} of {accepted:,} accepted tweets never came")
    p50, p99, p999 = (percentile(waits, percent) for percent in (50, 99, 99.9))
    return Run(len(waits), reading, p50, p99, p999)
