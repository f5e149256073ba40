"""Runs the application in one process, or in several under Sanic's worker manager."""

import logging
from typing import Any

from sanic import Sanic
from sanic.server.socket import bind_socket
from sanic.worker.loader import AppLoader

from gateway.app import create_app
from gateway.protocol import PunctualHttpProtocol
from weather_tweets.settings import GatewaySettings

log = logging.getLogger(__name__)

# Connections that wait to be accepted: five hundred clients may come at once.
_BACKLOG = 1024


def serve(settings: GatewaySettings) -> int:
    """Runs until SIGTERM or SIGINT and drains; returns the exit status."""
    try:
        socket = bind_socket(settings.host, settings.port, backlog=_BACKLOG)
    except OSError as error:
        log.error("Cannot listen on %s:%d: %s", settings.host, settings.port, error)
        return 1
    log.info("Listening on http://%s:%d", *socket.getsockname()[:2])
    options: dict[str, Any] = {
        "sock": socket,
        "protocol": PunctualHttpProtocol,
        "backlog": _BACKLOG,
        "access_log": False,
        "motd": False,
    }
    loader = AppLoader(factory=create_app)
    app = loader.load()
    if settings.workers == 1:
        app.prepare(**options, single_process=True)
        Sanic.serve_single(primary=app)
    else:
        app.prepare(**options, workers=settings.workers)
        Sanic.serve(primary=app, app_loader=loader)
    log.info("Stopped")
    return 0
