"""How far each partition is written and processed, sampled while faults strike."""

import asyncio
import time
from dataclasses import dataclass

import redis.asyncio
from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.errors import KafkaError
from redis.exceptions import RedisError

from weather_tweets import kafka, redis_keys
from weather_tweets.settings import KafkaSettings, RedisSettings

_SAMPLE_SECONDS = 0.25
_TIMEOUT_SECONDS = 2.0


@dataclass(frozen=True, slots=True)
class Sample:
    """Per partition: the end offset in Kafka, and how many records Redis counts as settled."""

    begun: float
    at: float
    ends: tuple[int, ...]
    settled: tuple[int, ...]


class Monitor:
    """Samples until cancelled; while Kafka or Redis is away there are no samples."""

    def __init__(self, kafka_settings: KafkaSettings, redis_settings: RedisSettings) -> None:
        self.samples: list[Sample] = []
        self._kafka = kafka_settings
        self._redis = redis_settings

    async def run(self) -> None:
        while True:
            try:
                await self._sample_while_all_answer()
            except (KafkaError, RedisError, OSError, TimeoutError):
                await asyncio.sleep(_SAMPLE_SECONDS)

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
            if all(settled > end for settled, end in zip(sample.settled, written, strict=True)):
                return sample.at
        return None

    async def _sample_while_all_answer(self) -> None:
        consumer = AIOKafkaConsumer(
            **kafka.client_options(self._kafka), request_timeout_ms=int(_TIMEOUT_SECONDS * 1000)
        )
        store = redis.asyncio.from_url(
            self._redis.url.get_secret_value(), socket_timeout=_TIMEOUT_SECONDS, decode_responses=True
        )
        partitions = [TopicPartition(self._kafka.topic, n) for n in range(self._kafka.partitions)]
        try:
            await consumer.start()
            while True:
                begun = time.monotonic()
                async with asyncio.timeout(_TIMEOUT_SECONDS):
                    ends = await consumer.end_offsets(partitions)
                async with store.pipeline(transaction=False) as pipe:
                    for partition in partitions:
                        pipe.hmget(redis_keys.tally(partition.partition), ["messages", "dead", "repeats"])
                    tallies = await pipe.execute()
                self.samples.append(
                    Sample(
                        begun=begun,
                        at=time.monotonic(),
                        ends=tuple(ends[partition] for partition in partitions),
                        settled=tuple(sum(int(count or 0) for count in tally) for tally in tallies),
                    )
                )
                await asyncio.sleep(_SAMPLE_SECONDS)
        finally:
            await consumer.stop()
            await store.aclose()
