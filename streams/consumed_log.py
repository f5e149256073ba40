"""The partitions of the topic, as Faust's consumer of this worker sees them."""

import asyncio

from faust.types import TP, AppT

ANSWER_SECONDS = 3.0
"""How long Kafka may take to tell an offset."""


class ConsumedLog:
    """Offsets of the topic's partitions. Methods that ask Kafka raise `KafkaError` or `TimeoutError`."""

    def __init__(self, app: AppT, topic: str) -> None:
        self._app = app
        self._topic = topic

    def partitions(self) -> set[int]:
        """The partitions that this worker has just now."""
        return {tp.partition for tp in self._app.consumer.assignment() if tp.topic == self._topic}

    async def beginning(self, partition: int) -> int:
        """The first offset that there still is."""
        tp = TP(self._topic, partition)
        async with asyncio.timeout(ANSWER_SECONDS):
            return (await self._app.consumer.earliest_offsets(tp))[tp]

    async def end(self, partition: int) -> int:
        """The offset that the next record will get."""
        return (await self.ends({partition}))[partition]

    async def ends(self, partitions: set[int]) -> dict[int, int]:
        """As `end`, for several partitions at once."""
        tps = [TP(self._topic, partition) for partition in partitions]
        async with asyncio.timeout(ANSWER_SECONDS):
            ends = await self._app.consumer.highwaters(*tps) if tps else {}
        return {tp.partition: end for tp, end in ends.items()}

    async def position(self, partition: int) -> int | None:
        """The offset up to which the consumer has read."""
        async with asyncio.timeout(ANSWER_SECONDS):
            return await self._app.consumer.position(TP(self._topic, partition))

    async def reachable(self) -> bool:
        """Whether a broker takes connections at all."""
        for url in self._app.conf.broker:
            try:
                async with asyncio.timeout(ANSWER_SECONDS):
                    _, writer = await asyncio.open_connection(url.host, url.port)
            except (OSError, TimeoutError):
                continue
            writer.close()
            return True
        return False

    async def seek(self, partition: int, offset: int) -> None:
        """Goes on reading at `offset`."""
        # Not `Consumer.seek`: that one reaches into the fetcher from the wrong thread.
        async with asyncio.timeout(ANSWER_SECONDS):
            await self._app.consumer.seek_wait({TP(self._topic, partition): offset})
