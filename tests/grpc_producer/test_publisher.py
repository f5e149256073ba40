"""The publisher over a Kafka that the test plays: every record is settled, and settled once."""

import asyncio
import time
from types import SimpleNamespace
from typing import Any, cast

import pytest
from aiokafka import AIOKafkaProducer
from aiokafka.errors import MessageSizeTooLargeError, OutOfOrderSequenceNumber
from hypothesis import given
from hypothesis import strategies as st

from grpc_producer.publisher import Delivery, Publisher
from grpc_producer.records import Record
from protos.tweets_pb2 import REASON_INVALID, REASON_UNAVAILABLE

RECORDS_IN_A_BATCH = 4


class Batch:
    def __init__(self) -> None:
        self.values: list[bytes] = []

    def append(
        self, *, timestamp: int, key: bytes, value: bytes, headers: list[tuple[str, bytes]]
    ) -> object | None:
        assert timestamp > 1_700_000_000_000
        assert headers == []
        assert key == value
        if len(self.values) == RECORDS_IN_A_BATCH:
            return None
        self.values.append(value)
        return self

    def close(self) -> None:
        """Nothing to do."""


class Kafka:
    """Two brokers; partitions are theirs in turn."""

    def __init__(self) -> None:
        self.client = SimpleNamespace(
            cluster=SimpleNamespace(leader_for_partition=lambda partition: partition.partition % 2)
        )
        self.sent: list[tuple[int, Batch, asyncio.Future[None]]] = []
        self.stored: list[bytes] = []

    def create_batch(self) -> Batch:
        return Batch()

    async def send_batch(self, batch: Batch, topic: str, *, partition: int) -> "asyncio.Future[None]":
        assert topic == "messages"
        assert batch.values
        answer: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.sent.append((partition, batch, answer))
        return answer

    def acknowledge(self, position: int) -> None:
        _, batch, answer = self.sent.pop(position)
        self.stored += batch.values
        answer.set_result(None)

    def refuse(self, position: int, error: Exception) -> None:
        self.sent.pop(position)[2].set_exception(error)


def playing(partitions: int) -> tuple[Kafka, Publisher, "asyncio.Future[str]"]:
    kafka, publisher = Kafka(), Publisher("messages", max_in_flight=10_000)
    return kafka, publisher, publisher.attach(cast(AIOKafkaProducer, kafka), partitions)


async def test_records_stay_with_a_partition_and_then_take_the_next() -> None:
    kafka, publisher = Kafka(), Publisher("messages", max_in_flight=10_000, stay_seconds=3600.0)
    publisher.attach(cast(AIOKafkaProducer, kafka), 4)
    took: list[int] = []
    for number in range(3):
        publisher.submit(records([f"{number}"]), lambda _: None)
        await _idle()
        took.append(kafka.sent[0][0])
        kafka.acknowledge(0)
        await _idle()
    assert len(set(took)) == 1
    publisher.submit(records([f"full {number}" for number in range(500)]), lambda _: None)
    publisher.submit(records(["after"]), lambda _: None)
    await _idle()
    assert {partition for partition, _, _ in kafka.sent} == {took[0], (took[0] + 1) % 4}
    publisher.detach("the test is over")


def records(names: list[str]) -> list[Record]:
    return [Record(name.encode(), name.encode()) for name in names]


async def _idle() -> None:
    for _ in range(10):
        await asyncio.sleep(0)


