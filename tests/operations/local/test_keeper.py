"""A kept part comes back whatever happens to it; the part here is a small HTTP server."""

import asyncio
import os
import signal
import sys
import time
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import psutil
import pytest

from operations.local import keeper as keeper_module
from operations.local.keeper import Keeper
from operations.local.ports import free_port
from operations.local.services import Service

_SERVER = """
import http.server, pathlib, sys
class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        sick = self.path == "/healthz" and pathlib.Path("sick").exists()
        unready = self.path == "/readyz" and pathlib.Path("unready").exists()
        self.send_response(503 if sick or unready else 200)
        self.end_headers()
http.server.HTTPServer(("127.0.0.1", int(sys.argv[1])), Handler).serve_forever()
"""


class _Server(Service):
    ready_path = "/readyz"

    def command(self) -> list[str]:
        return ["/bin/sh", "-c", 'cd "$0" && exec "$@"', str(self.data_dir),
                sys.executable, "-c", _SERVER, str(self.port)]  # fmt: skip


@pytest.fixture
async def keeper(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Keeper]:
    monkeypatch.setattr(keeper_module, "_HEALTH_SECONDS", 0.1)
    part = _Server("server", tmp_path / "data", {}, port=free_port(), log_file=tmp_path / "log")
    keeper = Keeper(part, lambda: None)
    keeper.start()
    await asyncio.wait_for(keeper.ready(), 30)
    yield keeper
    await keeper.stop()
    assert part.pid is None


async def _until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(30):
        while not condition():
            await asyncio.sleep(0.01)


async def test_a_part_that_is_killed_is_started_again_at_once(keeper: Keeper) -> None:
    before = keeper.part.pid
    assert before
    os.kill(before, signal.SIGKILL)
    await _until(lambda: keeper.restarts == 1 and keeper.state == "ready")
    assert keeper.part.pid != before
    assert keeper.status.last_end == "killed by SIGKILL"


async def test_what_dies_again_and_again_is_started_ever_more_slowly(keeper: Keeper) -> None:
    delays: list[float] = []
    for _ in range(3):
        started = time.monotonic()
        assert keeper.part.pid
        os.kill(keeper.part.pid, signal.SIGKILL)
        await _until(lambda: keeper.restarts == len(delays) + 1 and keeper.state == "starting")
        delays.append(time.monotonic() - started)
        await asyncio.wait_for(keeper.ready(), 30)
    assert delays[1] >= 0.5
    assert delays[2] >= 1.0


async def test_a_part_that_fails_its_health_check_is_replaced(keeper: Keeper) -> None:
    before = keeper.part.pid
    sick = keeper.part.data_dir / "sick"
    sick.touch()
    await _until(lambda: keeper.restarts == 1)
    sick.unlink()
    await _until(lambda: keeper.state == "ready")
    assert keeper.part.pid != before
    assert keeper.status.last_end == "stuck: failed its health check"


async def test_a_part_that_is_stopped_by_a_signal_is_replaced(
    keeper: Keeper, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("operations.local.services.HEALTH_SECONDS", 0.2)
    assert keeper.part.pid
    os.kill(keeper.part.pid, signal.SIGSTOP)
    await _until(lambda: keeper.restarts == 1 and keeper.state == "ready")


async def test_a_healthy_part_that_waits_for_another_is_left_alone(
    keeper: Keeper, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(keeper_module, "READY_SECONDS", 3.0)
    unready = keeper.part.data_dir / "unready"
    unready.touch()
    await keeper.restart()
    # Past the time that it has for becoming ready.
    await asyncio.sleep(3.5)
    unready.unlink()
    await asyncio.wait_for(keeper.ready(), 30)
    assert keeper.restarts == 0


async def test_a_restart_can_wipe_the_data(keeper: Keeper) -> None:
    data = keeper.part.data_dir / "data"
    data.touch()
    await keeper.restart()
    assert data.exists()
    await keeper.restart(wipe=True)
    assert not data.exists()
    await asyncio.wait_for(keeper.ready(), 30)
    assert keeper.restarts == 0


async def test_a_part_that_is_stopped_stays_stopped(keeper: Keeper) -> None:
    pid = keeper.part.pid
    assert pid
    await keeper.stop()
    assert keeper.state == "stopped"
    assert not psutil.pid_exists(pid)
    keeper.start()
    await asyncio.wait_for(keeper.ready(), 30)


async def test_a_stop_in_the_middle_of_a_start_leaves_no_process(keeper: Keeper) -> None:
    for _ in range(5):
        await keeper.restart()
    await keeper.stop()
    # By its port: this process has other children, the real parts of other tests.
    port = str(keeper.part.port)
    assert [
        found for found in psutil.process_iter(["cmdline"]) if port in (found.info["cmdline"] or [])
    ] == []


async def test_a_program_that_is_missing_is_tried_again(
    keeper: Keeper, monkeypatch: pytest.MonkeyPatch
) -> None:
    await keeper.stop()
    with monkeypatch.context() as broken:
        broken.setattr(_Server, "command", lambda _: ["/no/such/program"])
        keeper.start()
        await _until(lambda: keeper.restarts == 2)
        assert "/no/such/program" in (keeper.status.last_end or "")
    await asyncio.wait_for(keeper.ready(), 30)
