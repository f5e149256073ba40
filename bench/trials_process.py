"""`python -m bench.trials_process`: a series of `trials` from standard input, outcomes out."""

import asyncio
import itertools
import os
import sys
import time
import uuid
from collections.abc import Callable, Sequence

import msgspec
import uvloop
from aiokafka import AIOKafkaProducer

from bench.failure import StageFailedError
from bench.reading import Meter
from bench.sample import TEXT
from bench.steady import percentile
from bench.trials import Outcome, Series, Trial, topic
from grpc_producer.publisher import Delivery, Publisher
from grpc_producer.records import Record
from weather_tweets import countries
from weather_tweets.tweet import Tweet, encode

_RECORDS = 20_000
_TOGETHER = 100
"""Records submitted at once at full rate, as a frame of the gateway's has them."""

Submit = Callable[[Sequence[Record], Callable[[], None]], None]


async def _outcome(trial: Trial, series: Series, records: Sequence[Record]) -> Outcome:
    producer = AIOKafkaProducer(
        bootstrap_servers=series.bootstrap_servers,
        acks="all" if trial.acks == "all" else int(trial.acks),
        enable_idempotence=trial.idempotent,
        linger_ms=trial.linger_ms,
        max_batch_size=trial.batch_bytes,
        compression_type=None if trial.compression == "none" else trial.compression,
    )
    async with producer:
        submit, detach = await _way(trial, producer)
        try:
            await _full(submit, records, trial.under_way, series.full_seconds / 4)
            meter = Meter({"producer": [os.getpid()], "kafka": series.kafka})
            acknowledged = await _full(submit, records, trial.under_way, series.full_seconds)
            reading = meter.read()
            waits = await _steady(submit, records, series.steady_per_second, series.steady_seconds)
        finally:
            detach()
    p50, p99 = percentile(waits, 50), percentile(waits, 99)
    assert p50 is not None  # noqa: S101 (something was sent)
    assert p99 is not None  # noqa: S101
    return Outcome(acknowledged, reading, p50, p99)


async def _way(trial: Trial, producer: AIOKafkaProducer) -> tuple[Submit, Callable[[], None]]:
    name = topic(trial.partitions)
    if trial.ours:
        publisher = Publisher(name, max_in_flight=10 * _RECORDS)
        publisher.attach(producer, len(await producer.partitions_for(name)))

        def by_publisher(records: Sequence[Record], done: Callable[[], None]) -> None:
            def settled(delivery: Delivery) -> None:
                if delivery.refusals:
                    raise StageFailedError(f"{trial.name}: {delivery.refusals[0].detail}")
                done()

            publisher.submit(records, settled)

        return by_publisher, lambda: publisher.detach("the trial is over")

    tasks: set[asyncio.Task[None]] = set()

    async def send(records: Sequence[Record], done: Callable[[], None]) -> None:
        futures = [await producer.send(name, key=record.key, value=record.value) for record in records]
        await asyncio.gather(*futures)
        done()

    def by_send(records: Sequence[Record], done: Callable[[], None]) -> None:
        task = asyncio.create_task(send(records, done))
        tasks.add(task)
        task.add_done_callback(tasks.discard)

    return by_send, lambda: None


async def _full(submit: Submit, records: Sequence[Record], under_way: int, seconds: float) -> int:
    """As fast as the acknowledgements come; returns how many records were acknowledged."""
    together = min(_TOGETHER, under_way)
    turn = itertools.cycle(range(0, len(records) - together + 1, together))
    acknowledged = 0
    running = under_way // together
    over = asyncio.Event()
    ends = time.monotonic() + seconds

    def send() -> None:
        first = next(turn)
        submit(records[first : first + together], done)

    def done() -> None:
        nonlocal acknowledged, running
        acknowledged += together
        if time.monotonic() < ends:
            # Later: with acks=0 this is called before `submit` has returned.
            asyncio.get_running_loop().call_soon(send)
        else:
            running -= 1
            if not running:
                over.set()

    for _ in range(running):
        send()
    async with asyncio.timeout(seconds + 30):
        await over.wait()
    return acknowledged


async def _steady(submit: Submit, records: Sequence[Record], per_second: int, seconds: float) -> list[float]:
    """One by one at their times, whatever became of those before; returns the waits in ms, ascending."""
    waits: list[float] = []
    count = int(per_second * seconds)
    over = asyncio.Event()
    begin = time.monotonic()

    def done(due: float) -> None:
        waits.append((time.monotonic() - due) * 1000)
        if len(waits) == count:
            over.set()

    for number in range(count):
        due = begin + number / per_second
        if (wait := due - time.monotonic()) > 0:
            await asyncio.sleep(wait)
        submit([records[number % len(records)]], lambda due=due: done(due))  # type: ignore[misc]
    async with asyncio.timeout(seconds + 30):
        await over.wait()
    return sorted(waits)


def _records() -> list[Record]:
    known = itertools.cycle(countries.by_code().values())
    at = time.time_ns() // 1_000_000
    made = []
    for country in itertools.islice(known, _RECORDS):
        own_id = str(uuid.uuid4())
        made.append(Record(own_id.encode(), encode(Tweet(own_id, TEXT, country.name, country.code, at))))
    return made


async def _run(series: Series) -> None:
    records = _records()
    outcomes = [await _outcome(trial, series, records) for trial in series.trials]
    sys.stdout.buffer.write(msgspec.json.encode(outcomes))


if __name__ == "__main__":
    uvloop.run(_run(msgspec.json.decode(sys.stdin.buffer.read(), type=Series)))
