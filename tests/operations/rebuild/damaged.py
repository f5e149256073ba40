"""Workers and stores that something is done to, and the command line on them."""

import asyncio
import os
import subprocess
import sys
import uuid
from collections.abc import Iterable
from typing import Any

from aiokafka import AIOKafkaProducer
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType

from tests.streams.cluster import Cluster, Value
from weather_tweets.tweet import Tweet, encode

Position = tuple[int, int, int, str]


def tweets(count: int, code: str = "GT") -> list[Tweet]:
    name = {"GT": "Guatemala", "MX": "México"}[code]
    return [Tweet(str(uuid.uuid4()), f"Llueve {n}", name, code, 1_750_000_000_000 + n) for n in range(count)]


class Damaged(Cluster):
    """See `Cluster`."""

    def positions(self) -> dict[str, Position]:
        """By id, where each document's record stands, and the country's code."""
        return {d["_id"]: (d["partition"], d["offset"], d["life"], d["code"]) for d in self.tweets.find({})}

    def keep_producers_times(self) -> None:
        """Has Kafka keep the times that `write` gives, as in a topic that release 0.1.0 made.

        They are of long ago: with the usual retention it takes such records away, every five minutes.
        """
        asyncio.run(self._keep_producers_times())

    async def _keep_producers_times(self) -> None:
        times = {"message.timestamp.type": "CreateTime", "retention.ms": "-1"}
        admin = AIOKafkaAdminClient(bootstrap_servers=self.settings.bootstrap_servers)
        await admin.start()
        try:
            await admin.alter_configs([ConfigResource(ConfigResourceType.TOPIC, self.settings.topic, times)])
        finally:
            await admin.close()

    def write(self, values: Iterable[Value], partition: int, time_ms: int) -> None:
        """Writes records that Kafka has this time of, if it keeps its producers' times."""
        asyncio.run(self._write(list(values), partition, time_ms))

    async def _write(self, values: list[Value], partition: int, time_ms: int) -> None:
        async with AIOKafkaProducer(
            bootstrap_servers=self.settings.bootstrap_servers, acks="all"
        ) as producer:
            for value in values:
                record = encode(value) if isinstance(value, Tweet) else value
                await producer.send(
                    self.settings.topic, record, key=b"key", partition=partition, timestamp_ms=time_ms
                )

    def begin(self, *arguments: str) -> "subprocess.Popen[str]":
        """Starts `weather-tweets`."""
        (worker, *_) = [w for w in self.workers if w.process.poll() is None] or self.workers
        return subprocess.Popen(
            [
                *(sys.executable, "-m", "operations.cli", "--data-dir", str(self.folder / "none")),
                *arguments,
                *("--stats-url", f"http://127.0.0.1:{worker.port}/stats"),
            ],
            env={**os.environ, **self.environment, "COLUMNS": "200"},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def cli(self, *arguments: str, status: int = 0) -> str:
        """What `weather-tweets` prints; its exit status must be the given one."""
        process = self.begin(*arguments)
        said, _ = process.communicate(timeout=280)
        assert process.returncode == status, said
        return said

    def documents(self) -> dict[str, Any]:
        """By id, without what is not restored."""
        return {d["_id"]: {k: v for k, v in d.items() if k != "stored_at"} for d in self.tweets.find({})}
