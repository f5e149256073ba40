"""`kafka`: is Kafka slow, and what is it that makes it so? One thing is changed at a time.

Then what a broker's death, and a worker that comes and goes, do to the whole system, second by second.
"""

import asyncio
import subprocess
import sys
from collections.abc import Callable, Sequence
from itertools import pairwise

import msgspec
from aiokafka.admin import AIOKafkaAdminClient, NewTopic

from bench.bench import Bench
from bench.failure import StageFailedError
from bench.parts import Parts
from bench.rows import Result, Row, Run, row
from bench.steady import Course, SteadyLoad, timeline
from bench.timeline import Timeline
from bench.trials import Outcome, Series, Trial, topic
from weather_tweets.kafka import client_options

TRIALS = (
    Trial("under way: 1", under_way=1),
    Trial("under way: 100", under_way=100),
    Trial("under way: 2,000"),
    Trial("acks: 0", acks="0", idempotent=False),
    Trial("acks: 1", acks="1", idempotent=False),
    Trial("acks: all", idempotent=False),
    Trial("acks: all, idempotent"),
    Trial("batches: aiokafka's", ours=False),
    Trial("batches: ours"),
    Trial("linger: 0 ms", ours=False),
    Trial("linger: 5 ms", ours=False, linger_ms=5),
    Trial("linger: 20 ms", ours=False, linger_ms=20),
    Trial("batch: 1 KiB", batch_bytes=2**10),
    Trial("batch: 16 KiB", batch_bytes=16 * 2**10),
    Trial("batch: 128 KiB", batch_bytes=128 * 2**10),
    Trial("batch: 512 KiB", batch_bytes=512 * 2**10),
    Trial("compression: none"),
    Trial("compression: lz4", compression="lz4"),
    Trial("compression: zstd", compression="zstd"),
    Trial("compression: gzip", compression="gzip"),
    Trial("partitions: 1", partitions=1),
    Trial("partitions: 6"),
    Trial("partitions: 24", partitions=24),
)
_STEADY_PER_SECOND = 2000

_TWEETS_PER_SECOND = 500
_EVENT_AT_SECOND = 8
_AWAY_SECONDS = 2.0


def run(bench: Bench) -> Result:
    """Raises `PartFailedError`, `StoresDisagreeError`, and `StageFailedError` where a trial failed."""
    with bench.parts() as parts:
        bench.step("starting Kafka")
        parts.start("kafka")
        rows = _trials(bench, parts)
    with bench.parts() as parts:
        bench.step("starting every part")
        parts.start("kafka", "redis", "mongo", "producer", "writer", "gateway")
        parts.start_worker()
        broker = _timeline(bench, parts, "the broker is killed", _kill_broker)
        workers = _timeline(bench, parts, "a worker comes and goes", _add_worker)
        parts.audit()
    return Result(rows, figures(rows, broker, workers), [broker, workers])


def figures(rows: Sequence[Row], broker: Timeline, workers: Timeline) -> dict[str, float]:
    """What answers the question."""
    by_name = {row.name: row for row in rows}
    rate = {name: row.rate_per_second for name, row in by_name.items()}
    return {
        "kafka_rate_over_one_at_a_time": rate["under way: 2,000"] / rate["under way: 1"],
        "kafka_acks_all_rate_over_acks_0": rate["acks: all"] / rate["acks: 0"],
        "kafka_our_batches_cpu_over_aiokafka": (
            by_name["batches: ours"].cpu_us_per_tweet / by_name["batches: aiokafka's"].cpu_us_per_tweet
        ),
        "kafka_broker_killed_seconds_without_answers": longest_pause(broker.accepted),
        "kafka_broker_killed_seconds_without_counts": longest_pause(broker.processed),
        "kafka_rebalance_seconds_without_counts": longest_pause(workers.processed),
    }


def longest_pause(each_second: Sequence[int]) -> float:
    """Seconds in a row in which nothing happened, between two in which something did."""
    busy = [second for second, count in enumerate(each_second) if count]
    return float(max((later - earlier - 1 for earlier, later in pairwise(busy)), default=0))


def _trials(bench: Bench, parts: Parts) -> list[Row]:
    asyncio.run(_make_topics(parts))
    # What our producer does stands in every group, and is measured once.
    distinct = {_settings(trial): trial for trial in TRIALS}
    bench.step("warming up")
    # Until Java has compiled it, Kafka is several times slower.
    _round(parts, list(distinct.values()), full_seconds=0.4, steady_seconds=0.1)
    runs: dict[Trial, list[Run]] = {settings: [] for settings in distinct}
    for number in range(1, bench.repeats + 1):
        bench.step(f"{len(distinct)} ways of publishing, run {number} of {bench.repeats}")
        outcomes = _round(
            parts,
            list(distinct.values()),
            full_seconds=0.3 if bench.quick else 0.6,
            steady_seconds=0.4 if bench.quick else 0.8,
        )
        for settings, each in zip(distinct, outcomes, strict=True):
            runs[settings].append(Run(each.records, each.reading, each.p50_ms, each.p99_ms))
    return [row(trial.name, runs[_settings(trial)], counting={"producer"}) for trial in TRIALS]


def _settings(trial: Trial) -> Trial:
    return msgspec.structs.replace(trial, name="")


def _round(parts: Parts, trials: list[Trial], *, full_seconds: float, steady_seconds: float) -> list[Outcome]:
    """Every trial once, in a process of its own that does nothing else."""
    series = Series(
        parts.stack.kafka,
        parts.processes()["kafka"],
        trials,
        full_seconds,
        steady_seconds,
        _STEADY_PER_SECOND,
    )
    done = subprocess.run(
        [sys.executable, "-m", "bench.trials_process"],
        input=msgspec.json.encode(series),
        stdout=subprocess.PIPE,
        check=False,
    )
    if done.returncode:
        raise StageFailedError(f"the trials ended with status {done.returncode}")
    return msgspec.json.decode(done.stdout, type=list[Outcome])


async def _make_topics(parts: Parts) -> None:
    admin = AIOKafkaAdminClient(**client_options(parts.stack.kafka_settings()))
    await admin.start()
    try:
        numbers = sorted({trial.partitions for trial in TRIALS})
        await admin.create_topics([NewTopic(topic(number), number, 1) for number in numbers])
    finally:
        await admin.close()


def _timeline(
    bench: Bench, parts: Parts, name: str, befall: Callable[[Parts, SteadyLoad], dict[str, float]]
) -> Timeline:
    """A steady load, and something that befalls the system in it."""
    bench.step(f"{name}, at {_TWEETS_PER_SECOND} tweets/s")
    load = SteadyLoad(
        parts.endpoints,
        per_second=_TWEETS_PER_SECOND,
        seconds=25 if bench.quick else 40,
        viewer=False,
    )
    load.wait_until(_EVENT_AT_SECOND)
    marks = befall(parts, load)
    course: Course = load.course()
    return timeline(name, course, marks)


def _kill_broker(parts: Parts, load: SteadyLoad) -> dict[str, float]:
    kafka = parts.part("kafka")
    kafka.kill()
    killed = load.wait_until(0)
    back = load.wait_until(killed + _AWAY_SECONDS)
    kafka.start()
    return {"killed": killed, "started again": back}


def _add_worker(parts: Parts, load: SteadyLoad) -> dict[str, float]:
    added = load.wait_until(0)
    worker = parts.start_worker()
    leaves = load.wait_until(2 * _EVENT_AT_SECOND)
    parts.stop(worker)
    return {"started": added, "stopped": leaves}
