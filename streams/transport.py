"""A transport for Faust that delivers a topic in batches: one event is what one fetch of a partition brought.

Faust spends some 60 µs on every event, whatever is in it. A topic that is declared with `BatchSchema` is
delivered as `RecordBatch`es instead, so that this cost is paid once per batch; every other topic (changelogs,
Faust's own) stays as it is. Use it with a broker URL of scheme `batch`; it is registered in the entry point
group `faust.transports`.

What Faust does per event still holds per batch: flow control, generations and active partitions are its own
code. Overridden are only what counts offsets one by one (`_new_offset`, `_add_gap`), what makes messages of
records, what takes pressure off by shrinking the set of fetched partitions, and the way back after a
rebalance (`perform_seek`). These are private names of faust-streaming 0.15.3, which is why that version is
pinned and tests/streams/test_transport.py guards them.
"""

import asyncio
import time
from collections.abc import Callable, Iterable, Sequence
from typing import Any, ClassVar, Protocol, TypeVar, cast

from aiokafka import AIOKafkaConsumer
from aiokafka.errors import ConsumerStoppedError
from faust import Schema
from faust.transport.consumer import RecordMap
from faust.transport.drivers import aiokafka as driver
from faust.types import TP, AppT, ConsumerMessage
from faust.types.transports import ConsumerT, ProducerT
from faust.types.tuples import Message

from streams.producer import Producer

T = TypeVar("T")


class Record(Protocol):
    """A record as aiokafka parses it, without the topic and the partition that are the batch's."""

    @property
    def offset(self) -> int: ...
    @property
    def timestamp(self) -> int: ...
    @property
    def key(self) -> bytes | None: ...
    @property
    def value(self) -> bytes | None: ...
    @property
    def headers(self) -> Sequence[tuple[str, bytes]]: ...


class RecordBatch(list[Record]):
    """All records that one partition has from offset `start` up to, but not including, offset `end`.

    Offsets between that are no record's were compacted away, belong to an aborted transaction, or are control
    records; there may be no record at all. A `start` beyond what was processed last therefore means that
    records were skipped, and nothing else does.
    """

    __slots__ = ("end", "partition", "start", "topic")

    def __init__(
        self, records: Iterable[Record], *, topic: str, partition: int, start: int, end: int
    ) -> None:
        super().__init__(records)
        self.topic = topic
        self.partition = partition
        self.start = start
        self.end = end

    @property
    def last(self) -> int:
        """The last offset of the stretch."""
        return self.end - 1


class BatchSchema(Schema[None, T]):
    """Declares a topic that arrives in batches; the event's value is what `decode` makes of one.

    `decode` is called as soon as a batch has been fetched, while the agent is still busy with the one
    before. It must not raise: Faust would acknowledge the batch and go on.
    """

    def __init__(self, decode: Callable[[RecordBatch], T], *, collect_milliseconds: int = 0) -> None:
        """While records keep coming, Kafka collects them for so long before it gives them to us."""
        super().__init__(key_serializer="raw", value_serializer="raw", allow_empty=True)
        self._decode = decode
        self.collect_milliseconds = collect_milliseconds

    def loads_key(self, app: AppT, message: Message, **_: Any) -> None:  # noqa: ARG002
        return None

    def loads_value(self, app: AppT, message: Message, **_: Any) -> T:  # noqa: ARG002
        return self._decode(cast(RecordBatch, message.value))


