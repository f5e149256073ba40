"""How many batches each hop made of the tweets: what a tweet costs depends on nothing so much."""

import re
from collections.abc import Mapping
from typing import NamedTuple

from bench.hop import Hop
from bench.parts import Parts
from weather_tweets import nearby

_ANSWER_SECONDS = 30.0
_COUNTERS = {
    "gateway": "weather_gateway_batch_tweets",
    "producer": "weather_producer_batch_tweets",
    "streams": "weather_streams_batch_records",
}


class Count(NamedTuple):
    """Since the service started."""

    batches: float
    tweets: float


def counts(parts: Parts) -> dict[str, Count]:
    """What each hop has counted up to now; all workers of the streams are one."""
    ports = {
        "gateway": [parts.service("gateway").port],
        "producer": [parts.service("producer").port],
        "streams": [worker.port for worker in parts.workers],
    }
    return {
        name: _sum([count(_COUNTERS[name], _metrics(port)) for port in ports[name]]) for name in _COUNTERS
    }


def count(metric: str, page: str) -> Count:
    """Of a histogram on a page of `/metrics`."""

    def value(suffix: str) -> float:
        found = re.search(rf"^{metric}_{suffix}(?:\{{[^}}]*\}})? (\S+)$", page, re.MULTILINE)
        return float(found[1]) if found else 0.0

    return Count(value("count"), value("sum"))


def between(before: Mapping[str, Count], after: Mapping[str, Count], seconds: float) -> dict[str, Hop]:
    """What the hops did in that time; who had no batch is left out."""
    return {
        name: Hop(batches / seconds, (after[name].tweets - before[name].tweets) / batches)
        for name in after
        if (batches := after[name].batches - before[name].batches)
    }


def _sum(of: list[Count]) -> Count:
    return Count(sum(each.batches for each in of), sum(each.tweets for each in of))


def _metrics(port: int) -> str:
    return nearby.get(f"http://127.0.0.1:{port}/metrics", timeout_seconds=_ANSWER_SECONDS).decode()
