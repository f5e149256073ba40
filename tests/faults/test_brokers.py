"""Three brokers that let in only the chart's users, with the chart's rights: who may what, who may go."""

import asyncio
import json
import os
import signal
import time
import urllib.request
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.errors import (
    GroupAuthorizationFailedError,
    KafkaConnectionError,
    KafkaError,
    TopicAuthorizationFailedError,
)
from pydantic import SecretStr
from pymongo import MongoClient

from operations.chaos.client import Client
from operations.local import control
from operations.local.kafka_replicas import all_in_sync
from tests.faults.posting import post, post_many
from tests.running_stack import RunningStack, run_stack
from weather_tweets.kafka import client_options
from weather_tweets.settings import KafkaSettings


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningStack]:
    yield from run_stack(tmp_path_factory.mktemp("brokers") / "data", options=("--brokers", "3", "--secure"))


@pytest.fixture(autouse=True)
async def in_sync(streams: KafkaSettings) -> None:
    """No test begins with a broker that the one before has not let come back."""
    while not await all_in_sync(streams):
        await asyncio.sleep(0.2)


@pytest.fixture
def streams(stack: RunningStack) -> KafkaSettings:
    """As the workers are let in."""
    return KafkaSettings(**stack.endpoints.kafka_options)  # type: ignore[arg-type]


@pytest.fixture
def producer(stack: RunningStack, streams: KafkaSettings) -> KafkaSettings:
    """As the producer is let in."""
    passwords = json.loads((stack.folder.path / "data" / "kafka-authority" / "passwords.json").read_text())
    return streams.model_copy(
        update={
            "sasl_username": "weather-producer",
            "sasl_password": SecretStr(passwords["weather-producer"]),
        }
    )


async def _publish(settings: KafkaSettings, topic: str) -> None:
    client = AIOKafkaProducer(**client_options(settings), acks="all", request_timeout_ms=5000)
    await client.start()
    try:
        await client.send_and_wait(topic, b'{"texto": "Llueve", "pa\xc3\xads": "Guatemala"}')
    finally:
        await client.stop()


async def _read(settings: KafkaSettings, topic: str) -> None:
    client = AIOKafkaConsumer(**client_options(settings), request_timeout_ms=5000)
    try:
        await client.start()
        client.assign([TopicPartition(topic, 0)])
        await client.seek_to_beginning()
        await asyncio.wait_for(client.getone(), 5)
    finally:
        await client.stop()


async def _join(settings: KafkaSettings, group: str) -> None:
    client = AIOKafkaConsumer(settings.topic, **client_options(settings), group_id=group)
    try:
        await client.start()
    finally:
        await client.stop()


def test_a_tweet_goes_its_whole_way_with_the_charts_rights(stack: RunningStack) -> None:
    answers = post_many(stack.endpoints.gateway, 200)
    assert {answer.status for answer in answers} == {202}
    stack.cli("scale", "streams", "2")
    post_many(stack.endpoints.gateway, 100)
    stack.cli("restart", "streams-1")
    stack.cli("scale", "streams", "1")
    stack.audit()


def test_status_shows_who_leads_and_who_is_in_sync(stack: RunningStack) -> None:
    brokers = stack.cli_json("status", "--json")["brokers"]
    assert set(brokers) == {"1", "2", "3"}
    assert sum(one["leads"] for one in brokers.values()) == brokers["1"]["replicas"]
    assert all(one["in_sync"] == one["replicas"] for one in brokers.values())
    assert "Replicas in sync" in stack.cli("status")


async def test_what_is_no_tweet_becomes_a_dead_letter(stack: RunningStack, streams: KafkaSettings) -> None:
    before = (await asyncio.to_thread(stack.audit)).dead
    client = AIOKafkaProducer(**client_options(streams))
    await client.start()
    await client.send_and_wait(streams.topic, b"not a tweet")
    await client.stop()
    assert (await asyncio.to_thread(stack.audit)).dead == before + 1


async def test_the_producer_may_write_and_not_read(producer: KafkaSettings) -> None:
    await _publish(producer, producer.topic)
    with pytest.raises(TopicAuthorizationFailedError):
        await _read(producer, producer.topic)
    with pytest.raises(GroupAuthorizationFailedError):
        await _join(producer, "weather-streams")


async def test_the_workers_may_write_nothing_that_is_not_theirs(streams: KafkaSettings) -> None:
    with pytest.raises((TopicAuthorizationFailedError, KafkaError)):
        await _publish(streams, "somebody.elses")


@pytest.mark.parametrize(
    "changes",
    [
        {"sasl_username": "nobody"},
        {"sasl_password": SecretStr("wrong")},
        {"security_protocol": "SSL"},
        {"security_protocol": "PLAINTEXT"},
    ],
    ids=["an unknown user", "a wrong password", "no user", "in the clear"],
)
async def test_nobody_else_is_let_in(streams: KafkaSettings, changes: dict[str, object]) -> None:
    with pytest.raises((KafkaConnectionError, KafkaError)):
        await _read(streams.model_copy(update=changes), streams.topic)


@asynccontextmanager
async def _load(stack: RunningStack, rate_per_second: float = 60) -> AsyncIterator[Client]:
    client = Client(f"{stack.endpoints.gateway}/input", clients=12, rate_per_second=rate_per_second, seed=1)
    sending = asyncio.create_task(client.run())
    try:
        await asyncio.sleep(1)
        yield client
        await asyncio.sleep(1)
    finally:
        client.stop()
        await sending
    assert client.ledger.acknowledged == client.ledger.sent


