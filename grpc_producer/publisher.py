"""Puts records into Kafka: one record batch for one partition, built from whatever is waiting.

aiokafka has one request at a time on its way to a broker. What arrives meanwhile waits, and goes with the
next request, all of it. So requests and batches are few and as large as the load, however many partitions
there are, and no timer delays anything. Batches go to one partition for a while and then to the next one:
who reads the topic pays for each partition in which it finds something (docs/decisions/0008).
"""

import asyncio
import time
from collections import Counter, deque
from collections.abc import Callable, Sequence
from contextlib import suppress
from functools import partial
from typing import NamedTuple

from aiokafka import AIOKafkaProducer, TopicPartition
from aiokafka.errors import InvalidMessageError, KafkaError, MessageSizeTooLargeError, RecordListTooLargeError

from grpc_producer.records import Record
from protos.tweets_pb2 import REASON_EXHAUSTED, REASON_INVALID, REASON_UNAVAILABLE, Reason

MAX_IN_FLIGHT_BYTES = 64 * 2**20
"""Bytes waiting for Kafka before more are refused, however few tweets they are."""

# Under a load that one batch cannot hold, a request has batches of several partitions.
_RECORDS_FILL_A_LANE = 500

# A leader that has acknowledged nothing for so long gets no more while another one does: any partition will
# do, and what has not been sent may still go elsewhere.
_STUCK_SECONDS = 0.5

# What Kafka says about the records themselves; after any other failure they may be sent again.
_USELESS_TO_REPEAT = (MessageSizeTooLargeError, RecordListTooLargeError, InvalidMessageError)


class Refusal(NamedTuple):
    """A record, by its position among those submitted together, that Kafka does not have, or may not have."""

    position: int
    reason: "Reason.ValueType"
    detail: str


class Delivery:
    """Records submitted together; `done` is called once, when each of them is settled."""

    __slots__ = ("arrived", "done", "records", "refusals", "size", "unsettled")

    def __init__(self, records: Sequence[Record], done: Callable[["Delivery"], None]) -> None:
        self.records = records
        self.refusals: list[Refusal] = []
        self.done = done
        self.unsettled = len(records)
        self.size = sum([len(record.value) for record in records])
        self.arrived = time.monotonic()

    @property
    def published(self) -> int:
        """How many of the records Kafka has acknowledged, once `done` has been called."""
        return len(self.records) - len(self.refusals)


class _Lane:
    """A partition: what waits for it, and the batch of it that is on its way."""

    __slots__ = ("leader", "partition", "records", "travelling", "waiting")

    def __init__(self, partition: int) -> None:
        self.partition = partition
        self.leader: int | None = None
        self.waiting: deque[tuple[Delivery, range]] = deque()
        self.records = 0
        """How many are waiting."""
        self.travelling: list[tuple[Delivery, range]] | None = None


