"""What open implementations of the same assignment do wrong at the first fault."""

import json
from urllib.request import urlopen

from operations.local import control
from tests.faults.conditions import agreed, until
from tests.faults.posting import post, post_many
from tests.running_stack import RunningStack


def test_with_two_workers_every_tweet_is_stored_and_counted_once(healthy: RunningStack) -> None:
    before = agreed(healthy)
    control.call(healthy.folder, "scale", workers=2)
    workers = healthy.endpoints.stats
    assert len(workers) == 2
    until(lambda: all(_has_partitions(worker) for worker in workers))
    answers = post_many(healthy.endpoints.gateway, 300)
    assert {answer.status for answer in answers} == {202}
    agreed(healthy)
    # Who goes finishes what it has in hand: what was too much would be there now.
    control.call(healthy.folder, "scale", workers=1)
    after = agreed(healthy)
    for store in ("mongo", "redis_total", "redis_countries", "tables"):
        assert getattr(after, store) - getattr(before, store) == 300


def test_what_is_accepted_while_no_worker_runs_is_processed_later(healthy: RunningStack) -> None:
    before = agreed(healthy)
    control.call(healthy.folder, "scale", workers=0)
    answers = post_many(healthy.endpoints.gateway, 300)
    assert {answer.status for answer in answers} == {202}
    control.call(healthy.folder, "scale", workers=1)
    assert agreed(healthy).mongo - before.mongo == 300


def test_without_kafka_a_tweet_is_refused_and_no_service_ends(healthy: RunningStack) -> None:
    before = healthy.parts()
    control.call(healthy.folder, "stop", name="kafka")
    try:
        for _ in range(3):
            answer = post(healthy.endpoints.gateway, "Sin Kafka")
            assert answer.status == 503
            assert int(answer.headers["retry-after"]) > 0
    finally:
        control.call(healthy.folder, "start", name="kafka")
    until(lambda: post(healthy.endpoints.gateway, "Con Kafka").status == 202)
    after = healthy.parts()
    for name in ("gateway", "producer", "writer"):
        assert after[name].pid == before[name].pid
    agreed(healthy)


def _has_partitions(stats_url: str) -> bool:
    """Whether the worker takes part: until then a test with two workers is one with one."""
    with urlopen(f"{stats_url.removesuffix('/stats')}/partitions", timeout=30) as reply:  # noqa: S310 (ours)
        own = json.load(reply)
    return bool(own["settled"] and own["partitions"])