class ConsumerThread(driver.AIOKafkaConsumerThread):
    """Fetches; runs in a thread and an event loop of its own, as Faust has it."""

    consumer: "Consumer"

    def _stopped_set(self) -> None:
        if self.thread_loop.is_closed():
            # After a crash the thread has ended before it is stopped: nobody there waits to be told.
            self._stopped.set()
        else:
            super()._stopped_set()

    def _create_worker_consumer(self, transport: driver.Transport) -> AIOKafkaConsumer:
        consumer = super()._create_worker_consumer(transport)
        # Faust does so only when it writes in transactions itself.
        consumer._isolation_level = "read_committed"
        return consumer

    async def _fetch_records(
        self,
        consumer: AIOKafkaConsumer,
        active_partitions: set[TP],
        timeout: float | None = None,  # noqa: ASYNC109 (Faust's signature)
        max_records: int | None = None,
    ) -> RecordMap:
        """What is there, at once; else what arrives within `timeout` seconds.

        `max_records` bounds one batch, not all of them together; a call returns at most twice as many.
        """
        if not self.consumer.flow_active:
            return {}
        fetcher = consumer._fetcher
        if consumer._closed or fetcher._closed:
            raise ConsumerStoppedError
        deadline = time.monotonic() + (timeout or 0.0)
        with fetcher._subscriptions.fetch_context():
            while True:
                found = await self._drain(fetcher, active_partitions, max_records)
                remaining = deadline - time.monotonic()
                if found or remaining <= 0 or fetcher._closed:
                    return found
                _fetch_at_once(fetcher)
                waiter = fetcher._create_fetch_waiter()
                done, _ = await asyncio.wait([waiter], timeout=remaining)
                if not done:
                    waiter.cancel()
                    return {}
                waiter.result()  # raises what the broker refuses, for instance an authorization error

    async def _drain(self, fetcher: Any, active_partitions: set[TP], max_records: int | None) -> RecordMap:
        found: dict[TP, list[Any]] = {}
        total = 0
        for tp in list(fetcher._records):
            if tp not in active_partitions:
                continue
            batched = tp.topic in self.consumer.batched_topics
            if batched:
                # More are to be expected: the next request, which goes when these are taken, collects them.
                _fetch_collected(fetcher, self.consumer.collect_milliseconds)
                _leave_records_as_they_are(fetcher._records[tp])
            # Nothing else moves the position while the records are taken: with a timeout of zero aiokafka
            # only waits while partitions are being reassigned.
            assignment = fetcher._subscriptions.subscription.assignment
            start = _position(assignment, tp)
            records = (await fetcher.fetched_records({tp}, timeout=0, max_records=max_records)).get(tp, [])
            if batched:
                now = fetcher._subscriptions.subscription.assignment
                if now is not assignment:
                    start = records[0].offset if records else None
                end = _position(now, tp)
                if start is None or end is None or end <= start:
                    continue
                # Also without records: what was read through must be known, or it looks skipped later.
                found[tp] = [
                    RecordBatch(records, topic=tp.topic, partition=tp.partition, start=start, end=end)
                ]
            elif records:
                found[tp] = records
            total += len(records)
            if max_records is not None and total >= max_records:
                break
        return found


# With more than that waiting Kafka answers at once: a batch becomes hardly cheaper by what more would come.
_ENOUGH_BYTES = 128 * 1024
_IDLE_MILLISECONDS = 500


def _fetch_collected(fetcher: Any, milliseconds: int) -> None:
    """From its next request on the fetcher lets the broker collect for so long, or until it has many."""
    if milliseconds:
        fetcher._fetch_max_wait_ms = milliseconds
        fetcher._fetch_min_bytes = _ENOUGH_BYTES


def _fetch_at_once(fetcher: Any) -> None:
    """From its next request on the fetcher waits for a first record: who comes alone is not delayed."""
    fetcher._fetch_max_wait_ms = _IDLE_MILLISECONDS
    fetcher._fetch_min_bytes = 1


def _position(assignment: Any, tp: TP) -> int | None:
    """The offset up to which a partition was read, None while that is being found out."""
    state = assignment.state_value(tp) if assignment is not None and tp in assignment.tps else None
    return state.position if state is not None and state.has_valid_position else None


def _leave_records_as_they_are(fetched: Any) -> None:
    """Spares aiokafka's copy of each record into a dataclass: half of what fetching costs."""
    unpacked = getattr(fetched, "_partition_records", None)
    if unpacked is not None:  # else an error was fetched
        unpacked._consumer_record = _as_it_is