async def test_a_leader_that_does_not_answer_gets_no_more_while_another_one_does(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    clock = SimpleNamespace(now=1.0, time=time.time)
    clock.monotonic = lambda: clock.now
    monkeypatch.setattr("grpc_producer.publisher.time", clock)
    kafka, publisher, _ = playing(4)
    settled: list[Delivery] = []

    async def submit(name: str) -> None:
        # To the next partition each time.
        clock.now += 0.01
        publisher.submit(records([name]), settled.append)
        await _idle()

    for name in "abcd":
        await submit(name)
    # Of each leader one is on its way, and another waits behind it.
    frozen, answering = (partition % 2 for partition, _, _ in kafka.sent)
    assert frozen != answering
    for _ in range(2):
        kafka.acknowledge(1)
        await _idle()
    assert len(settled) == 2
    clock.now += 1.0
    publisher.go_round()
    await _idle()
    for name in "efgh":
        await submit(name)
    while len(kafka.sent) > 1:
        assert kafka.sent[1][0] % 2 == answering
        kafka.acknowledge(1)
        await _idle()
    assert sorted(kafka.stored) == [name.encode() for name in "bcdefgh"]
    # It is not given up: when it answers it gets its share again.
    kafka.acknowledge(0)
    for name in "ijkl":
        await submit(name)
    assert {partition % 2 for partition, _, _ in kafka.sent} == {frozen, answering}
    publisher.detach("the test is over")


async def test_nothing_is_moved_while_no_leader_answers(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("grpc_producer.publisher._STUCK_SECONDS", -1.0)
    kafka, publisher, _ = playing(2)
    settled: list[Delivery] = []
    for name in "abcd":
        publisher.submit(records([name]), settled.append)
        await _idle()
        publisher.go_round()
        await _idle()
    while kafka.sent:
        kafka.acknowledge(0)
        await _idle()
    assert sorted(kafka.stored) == [name.encode() for name in "abcd"]
    publisher.detach("the test is over")


@given(st.data(), st.booleans())
def test_every_record_is_settled_once_in_any_order_of_events(data: st.DataObject, slow: bool) -> None:
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr("grpc_producer.publisher._STUCK_SECONDS", -1.0 if slow else 3600.0)
        _play_events(data)


def _play_events(data: st.DataObject) -> None:
    async def play() -> None:
        kafka, publisher, _ = playing(data.draw(st.integers(1, 5)))
        settled: list[Delivery] = []
        submitted: list[bytes] = []
        for step in range(data.draw(st.integers(1, 12))):
            count = data.draw(st.integers(0, 12))
            batch = records([f"{step}-{number}" for number in range(count)])
            submitted += [record.value for record in batch]
            publisher.submit(batch, settled.append)
            await _idle()
            if data.draw(st.booleans()):
                publisher.go_round()
                await _idle()
            # A broker gets its next request when the last one is answered: never two for a partition.
            partitions = [partition for partition, _, _ in kafka.sent]
            assert len(partitions) == len(set(partitions))
            while len(kafka.sent) > 0 and data.draw(st.booleans()):
                kafka.acknowledge(data.draw(st.integers(0, len(kafka.sent) - 1)))
                await _idle()
        if data.draw(st.booleans()):
            while kafka.sent:
                kafka.acknowledge(0)
                await _idle()
        publisher.detach("the test is over")
        assert publisher.in_flight == 0
        outcome: list[bytes] = []
        for delivery in settled:
            refused = {refusal.position for refusal in delivery.refusals}
            assert len(refused) == len(delivery.refusals)
            outcome += [record.value for record in delivery.records]
            published = [each.value for i, each in enumerate(delivery.records) if i not in refused]
            assert delivery.published == len(published)
            assert set(published) <= set(kafka.stored)
        assert sorted(outcome) == sorted(submitted)
        assert len(kafka.stored) == len(set(kafka.stored))

    asyncio.run(play())


async def test_what_kafka_finds_too_large_is_invalid_and_the_producer_is_given_up() -> None:
    for error, reason in (
        (MessageSizeTooLargeError(), REASON_INVALID),
        (OutOfOrderSequenceNumber(), REASON_UNAVAILABLE),
    ):
        kafka, publisher, broken = playing(1)
        settled: list[Delivery] = []
        publisher.submit(records(["a", "b"]), settled.append)
        await _idle()
        kafka.refuse(0, error)
        await _idle()
        assert [(refusal.position, refusal.reason) for refusal in settled[0].refusals] == [
            (0, reason),
            (1, reason),
        ]
        assert broken.done()
        publisher.detach("broken")


async def test_an_unexpected_error_gives_the_producer_up_and_settles_everything() -> None:
    kafka, publisher, broken = playing(2)

    async def failing(*_: Any, **__: Any) -> None:
        raise AssertionError("Unrecognized partition")

    kafka.send_batch = failing  # type: ignore[assignment]
    settled: list[Delivery] = []
    publisher.submit(records([str(number) for number in range(10)]), settled.append)
    assert "Unrecognized" in await asyncio.wait_for(broken, 10)
    publisher.detach("broken")
    assert len(settled[0].refusals) == 10
    assert publisher.in_flight == 0
