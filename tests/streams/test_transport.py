"""The batch transport in a Faust worker on a real broker, and the private names that `streams` relies on."""

import asyncio
import json
import os
import subprocess
import sys
import time
import uuid
from collections.abc import Iterable, Iterator, Sequence
from importlib.metadata import entry_points, version
from inspect import signature
from itertools import pairwise
from pathlib import Path
from typing import Any

import faust
import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from aiokafka.admin import AIOKafkaAdminClient, NewTopic, RecordsToDelete
from aiokafka.client import AIOKafkaClient
from aiokafka.consumer.fetcher import Fetcher, FetchResult, PartitionRecords
from aiokafka.structs import TopicPartition
from faust.transport.consumer import Consumer
from faust.transport.drivers import aiokafka as driver
from faust.transport.drivers import by_url
from faust.worker import Worker

from operations.local.kafka import Kafka
from streams import transport
from tests.streams.cluster import PATIENCE_SECONDS

PARTITIONS = 2


class App:
    """`batch_app` on topics of its own."""

    def __init__(self, folder: Path, broker: str) -> None:
        self.name = f"b{uuid.uuid4().hex[:10]}"
        self.broker = broker
        self.folder = folder
        self.processes: list[subprocess.Popen[bytes]] = []
        asyncio.run(self._create())

    async def _create(self) -> None:
        admin = AIOKafkaAdminClient(bootstrap_servers=self.broker)
        await admin.start()
        await admin.create_topics(
            [NewTopic(f"{self.name}-{kind}", PARTITIONS, 1) for kind in ("batched", "single")]
        )
        await admin.close()

    def start(self, collect_milliseconds: int = 0) -> subprocess.Popen[bytes]:
        number = len(self.processes)
        with (self.folder / f"log-{number}").open("wb") as log:
            process = subprocess.Popen(
                [sys.executable, "-m", "faust", "-A", "tests.streams.batch_app", "worker", "--without-web"],
                env={
                    **os.environ,
                    "APP": self.name,
                    "BROKER": self.broker,
                    "PARTITIONS": str(PARTITIONS),
                    "COLLECT": str(collect_milliseconds),
                    "NOTES": str(self.folder / f"notes-{number}"),
                    "DATA": str(self.folder / f"data-{number}"),
                },
                stdout=log,
                stderr=log,
            )
        self.processes.append(process)
        return process

    def notes(self, *workers: int) -> list[dict[str, Any]]:
        found = []
        for number in workers or range(len(self.processes)):
            path = self.folder / f"notes-{number}"
            lines = path.read_text().splitlines(keepends=True) if path.exists() else []
            found += [json.loads(line) for line in lines if line.endswith("\n")]
        return found

    def batches(self, *workers: int) -> list[dict[str, Any]]:
        return [found for found in self.notes(*workers) if "batch" in found]

    def seen(self, *workers: int) -> set[int]:
        return {value for found in self.batches(*workers) for value in found["batch"]}

    def produce(self, values: Sequence[int], kind: str = "batched") -> None:
        asyncio.run(self._produce(values, f"{self.name}-{kind}"))

    async def _produce(self, values: Sequence[int], topic: str) -> None:
        async with AIOKafkaProducer(bootstrap_servers=self.broker, acks="all", linger_ms=5) as producer:
            sent = [
                await producer.send(topic, str(value).encode(), partition=value % PARTITIONS)
                for value in values
            ]
            await asyncio.gather(*sent)

    async def trickle(self, values: Iterable[int], topic: str) -> None:
        """One at a time, each acknowledged before the next."""
        async with AIOKafkaProducer(bootstrap_servers=self.broker, acks="all") as producer:
            for value in values:
                await producer.send_and_wait(topic, str(value).encode(), partition=value % PARTITIONS)
                await asyncio.sleep(0.005)

    def delete_records(self, before: int) -> None:
        """Has the log begin at offset `before`, as retention would."""
        asyncio.run(self._delete_records(before))

    async def _delete_records(self, before: int) -> None:
        admin = AIOKafkaAdminClient(bootstrap_servers=self.broker)
        await admin.start()
        await admin.delete_records(
            {TopicPartition(f"{self.name}-batched", p): RecordsToDelete(before) for p in range(PARTITIONS)}
        )
        await admin.close()

    def until(self, condition: Any, what: str) -> None:
        deadline = time.monotonic() + PATIENCE_SECONDS
        while not condition():
            if time.monotonic() > deadline:
                logs = "".join(
                    (self.folder / f"log-{n}").read_text()[-2000:] for n in range(len(self.processes))
                )
                raise AssertionError(f"waited in vain until {what}\n{logs}")
            time.sleep(0.1)


@pytest.fixture
def app(tmp_path: Path, kafka: Kafka) -> Iterator[App]:
    app = App(tmp_path, kafka.bootstrap_servers)
    yield app
    for process in app.processes:
        if process.poll() is None:
            process.kill()
            process.wait()


def test_a_batched_topic_comes_in_order_and_in_batches_and_any_other_one_by_one(app: App) -> None:
    app.produce(range(4000))
    app.produce(range(10), kind="single")
    app.start()
    app.until(lambda: len(app.seen()) == 4000, "all batches came")
    app.until(lambda: sum("single" in n for n in app.notes()) == 10, "all singles came")
    for partition in range(PARTITIONS):
        batches = [batch for batch in app.batches() if batch["partition"] == partition]
        assert [v for batch in batches for v in batch["batch"]] == list(range(partition, 4000, PARTITIONS))
        assert batches[0]["start"] == 0
        assert max(len(batch["batch"]) for batch in batches) <= 500
        assert len(batches) < 20
        for before, after in pairwise(batches):
            assert after["start"] == after["first"] == before["last"] + 1


