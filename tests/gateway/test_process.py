"""The gateway as a process: how it starts, shares its work, and ends."""

import asyncio
import os
import re
import signal
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import IO

import aiohttp
import psutil
import pytest

from operations.local.ports import free_port, is_free
from tests.gateway.doors import DEADLINE_SECONDS, TWEET
from tests.gateway.producers import FakeProducer


class Process:
    def __init__(
        self, process: asyncio.subprocess.Process, port: int, session: aiohttp.ClientSession
    ) -> None:
        self.process = process
        self.port = port
        self.session = session

    async def status(self, path: str) -> int:
        try:
            async with self.session.get(path) as answer:
                await answer.read()
                return answer.status
        except aiohttp.ClientConnectionError:
            return 0

    async def post(self) -> int:
        async with self.session.post("/input", json=TWEET) as answer:
            await answer.read()
            return answer.status

    async def metrics(self) -> dict[str, float]:
        async with self.session.get("/metrics") as answer:
            lines = (await answer.text()).splitlines()
        return {
            name: float(value)
            for name, value in (line.rsplit(" ", 1) for line in lines if not line.startswith("#"))
        }

    async def wait_for(self, path: str, status: int) -> None:
        async with asyncio.timeout(DEADLINE_SECONDS):
            while await self.status(path) != status:
                assert self.process.returncode is None
                await asyncio.sleep(0.05)


@asynccontextmanager
async def running(
    producer: FakeProducer, *, stderr: IO[bytes] | None = None, **environment: str
) -> AsyncIterator[Process]:
    port = free_port()
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "gateway",
        env={
            **os.environ,
            "WEATHER_GATEWAY_PORT": str(port),
            "WEATHER_GATEWAY_PRODUCER_TARGET": producer.target,
            "WEATHER_GATEWAY_WRITER_URL": "",
            **environment,
        },
        start_new_session=True,
        stderr=stderr,
    )  # fmt: skip
    try:
        async with aiohttp.ClientSession(f"http://127.0.0.1:{port}") as session:
            started = Process(process, port, session)
            await started.wait_for("/readyz", 200)
            yield started
    finally:
        if process.returncode is None:
            os.killpg(process.pid, signal.SIGKILL)
        await process.wait()


async def test_sigterm_lets_requests_in_flight_be_answered(producer: FakeProducer) -> None:
    async with running(producer) as gateway:
        assert await gateway.post() == 202
        producer.answering.clear()
        requests = [asyncio.create_task(gateway.post()) for _ in range(20)]
        await producer.wait_for_tweets(2)
        async with asyncio.timeout(DEADLINE_SECONDS):
            while (await gateway.metrics())["weather_gateway_tweets_in_flight"] < 1:
                await asyncio.sleep(0.05)
        gateway.process.send_signal(signal.SIGTERM)
        async with asyncio.timeout(DEADLINE_SECONDS):
            # A new connection is no longer taken.
            while True:
                try:
                    _, writer = await asyncio.open_connection("127.0.0.1", gateway.port)
                except OSError:
                    break
                writer.close()
                await asyncio.sleep(0.05)
            producer.answering.set()
            assert set(await asyncio.gather(*requests)) == {202}
            # Connections that are kept alive do not keep it.
            assert await gateway.process.wait() == 0


async def test_sigterm_while_nothing_can_be_answered_ends_it_all_the_same(producer: FakeProducer) -> None:
    async with running(producer, WEATHER_GATEWAY_DRAIN_SECONDS="0.5") as gateway:
        producer.answering.clear()
        request = asyncio.create_task(gateway.post())
        await producer.wait_for_tweets(1)
        gateway.process.send_signal(signal.SIGTERM)
        async with asyncio.timeout(DEADLINE_SECONDS):
            assert await gateway.process.wait() == 0
            (outcome,) = await asyncio.gather(request, return_exceptions=True)
        assert outcome == 503 or isinstance(outcome, aiohttp.ClientError)


