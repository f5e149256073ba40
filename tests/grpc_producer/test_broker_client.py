"""What the producer learns of its brokers while one of them does not answer. The brokers are the test's."""

import asyncio
from collections.abc import AsyncIterator
from types import SimpleNamespace
from typing import Any

import pytest
from aiokafka.client import ConnectionGroup
from aiokafka.conn import CloseReason
from aiokafka.errors import KafkaConnectionError, KafkaError
from aiokafka.protocol.metadata import MetadataRequest
from aiokafka.structs import TopicPartition

from grpc_producer import broker_client
from grpc_producer.broker_client import BrokerProducer

BATCH = SimpleNamespace(required_acks=-1)


class Brokers:
    """Three of them, by their ports. Each leads the partition of its number, until it is said otherwise."""

    def __init__(self) -> None:
        self.leaders = {1: 1, 2: 2, 3: 3}
        self.refusing: set[int] = set()
        """Nobody listens there."""
        self.unreachable: set[int] = set()
        """What is sent to their addresses is lost: no connection comes about."""
        self.silent: set[int] = set()
        """They have let clients in, and do not answer."""
        self.stuck: set[int] = set()
        """They acknowledge no batch."""

    async def connect(self, _: str, port: int, *, on_close: Any = None, **__: Any) -> "Connection":
        if port in self.refusing:
            raise ConnectionRefusedError
        if port in self.unreachable:
            await asyncio.Event().wait()
        return Connection(self, port, on_close)

    def described(self) -> Any:
        return SimpleNamespace(
            API_VERSION=1,
            brokers=[(number, "127.0.0.1", number, None) for number in (1, 2, 3)],
            controller_id=1,
            topics=[
                (
                    0,
                    "messages",
                    False,
                    [
                        (0, partition, leader, [1, 2, 3], [1, 2, 3])
                        for partition, leader in self.leaders.items()
                    ],
                )
            ],
        )


class Connection:
    """Answers one request after another, as a broker does."""

    def __init__(self, brokers: Brokers, number: int, on_close: Any) -> None:
        self._brokers = brokers
        self._number = number
        self._on_close = on_close
        self._requests: list[asyncio.Future[Any]] = []
        self._open = True

    def connected(self) -> bool:
        return self._open

    async def send(self, request: Any, expect_response: bool = True) -> Any:
        assert expect_response
        answer = asyncio.get_running_loop().create_future()
        self._requests.append(answer)
        if len(self._requests) == 1 and self._number not in self._brokers.silent:
            if isinstance(request, MetadataRequest):
                answer.set_result(self._brokers.described())
            elif self._number not in self._brokers.stuck:
                answer.set_result("acknowledged")
        answered = await answer
        self._requests.remove(answer)
        return answered

    def close(self, reason: CloseReason | None = None) -> "asyncio.Future[None]":
        self._open = False
        for request in self._requests:
            if not request.done():
                request.set_exception(KafkaConnectionError("closed"))
        if self._on_close:
            self._on_close(self, reason)
        closed = asyncio.get_running_loop().create_future()
        closed.set_result(None)
        return closed


@pytest.fixture
def brokers(monkeypatch: pytest.MonkeyPatch) -> Brokers:
    brokers = Brokers()
    monkeypatch.setattr("aiokafka.client.create_conn", brokers.connect)
    # Without effect on who answers at once.
    monkeypatch.setattr(broker_client, "_NEXT_ASKED_SECONDS", 0.01)
    return brokers


@pytest.fixture
async def client(brokers: Brokers) -> AsyncIterator[Any]:
    producer = BrokerProducer(bootstrap_servers="127.0.0.1:1", enable_idempotence=True, acks="all")
    client = producer.client
    # The synchroniser of aiokafka calls `_metadata_update`; here the tests do, when they want it.
    client.cluster.update_metadata(brokers.described())
    client.force_metadata_update = lambda: None
    yield client
    await producer.stop()


async def _news(client: Any) -> bool:
    async with asyncio.timeout(5):
        updated: bool = await client._metadata_update(client.cluster, ["messages"])
    return updated


async def _until(client: Any, node: int) -> None:
    """Until a request waits there for its answer."""
    async with asyncio.timeout(5):
        while (
            not (connection := client._conns.get((node, ConnectionGroup.DEFAULT))) or not connection._requests
        ):
            await asyncio.sleep(0)


@pytest.mark.parametrize("away", ["refusing", "unreachable", "silent"])
async def test_news_come_from_any_broker_that_answers(client: Any, brokers: Brokers, away: str) -> None:
    assert await _news(client)
    getattr(brokers, away).update({1, 2})
    if away != "silent":
        for connection in client._conns.values():
            connection.close()
    brokers.leaders = {1: 3, 2: 3, 3: 3}
    for _ in range(5):
        assert await _news(client)
    assert client.cluster.leader_for_partition(TopicPartition("messages", 1)) == 3


async def test_what_is_known_stays_when_nobody_answers(client: Any, brokers: Brokers) -> None:
    brokers.refusing.update({1, 2, 3})
    assert not await _news(client)
    brokers.refusing.clear()
    assert await _news(client)


async def test_news_do_not_wait_behind_a_batch_that_nobody_acknowledges(
    client: Any, brokers: Brokers
) -> None:
    """As where a follower has died: until it is given up, no leader acknowledges."""
    brokers.stuck.update({1, 2, 3})
    batches = [asyncio.create_task(client.send(node, BATCH)) for node in (1, 2, 3)]
    for node in (1, 2, 3):
        await _until(client, node)
    assert await _news(client)
    assert not any(batch.done() for batch in batches)
    for batch in batches:
        batch.cancel()


async def test_a_batch_goes_to_its_broker_while_another_cannot_be_reached(
    client: Any, brokers: Brokers
) -> None:
    brokers.unreachable.add(1)
    waiting = asyncio.create_task(client.send(1, BATCH))
    await asyncio.sleep(0)
    async with asyncio.timeout(5):
        assert await client.send(2, BATCH) == "acknowledged"
    assert not waiting.done()
    waiting.cancel()


@pytest.mark.parametrize("away", ["unreachable", "silent"])
async def test_a_batch_does_not_wait_for_a_broker_that_leads_no_more(
    client: Any, brokers: Brokers, away: str
) -> None:
    getattr(brokers, away).add(1)
    batch = asyncio.create_task(client.send(1, BATCH))
    if away == "silent":
        await _until(client, 1)
    else:
        await asyncio.sleep(0)
    assert await _news(client)
    assert not batch.done()
    brokers.leaders[1] = 2
    assert await _news(client)
    with pytest.raises(KafkaError) as raised:
        await asyncio.wait_for(batch, 5)
    # So that aiokafka sends it again.
    assert raised.value.retriable


async def test_a_new_producer_gets_its_number_from_a_broker_that_answers(
    client: Any, brokers: Brokers
) -> None:
    brokers.unreachable.update({1, 3})
    assert await _news(client)
    assert client.get_random_node() == 2
