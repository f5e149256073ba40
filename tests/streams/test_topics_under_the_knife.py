"""Whole workers, while people do to topics what people do: nothing is lost unsaid, nothing counted twice."""

import asyncio
import json
from typing import Any

import pytest

from tests.streams import topic_surgery as surgery
from tests.streams.cluster import Cluster, Worker, until
from tests.streams.records import tweet
from tests.streams.topic_surgery import Transactions
from weather_tweets import redis_keys


def _accounted(stats: dict[str, Any]) -> int:
    return sum(int(stats[count]) for count in ("messages", "dead", "repeats", "empty", "lost"))


def _ends(stats: dict[str, Any]) -> int:
    return sum(p["offset"] + 1 for p in stats["partitions"].values())


def _counted(worker: Worker, cluster: Cluster, messages: int) -> dict[str, Any]:
    """The stats once all is counted, so many messages being all; they are what the stores have."""
    until(lambda: worker.stats().get("messages") == messages and worker.lag() == 0, "all is counted", worker)
    stats = worker.stats()
    assert _accounted(stats) == stats["earlier"] + _ends(stats)
    assert cluster.tweets.count_documents({}) == messages
    until(lambda: cluster.redis.hget(redis_keys.TOTALS, "messages") == str(messages), "Redis has it", worker)
    return stats


def test_control_records_and_aborted_transactions_are_empty_offsets(cluster: Cluster) -> None:
    worker = cluster.start()
    worker.wait_ready()

    async def write() -> None:
        async with Transactions(cluster) as transactions:
            await transactions.begin([tweet() for _ in range(105)])
            await transactions.commit()
            await transactions.begin([tweet() for _ in range(20)])
            await transactions.abort()
            for number in range(30):
                await transactions.begin([tweet()], partition=number % 2)
                await transactions.commit()

    asyncio.run(write())
    stats = _counted(worker, cluster, 135)
    # The aborted ones, and a marker in every partition that a transaction wrote to.
    assert stats["empty"] == 20 + 3 + 3 + 30
    assert "going back" not in worker.log_file.read_text()
    assert worker.terminate() == 0


def test_an_open_transaction_is_said_to_be_waited_for_and_counted_when_it_ends(cluster: Cluster) -> None:
    worker = cluster.start()
    worker.wait_ready()

    async def write() -> None:
        async with Transactions(cluster) as transactions:
            await transactions.begin([tweet() for _ in range(5)], partition=1)
            await asyncio.to_thread(cluster.produce, [tweet() for _ in range(6)])

            def is_said() -> bool:
                health = json.loads(worker.get("/healthz")[1] or "{}")
                return health.get("status") == "waiting" and "transaction open in 1" in health["reason"]

            await asyncio.to_thread(until, is_said, "the open transaction is said", worker)
            assert 'weather_streams_waiting{what="transaction"} 1.0' in worker.get("/metrics")[1]
            status, body = worker.get("/stats")
            assert (status, json.loads(body)["complete"], json.loads(body)["messages"]) == (503, False, 4)
            await transactions.commit()

    asyncio.run(write())
    assert _counted(worker, cluster, 11)["empty"] == 1
    assert json.loads(worker.get("/healthz")[1]) == {"status": "ok"}


def test_added_partitions_are_read_by_running_workers(cluster: Cluster) -> None:
    first, second = cluster.start(), cluster.start()
    until(lambda: second.stats().get("workers") == 2, "there are two workers", second)
    cluster.produce(tweet() for _ in range(30))
    surgery.grow(cluster, 6)
    for partition in range(6):
        cluster.produce([tweet() for _ in range(15)], partition)
    stats = _counted(second, cluster, 120)
    assert sorted(stats["partitions"]) == ["0", "1", "2", "3", "4", "5"]
    # The other one may just be beginning anew: that is no reason not to end in order.
    assert (first.terminate(), second.terminate()) == (0, 0)


@pytest.mark.parametrize(
    "again",
    [
        pytest.param(9, id="shorter"),
        pytest.param(93, id="longer than some", marks=pytest.mark.long),
        pytest.param(300, id="longer"),
    ],
)
def test_a_topic_made_anew_is_counted_by_running_workers(cluster: Cluster, again: int) -> None:
    worker = cluster.start()
    worker.wait_ready()
    cluster.produce(tweet() for _ in range(93))
    _counted(worker, cluster, 93)
    surgery.delete(cluster)
    surgery.create(cluster)
    cluster.produce(tweet() for _ in range(again))
    stats = _counted(worker, cluster, 93 + again)
    assert stats["lost"] == 0
    # What was read of a new log that had grown past the old one, before it was known to be new, was counted.
    assert stats["repeats"] == stats["earlier"] - 93
    assert {p["epoch"] for p in stats["partitions"].values()} == {1}