async def test_all_brokers_are_restarted_in_turn_and_no_request_fails(stack: RunningStack) -> None:
    async with _load(stack) as client:
        await asyncio.to_thread(stack.cli, "restart", "kafka")
    assert client.ledger.refusals == {}
    await asyncio.to_thread(stack.audit)


# Who sends gives an attempt up after 5 s, and sends it again; of the answers none may be a refusal.
_ONLY_IMPATIENT = {"TimeoutError"}


async def test_a_killed_broker_costs_no_request(stack: RunningStack) -> None:
    """All wait: who leads has to wait for the one that is gone until its session is over."""
    async with _load(stack) as client:
        before = client.ledger.accepted_at[-1]
        os.kill(stack.endpoints.pids["kafka-2"][0], signal.SIGKILL)
        while client.ledger.accepting_since(before + 0.5) is None:
            await asyncio.sleep(0.1)
    assert set(client.ledger.refusals) <= _ONLY_IMPATIENT
    await asyncio.to_thread(stack.audit)


@pytest.mark.long
async def test_a_frozen_broker_costs_no_request(stack: RunningStack) -> None:
    """As where its machine or its network stands still. Requests wait until another broker leads, and go on
    then also if it never wakes up."""
    [pid] = stack.endpoints.pids["kafka-1"]
    async with _load(stack) as client:
        os.kill(pid, signal.SIGSTOP)
        try:
            # Until another leads, and who has waited for this one has noticed.
            await asyncio.sleep(9)
            async with asyncio.timeout(30):
                frozen = time.monotonic()
                while client.ledger.accepting_since(frozen) is None:
                    await asyncio.sleep(0.1)
                # And not by chance, between two attempts to reach it.
                resumed, refused = time.monotonic(), dict(client.ledger.refusals)
                while client.ledger.accepting_since(resumed + 3) is None:
                    await asyncio.sleep(0.1)
            assert client.ledger.refusals == refused
        finally:
            os.kill(pid, signal.SIGCONT)
    assert set(client.ledger.refusals) <= _ONLY_IMPATIENT
    await asyncio.to_thread(stack.audit)


@pytest.mark.long
async def test_a_broker_that_lost_its_disk_gets_everything_again(
    stack: RunningStack, streams: KafkaSettings
) -> None:
    async with _load(stack):
        await asyncio.to_thread(control.call, stack.folder, "restart", name="kafka-2", wipe=True)
        while not await all_in_sync(streams):
            await asyncio.sleep(0.2)
    # The copy is as good as those that it was made from.
    for name in ("kafka-1", "kafka-3"):
        await asyncio.to_thread(control.call, stack.folder, "restart", name=name)
        while not await all_in_sync(streams):
            await asyncio.sleep(0.2)
    await asyncio.to_thread(stack.audit)


async def test_with_one_broker_away_everything_goes_on(stack: RunningStack) -> None:
    await asyncio.to_thread(control.call, stack.folder, "stop", name="kafka-3")
    try:
        async with _load(stack) as client:
            await asyncio.sleep(3)
            while not await asyncio.to_thread(_under_replicated, stack):
                await asyncio.sleep(0.2)
        assert client.ledger.refusals == {}
        await asyncio.to_thread(stack.audit)
    finally:
        await asyncio.to_thread(control.call, stack.folder, "start", name="kafka-3")
    while await asyncio.to_thread(_under_replicated, stack):
        await asyncio.sleep(0.2)


def _under_replicated(stack: RunningStack) -> float:
    """How many partitions are, as the producer tells Prometheus."""
    with urllib.request.urlopen(f"{stack.endpoints.services['producer']}/metrics", timeout=30) as reply:  # noqa: S310
        lines = reply.read().decode().splitlines()
    name = "weather_producer_partitions_under_replicated "
    return float(next(line for line in lines if line.startswith(name)).removeprefix(name))


@pytest.mark.long
def test_with_two_away_it_is_said_and_accepting_resumes_by_itself(stack: RunningStack) -> None:
    for name in ("kafka-2", "kafka-3"):
        control.call(stack.folder, "stop", name=name)
    try:
        refused = post(stack.endpoints.gateway, "Sin quorum", key="7c0e4f0e-9d0b-4b6e-8a55-0a6a5f3c1e11")
        assert refused.status == 503
        assert "retry-after" in refused.headers
    finally:
        for name in ("kafka-2", "kafka-3"):
            control.call(stack.folder, "start", name=name)
    stack.post({"texto": "Otra vez", "país": "Guatemala"})
    stack.audit()


def test_another_kind_of_kafka_on_the_same_data_is_refused(stack: RunningStack) -> None:
    refused = stack.cli("up", "--brokers", "1", status=1)
    assert "has 3 brokers, secure, not one broker, secure" in refused
    assert "--purge" in refused


@pytest.mark.long
async def test_the_charts_rights_are_enough_to_back_up_and_to_rebuild(
    stack: RunningStack, tmp_path: Path
) -> None:
    await asyncio.to_thread(post_many, stack.endpoints.gateway, 200)
    await asyncio.to_thread(stack.audit)
    file = str(tmp_path / "backup.tar.gz")
    await asyncio.to_thread(stack.cli, "backup", file)
    with MongoClient[dict[str, Any]](stack.endpoints.mongo) as client:
        client["weather"]["tweets"].drop()
    for command in (("restore", file, "--rate", "0"), ("rebuild", "all", "--yes")):
        assert "All stores agree" in await asyncio.to_thread(stack.cli, *command)
