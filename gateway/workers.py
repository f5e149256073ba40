"""Several worker processes that share one port: each is a gateway of its own on the socket that it inherits.

Sanic's worker manager does this too, but takes seconds to stop, and when it is killed its workers live on and
keep the port.
"""

import asyncio
import logging
import os
import signal
import socket
import sys
from contextlib import suppress

from prometheus_client.multiprocess import mark_process_dead

log = logging.getLogger(__name__)

SOCKET_VARIABLE = "WEATHER_GATEWAY_SOCKET"
"""Tells a worker process which file descriptor is the listening socket."""

PARENT_VARIABLE = "WEATHER_GATEWAY_PARENT"
"""Tells it who started it: asking the system may be too late."""

BACKLOG = 1024
"""Connections that wait to be accepted: five hundred clients may come at once."""

_RESTART_SECONDS = 1.0


def listen(host: str, port: int) -> socket.socket:
    """A listening socket. Raises `OSError` when the port is taken."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    return socket.create_server((host, port), family=family, backlog=BACKLOG)


def inherited() -> socket.socket | None:
    """The socket of a worker process; None in the process that was started by somebody else."""
    descriptor = os.environ.get(SOCKET_VARIABLE)
    return socket.socket(fileno=int(descriptor)) if descriptor else None


async def supervise(listening: socket.socket, workers: int) -> None:
    """Runs that many worker processes until SIGTERM or SIGINT; one that ends by itself is started again."""
    stopping = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stopping.set)
    async with asyncio.TaskGroup() as group:
        for _ in range(workers):
            group.create_task(_keep_running(listening.fileno(), stopping))
    log.info("Stopped")


async def _keep_running(descriptor: int, stopping: asyncio.Event) -> None:
    environment = {**os.environ, SOCKET_VARIABLE: str(descriptor), PARENT_VARIABLE: str(os.getpid())}
    stop = asyncio.create_task(stopping.wait())
    while not stopping.is_set():
        worker = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "gateway", env=environment, pass_fds=[descriptor]
        )
        ended = asyncio.create_task(worker.wait())
        await asyncio.wait((ended, stop), return_when=asyncio.FIRST_COMPLETED)
        if stopping.is_set():
            with suppress(ProcessLookupError):
                worker.terminate()
            await ended
            return
        # What it had in flight, nobody has any more.
        mark_process_dead(worker.pid)  # type: ignore[no-untyped-call]
        log.error("Worker process %d ended with status %d", worker.pid, ended.result())
        with suppress(TimeoutError):
            await asyncio.wait_for(stopping.wait(), _RESTART_SECONDS)
