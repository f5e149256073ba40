"""Runs the application in this process."""

import asyncio
import logging
import os
import signal
import socket
from typing import Any

from sanic import Sanic

from gateway.app import create_app
from gateway.direct import DirectHttpProtocol
from gateway.workers import BACKLOG, PARENT_VARIABLE
from weather_tweets import open_files

log = logging.getLogger(__name__)

_FOLLOW_SECONDS = 0.5


def serve(listening: socket.socket, *, is_worker: bool) -> None:
    """Runs until SIGTERM or SIGINT, and drains. A worker process also ends when its parent is gone."""
    # Every client is one, and for a moment two: it may be back before its last connection is closed.
    open_files.allow_many()
    app = create_app()
    if is_worker:
        app.after_server_start(_follow_parent)
    app.prepare(
        sock=listening,
        protocol=DirectHttpProtocol,
        backlog=BACKLOG,
        access_log=False,
        motd=False,
        single_process=True,
    )
    Sanic.serve_single(primary=app)
    log.info("Stopped")


async def _follow_parent(app: Sanic[Any, Any]) -> None:
    app.add_task(_end_with(int(os.environ[PARENT_VARIABLE])), name="follow-parent")


async def _end_with(parent: int) -> None:
    while os.getppid() == parent:  # noqa: ASYNC110 (there is no event to wait for)
        await asyncio.sleep(_FOLLOW_SECONDS)
    log.warning("The process that started this one is gone")
    os.kill(os.getpid(), signal.SIGTERM)
