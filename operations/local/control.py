"""How a stack's supervisor and its proxy are told things: one JSON line asked, one answered.

Over a Unix socket of its owner's.
"""

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
    return ask(folder.socket, command, timeout_seconds=timeout_seconds, **arguments)


def ask(socket_path: Path, command: str, *, timeout_seconds: float, **arguments: Any) -> Any:
    """Asks who listens there, a process of the folder's stack. Raises as `call` does."""
    try:
        with (
            _short_path(socket_path) as path,
            socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection,
        ):
            connection.settimeout(timeout_seconds)
            connection.connect(path)
            connection.sendall(json.dumps({"command": command, **arguments}).encode() + b"\n")
            with connection.makefile() as lines:
                answer = json.loads(lines.readline() or "{}")
    except (FileNotFoundError, ConnectionError):
        raise NotRunningError(socket_path.parent) from None
    if "result" not in answer:
        raise ControlError(answer.get("error", "the supervisor ended"))
    return answer["result"]


async def serve(folder: Folder, handle: Handler) -> asyncio.Server:
    """Listens as the folder's supervisor until the server that it returns is closed."""
    return await serve_at(folder.socket, handle)


async def serve_at(socket_path: Path, handle: Handler) -> asyncio.Server:
    """Listens there until the server that it returns is closed."""

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

    socket_path.unlink(missing_ok=True)  # noqa: ASYNC240 (over at once)
    with _short_path(socket_path) as path:
        return await asyncio.start_unix_server(answer, path)


@contextmanager
def _short_path(path: Path) -> Iterator[str]:
    """The same file by a short name: the address of a Unix socket may have no more than 107 bytes."""
    folder = os.open(path.parent, os.O_PATH | os.O_DIRECTORY)
    try:
        yield f"/proc/self/fd/{folder}/{path.name}"
    finally:
        os.close(folder)