class Publisher:
    """Takes records at any time; they are refused at once while no Kafka producer is attached."""

    def __init__(self, topic: str, max_in_flight: int, stay_seconds: float = 0.0) -> None:
        """Records go to a partition for `stay_seconds` before it is the next one's turn."""
        self.in_flight = 0
        """Records submitted and not yet settled."""
        self._topic = topic
        self._max_in_flight = max_in_flight
        self._stay_seconds = stay_seconds
        self._turned_at = 0.0
        self._bytes_in_flight = 0
        self._producer: AIOKafkaProducer | None = None
        self._away = "not connected yet"
        self._lanes: list[_Lane] = []
        self._filling = 0
        self._ready: deque[_Lane] = deque()
        self._travelling: Counter[int | None] = Counter()
        self._heard_at: dict[int | None, float] = {}
        self._wake = asyncio.Event()
        self._dispatcher: asyncio.Task[None] | None = None
        self._broken: asyncio.Future[str] | None = None

    def attach(self, producer: AIOKafkaProducer, partitions: int) -> asyncio.Future[str]:
        """Publishes by `producer` from now on.

        The future's result is set when the producer can no longer be trusted: after a batch failed for
        good, its idempotent sequence has a hole and every later batch of the partition would fail too.
        """
        self._producer = producer
        self.spread(partitions)
        self._broken = asyncio.get_running_loop().create_future()
        self._dispatcher = asyncio.create_task(self._dispatch(producer), name="dispatcher")
        self._dispatcher.add_done_callback(self._dispatcher_ended)
        return self._broken

    def spread(self, partitions: int) -> None:
        """Uses that many partitions from now on, if they are more than before."""
        self._lanes += [_Lane(partition) for partition in range(len(self._lanes), partitions)]

    def detach(self, reason: str) -> None:
        """Settles everything as unavailable. What was on its way may be in Kafka or not."""
        self._producer = None
        self._away = reason
        if self._dispatcher:
            self._dispatcher.cancel()
            self._dispatcher = None
        lanes, self._lanes = self._lanes, []
        self._filling = 0
        self._ready.clear()
        self._travelling.clear()
        self._heard_at.clear()
        for lane in lanes:
            for delivery, indexes in [*(lane.travelling or ()), *lane.waiting]:
                self._settle(delivery, indexes, REASON_UNAVAILABLE, f"Kafka is away: {reason}")
            lane.travelling = None
            lane.waiting.clear()

    def oldest_seconds(self) -> float:
        """How long the oldest batch has been on its way; 0 when nothing is."""
        arrivals = [lane.travelling[0][0].arrived for lane in self._lanes if lane.travelling]
        return time.monotonic() - min(arrivals) if arrivals else 0.0

    def submit(self, records: Sequence[Record], done: Callable[[Delivery], None]) -> None:
        """Publishes `records`; `done` gets the delivery when Kafka has acknowledged or refused each.

        `done` may be called before this returns. What is submitted together goes to one partition, whose turn
        it is: a batch for each of the partitions that the keys would choose costs several times as much, here
        and in Kafka (docs/decisions/0008).
        """
        delivery = Delivery(records, done)
        count = len(records)
        if not count:
            done(delivery)
            return
        self.in_flight += count
        self._bytes_in_flight += delivery.size
        every = range(count)
        if self._producer is None:
            self._settle(delivery, every, REASON_UNAVAILABLE, f"Kafka is away: {self._away}")
            return
        if self.in_flight > self._max_in_flight or self._bytes_in_flight > MAX_IN_FLIGHT_BYTES:
            self._settle(delivery, every, REASON_EXHAUSTED, "too much is waiting for Kafka")
            return
        if delivery.arrived - self._turned_at > self._stay_seconds:
            self._fill_next(delivery.arrived)
        if self._is_stuck(self._lanes[self._filling], delivery.arrived):
            self._fill_next(delivery.arrived)
        lane = self._lanes[self._filling]
        self._wait(lane, (delivery, every))
        if lane.records >= _RECORDS_FILL_A_LANE:
            self._fill_next(delivery.arrived)

    def go_round(self) -> None:
        """Moves what waits behind a leader that has not answered for long to partitions of another one.

        Without effect where none answers. To be called now and then.
        """
        now = time.monotonic()
        stuck = [lane for lane in self._lanes if lane.waiting and self._is_stuck(lane, now)]
        free = [lane for lane in self._lanes if not self._is_stuck(lane, now)]
        if not free:
            return
        for lane in stuck:
            moved, lane.waiting, lane.records = lane.waiting, deque(), 0
            with suppress(ValueError):
                self._ready.remove(lane)
            for position, each in enumerate(moved):
                self._wait(free[position % len(free)], each)

    def _wait(self, lane: _Lane, part: tuple[Delivery, range]) -> None:
        if lane.travelling is None and not lane.waiting:
            self._ready.append(lane)
            if not self._travelling[lane.leader]:
                self._wake.set()
        lane.waiting.append(part)
        lane.records += len(part[1])

    def _fill_next(self, now: float) -> None:
        self._turned_at = now
        count = len(self._lanes)
        following = [(self._filling + step) % count for step in range(1, count + 1)]
        # Where all are stuck, none is better than the next.
        self._filling = next(
            (at for at in following if not self._is_stuck(self._lanes[at], now)), following[0]
        )

    def _is_stuck(self, lane: _Lane, now: float) -> bool:
        return self._travelling[lane.leader] > 0 and now - self._heard_at[lane.leader] > _STUCK_SECONDS

    async def _dispatch(self, producer: AIOKafkaProducer) -> None:
        while True:
            self._wake.clear()
            for lane in self._next_lanes(producer):
                if not lane.waiting:
                    # Moved meanwhile.
                    continue
                batch = producer.create_batch()
                lane.travelling = _fill(batch.append, lane.waiting)
                lane.records -= sum(len(indexes) for _, indexes in lane.travelling)
                # Nothing may be added by aiokafka: we know the records of a batch by counting.
                batch.close()
                if not self._travelling[lane.leader]:
                    self._heard_at[lane.leader] = time.monotonic()
                self._travelling[lane.leader] += 1
                try:
                    acknowledged = await producer.send_batch(batch, self._topic, partition=lane.partition)
                except KafkaError as error:
                    self._settle_lane(lane, error)
                else:
                    acknowledged.add_done_callback(partial(self._answered, lane))
            await self._wake.wait()

    def _dispatcher_ended(self, dispatcher: "asyncio.Task[None]") -> None:
        if not dispatcher.cancelled():
            self._break(dispatcher.exception())

    def _break(self, error: BaseException | None) -> None:
        if self._broken and not self._broken.done():
            self._broken.set_result(repr(error))

    def _next_lanes(self, producer: AIOKafkaProducer) -> list[_Lane]:
        """Takes those that are ready and led by a broker that has nothing of ours on its way."""
        leader_of = producer.client.cluster.leader_for_partition
        lanes = []
        for _ in range(len(self._ready)):
            lane = self._ready.popleft()
            lane.leader = leader_of(TopicPartition(self._topic, lane.partition))
            if self._travelling[lane.leader]:
                self._ready.append(lane)
            else:
                lanes.append(lane)
        return lanes

    def _answered(self, lane: _Lane, answer: "asyncio.Future[object]") -> None:
        # Detached meanwhile: everything is settled, and the lane is of the past.
        error = None if answer.cancelled() else answer.exception()
        if lane.travelling is not None:
            self._settle_lane(lane, error)

    def _settle_lane(self, lane: _Lane, error: BaseException | None) -> None:
        travelled, lane.travelling = lane.travelling or [], None
        self._travelling[lane.leader] -= 1
        self._heard_at[lane.leader] = time.monotonic()
        if lane.waiting:
            self._ready.append(lane)
        if self._ready and not self._travelling[lane.leader]:
            self._wake.set()
        if error is None:
            for delivery, indexes in travelled:
                self._settle(delivery, indexes)
            return
        reason = REASON_INVALID if isinstance(error, _USELESS_TO_REPEAT) else REASON_UNAVAILABLE
        for delivery, indexes in travelled:
            self._settle(delivery, indexes, reason, f"Kafka refused it: {type(error).__name__}")
        self._break(error)

    def _settle(
        self,
        delivery: Delivery,
        indexes: range,
        reason: "Reason.ValueType | None" = None,
        detail: str = "",
    ) -> None:
        if reason is not None:
            delivery.refusals += [Refusal(index, reason, detail) for index in indexes]
        delivery.unsettled -= len(indexes)
        if not delivery.unsettled:
            self.in_flight -= len(delivery.records)
            self._bytes_in_flight -= delivery.size
            delivery.done(delivery)


def _fill(
    append: Callable[..., object], waiting: deque[tuple[Delivery, range]]
) -> list[tuple[Delivery, range]]:
    """Moves what is waiting into a batch until it is full; returns what is in it."""
    # Not the time that a client says: Kafka refuses a whole batch for one record of the future
    # (`message.timestamp.after.max.ms`), and deletes what is older than its retention, read or not.
    now = int(time.time() * 1000)
    filled = []
    while waiting:
        delivery, indexes = waiting.popleft()
        records = delivery.records
        for count, index in enumerate(indexes):
            record = records[index]
            if append(timestamp=now, key=record.key, value=record.value, headers=record.headers) is None:
                waiting.appendleft((delivery, indexes[count:]))
                if count:
                    filled.append((delivery, indexes[:count]))
                return filled
        filled.append((delivery, indexes))
    return filled
