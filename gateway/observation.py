"""`/healthz`, `/readyz` and `/metrics`, and the counting of requests."""

import os
from collections.abc import Callable
from pathlib import Path

from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest
from prometheus_client.multiprocess import MultiProcessCollector, mark_process_dead
from sanic import Blueprint, HTTPResponse, Request

from gateway.problems import unavailable
from weather_tweets.metrics import GatewayMetrics

blueprint = Blueprint("observation")

MULTIPROCESS_VARIABLE = "PROMETHEUS_MULTIPROC_DIR"

_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})


class RequestCounts:
    """Counts requests by method, route and status. The labels are bounded, whatever clients send."""

    def __init__(self, metrics: GatewayMetrics) -> None:
        self._metrics = metrics

    def __call__(self, request: Request, status: int) -> None:
        route = f"/{request.route.path}" if request.route else "none"
        method = request.method if request.method in _METHODS else "other"
        self._metrics.requests.labels(method, route, str(status)).inc()


def accepted_counter(metrics: GatewayMetrics) -> Callable[[float], None]:
    """Counts a request that was answered 202, given the seconds that it took."""
    count = metrics.requests.labels("POST", "/input", "202").inc
    observe = metrics.request_seconds.labels("/input").observe

    def accepted(seconds: float) -> None:
        count()
        observe(seconds)

    return accepted


@blueprint.get("/healthz")
async def healthz(request: Request) -> HTTPResponse:
    """The process is alive."""
    return _json(request, b'{"status":"alive"}')


@blueprint.get("/readyz")
async def readyz(request: Request) -> HTTPResponse:
    """The stream to the producer is up."""
    if not request.app.ctx.publisher.connected:
        raise unavailable("The stream to the producer is not up.")
    return _json(request, b'{"status":"ready"}')


@blueprint.get("/metrics")
async def metrics(request: Request) -> HTTPResponse:
    """All worker processes together."""
    request.app.ctx.observe(request, 200)
    return HTTPResponse(
        generate_latest(_registry(request.app.ctx.registry)), content_type=CONTENT_TYPE_LATEST
    )


def _registry(own: CollectorRegistry) -> CollectorRegistry:
    folder = os.environ.get(MULTIPROCESS_VARIABLE)
    if not folder:
        return own
    for file in Path(folder).glob("gauge_live*_*.db"):
        pid = int(file.stem.rpartition("_")[2])
        if not Path(f"/proc/{pid}").exists():
            # A worker that was killed had no time to say so.
            mark_process_dead(pid, folder)  # type: ignore[no-untyped-call]
    registry = CollectorRegistry()
    MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
    return registry


def _json(request: Request, body: bytes) -> HTTPResponse:
    request.app.ctx.observe(request, 200)
    return HTTPResponse(
        body,
        headers={"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"},
        content_type="application/json",
    )
