"""Workers as processes of their own on real Kafka, Redis and MongoDB, each test on topics of its own."""

import asyncio
import json
import os
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
import uuid
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.structs import ConsumerRecord
from pymongo import MongoClient
from redis import Redis

from operations.local.ports import free_port
from tests.topics import read_to_end
from weather_tweets.kafka import ensure_topics
from weather_tweets.settings import KafkaSettings
from weather_tweets.tweet import Tweet, encode

PATIENCE_SECONDS = 300.0
"""Much longer than anything takes: the machine may be busy."""

Value = bytes | Tweet | None


class Worker:
    """`python -m streams`, or another module that starts a worker."""

    def __init__(self, environment: dict[str, str], folder: Path, module: str = "streams") -> None:
        self.port = int(environment.get("WEATHER_STREAMS_PORT", 0)) or free_port()
        self.log_file = folder / f"worker-{self.port}.log"
        with self.log_file.open("wb") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", module],
                env={
                    **os.environ,
                    **environment,
                    "WEATHER_STREAMS_PORT": str(self.port),
                    "WEATHER_STREAMS_DATA_DIR": str(folder / "data" / f"worker-{self.port}"),
                },
                stdout=log,
                stderr=log,
            )

    def get(self, path: str) -> tuple[int, str]:
        """Status and body of a page; status 0 while nobody listens."""
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.port}{path}", timeout=10) as response:
                return response.status, response.read().decode()
        except urllib.error.HTTPError as error:
            with error:
                return error.code, error.read().decode()
        except OSError:
            return 0, ""

    def stats(self) -> dict[str, Any]:
        """What `/stats` shows, empty while it is not complete."""
        status, body = self.get("/stats")
        return json.loads(body) if status == 200 else {}

    def lag(self) -> int | None:
        """Records that the whole cluster has still to count, None while nobody knows."""
        partitions = self.stats().get("partitions")
        return None if partitions is None else sum(p["lag"] for p in partitions.values())

    def wait_ready(self) -> None:
        """Returns when it has taken part in an assignment."""
        until(lambda: self.stats(), "a worker is ready", self)

    def terminate(self) -> int:
        """SIGTERM; the exit status."""
        self.process.terminate()
        return self.process.wait(PATIENCE_SECONDS)

    def wait_killed(self) -> None:
        """Returns when it has died of SIGKILL."""
        status = self.process.wait(PATIENCE_SECONDS)
        assert status == -signal.SIGKILL, self.log_file.read_text()[-4000:]

    def kill(self) -> None:
        """SIGKILL."""
        self.process.kill()
        self.process.wait()


