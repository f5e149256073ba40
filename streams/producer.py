"""A producer that waits for a partition that it has not heard of yet.

aiokafka's looks into what it knows of the topic, which may be five minutes old, and fails with an assertion:
a partition of a changelog that has just grown ended the worker.
"""

import asyncio
import time
from typing import Any

from aiokafka import AIOKafkaProducer
from aiokafka.errors import UnknownTopicOrPartitionError
from faust.transport.drivers import aiokafka as driver

ASK_AGAIN_SECONDS = 0.1


class PatientProducer(AIOKafkaProducer):  # type: ignore[misc]
    """aiokafka's producer, for topics that grow."""

    async def send(
        self, topic: str, value: Any = None, key: Any = None, partition: int | None = None, **options: Any
    ) -> "asyncio.Future[Any]":
        """As aiokafka's; raises `UnknownTopicOrPartitionError` if there is no such partition in good time."""
        if partition is not None:
            await self._until_known(topic, partition)
        acknowledgement: asyncio.Future[Any] = await super().send(topic, value, key, partition, **options)
        return acknowledgement

    async def _until_known(self, topic: str, partition: int) -> None:
        deadline = time.monotonic() + self._request_timeout_ms / 1000
        while partition not in await self.client._wait_on_metadata(topic):
            if time.monotonic() > deadline:
                raise UnknownTopicOrPartitionError(f"the topic {topic} has no partition {partition}")
            await asyncio.sleep(ASK_AGAIN_SECONDS)
            await self.client.force_metadata_update()


class Producer(driver.Producer):
    """Faust's producer by means of it."""

    @property
    def _producer_type(self) -> type[AIOKafkaProducer]:
        return PatientProducer
