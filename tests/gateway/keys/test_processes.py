"""Keys and several worker processes."""

import asyncio
import os
import subprocess
import sys
from pathlib import Path

import aiohttp
import psutil
import pytest

from gateway.keys import last_good
from tests.gateway.doors import DEADLINE_SECONDS, TWEET
from tests.gateway.keys.doors import KEY, OTHER, bearer, line
from tests.gateway.producers import FakeProducer
from tests.gateway.test_process import Process, both_connected, running


async def post(gateway: Process, key: str) -> int:
    """By a connection of its own, so that it may come to any of the processes."""
    async with (
        aiohttp.ClientSession() as session,
        session.post(f"http://127.0.0.1:{gateway.port}/input", json=TWEET, headers=bearer(key)) as answer,
    ):
        return answer.status


async def test_a_revoked_key_is_refused_by_all_of_them_within_five_seconds_and_outcomes_are_one(
    producer: FakeProducer, tmp_path: Path
) -> None:
    file = tmp_path / "keys.toml"
    file.write_text(line("ana", KEY) + line("bob", OTHER))
    async with running(producer, WEATHER_GATEWAY_WORKERS="2", WEATHER_GATEWAY_KEYS_FILE=str(file)) as gateway:
        await both_connected(gateway)
        assert {await post(gateway, KEY) for _ in range(40)} == {202}
        async with gateway.session.get("/outcomes", headers=bearer()) as answer:
            assert (await answer.json())["accepted"] == 40
        # As a mounted Secret is renewed, and as an editor saves.
        renewed = tmp_path / "new"
        renewed.write_text(line("bob", OTHER))
        renewed.replace(file)
        async with asyncio.timeout(5):
            while await post(gateway, KEY) != 401:
                await asyncio.sleep(0.05)
            # Each of them: a connection comes to either.
            while {await post(gateway, KEY) for _ in range(20)} != {401}:
                pass
        assert {await post(gateway, OTHER) for _ in range(20)} == {202}
        file.write_text("oops")
        async with asyncio.timeout(DEADLINE_SECONDS):
            while (await gateway.metrics())["weather_gateway_keys_file_unusable"] != 1:
                await asyncio.sleep(0.05)


async def replace(worker: psutil.Process, gateway: Process) -> None:
    """Kills a worker process and waits for the one in its place to serve."""
    supervisor = psutil.Process(gateway.process.pid)
    worker.kill()
    async with asyncio.timeout(DEADLINE_SECONDS):
        while worker in supervisor.children() or len(supervisor.children()) < 2:
            await asyncio.sleep(0.05)
    await both_connected(gateway)


async def test_a_process_that_starts_while_the_file_is_broken_has_the_keys_that_the_others_had_last(
    producer: FakeProducer, tmp_path: Path
) -> None:
    file = tmp_path / "keys.toml"
    file.write_text(line("ana", KEY) + line("bob", OTHER))
    async with running(producer, WEATHER_GATEWAY_WORKERS="2", WEATHER_GATEWAY_KEYS_FILE=str(file)) as gateway:
        await both_connected(gateway)
        file.write_text(line("ana", KEY))
        async with asyncio.timeout(DEADLINE_SECONDS):
            while {await post(gateway, OTHER) for _ in range(20)} != {401}:
                pass
        file.write_text("oops")
        async with asyncio.timeout(DEADLINE_SECONDS):
            while (await gateway.metrics())["weather_gateway_keys_file_unusable"] != 1:
                await asyncio.sleep(0.05)
        first, second = psutil.Process(gateway.process.pid).children()
        await replace(first, gateway)
        assert {await post(gateway, KEY) for _ in range(40)} == {202}
        await replace(second, gateway)
        # Neither has ever seen the file in use.
        assert {await post(gateway, KEY) for _ in range(40)} == {202}
        assert {await post(gateway, OTHER) for _ in range(40)} == {401}
        assert (await gateway.metrics())["weather_gateway_keys_file_unusable"] == 1
        file.write_text(line("bob", OTHER))
        async with asyncio.timeout(DEADLINE_SECONDS):
            while {await post(gateway, OTHER) for _ in range(20)} != {202}:
                pass
            while (await gateway.metrics())["weather_gateway_keys_file_unusable"] != 0:
                await asyncio.sleep(0.05)


def test_of_keys_that_cannot_be_kept_none_of_before_is_kept_either(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(last_good.FILE_VARIABLE, str(tmp_path / "keys.toml"))
    last_good.save(b"old")
    assert last_good.content() == b"old"
    (tmp_path / f"keys.{os.getpid()}").mkdir()
    last_good.save(b"new")
    assert last_good.content() is None


@pytest.mark.parametrize("workers", ["1", "2"])
def test_a_missing_file_is_one_line_that_says_what_to_do(workers: str, tmp_path: Path) -> None:
    ended = subprocess.run(
        [sys.executable, "-m", "gateway", "--port", "0", "--workers", workers],
        env={"WEATHER_GATEWAY_KEYS_FILE": str(tmp_path / "keys.toml")},
        capture_output=True,
        text=True,
        timeout=DEADLINE_SECONDS,
        check=False,
    )
    assert ended.returncode == 1
    assert ended.stderr.count("\n") == 1
    assert "weather-tweets keys new" in ended.stderr


async def test_no_key_is_in_the_log(producer: FakeProducer, tmp_path: Path) -> None:
    file = tmp_path / "keys.toml"
    file.write_text(line("ana", KEY))
    log = tmp_path / "log"
    with log.open("wb") as stderr:
        async with running(
            producer, stderr=stderr, WEATHER_GATEWAY_KEYS_FILE=str(file), WEATHER_LOG_LEVEL="debug"
        ) as gateway:
            assert await post(gateway, KEY) == 202
            assert await post(gateway, OTHER) == 401
            file.write_text(f'ana = {{sha256 = "{KEY}", rate = 1, burst = 1}}')
            async with asyncio.timeout(DEADLINE_SECONDS):
                while "sha256 must have 64" not in log.read_text():
                    await asyncio.sleep(0.05)
    assert KEY[3:] not in log.read_text()
    assert OTHER[3:] not in log.read_text()
