"""`whole`: a tweet's way through every part, from the client to the stores and to a viewer."""

from pathlib import Path

from redis import Redis

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
        freshness = _freshness(bench, parts)
        parts.audit()
    _, counted, shown = freshness
    ratios = {
        "whole_rate_per_second": max(row.rate_per_second for row in rows),
        "whole_processed_p99_ms": counted.p99_ms or 0.0,
        "whole_viewer_p99_ms": shown.p99_ms or 0.0,
    }
    return Result([*rows, *freshness], ratios)


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
    return Run(accepted, reading._replace(seconds=seconds), latency["p50"], latency["p99"])


def _freshness(bench: Bench, parts: Parts) -> list[Row]:
    seconds = 10 if bench.quick else 60
    bench.step(f"{PER_SECOND:,} tweets/s for {seconds} s")
    load = SteadyLoad(parts.endpoints, per_second=PER_SECOND, seconds=seconds)
    load.wait_until(0)
    meter = Meter(parts.processes())
    load.wait_until(seconds)
    reading = meter.read()
    course = load.course()
    if course.refusals:
        bench.say(f"whole: {PER_SECOND:,} tweets/s were too many for this machine: {course.refusals}")
    return [
        row(f"{PER_SECOND:,} tweets/s: {name}", [_fresh(course, reading, moments)])
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
    return Run(len(waits), reading, percentile(waits, 50), percentile(waits, 99))
