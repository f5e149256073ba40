"""The pages of a worker's web server."""

from collections.abc import Callable, Mapping
from typing import Any

import faust
import msgspec
from faust.web import Request, Response, View
from prometheus_client import CONTENT_TYPE_LATEST, REGISTRY, CollectorRegistry, generate_latest

from streams.stats import ClusterStats
from streams.watch import Watch
from weather_tweets import countries, places
from weather_tweets.metrics import StreamsMetrics


def add_pages(
    app: faust.App,
    *,
    stats: ClusterStats,
    watch: Watch,
    trouble: Callable[[], str],
    waiting_for: Callable[[], Mapping[str, str]],
    metrics: StreamsMetrics,
    registry: CollectorRegistry = REGISTRY,
) -> None:
    """Adds the pages of docs/contracts.md, and `/partitions`, which the workers ask of each other.

    `trouble` says why the worker is stuck, empty if it is not; `waiting_for` has a sentence for each thing
    that is waited for, by what it is.
    """

    async def cluster(view: View, _: Request) -> Response:
        answer = await stats.cluster()
        return view.json(answer, status=200 if answer["complete"] else 503)

    async def of_country(view: View, _: Request, country: str) -> Response:
        found = places.resolve(country)
        if found is countries.UNKNOWN and country not in (found.code, found.name):
            return view.json({"error": f"no country of that name: {country}"}, status=404)
        answer = await stats.cluster()
        body = {
            "country": found.name,
            "code": found.code,
            "messages": answer["countries"].get(found.name, 0),
            "last_minute": answer["last_minute"]["countries"].get(found.name, 0),
        }
        return view.json(body, status=200 if answer["complete"] else 503)

    async def partitions(view: View, _: Request) -> Response:
        return view.bytes(msgspec.json.encode(await stats.own()), content_type="application/json")

    async def healthz(view: View, _: Request) -> Response:
        if stuck := trouble():
            return view.json({"status": "stuck", "reason": stuck}, status=503)
        if reasons := waiting_for():
            return view.json({"status": "waiting", "reason": "; ".join(reasons.values())})
        return view.json({"status": "ok"})

    async def show_metrics(view: View, _: Request) -> Response:
        metrics.lag.clear()
        for partition, lag in watch.lags().items():
            metrics.lag.labels(partition).set(lag)
        metrics.lost_records.clear()
        for partition, lost in watch.lost().items():
            metrics.lost_records.labels(partition).set(lost)
        metrics.waiting.clear()
        for what in waiting_for():
            metrics.waiting.labels(what).set(1)
        # The content type has parameters, which aiohttp takes as a header only.
        return view.bytes(generate_latest(registry), headers={"Content-Type": CONTENT_TYPE_LATEST})

    pages: dict[str, Any] = {
        "/stats": cluster,
        "/stats/{country}": of_country,
        "/partitions": partitions,
        "/healthz": healthz,
        "/metrics": show_metrics,
    }
    for path, page in pages.items():
        app.page(path)(page)
