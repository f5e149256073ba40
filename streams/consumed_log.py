"""The topic, as Faust's consumer of this worker sees it."""

import asyncio
from typing import cast

from aiokafka.errors import KafkaConnectionError
from faust.types import TP, AppT

from streams.tally import Tally
from streams.topic_identity import Topics
from streams.transport import Consumer, RecordBatch

ANSWER_SECONDS = 3.0
"""How long Kafka may take to tell an offset."""


def is_to_move(log: "ConsumedLog", partition: int, tally: Tally) -> bool:
    """Whether a tally is to move to the topic's present epoch.

    With what was counted before, or with what was not and the former log is known to have had.
    """
    anew = bool(log.topic_id) and tally.topic_id != log.topic_id
    return anew and bool(tally.accounted or log.former_end(partition))


class ConsumedLog:
    """Offsets of the topic's partitions. Methods that ask Kafka raise `KafkaError` or `TimeoutError`."""

    def __init__(self, app: AppT, topic: str, topics: Topics) -> None:
        self._app = app
        self._topics = topics
        self._topic = topic
        self._ends: dict[int, int] = {}
        self._confirmed_ends: dict[int, int] = {}
        self._former_ends: dict[int, int] = {}
        self.made_anew = False
        """Whether the topic is another one than the consumer began with."""
        self.topic_id = ""
        """Kafka's id of the topic whose records are read, empty while it is not known."""

    def begin_epoch(self, topic_id: str) -> None:
        """Takes note that the topic is one with this id, from now on."""
        self._former_ends, self._ends, self._confirmed_ends = self._confirmed_ends, {}, {}
        self.made_anew = bool(self.topic_id) and topic_id != self.topic_id
        self.topic_id = topic_id

    async def is_present(self, topic_id: str) -> bool:
        """Whether Kafka still has the topic with this id, at the moment of its answer.

        No broker that can be asked may know better.
        """
        try:
            ids = await self._topics.ids(self._topic, ANSWER_SECONDS)
        except ConnectionError as error:
            raise KafkaConnectionError(str(error)) from error
        return ids == {topic_id}

    def known_ends(self) -> dict[int, int]:
        """The ends as they were asked for last."""
        return dict(self._ends)

    def confirm_ends(self, ends: dict[int, int]) -> None:
        """Takes note that these were of the present topic: it was still the same after they had been told."""
        self._confirmed_ends = ends

    def former_end(self, partition: int) -> int:
        """Where the log of the epoch before is known to have ended, 0 if that is not known."""
        return self._former_ends.get(partition, 0)

    def partitions(self) -> set[int]:
        """The partitions that this worker has just now."""
        return {tp.partition for tp in self._app.consumer.assignment() if tp.topic == self._topic}

    async def beginning(self, partition: int) -> int:
        """The first offset that there still is."""
        tp = TP(self._topic, partition)
        async with asyncio.timeout(ANSWER_SECONDS):
            return (await self._app.consumer.earliest_offsets(tp))[tp]

    async def end(self, partition: int) -> int:
        """The offset up to which records may be read: behind it there are only those of open transactions."""
        return (await self.ends({partition}))[partition]

    async def ends(self, partitions: set[int]) -> dict[int, int]:
        """As `end`, for several partitions at once."""
        tps = [TP(self._topic, partition) for partition in partitions]
        async with asyncio.timeout(ANSWER_SECONDS):
            ends = await self._app.consumer.highwaters(*tps) if tps else {}
        stable = {tp.partition: end for tp, end in ends.items()}
        self._ends |= stable
        return stable

    def written_to(self, partition: int) -> int:
        """The offset that the next record will get, open transactions included, as of the last fetch."""
        return self._app.consumer.highwater(TP(self._topic, partition)) or 0

    async def empty_partitions(self, topic: str, partitions: set[int]) -> set[int]:
        """Which of these partitions of any topic have no records."""
        tps = [TP(topic, partition) for partition in partitions]
        if not tps:
            return set()
        async with asyncio.timeout(ANSWER_SECONDS):
            beginnings = await self._app.consumer.earliest_offsets(*tps)
            ends = await self._app.consumer.highwaters(*tps)
        return {tp.partition for tp in tps if beginnings[tp] >= ends[tp]}

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

    async def deliver_nothing(self, partition: int, *, start: int, end: int) -> None:
        """Has the partition's next batch be one without records, as if it had been read.

        For what has to be settled although nothing comes that could be counted.
        """
        consumer = cast(Consumer, self._app.consumer)
        batch = RecordBatch((), topic=self._topic, partition=partition, start=start, end=end)
        async with asyncio.timeout(ANSWER_SECONDS):
            await consumer.callback(consumer.message_of(batch))
