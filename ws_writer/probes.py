"""The plain HTTP answers: `/healthz`, `/metrics` and refusals."""

from http import HTTPStatus

import msgspec
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest
from websockets.asyncio.server import ServerConnection
from websockets.http11 import Response


def health(connection: ServerConnection, *, redis: bool, reason: str, viewers: int) -> Response:
    """The process is alive and serves; it does so too while Redis is waited for, and then says why it is."""
    answer = {"status": "ok", "redis": "up" if redis else "away", "viewers": viewers}
    body = msgspec.json.encode(answer if redis else answer | {"reason": reason})
    return _answer(connection, HTTPStatus.OK, body.decode(), "application/json")


def metrics(connection: ServerConnection, registry: CollectorRegistry) -> Response:
    """All metrics, as Prometheus reads them."""
    return _answer(connection, HTTPStatus.OK, generate_latest(registry).decode(), CONTENT_TYPE_LATEST)


def refusal(connection: ServerConnection, status: HTTPStatus, reason: str, **headers: str) -> Response:
    """A refused handshake; header names are given with `_` for `-`."""
    response = _answer(connection, status, reason + "\n", "text/plain; charset=utf-8")
    for name, value in headers.items():
        response.headers[name.replace("_", "-")] = value
    return response


def _answer(connection: ServerConnection, status: HTTPStatus, body: str, content_type: str) -> Response:
    response = connection.respond(status, body)
    del response.headers["Content-Type"]
    response.headers["Content-Type"] = content_type
    response.headers["Cache-Control"] = "no-store"
    return response
