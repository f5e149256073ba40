"""The whole way of a tweet, from `POST /input` to the live page, as real processes."""

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

from pymongo import MongoClient

from operations.local.part import Part
from operations.local.ports import free_port
from operations.local.services import Gateway, Producer, StreamsWorker, Writer

TOKEN = "a token for tests"
DATABASE = "page"

# Four services, a broker and a browser start at once: on two busy cores that takes its time.
_READY_SECONDS = 150.0
_STORED_SECONDS = 60.0


@dataclass
class Site:
    """The running stack."""

    port: int
    writer: Writer
    mongo_url: str
    posted: int = 0

    @property
    def url(self) -> str:
        """Address of the live page."""
        return f"http://127.0.0.1:{self.port}/"

    def post(self, *tweets: tuple[str, str]) -> None:
        """Submits tweets of (country, text); returns when Kafka has them."""
        body = json.dumps([{"texto": text, "país": country} for country, text in tweets]).encode()
        connection = HTTPConnection("127.0.0.1", self.port, timeout=30)
        try:
            connection.request("POST", "/input", body, {"Content-Type": "application/json"})
            assert connection.getresponse().status == 202
            self.posted += len(tweets)
        finally:
            connection.close()

    def wait_until_stored(self) -> None:
        """Returns when MongoDB has all that was posted."""
        deadline = time.monotonic() + _STORED_SECONDS
        with MongoClient[dict[str, Any]](self.mongo_url) as client:
            while client[DATABASE]["tweets"].count_documents({}) < self.posted:
                assert time.monotonic() < deadline, "what was posted is not stored"
                time.sleep(0.1)


@contextmanager
def running(folder: Path, *, kafka: str, redis_url: str, mongo_url: str) -> Iterator[Site]:
    """Producer, streams, writer and gateway on free ports, stopped at the end."""
    ports = {name: free_port() for name in ("grpc", "producer", "writer", "streams", "gateway")}
    environment = {
        "WEATHER_KAFKA_BOOTSTRAP_SERVERS": kafka,
        "WEATHER_KAFKA_TOPIC": "page.messages",
        "WEATHER_KAFKA_DEAD_TOPIC": "page.messages.dead",
        "WEATHER_KAFKA_PARTITIONS": "2",
        "WEATHER_REDIS_URL": redis_url,
        "WEATHER_MONGO_URL": mongo_url,
        "WEATHER_MONGO_DATABASE": DATABASE,
        "WEATHER_PRODUCER_PORT": str(ports["grpc"]),
        "WEATHER_PRODUCER_METRICS_PORT": str(ports["producer"]),
        "WEATHER_WRITER_PORT": str(ports["writer"]),
        "WEATHER_WRITER_TOKEN": TOKEN,
        "WEATHER_STREAMS_PORT": str(ports["streams"]),
        "WEATHER_STREAMS_APP_ID": "page-streams",
        "WEATHER_STREAMS_DATA_DIR": str(folder / "streams"),
        "WEATHER_GATEWAY_PORT": str(ports["gateway"]),
        "WEATHER_GATEWAY_PRODUCER_TARGET": f"127.0.0.1:{ports['grpc']}",
        "WEATHER_GATEWAY_WRITER_URL": f"ws://127.0.0.1:{ports['writer']}/ingest",
        "WEATHER_GATEWAY_WRITER_TOKEN": TOKEN,
        # What is tested is what the page shows, not how fast a busy machine is.
        "WEATHER_GATEWAY_READ_SECONDS": "60",
        "WEATHER_GATEWAY_LIVE_URL": f"ws://127.0.0.1:{ports['writer']}/live",
    }

    def log(name: str) -> Path:
        return folder / f"{name}.log"

    writer = Writer("writer", folder, environment, port=ports["writer"], log_file=log("writer"))
    parts: list[Part] = [
        Producer("producer", folder, environment, port=ports["producer"], log_file=log("producer")),
        writer,
        StreamsWorker("streams", folder, environment, port=ports["streams"], log_file=log("streams")),
        Gateway("gateway", folder, environment, port=ports["gateway"], log_file=log("gateway")),
    ]
    try:
        # The producer makes the topics that the streams subscribe to.
        for part in parts:
            part.spawn()
        for part in parts:
            part.wait_ready(_READY_SECONDS)
        yield Site(ports["gateway"], writer, mongo_url)
    finally:
        for part in reversed(parts):
            part.stop()
