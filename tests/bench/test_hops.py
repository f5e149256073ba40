"""Batches of each hop, from what the services count."""

from prometheus_client import CollectorRegistry, generate_latest

from bench.hop import Hop
from bench.hops import Count, between, count
from weather_tweets.metrics import GatewayMetrics


def test_batches_are_read_from_the_metrics_page() -> None:
    registry = CollectorRegistry()
    metrics = GatewayMetrics(registry)
    for tweets in (3, 5):
        metrics.batch_tweets.observe(tweets)
    page = generate_latest(registry).decode()
    assert count("weather_gateway_batch_tweets", page) == Count(2, 8)
    assert count("weather_gateway_nothing", page) == Count(0, 0)


def test_what_happened_in_between_is_told_per_second_and_per_batch() -> None:
    before = {"gateway": Count(10, 100), "streams": Count(7, 70)}
    after = {"gateway": Count(30, 300), "streams": Count(7, 70)}
    assert between(before, after, 4.0) == {"gateway": Hop(5.0, 10.0)}
