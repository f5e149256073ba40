"""What open implementations of the same assignment do wrong at the first fault."""

from tests.faults.conditions import agreed, until
from tests.faults.posting import post, post_many
from tests.running_stack import RunningStack
from weather_tweets.local import control


def test_with_two_workers_every_tweet_is_stored_and_counted_once(healthy: RunningStack) -> None:
    before = agreed(healthy)
    control.call(healthy.folder, "scale", workers=2)
    answers = post_many(healthy.endpoints.gateway, 300)
    assert {answer.status for answer in answers} == {202}
    after = agreed(healthy)
    for store in ("mongo", "redis_total", "redis_countries", "tables"):
        assert getattr(after, store) - getattr(before, store) == 300
    control.call(healthy.folder, "scale", workers=1)


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
