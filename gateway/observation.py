"""`/healthz`, `/readyz` and `/metrics`, and the counting of requests."""

import os
from collections.abc import Callable

import msgspec
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest
from sanic import Blueprint, HTTPResponse, Request

from gateway import processes
from gateway.problems import unavailable
from weather_tweets.metrics import GatewayMetrics

blueprint = Blueprint("observation")

_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})


class RequestCounts:
    """Counts requests by method, route and status. The labels are bounded, whatever clients send."""

    def __init__(self, metrics: GatewayMetrics) -> None:
        self._metrics = metrics

    def __call__(self, request: Request, status: int) -> None:
        route = f"/{request.route.path}" if request.route else "none"
        method = request.method if request.method in _METHODS else "other"
        self._metrics.requests.labels(method, route, str(status)).inc()


def input_counter(metrics: GatewayMetrics) -> Callable[[int], None]:
    """Counts a request to `/input` that was answered with another status than 202."""

    def answered(status: int) -> None:
        metrics.requests.labels("POST", "/input", str(status)).inc()

    return answered


def accepted_counter(metrics: GatewayMetrics) -> Callable[[float], None]:
    """Counts a request that was answered 202, given the seconds that it took."""
    count = metrics.requests.labels("POST", "/input", "202").inc
    observe = metrics.request_seconds.labels("/input").observe

    def accepted(seconds: float) -> None:
        count()
        observe(seconds)

    return accepted


async def healthz(request: Request) -> HTTPResponse:
    """The process is alive; `keys` says why the file of keys cannot be used, if so."""
    key_file = request.app.ctx.key_file
    if key_file and key_file.trouble:
        return _json(request, msgspec.json.encode({"status": "alive", "keys": key_file.trouble}))
    return _json(request, b'{"status":"alive"}')


async def readyz(request: Request) -> HTTPResponse:
    """The stream to the producer is up."""
    if not request.app.ctx.publisher.connected:
        raise unavailable("The stream to the producer is not up.")
    return _json(request, b'{"status":"ready"}')


async def metrics(request: Request) -> HTTPResponse:
    """All worker processes together."""
    request.app.ctx.observe(request, 200)
    return HTTPResponse(
        generate_latest(_registry(request.app.ctx.registry)), content_type=CONTENT_TYPE_LATEST
    )


def _registry(own: CollectorRegistry) -> CollectorRegistry:
    folder = os.environ.get(processes.FOLDER_VARIABLE)
    return processes.together(folder, parent=os.getppid()) if folder else own


def _json(request: Request, body: bytes) -> HTTPResponse:
    request.app.ctx.observe(request, 200)
    return HTTPResponse(
        body,
        headers={"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"},
        content_type="application/json",
    )


for page in (healthz, readyz, metrics):
    blueprint.add_route(page, f"/{page.__name__}", methods=["GET", "HEAD"])
