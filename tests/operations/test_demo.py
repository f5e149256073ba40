from typing import Any

import msgspec
import pytest
from pydantic import SecretStr
from redis import Redis

from operations import demo
from operations.audit import Counts, Sources
from tests.operations.test_audit import AGREEING
from weather_tweets.settings import KafkaSettings, MongoSettings, RedisSettings

SUMMARY = {
    "users": 10, "requests": 50, "accepted": 50, "failed": 0, "requests_per_second": 1234.5,
    "latency_ms": {"p50": 1.0, "p95": 2.0, "p99": 3.0}, "ended_at": 1000.0,
}  # fmt: skip


def _grown(by: int, **changes: Any) -> Counts:
    names = ("tables", "mongo", "redis_total", "redis_countries", "live")
    grown = {name: getattr(AGREEING, name) + by for name in names}
    countries = {f"{each}_by_country": {"Guatemala": 150} for each in ("table", "redis", "history")}
    return msgspec.structs.replace(AGREEING, **{"ends": {0: 60 + by, 1: 55}, **grown, **countries, **changes})


def test_the_counts_are_of_this_run_alone() -> None:
    report = demo.report(SUMMARY, AGREEING, _grown(50), caught_up_at=1000.25)
    assert report.agree
    assert report.kafka == report.mongo == report.redis_total == report.redis_countries == report.tables == 50
    assert report.live == 50
    assert report.dead == 0
    assert report.catch_up_seconds == 0.25
    assert report.latency_ms["p99"] == 3.0


@pytest.mark.parametrize(
    ("summary", "after"),
    [
        (SUMMARY, _grown(50, mongo=149)),
        (SUMMARY, _grown(49)),
        (SUMMARY | {"accepted": 49, "failed": 1}, _grown(49)),
    ],
    ids=["a store lacks one", "all lack one", "a request failed"],
)
def test_it_disagrees_when_something_is_missing_or_failed(summary: dict[str, Any], after: Counts) -> None:
    assert not demo.report(summary, AGREEING, after, caught_up_at=1000.0).agree


def test_stores_that_agree_before_the_last_answer_is_counted_took_no_time() -> None:
    assert demo.report(SUMMARY, AGREEING, _grown(50), caught_up_at=999.9).catch_up_seconds == 0.0


def test_the_moment_when_redis_reached_a_total_is_known(redis_url: str) -> None:
    sources = Sources(KafkaSettings(), RedisSettings(url=SecretStr(redis_url)), MongoSettings(), [])
    with Redis.from_url(redis_url) as redis, demo._RedisTotal(sources) as total:
        redis.hset("totals", "messages", 10)
        reached = total.wait_for(10, patience_seconds=30)
        assert total.wait_for(5, patience_seconds=30) == reached
        # Nothing more comes: it gives up.
        assert total.wait_for(11, patience_seconds=0.05) >= reached