class Cluster:
    """A topic, its stores, and the workers that a test starts."""

    def __init__(self, folder: Path, kafka: str, redis_url: str, mongo_url: str, partitions: int = 3) -> None:
        name = f"t{uuid.uuid4().hex[:12]}"
        self.folder = folder
        self.settings = KafkaSettings(
            bootstrap_servers=kafka, topic=name, dead_topic=f"{name}.dead", partitions=partitions
        )
        self.redis = Redis.from_url(redis_url, decode_responses=True)
        self._mongo: MongoClient[dict[str, Any]] = MongoClient(mongo_url)
        self.tweets = self._mongo[name]["tweets"]
        self.history = self._mongo[name]["history"]
        self.workers: list[Worker] = []
        self.environment = {
            "WEATHER_KAFKA_BOOTSTRAP_SERVERS": kafka,
            "WEATHER_KAFKA_TOPIC": name,
            "WEATHER_KAFKA_DEAD_TOPIC": f"{name}.dead",
            "WEATHER_KAFKA_PARTITIONS": str(partitions),
            "WEATHER_REDIS_URL": redis_url,
            "WEATHER_MONGO_URL": mongo_url,
            "WEATHER_MONGO_DATABASE": name,
            "WEATHER_STREAMS_APP_ID": name,
            "WEATHER_STREAMS_SESSION_TIMEOUT_SECONDS": "6",
            "WEATHER_STREAMS_PUBLISH_SECONDS": "1",
            "WEATHER_LOG_FORMAT": "text",
        }
        asyncio.run(ensure_topics(self.settings))

    def start(self, module: str = "streams", **environment: str) -> Worker:
        """Starts one more worker, without waiting for it."""
        worker = Worker({**self.environment, **environment}, self.folder, module)
        self.workers.append(worker)
        return worker

    def produce(self, values: Iterable[Value], partition: int | None = None) -> None:
        """Writes records, spread over the partitions or to one of them."""
        asyncio.run(self._produce(list(values), partition))

    async def _produce(self, values: list[Value], partition: int | None) -> None:
        async with AIOKafkaProducer(
            bootstrap_servers=self.settings.bootstrap_servers,
            acks="all",
            linger_ms=5,
            enable_idempotence=True,
        ) as producer:
            acknowledgements = [
                await producer.send(
                    self.settings.topic,
                    encode(value) if isinstance(value, Tweet) else value,
                    key=b"key",
                    partition=number % self.settings.partitions if partition is None else partition,
                )
                for number, value in enumerate(values)
            ]
            await asyncio.gather(*acknowledgements)

    @property
    def changelog(self) -> str:
        """Topic of the table's changelog."""
        return f"{self.settings.topic}-tally-changelog"

    def lose_tallies(self) -> None:
        """Deletes the changelog of the table."""
        asyncio.run(self._delete_topic(self.changelog))

    def set_tallies_back(self) -> None:
        """Has the changelog end with what it began with, as a zombie would that wrote late."""
        asyncio.run(self._set_tallies_back())

    async def _set_tallies_back(self) -> None:
        kafka = self.settings.bootstrap_servers
        async with AIOKafkaProducer(bootstrap_servers=kafka, acks="all") as producer:
            for partition, records in enumerate(await read_to_end(kafka, self.changelog)):
                for record in records[:1]:
                    await producer.send_and_wait(self.changelog, record.value, record.key, partition)

    def forget_acknowledgements(self) -> None:
        """Sets the consumer group, which must have no workers, back to the beginning."""
        asyncio.run(self._forget_acknowledgements())

    async def _forget_acknowledgements(self) -> None:
        async with AIOKafkaConsumer(
            bootstrap_servers=self.settings.bootstrap_servers,
            group_id=self.environment["WEATHER_STREAMS_APP_ID"],
            enable_auto_commit=False,
        ) as consumer:
            partitions = [TopicPartition(self.settings.topic, p) for p in range(self.settings.partitions)]
            consumer.assign(partitions)
            await consumer.commit(dict.fromkeys(partitions, 0))

    async def _delete_topic(self, name: str) -> None:
        admin = AIOKafkaAdminClient(bootstrap_servers=self.settings.bootstrap_servers)
        await admin.start()
        try:
            await admin.delete_topics([name])
            while name in await admin.list_topics():
                await asyncio.sleep(0.05)
        finally:
            await admin.close()

    def dead_letters(self, count: int) -> list[ConsumerRecord[bytes, bytes]]:
        """The first `count` dead letters."""
        return asyncio.run(read(self.settings, self.settings.dead_topic, count))

    def wait_settled(self, worker: Worker) -> dict[str, Any]:
        """Waits until everything is counted; the stats then."""
        until(lambda: worker.lag() == 0, "everything is counted", worker)
        return worker.stats()

    def close(self) -> None:
        for worker in self.workers:
            if worker.process.poll() is None:
                worker.kill()
        self.redis.close()
        self._mongo.close()


async def read(settings: KafkaSettings, topic: str, count: int) -> list[ConsumerRecord[bytes, bytes]]:
    """The first `count` records of a topic."""
    async with AIOKafkaConsumer(
        topic, bootstrap_servers=settings.bootstrap_servers, auto_offset_reset="earliest"
    ) as consumer:
        return [await asyncio.wait_for(consumer.getone(), PATIENCE_SECONDS) for _ in range(count)]


def until(condition: Callable[[], object], what: str, worker: Worker | None = None) -> None:
    """Returns when the condition holds; fails with the worker's log when it does not in good time."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not condition():
        log = worker.log_file.read_text()[-4000:] if worker else ""
        ended = worker is not None and worker.process.poll() is not None
        if ended or time.monotonic() > deadline:
            raise AssertionError(f"waited in vain until {what}\n{log}")
        time.sleep(0.1)
