"""What a stack is made of; nothing is started here."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from operations.local.folder import Folder
from operations.local.stack import Stack


@contextmanager
def _stack(path: Path) -> Iterator[Stack]:
    folder = Folder(path)
    folder.make()
    stack = Stack(folder)
    yield stack
    stack.close()


@pytest.fixture(autouse=True)
def _random_ports(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WEATHER_STACK_USUAL_PORTS", "false")


def test_every_service_is_told_where_the_others_are(tmp_path: Path) -> None:
    with _stack(tmp_path) as stack:
        producer, writer, gateway = (service.environment() for service in stack.services())
        assert gateway["WEATHER_GATEWAY_PRODUCER_TARGET"] == f"127.0.0.1:{stack.grpc_port}"
        assert producer["WEATHER_PRODUCER_PORT"] == str(stack.grpc_port)
        assert gateway["WEATHER_GATEWAY_WRITER_URL"] == f"ws://127.0.0.1:{stack.writer_port}/ingest"
        assert writer["WEATHER_WRITER_PORT"] == str(stack.writer_port)
        assert gateway["WEATHER_GATEWAY_WRITER_TOKEN"] == writer["WEATHER_WRITER_TOKEN"] != ""
        assert f"http://127.0.0.1:{stack.gateway_port}" in writer["WEATHER_WRITER_ORIGINS"].split(",")
        for environment in (producer, writer, gateway, stack.streams_worker(1).environment()):
            assert environment["WEATHER_KAFKA_BOOTSTRAP_SERVERS"] == stack.kafka
            assert environment["WEATHER_REDIS_URL"] == stack.redis
            assert environment["WEATHER_MONGO_URL"] == stack.mongo


def test_ports_are_the_same_at_the_next_start(tmp_path: Path) -> None:
    with _stack(tmp_path) as stack:
        worker = stack.streams_worker(2).port
        first = (stack.gateway_port, stack.kafka, stack.redis, stack.mongo, worker)
    with _stack(tmp_path) as stack:
        again = (stack.gateway_port, stack.kafka, stack.redis, stack.mongo, stack.streams_worker(2).port)
    assert again == first


def test_workers_have_ports_and_folders_of_their_own(tmp_path: Path) -> None:
    with _stack(tmp_path) as stack:
        one, two = stack.streams_worker(1), stack.streams_worker(2)
        assert (one.name, two.name) == ("streams-1", "streams-2")
        assert one.port != two.port
        key = "WEATHER_STREAMS_DATA_DIR"
        assert one.environment()[key] != two.environment()[key]


def test_parts_that_the_environment_names_are_not_started(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WEATHER_KAFKA_BOOTSTRAP_SERVERS", "kafka.example:9092")
    monkeypatch.setenv("WEATHER_REDIS_URL", "redis://:secret@redis.example/3")
    with _stack(tmp_path) as stack:
        assert [part.name for part in stack.real_parts] == ["mongo"]
        endpoints = stack.endpoints([], {})
        assert endpoints.kafka == "kafka.example:9092"
        assert endpoints.redis == "redis://:secret@redis.example/3"