def test_what_was_acknowledged_is_not_delivered_again_and_the_table_is_whole(app: App) -> None:
    """The table's changelog is read one by one, whatever the transport does with the topic."""
    app.produce(range(1000))
    first = app.start()
    app.until(lambda: len(app.seen()) == 1000, "all batches came")
    first.terminate()
    first.wait()
    app.produce(range(1000, 1100))
    app.start()
    app.until(lambda: len(app.seen(1)) >= 100, "the rest came")
    assert app.seen(1) == set(range(1000, 1100))
    assert {b["partition"]: b["counted"] for b in app.batches(1)} == {0: 550, 1: 550}


def test_in_a_rebalance_nothing_is_passed_over(app: App) -> None:
    app.produce(range(500))
    first = app.start()
    app.until(lambda: len(app.seen(0)) == 500, "the first worker has all")
    app.start()
    for number in range(500, 20_000, 100):
        app.produce(range(number, number + 100))
        if {batch["partition"] for batch in app.batches(1)}:
            break
    end = number + 100
    app.until(lambda: app.seen() == set(range(end)), "both together have all")
    first.terminate()
    first.wait()
    app.produce(range(end, end + 200))
    app.until(lambda: app.seen() == set(range(end + 200)), "the second worker has the rest")
    # With a new generation what was not acknowledged may come again, and a partition may come back of which
    # the other worker has had some. Within a generation each batch begins where the one before it ended.
    for worker in (0, 1):
        for partition in range(PARTITIONS):
            batches = [b for b in app.batches(worker) if b["partition"] == partition]
            for before, after in pairwise(batches):
                if before["generation"] == after["generation"]:
                    assert after["start"] == after["first"] == before["last"] + 1


def test_after_a_gap_in_the_log_the_batch_tells_where_it_was_read_from(app: App) -> None:
    app.produce(range(200))
    app.delete_records(before=60)
    app.start()
    app.until(lambda: len(app.seen()) == 80, "what is left came")
    for partition in range(PARTITIONS):
        first = next(b for b in app.batches() if b["partition"] == partition)
        assert (first["start"], first["first"]) == (60, 60)


def test_records_that_keep_coming_are_collected(app: App) -> None:
    app.start(collect_milliseconds=500)
    app.produce([0, 1])
    app.until(lambda: app.seen() == {0, 1}, "the first came")
    asyncio.run(app.trickle(range(2, 302), f"{app.name}-batched"))
    app.until(lambda: len(app.seen()) == 302, "all came")
    # One by one they were 300 batches; half a second of them is a batch for each partition.
    assert len(app.batches()) < 50


def test_the_transport_is_registered_for_the_scheme_batch() -> None:
    (registered,) = entry_points(group="faust.transports", name="batch")
    assert registered.load() is transport.Transport is by_url("batch://127.0.0.1:9092")


def test_the_versions_are_those_whose_private_names_are_overridden() -> None:
    assert version("faust-streaming") == faust.__version__ == "0.15.3"


@pytest.mark.parametrize(
    ("owner", "name", "parameters"),
    [
        (driver.Consumer, "_new_consumer_thread", ["self"]),
        (driver.Consumer, "_to_message", ["self", "tp", "record"]),
        (Consumer, "_new_offset", ["self", "tp"]),
        (Consumer, "_add_gap", ["self", "tp", "offset_from", "offset_to"]),
        (Consumer, "perform_seek", ["self"]),
        (Consumer, "stop_flow", ["self"]),
        (Consumer, "on_buffer_full", ["self", "tp"]),
        (Consumer, "on_buffer_drop", ["self", "tp"]),
        (Consumer, "verify_event_path", ["self", "now", "tp"]),
        (Consumer, "verify_all_partitions_active", ["self"]),
        (
            driver.AIOKafkaConsumerThread,
            "_fetch_records",
            ["self", "consumer", "active_partitions", "timeout", "max_records"],
        ),
        (Fetcher, "fetched_records", ["self", "partitions", "timeout", "max_records"]),
        (Fetcher, "_create_fetch_waiter", ["self"]),
        (FetchResult, "getall", ["self", "max_records"]),
        (PartitionRecords, "_consumer_record", ["self", "tp", "record"]),
        (driver.AIOKafkaConsumerThread, "_create_worker_consumer", ["self", "transport"]),
        (AIOKafkaClient, "_wait_on_metadata", ["self", "topic"]),
        (Worker, "_on_sigterm", ["self"]),
        (Worker, "_on_sigint", ["self"]),
        (Worker, "_shutdown_loop", ["self"]),
        (Worker, "_crash", ["self", "reason"]),
        (driver.AIOKafkaConsumerThread, "_stopped_set", ["self"]),
    ],
)
def test_an_overridden_or_used_private_name_is_there_and_takes_what_it_took(
    owner: type, name: str, parameters: list[str]
) -> None:
    assert list(signature(getattr(owner, name)).parameters) == parameters


def test_the_state_that_is_used_is_where_it_was() -> None:
    source = "".join(
        Path(module.__file__ or "").read_text() for module in (driver, sys.modules[Consumer.__module__])
    )
    for name in ("_acked[tp]", "_acked_index[tp]", "_read_offset", "flow_active", "consumer_generation_id"):
        assert name in source
    assert "isolation_level=self._isolation_level" in Path(
        sys.modules[AIOKafkaConsumer.__module__].__file__ or ""
    ).read_text().replace(" ", "")
    assert isinstance(driver.Producer._producer_type, property)
    for name in ("_records", "_subscriptions", "_closed", "_fetch_max_wait_ms", "_fetch_min_bytes"):
        assert f"self.{name} = " in Path(sys.modules[Fetcher.__module__].__file__ or "").read_text()
