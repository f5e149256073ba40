"""The real process: start, readiness, drain."""

import asyncio
import json
import os
import signal
import sys
import urllib.request
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from websockets.asyncio.client import connect

from operations.local.ports import free_port
from tests.ws_writer.clients import DEADLINE_SECONDS, TOKEN, close_code, frame, tweet, until


@asynccontextmanager
async def process(redis_url: str, port: int) -> AsyncIterator[asyncio.subprocess.Process]:
    environment = os.environ | {
        "WEATHER_WRITER_PORT": str(port),
        "WEATHER_WRITER_TOKEN": TOKEN,
        "WEATHER_REDIS_URL": redis_url,
    }
    started = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "ws_writer", env=environment, stderr=asyncio.subprocess.PIPE
    )
    try:
        yield started
    finally:
        if started.returncode is None:
            started.kill()
        await started.communicate()


def healthz(port: int) -> dict[str, Any]:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/healthz", timeout=5) as answer:
            return dict(json.load(answer))
    except OSError:
        return {}


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
async def test_a_writer_starts_is_ready_and_drains(
    redis_url: str, redis: Any, number: signal.Signals
) -> None:
    port = free_port()
    async with process(redis_url, port) as writer:
        await until(lambda: asyncio.to_thread(healthz, port), lambda health: health.get("redis") == "up")
        headers = {"Authorization": f"Bearer {TOKEN}"}
        async with (
            connect(f"ws://127.0.0.1:{port}/ingest", additional_headers=headers) as feed,
            connect(f"ws://127.0.0.1:{port}/live") as viewer,
        ):
            for _ in range(100):
                await feed.send(frame(*[tweet()] * 100))
            accepted = 0
            while accepted < 10_000:
                accepted = json.loads(await viewer.recv())["accepted"]
            writer.send_signal(number)
            assert await close_code(viewer) == 1001
        async with asyncio.timeout(DEADLINE_SECONDS):
            _, errors = await writer.communicate()
        assert writer.returncode == 0, errors.decode()
    assert await redis.hget("live:totals", "messages") == "10000"
    log = [json.loads(line) for line in errors.decode().splitlines()]
    assert log[-1]["message"] == "drained"
    assert not [line for line in log if line["level"] in ("WARNING", "ERROR")]


async def test_a_writer_drains_while_redis_is_away() -> None:
    port = free_port()
    async with process(f"redis://127.0.0.1:{free_port()}/0", port) as writer:
        await until(lambda: asyncio.to_thread(healthz, port), lambda health: health.get("redis") == "away")
        writer.terminate()
        async with asyncio.timeout(DEADLINE_SECONDS):
            await writer.communicate()
        assert writer.returncode == 0


async def test_help_names_every_setting() -> None:
    helping = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "ws_writer", "--help", stdout=asyncio.subprocess.PIPE
    )
    text, _ = await helping.communicate()
    assert helping.returncode == 0
    for name in (
        b"WEATHER_WRITER_TOKEN",
        b"WEATHER_WRITER_ORIGINS",
        b"WEATHER_REDIS_URL",
        b"WEATHER_LOG_LEVEL",
    ):
        assert name in text
