"""Services as processes, on real parts, for whatever bytes there are: none of them may die of any."""

import asyncio
import json
import socket
import time
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import contextmanager

import pytest
from redis import Redis as RedisClient
from websockets.sync.client import ClientConnection, connect

from operations.local.kafka import Kafka
from operations.local.ports import free_port
from operations.local.redis import Redis
from operations.local.services import Gateway, Producer, Service, Writer
from tests.grpc_producer.topics import own_topics, records
from weather_tweets.settings import KafkaSettings

_TOKEN = "a token for tests"
_AUTHORIZATION = {"Authorization": f"Bearer {_TOKEN}"}


class Front:
    """A gateway and a producer with topics of their own, and the ids of what they have accepted."""

    def __init__(self, kafka: KafkaSettings, gateway: Gateway, producer: Producer, grpc: str) -> None:
        self.grpc = grpc
        self.port = gateway.port
        self.url = f"http://127.0.0.1:{gateway.port}"
        self._kafka = kafka
        self._services = (gateway, producer)
        self._accepted: Counter[str] = Counter()

    def note(self, status: int, body: bytes) -> None:
        """Remembers the ids of a 202."""
        if status == 202:
            answer = json.loads(body)
            self.note_ids(answer["ids"] if "ids" in answer else [answer["id"]])

    def note_ids(self, ids: Iterable[str]) -> None:
        self._accepted.update(ids)

    def check(self) -> None:
        """Kafka has what was accepted, each as often, and nothing else; no connection to it was ever lost."""
        assert self._accepted
        stored = Counter((record.key or b"").decode() for record in asyncio.run(records(self._kafka)))
        # As lists of few: a comparison of thousands of ids would take minutes to explain.
        assert list(stored - self._accepted)[:5] == []
        assert list(self._accepted - stored)[:5] == []
        for service in self._services:
            said = service.log_file.read_text()
            assert "Unexpected" not in said
            assert "Traceback" not in said
            assert "is away" not in said


class WriterDoors:
    """A writer, and how many tweets were fed to it."""

    def __init__(self, service: Writer, redis_url: str) -> None:
        self.fed = 0
        self._service = service
        self._url = f"ws://127.0.0.1:{service.port}"
        self._redis_url = redis_url

    def feed(self) -> ClientConnection:
        """A connection of `/ingest`."""
        return connect(f"{self._url}/ingest", additional_headers=_AUTHORIZATION, compression=None)

    def viewer(self) -> ClientConnection:
        """A connection of `/live`."""
        return connect(f"{self._url}/live")

    def upgraded(self, path: str) -> socket.socket:
        """A bare connection after the handshake, for what is no frame."""
        connection = socket.create_connection(("127.0.0.1", self._service.port), timeout=60)
        lines = [
            f"GET {path} HTTP/1.1",
            "Host: 127.0.0.1",
            "Connection: Upgrade",
            "Upgrade: websocket",
            "Sec-WebSocket-Version: 13",
            "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
            *(f"{name}: {value}" for name, value in _AUTHORIZATION.items()),
        ]
        connection.sendall("\r\n".join([*lines, "", ""]).encode())
        assert connection.recv(4096).startswith(b"HTTP/1.1 101 ")
        return connection

    def check(self) -> None:
        """Redis gets every tweet that was fed, no more, and nothing unexpected was said."""
        deadline = time.monotonic() + 60
        with RedisClient.from_url(self._redis_url, decode_responses=True) as client:
            while (counted := int(client.hget("live:totals", "messages") or 0)) != self.fed:
                assert time.monotonic() < deadline, f"{counted} tweets are counted, {self.fed} were fed"
                time.sleep(0.05)
        said = self._service.log_file.read_text()
        assert "Traceback" not in said
        assert '"level": "ERROR"' not in said


@contextmanager
def _running(*services: Service) -> Iterator[None]:
    """The services, all of which must still be the same processes at the end."""
    try:
        for service in services:
            service.start()
        pids = [service.pid for service in services]
        yield
        assert [service.pid for service in services] == pids
        assert None not in pids
    finally:
        for service in services:
            service.kill()


@pytest.fixture(scope="package")
def front(kafka: Kafka, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Front]:
    """What takes tweets, as far as Kafka."""
    folder = tmp_path_factory.mktemp("front")
    settings = own_topics(kafka)
    grpc, metrics, http = free_port(), free_port(), free_port()
    producer = Producer(
        "producer",
        folder,
        {
            "WEATHER_KAFKA_BOOTSTRAP_SERVERS": settings.bootstrap_servers,
            "WEATHER_KAFKA_TOPIC": settings.topic,
            "WEATHER_KAFKA_DEAD_TOPIC": settings.dead_topic,
            "WEATHER_KAFKA_PARTITIONS": str(settings.partitions),
            "WEATHER_PRODUCER_PORT": str(grpc),
            "WEATHER_PRODUCER_METRICS_PORT": str(metrics),
        },
        port=metrics,
        log_file=folder / "producer.log",
    )
    gateway = Gateway(
        "gateway",
        folder,
        {
            "WEATHER_GATEWAY_PORT": str(http),
            "WEATHER_GATEWAY_PRODUCER_TARGET": f"127.0.0.1:{grpc}",
            "WEATHER_GATEWAY_WRITER_URL": "",
        },
        port=http,
        log_file=folder / "gateway.log",
    )
    with _running(producer, gateway):
        yield Front(settings, gateway, producer, f"127.0.0.1:{grpc}")


@pytest.fixture(scope="module")
def writer(redis_server: Redis, tmp_path_factory: pytest.TempPathFactory) -> Iterator[WriterDoors]:
    """A WebSocket writer on an empty Redis."""
    folder = tmp_path_factory.mktemp("writer")
    with RedisClient.from_url(redis_server.url) as client:
        client.flushall()
    port = free_port()
    writer = Writer(
        "writer",
        folder,
        {
            "WEATHER_WRITER_PORT": str(port),
            "WEATHER_WRITER_TOKEN": _TOKEN,
            "WEATHER_REDIS_URL": redis_server.url,
        },
        port=port,
        log_file=folder / "writer.log",
    )
    with _running(writer):
        yield WriterDoors(writer, redis_server.url)
