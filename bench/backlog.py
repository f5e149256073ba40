"""A backlog for the streams: real records in Kafka's topic, written faster than clients could post them."""

import asyncio
import time
import zlib
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import NamedTuple

import uuid_utils
from aiokafka import AIOKafkaProducer
from aiokafka.producer.message_accumulator import BatchBuilder

from loadgen import dataset
from weather_tweets import countries, places
from weather_tweets.kafka import client_options
from weather_tweets.settings import KafkaSettings
from weather_tweets.tweet import Tweet, encode

RECORDS_PER_BATCH = 100
"""As many as our producer sends at once when it is busy; a reader pays for each batch, too."""

_BATCH_BYTES = 1_000_000
"""The largest that a broker takes by default is a little more."""


class _Record(NamedTuple):
    key: bytes
    value: bytes
    code: str
    at: int


def records(count: int, codes: Sequence[str] = ()) -> Iterator[_Record]:
    """Tweets of the generated data set, over and over, each with an id of its own.

    With `codes` the countries are these, in turns, so that each batch has all of them.
    """
    known = countries.by_code()
    entries = [
        (entry.text, places.resolve(entry.country)) for entry in dataset.read(dataset.ensure_default())
    ]
    if codes:
        entries = [
            (entries[number % len(entries)][0], known[codes[number % len(codes)]])
            for number in range(max(len(entries), len(codes)) // len(codes) * len(codes))
        ]
    at = int(time.time() * 1000)
    for number in range(count):
        text, country = entries[number % len(entries)]
        # Random, as clients' own ids may be (the gateway's ascend): no store's index is filled in its order.
        id_ = str(uuid_utils.uuid4())
        yield _Record(
            id_.encode(), encode(Tweet(id_, text, country.name, country.code, at)), country.code, at
        )


def fill(settings: KafkaSettings, count: int, codes: Sequence[str] = ()) -> Counter[str]:
    """Writes `records` to the topic, which must be there; returns how many there are of each country's code.

    Raises `KafkaError`.
    """
    return asyncio.run(_fill(settings, count, codes))


async def _fill(settings: KafkaSettings, count: int, codes: Sequence[str]) -> Counter[str]:
    by_code: Counter[str] = Counter()
    async with AIOKafkaProducer(
        **client_options(settings), acks="all", max_batch_size=_BATCH_BYTES
    ) as producer:
        partitions = len(await producer.partitions_for(settings.topic))
        lanes = [producer.create_batch() for _ in range(partitions)]
        sent: list[asyncio.Future[object] | None] = [None] * partitions

        async def send(partition: int) -> None:
            if before := sent[partition]:
                await before
            batch, lanes[partition] = lanes[partition], producer.create_batch()
            sent[partition] = await _send(producer, batch, settings.topic, partition)

        for record in records(count, codes):
            partition = zlib.crc32(record.key) % partitions
            lanes[partition].append(timestamp=record.at, key=record.key, value=record.value)
            by_code[record.code] += 1
            if lanes[partition].record_count() == RECORDS_PER_BATCH:
                await send(partition)
        for partition, batch in enumerate(lanes):
            if batch.record_count():
                await send(partition)
        await asyncio.gather(*[future for future in sent if future])
    return by_code


async def _send(
    producer: AIOKafkaProducer, batch: BatchBuilder, topic: str, partition: int
) -> "asyncio.Future[object]":
    batch.close()
    acknowledged: asyncio.Future[object] = await producer.send_batch(batch, topic, partition=partition)
    return acknowledged
