"""A producer as a process of its own."""

import asyncio
import os
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path

from operations.local.ports import free_port
from tests.grpc_producer.clients import DEADLINE_SECONDS
from weather_tweets.settings import KafkaSettings


class Process:
    """A producer process and where to reach it."""

    def __init__(self, process: asyncio.subprocess.Process, port: int, metrics_port: int) -> None:
        self.process = process
        self.target = f"127.0.0.1:{port}"
        self.metrics_port = metrics_port
        self.metrics_url = f"http://127.0.0.1:{metrics_port}"

    async def get(self, path: str) -> tuple[int, str]:
        def get() -> tuple[int, str]:
            try:
                with urllib.request.urlopen(self.metrics_url + path, timeout=10) as answer:  # noqa: S310
                    return answer.status, answer.read().decode()
            except urllib.error.HTTPError as error:
                with error:
                    return error.code, error.read().decode()

        return await asyncio.to_thread(get)

    async def kill(self) -> None:
        """SIGKILL; returns when the process is gone."""
        self.process.kill()
        await self.process.wait()

    async def wait_for_kafka(self) -> None:
        async with asyncio.timeout(DEADLINE_SECONDS):
            while True:
                try:
                    if '"kafka":"up"' in (await self.get("/healthz"))[1]:
                        return
                except OSError:
                    assert self.process.returncode is None
                await asyncio.sleep(0.05)


@asynccontextmanager
async def running(
    kafka: KafkaSettings, port: int = 0, environment: Mapping[str, str] | None = None
) -> AsyncIterator[Process]:
    """A producer that is connected to Kafka, on a free port if none is given."""
    port, metrics_port = port or free_port(), free_port()
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "grpc_producer",
        env={
            **os.environ,
            "WEATHER_KAFKA_BOOTSTRAP_SERVERS": kafka.bootstrap_servers,
            "WEATHER_KAFKA_TOPIC": kafka.topic,
            "WEATHER_KAFKA_DEAD_TOPIC": kafka.dead_topic,
            "WEATHER_KAFKA_PARTITIONS": str(kafka.partitions),
            "WEATHER_PRODUCER_PORT": str(port),
            "WEATHER_PRODUCER_METRICS_PORT": str(metrics_port),
            **(environment or {}),
        },
    )  # fmt: skip
    try:
        started = Process(process, port, metrics_port)
        await started.wait_for_kafka()
        yield started
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


def self_signed(folder: Path) -> tuple[Path, Path]:
    """A certificate for this machine, and its key."""
    certificate, key = folder / "certificate.pem", folder / "key.pem"
    subprocess.run(
        [
            "openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
            "-days", "1", "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1",
            "-out", certificate, "-keyout", key,
        ],
        check=True,
        capture_output=True,
    )  # fmt: skip
    return certificate, key
