"""The supervisor's control channel: one JSON line asked, one answered, over a Unix socket of its owner's."""

import asyncio
import json
import os
import socket
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from operations.local.endpoints import NotRunningError
from operations.local.folder import Folder

Handler = Callable[[dict[str, Any]], Awaitable[Any]]
"""Takes the request and returns what its answer says; a `ControlError` becomes the client's."""


class ControlError(RuntimeError):
    """The supervisor could not do what it was asked."""


def call(folder: Folder, command: str, *, timeout_seconds: float = 120.0, **arguments: Any) -> Any:
    """Asks the supervisor of this folder. Raises `NotRunningError`, `ControlError`, `TimeoutError`."""
    try:
        with (
            _short_path(folder.socket) as path,
            socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection,
        ):
            connection.settimeout(timeout_seconds)
            connection.connect(path)
            connection.sendall(json.dumps({"command": command, **arguments}).encode() + b"\n")
            with connection.makefile() as lines:
                answer = json.loads(lines.readline() or "{}")
    except (FileNotFoundError, ConnectionError):
        raise NotRunningError(folder.path) from None
    if "result" not in answer:
        raise ControlError(answer.get("error", "the supervisor ended"))
    return answer["result"]


async def serve(folder: Folder, handle: Handler) -> asyncio.Server:
    """Listens until the server that it returns is closed."""

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            try:
                reply = {"result": await handle(json.loads(await reader.readline()))}
            except (ControlError, ValueError) as error:
                reply = {"error": str(error)}
            writer.write(json.dumps(reply).encode() + b"\n")
            await writer.drain()
        except ConnectionError:
            pass
        finally:
            writer.close()

    folder.socket.unlink(missing_ok=True)
    with _short_path(folder.socket) as path:
        return await asyncio.start_unix_server(answer, path)


@contextmanager
def _short_path(path: Path) -> Iterator[str]:
    """The same file by a short name: the address of a Unix socket may have no more than 107 bytes."""
    folder = os.open(path.parent, os.O_PATH | os.O_DIRECTORY)
    try:
        yield f"/proc/self/fd/{folder}/{path.name}"
    finally:
        os.close(folder)
