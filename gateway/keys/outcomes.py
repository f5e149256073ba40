"""`GET /outcomes`: what became of the tweets of the key that asks."""

import os
from collections.abc import Iterable

import msgspec
from prometheus_client.metrics_core import Metric
from sanic import Blueprint, HTTPResponse, Request

from gateway import processes
from gateway.keys.authorization import sender_of
from gateway.problems import Problem
from weather_tweets.metrics import KEY_OUTCOMES, GatewayMetrics

blueprint = Blueprint("outcomes")


async def outcomes(request: Request) -> HTTPResponse:
    """Counted since the gateway started, over all its worker processes."""
    context = request.app.ctx
    if context.key_ring is None:
        raise Problem(404, "This gateway asks for no keys, and keeps no outcomes by them.")
    sender = sender_of(request)
    counts = dict.fromkeys(KEY_OUTCOMES, 0)
    for family in _families(context.metrics):
        for sample in family.samples:
            if sample.name.endswith("_total") and sample.labels["key"] == sender.name:
                counts[sample.labels["outcome"]] += int(sample.value)
    context.observe(request, 200)
    document = {"key": sender.name, "rate": sender.bucket.rate, "burst": sender.bucket.burst, **counts}
    headers = {
        "Cache-Control": "no-store",
        "Vary": "Authorization",
        "X-Content-Type-Options": "nosniff",
    }
    return HTTPResponse(msgspec.json.encode(document), headers=headers, content_type="application/json")


def _families(metrics: GatewayMetrics) -> Iterable[Metric]:
    folder = os.environ.get(processes.FOLDER_VARIABLE)
    (own,) = metrics.key_tweets.collect()
    if not folder:
        return [own]
    return [family for family in processes.FilledFiles(folder).collect() if family.name == own.name]


blueprint.add_route(outcomes, "/outcomes", methods=["GET", "HEAD"])