def _as_it_is(_: TP, record: Record) -> Record:
    return record


class Consumer(driver.Consumer):
    """Faust's consumer with messages that carry a `RecordBatch` for the batched topics."""

    batched_topics: frozenset[str] = frozenset()
    """Topics that arrive in batches: those whose schema is a `BatchSchema`."""
    collect_milliseconds = 0
    """What their schemas say."""

    def _new_consumer_thread(self) -> ConsumerThread:
        return ConsumerThread(self, loop=self.loop, beacon=self.beacon)

    async def subscribe(self, topics: Iterable[str]) -> None:
        schemas: dict[str, BatchSchema[Any]] = {
            name: channel.schema
            for channel in self.app.topics
            if isinstance(channel.schema, BatchSchema)
            for name in channel.topics
        }
        self.batched_topics = frozenset(schemas)
        self.collect_milliseconds = max(
            (schema.collect_milliseconds for schema in schemas.values()), default=0
        )
        await super().subscribe(topics)

    async def perform_seek(self) -> None:
        """Goes back to the committed offsets, and delivers nothing until the flow is resumed.

        Faust resumes it at once, and with it empties its queues: what came in between would be lost, since
        the consumer has read beyond it.
        """
        self.stop_flow()
        await super().perform_seek()

    def _to_message(self, tp: TP, record: Any) -> ConsumerMessage:
        if not isinstance(record, RecordBatch):
            return super()._to_message(tp, record)
        return self.message_of(record)

    def message_of(self, batch: RecordBatch) -> ConsumerMessage:
        """The message that carries a batch, of the present generation."""
        tp = TP(batch.topic, batch.partition)
        # Faust would drop what lies below its last offset, without a word. That happens when a topic was
        # made anew; whether records were seen before is for the agent to decide, which knows better.
        self._read_offset[tp] = None
        return ConsumerMessage(
            tp.topic,
            tp.partition,
            batch.last,
            (batch[-1].timestamp if batch else 0) / 1000.0,
            0,
            None,
            None,
            cast(Any, batch),
            None,
            0,
            0,
            tp,
            generation_id=self.app.consumer_generation_id,
        )

    def _new_offset(self, tp: TP) -> int | None:
        """Events of a partition are acknowledged in their order: the highest one stands for all."""
        if tp.topic not in self.batched_topics:
            return super()._new_offset(tp)
        acked = self._acked[tp]
        if not acked:
            return None
        offset = max(acked)
        acked.clear()
        self._acked_index[tp].clear()
        return offset + 1

    async def _add_gap(self, tp: TP, offset_from: int, offset_to: int) -> None:
        """The offsets between two batches' ends are no gap: they are the batch."""
        if tp.topic not in self.batched_topics:
            await super()._add_gap(tp, offset_from, offset_to)

    def on_buffer_full(self, tp: TP) -> None:
        """The full buffer of a batched topic makes the fetcher wait, and that is enough.

        Faust would take the partition out of the fetched ones; with none left it sleeps for a second.
        """
        if tp.topic not in self.batched_topics:
            super().on_buffer_full(tp)

    def verify_event_path(self, now: float, tp: TP) -> None:
        """Whether a partition is stuck is for `Watch` to judge, which knows what was counted.

        Faust judges by the times of single events, which batches do not have, and by the fetched position: it
        says of partitions that are well that their stream has not started, or does not commit.
        """

    def on_buffer_drop(self, tp: TP) -> None:
        if tp.topic not in self.batched_topics:
            super().on_buffer_drop(tp)


class Transport(driver.Transport):
    """Faust's aiokafka transport with batches, and for topics that grow."""

    Consumer: ClassVar[type[ConsumerT]] = Consumer
    Producer: ClassVar[type[ProducerT]] = Producer
