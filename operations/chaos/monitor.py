"""How far each partition is written and processed, sampled while faults strike."""

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import redis.asyncio
from aiokafka import AIOKafkaConsumer
from aiokafka.errors import KafkaError
from redis.exceptions import RedisError

from weather_tweets import kafka, redis_keys
from weather_tweets.settings import KafkaSettings, RedisSettings

_SAMPLE_SECONDS = 0.25
_TIMEOUT_SECONDS = 2.0
_METADATA_SECONDS = 1.0
"""How old a partition may be before it is seen."""


@dataclass(frozen=True, slots=True)
class Sample:
    """Per partition: the end offset in Kafka, and how many of its offsets Redis has counted."""

    begun: float
    at: float
    ends: tuple[int, ...]
    settled: tuple[int, ...]


class Monitor:
    """Samples until cancelled; while Kafka or Redis is away there are no samples."""

    def __init__(self, kafka_settings: KafkaSettings, redis_settings: RedisSettings) -> None:
        self.samples: list[Sample] = []
        self._epochs: list[int] = []
        """By partition that of its tally, as it was last seen."""
        self._least_epochs: list[int] = []
        """By partition the first in which a tally is of the topic's present life."""
        self._kafka = kafka_settings
        self._redis = redis_settings

    async def run(self) -> None:
        while True:
            try:
                await self._sample_while_all_answer()
            except (KafkaError, RedisError, OSError, TimeoutError):
                await asyncio.sleep(_SAMPLE_SECONDS)

    def made_anew(self) -> None:
        """The topic is about to begin again at offset 0: what is counted by now is of another life."""
        self._least_epochs = [epoch + 1 for epoch in self._epochs]

    def of_this_life(self, positions: Sequence[tuple[int, int]]) -> tuple[int, ...]:
        """How many offsets are counted, given each partition's epoch and last offset.

        Partitions have epochs of their own: one that was added later has seen fewer lives.
        """
        self._epochs = [epoch for epoch, _ in positions]
        later = [0] * (len(positions) - len(self._least_epochs))
        return tuple(
            offset + 1 if epoch >= least else 0
            for (epoch, offset), least in zip(positions, [*self._least_epochs, *later], strict=False)
        )

    def longest_gap(self, begin: float, end: float) -> float:
        """The longest time between these moments in which nothing was seen to be counted."""
        moments, last = [begin], None
        for sample in self.samples:
            if begin < sample.at < end and sample.settled != last:
                moments.append(sample.at)
            last = sample.settled
        return max(after - before for before, after in pairwise([*moments, end]))

    def processing_since(self, moment: float) -> float | None:
        """When something that was written after `moment` was settled in each partition, and all before it.

        None if that was never seen. It is seen late by up to two samples, never early: what was written
        before a fault may also have been settled before it.
        """
        after = [sample for sample in self.samples if sample.begun > moment]
        if not after:
            return None
        written = after[0].ends
        for sample in after:
            if all(settled > end for settled, end in zip(sample.settled, written, strict=False)):
                return sample.at
        return None

    async def all_counted(self, timeout_seconds: float = 90.0) -> None:
        """Returns when all that is written by now is counted. Raises `TimeoutError`."""
        begun = time.monotonic()
        last = None
        while time.monotonic() < begun + timeout_seconds:
            await asyncio.sleep(_SAMPLE_SECONDS)
            last = self.samples[-1] if self.samples else None
            if last and last.begun > begun and last.ends == last.settled:
                return
        raise TimeoutError(
            f"after {timeout_seconds:.0f} s not all is counted: "
            + (f"ends {last.ends}, counted to {last.settled}" if last else "Kafka or Redis does not answer")
        )

    async def _sample_while_all_answer(self) -> None:
        consumer = AIOKafkaConsumer(
            self._kafka.topic,
            **kafka.client_options(self._kafka),
            request_timeout_ms=int(_TIMEOUT_SECONDS * 1000),
            metadata_max_age_ms=int(_METADATA_SECONDS * 1000),
        )
        store = redis.asyncio.from_url(
            self._redis.url.get_secret_value(), socket_timeout=_TIMEOUT_SECONDS, decode_responses=True
        )
        try:
            await consumer.start()
            while True:
                begun = time.monotonic()
                async with asyncio.timeout(_TIMEOUT_SECONDS):
                    # Whoever subscribes without a group has all of them, also those that are added; paused,
                    # because only the offsets are of interest.
                    partitions = sorted(consumer.assignment())
                    consumer.pause(*partitions)
                    ends = await consumer.end_offsets(partitions)
                async with store.pipeline(transaction=False) as pipe:
                    for partition in partitions:
                        pipe.hget(redis_keys.tally(partition.partition), "position")
                    # Also where somebody has put another type there.
                    positions = [_position(found) for found in await pipe.execute(raise_on_error=False)]
                self.samples.append(
                    Sample(
                        begun=begun,
                        at=time.monotonic(),
                        ends=tuple(ends[partition] for partition in partitions),
                        settled=self.of_this_life(positions),
                    )
                )
                await asyncio.sleep(_SAMPLE_SECONDS)
        finally:
            await consumer.stop()
            await store.aclose()


def _position(found: object) -> tuple[int, int]:
    """The epoch and the offset that a tally in Redis has come to; before any where there is none."""
    if not isinstance(found, str):
        return 0, -1
    epoch, offset, _ = found.split()
    return int(epoch), int(offset)
