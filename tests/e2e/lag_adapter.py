"""A stand-in for a metrics adapter: serves the consumers' lag as an external metric, asked of the workers.

Runs in a pod of its own, from the image of the tools; the API server asks it for
`/apis/external.metrics.k8s.io/v1beta1/namespaces/<namespace>/<metric>`.
"""

import os
import ssl
from datetime import UTC, datetime
from typing import Any

import aiohttp
from aiohttp import web

GROUP = "external.metrics.k8s.io/v1beta1"
METRIC = "weather_streams_lag_records"
STATS = os.environ.get("WEATHER_AUDIT_STATS_URL", "")
PORT = 6443
KNOWN = web.AppKey("KNOWN", dict[str, int])


async def resources(_: web.Request) -> web.Response:
    resource = {"name": METRIC, "namespaced": True, "kind": "ExternalMetricValueList", "verbs": ["get"]}
    return web.json_response(
        {"kind": "APIResourceList", "apiVersion": "v1", "groupVersion": GROUP, "resources": [resource]}
    )


async def lag(request: web.Request) -> web.Response:
    timeout = aiohttp.ClientTimeout(total=5)
    async with aiohttp.ClientSession(timeout=timeout) as session, session.get(STATS) as answer:
        stats: dict[str, Any] = await answer.json()
    known: dict[str, int] = request.app[KNOWN]
    # While partitions move, those without a worker are as far behind as they were.
    known |= {
        name: part["lag"] for name, part in stats.get("partitions", {}).items() if part["lag"] is not None
    }
    records = sum(known.values())
    now = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    item = {"metricName": METRIC, "metricLabels": {}, "timestamp": now, "value": str(records)}
    return web.json_response(
        {"kind": "ExternalMetricValueList", "apiVersion": GROUP, "metadata": {}, "items": [item]}
    )


def main() -> None:
    app = web.Application()
    app[KNOWN] = {}
    app.router.add_get(f"/apis/{GROUP}", resources)
    app.router.add_get(f"/apis/{GROUP}/namespaces/{{namespace}}/{METRIC}", lag)
    tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    tls.load_cert_chain("/tls/tls.crt", "/tls/tls.key")
    web.run_app(app, host="0.0.0.0", port=PORT, ssl_context=tls, print=None)


if __name__ == "__main__":
    main()
