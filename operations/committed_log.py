"""Reads committed records of a topic, in no consumer group: no partition moves, nothing is acknowledged."""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from typing import NamedTuple

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.structs import ConsumerRecord

from weather_tweets.kafka import client_options
from weather_tweets.settings import KafkaSettings

STANDSTILL_SECONDS = 30.0
"""How long Kafka may deliver nothing of what it has."""

_RECORDS_AT_ONCE = 5_000
_CHEAPER_THAN_A_SEEK = 1_000
"""Records that are read in vain rather than leapt over: a seek throws away what was fetched ahead."""

Records = Sequence["ConsumerRecord[bytes, bytes]"]


class Extent(NamedTuple):
    """Offsets from `first` to before `before`."""

    first: int
    before: int


class StandstillError(RuntimeError):
    """Kafka does not deliver what it says it has."""


async def extents(settings: KafkaSettings, topic: str) -> dict[int, Extent]:
    """By partition what a topic has, open transactions included; nothing if there is no such topic.

    Raises `KafkaError`.
    """
    async with AIOKafkaConsumer(**client_options(settings)) as consumer:
        # Some brokers make a topic that they are asked about.
        if topic not in await consumer.topics():
            return {}
    # Subscribed, but without a group: so that it learns the topic's partitions.
    async with AIOKafkaConsumer(topic, **client_options(settings)) as consumer:
        partitions = sorted(consumer.assignment())
        beginnings = await consumer.beginning_offsets(partitions)
        ends = await consumer.end_offsets(partitions)
        return {tp.partition: Extent(beginnings[tp], ends[tp]) for tp in partitions}


async def offsets_since(settings: KafkaSettings, partitions: Iterable[int], at_ms: int) -> dict[int, int]:
    """By partition the first offset that Kafka dates `at_ms` or later; without those that have none."""
    async with AIOKafkaConsumer(**client_options(settings)) as consumer:
        asked = {TopicPartition(settings.topic, partition): at_ms for partition in partitions}
        found = await consumer.offsets_for_times(asked)
        return {tp.partition: at.offset for tp, at in found.items() if at is not None}


def stretches(offsets: Iterable[int]) -> list[Extent]:
    """Ascending offsets as few extents, with what is cheaper read than leapt over."""
    found: list[Extent] = []
    for offset in offsets:
        if found and offset - found[-1].before < _CHEAPER_THAN_A_SEEK:
            found[-1] = Extent(found[-1].first, offset + 1)
        else:
            found.append(Extent(offset, offset + 1))
    return found


async def read(
    settings: KafkaSettings,
    topic: str,
    wanted: Mapping[int, Sequence[Extent]],
    take: Callable[[int, Records], Awaitable[None]],
    on_progress: Callable[[int], None] = lambda _: None,
    *,
    at_once: int = _RECORDS_AT_ONCE,
) -> None:
    """Hands `take` the records of each partition's ascending extents, in order, at most `at_once` in a call.

    `on_progress` is told how many offsets are done since it was told last. Raises `KafkaError`,
    `StandstillError`.
    """
    left = {
        TopicPartition(topic, partition): deque(extent for extent in extents if extent.before > extent.first)
        for partition, extents in wanted.items()
    }
    left = {tp: extents for tp, extents in left.items() if extents}
    if not left:
        return
    consumer = AIOKafkaConsumer(
        **client_options(settings),
        isolation_level="read_committed",
        enable_auto_commit=False,
        auto_offset_reset="earliest",
        max_partition_fetch_bytes=2**21,
    )
    await consumer.start()
    try:
        await _read(consumer, left, take, on_progress, at_once)
    finally:
        await consumer.stop()


async def _read(
    consumer: AIOKafkaConsumer,
    left: dict[TopicPartition, deque[Extent]],
    take: Callable[[int, Records], Awaitable[None]],
    on_progress: Callable[[int], None],
    at_once: int,
) -> None:
    consumer.assign(list(left))
    positions = {tp: extent[0].first for tp, extent in left.items()}
    for tp, position in positions.items():
        consumer.seek(tp, position)
    clock = asyncio.get_running_loop().time
    moved_at = clock()
    while left:
        fetched = await consumer.getmany(*left, timeout_ms=500, max_records=at_once)
        for tp, records in fetched.items():
            first, before = left[tp][0]
            within = [record for record in records if first <= record.offset < before]
            if within:
                await take(tp.partition, within)
        if fetched:
            # What `take` takes its time for is no standstill of Kafka's.
            moved_at = clock()
        for tp in list(left):
            before = left[tp][0].before
            position = min(await consumer.position(tp), before)
            if position > positions[tp]:
                on_progress(position - positions[tp])
                positions[tp], moved_at = position, clock()
            if position < before:
                continue
            left[tp].popleft()
            if left[tp]:
                positions[tp] = left[tp][0].first
                consumer.seek(tp, positions[tp])
            else:
                del left[tp]
                consumer.pause(tp)
        if clock() - moved_at > STANDSTILL_SECONDS:
            behind = ", ".join(f"{tp.partition} at {positions[tp]}" for tp in sorted(left))
            raise StandstillError(f"Kafka delivers nothing more, partition {behind}")
