import asyncio
import socket
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from operations.local import control
from operations.local.endpoints import NotRunningError
from operations.local.folder import Folder


async def _handle(request: dict[str, Any]) -> Any:
    if request["command"] == "crash":
        raise control.ControlError("that went wrong")
    if request["command"] == "sleep":
        await asyncio.sleep(60)
    return request


@pytest.fixture
async def folder(tmp_path: Path) -> AsyncIterator[Folder]:
    """With a server, and a path far longer than the address of a Unix socket may be."""
    folder = Folder(tmp_path / ("x" * 120))
    folder.make()
    server = await control.serve(folder, _handle)
    yield folder
    server.close()


async def test_what_is_asked_arrives_and_what_is_answered_returns(folder: Folder) -> None:
    answer = await asyncio.to_thread(control.call, folder, "scale", workers=3)
    assert answer == {"command": "scale", "workers": 3}


async def test_an_error_is_the_callers(folder: Folder) -> None:
    with pytest.raises(control.ControlError, match="that went wrong"):
        await asyncio.to_thread(control.call, folder, "crash")


async def test_an_answer_that_does_not_come_is_a_time_out(folder: Folder) -> None:
    with pytest.raises(TimeoutError):
        await asyncio.to_thread(control.call, folder, "sleep", timeout_seconds=0.1)


async def test_garbage_does_not_end_the_server(folder: Folder) -> None:
    with control._short_path(folder.socket) as path:
        reader, writer = await asyncio.open_unix_connection(path)
    writer.write(b"{nonsense\n")
    assert b"error" in await reader.readline()
    writer.close()
    assert await asyncio.to_thread(control.call, folder, "status") == {"command": "status"}


def test_nobody_there_is_an_error_that_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(NotRunningError, match="weather-tweets up"):
        control.call(Folder(tmp_path / "missing"), "status")
    # A socket that a killed supervisor left.
    folder = Folder(tmp_path)
    with control._short_path(folder.socket) as path, socket.socket(socket.AF_UNIX) as dead:
        dead.bind(path)
    with pytest.raises(NotRunningError):
        control.call(folder, "status")