async def test_worker_processes_count_together_are_measured_together_and_end_together(
    producer: FakeProducer,
) -> None:
    async with running(producer, WEATHER_GATEWAY_WORKERS="2") as gateway:
        for _ in range(40):
            # A new connection each time, so that both processes get some.
            async with aiohttp.ClientSession() as session:
                await session.post(f"http://127.0.0.1:{gateway.port}/input", json=TWEET)
        metrics = await both_connected(gateway)
        assert metrics["weather_gateway_tweets_accepted_total"] == 40
        assert metrics['weather_gateway_requests_total{method="POST",route="/input",status="202"}'] == 40

        parent = psutil.Process(gateway.process.pid)
        workers = parent.children()
        largest = max(process.memory_info().rss for process in (parent, *workers))
        assert metrics["process_resident_memory_bytes"] > largest
        assert metrics["process_start_time_seconds"] == pytest.approx(parent.create_time(), abs=1)
        cpu_seconds = sum(sum(worker.cpu_times()[:2]) for worker in workers)
        workers[0].kill()
        async with asyncio.timeout(DEADLINE_SECONDS):
            while workers[0] in parent.children() or len(parent.children()) < 2:
                await asyncio.sleep(0.05)
        metrics = await both_connected(gateway)
        # A counter that falls is read as a restart, and all of it counted again.
        assert metrics["process_cpu_seconds_total"] >= cpu_seconds
        assert metrics["weather_gateway_tweets_accepted_total"] == 40
        assert metrics["weather_gateway_producer_connected"] == 2

        gateway.process.send_signal(signal.SIGTERM)
        async with asyncio.timeout(DEADLINE_SECONDS):
            assert await gateway.process.wait() == 0
            await nobody_is_left(gateway)


async def both_connected(gateway: Process) -> dict[str, float]:
    async with asyncio.timeout(DEADLINE_SECONDS):
        while (metrics := await gateway.metrics())["weather_gateway_producer_connected"] < 2:
            await asyncio.sleep(0.05)
    return metrics


async def test_worker_processes_do_not_keep_the_port_when_their_parent_is_killed(
    producer: FakeProducer,
) -> None:
    async with running(producer, WEATHER_GATEWAY_WORKERS="2") as gateway:
        gateway.process.kill()
        async with asyncio.timeout(DEADLINE_SECONDS):
            while not is_free(gateway.port):
                await asyncio.sleep(0.05)


async def nobody_is_left(gateway: Process) -> None:
    """Returns when no process of the gateway's group is there any more."""
    while True:
        try:
            os.killpg(gateway.process.pid, 0)
        except ProcessLookupError:
            return
        await asyncio.sleep(0.05)


async def test_a_taken_port_is_said_in_one_line(producer: FakeProducer) -> None:
    async with running(producer) as gateway:
        second = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "gateway", "--port", str(gateway.port), stderr=asyncio.subprocess.PIPE
        )
        _, errors = await second.communicate()
        assert second.returncode == 1
        assert b"cannot listen" in errors
        assert b"Traceback" not in errors


def test_help_names_the_settings() -> None:
    shown = subprocess.run(
        [sys.executable, "-m", "gateway", "--help"], check=True, capture_output=True, text=True
    )
    assert "WEATHER_GATEWAY_" in shown.stdout


async def test_no_secret_is_in_the_log(producer: FakeProducer, tmp_path: Path) -> None:
    log = tmp_path / "log"
    port = free_port()
    with log.open("wb") as file:
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "gateway", "--port", str(port),
            env={
                **os.environ,
                "WEATHER_GATEWAY_PRODUCER_TARGET": producer.target,
                "WEATHER_GATEWAY_WRITER_URL": f"ws://127.0.0.1:{free_port()}/ingest",
                "WEATHER_GATEWAY_WRITER_TOKEN": "s3cret-token",
                "WEATHER_LOG_LEVEL": "debug",
            },
            stderr=file,
        )  # fmt: skip
    async with asyncio.timeout(DEADLINE_SECONDS):
        while not re.search("live feed is down", log.read_text()):
            await asyncio.sleep(0.05)
        process.send_signal(signal.SIGTERM)
        assert await process.wait() == 0
    assert "s3cret-token" not in log.read_text()