def test_a_topic_made_anew_later_and_larger_is_counted_and_one_that_is_gone_is_said(cluster: Cluster) -> None:
    first, second = cluster.start(), cluster.start()
    until(lambda: second.stats().get("workers") == 2, "there are two workers", second)
    cluster.produce(tweet() for _ in range(60))
    _counted(second, cluster, 60)
    surgery.delete(cluster)

    def is_said() -> bool:
        return "has no topic" in first.get("/healthz")[1] and "has no topic" in second.get("/healthz")[1]

    until(is_said, "the missing topic is said", second)
    assert first.stats() == {}
    surgery.create(cluster, partitions=5)
    for partition in range(5):
        cluster.produce([tweet() for _ in range(30)], partition)
    stats = _counted(second, cluster, 210)
    assert (stats["earlier"] - 60, stats["lost"]) == (stats["repeats"], 0)
    assert len(stats["partitions"]) == 5


def test_a_topic_made_anew_with_fewer_partitions_gets_as_many_as_were_counted(cluster: Cluster) -> None:
    worker = cluster.start()
    worker.wait_ready()
    cluster.produce(tweet() for _ in range(60))
    _counted(worker, cluster, 60)
    assert worker.terminate() == 0
    surgery.delete(cluster)
    surgery.create(cluster, partitions=1)
    cluster.produce([tweet() for _ in range(25)], 0)
    worker = cluster.start()
    until(lambda: worker.stats().get("earlier") == 60, "all tallies are of the new topic", worker)
    stats = _counted(worker, cluster, 85)
    assert (stats["lost"], len(stats["partitions"])) == (0, 3)


def test_a_topic_made_anew_while_no_worker_runs_is_counted(cluster: Cluster) -> None:
    worker = cluster.start()
    worker.wait_ready()
    cluster.produce(tweet() for _ in range(93))
    _counted(worker, cluster, 93)
    assert worker.terminate() == 0
    surgery.delete(cluster)
    surgery.create(cluster)
    # As long as the old one in one partition, longer in another, shorter in the third.
    for partition, count in enumerate((31, 52, 10)):
        cluster.produce([tweet() for _ in range(count)], partition)
    stats = _counted(cluster.start(), cluster, 186)
    assert (stats["earlier"], stats["repeats"]) == (93, 0)


def test_the_same_records_in_a_topic_made_anew_are_repeats(cluster: Cluster) -> None:
    """As when a topic is restored from a copy: the same ids at the same offsets."""
    tweets = [tweet() for _ in range(30)]
    worker = cluster.start()
    worker.wait_ready()
    cluster.produce(tweets)
    _counted(worker, cluster, 30)
    assert worker.terminate() == 0
    surgery.delete(cluster)
    surgery.create(cluster)
    cluster.produce(tweets)
    worker = cluster.start()
    until(lambda: worker.stats().get("repeats") == 30, "they are repeats", worker)
    assert _counted(worker, cluster, 30)["earlier"] == 30


@pytest.mark.parametrize(
    "left",
    [pytest.param(0, id="nothing left", marks=pytest.mark.long), pytest.param(4, id="some left")],
)
def test_what_retention_takes_before_it_is_counted_is_lost_and_said(cluster: Cluster, left: int) -> None:
    worker = cluster.start()
    worker.wait_ready()
    cluster.produce([tweet() for _ in range(10)], 1)
    _counted(worker, cluster, 10)
    assert worker.terminate() == 0
    cluster.produce([tweet() for _ in range(20)], 1)
    surgery.cut(cluster, cluster.settings.topic, {1: 30 - left})
    worker = cluster.start()
    until(lambda: worker.stats().get("lost") == 20 - left, "what is lost is counted as such", worker)
    _counted(worker, cluster, 10 + left)
    cluster.produce([tweet() for _ in range(3)], 1)
    _counted(worker, cluster, 13 + left)
    lost = f'weather_streams_lost_records{{partition="1"}} {20 - left}.0'
    assert lost in worker.get("/metrics")[1]


@pytest.mark.parametrize("how", ["deleted", pytest.param("truncated", marks=pytest.mark.long)])
def test_a_changelog_that_is_lost_is_written_again_by_running_workers(cluster: Cluster, how: str) -> None:
    changelog = f"{cluster.settings.topic}-tally-changelog"
    worker = cluster.start()
    worker.wait_ready()
    cluster.produce([tweet() for _ in range(30)])
    _counted(worker, cluster, 30)
    # What the tallies know is no longer in the topic: it cannot be counted anew.
    surgery.cut(cluster, cluster.settings.topic, dict.fromkeys(range(3), -1))
    if how == "deleted":
        surgery.delete(cluster, changelog)
    else:
        surgery.stop_compacting(cluster, changelog)
        surgery.cut(cluster, changelog, dict.fromkeys(range(3), -1))
    until(lambda: worker.log_file.read_text().count("writing it again") == 3, "it is written again", worker)
    cluster.produce([tweet() for _ in range(3)])
    _counted(worker, cluster, 33)
    worker.kill()
    assert _counted(cluster.start(), cluster, 33)["lost"] == 0


def test_a_topic_of_dead_letters_that_is_deleted_is_made_again(cluster: Cluster) -> None:
    worker = cluster.start()
    worker.wait_ready()
    cluster.produce([b"garbage", tweet()])
    cluster.dead_letters(1)
    surgery.delete(cluster, cluster.settings.dead_topic)
    cluster.produce([b"rubbish", tweet()])
    stats = _counted(worker, cluster, 2)
    assert stats["dead"] == 2
    assert [letter.value for letter in cluster.dead_letters(1)] == [b"rubbish"]
