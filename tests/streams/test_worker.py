"""Whole workers on real Kafka, Redis and MongoDB."""

import json
import random
import re
import signal
import threading
import uuid
from collections import Counter
from datetime import UTC

import psutil

from operations.local.kafka import Kafka
from operations.local.mongo import Mongo
from tests.raw_http import check_head
from tests.streams.cluster import Cluster, Value, Worker, until
from tests.streams.delaying_proxy import delaying
from tests.streams.records import tweet
from weather_tweets import countries, redis_keys
from weather_tweets.kinds import recogniser
from weather_tweets.tweet import Tweet

_COUNTRIES = [country for country in countries.by_code().values() if country is not countries.UNKNOWN]


def _counters(cluster: Cluster) -> tuple[dict[str, int], dict[str, int]]:
    totals = cluster.redis.hgetall(redis_keys.TOTALS)
    by_name = cluster.redis.hgetall(redis_keys.COUNTRIES)
    return {str(k): int(v) for k, v in totals.items()}, {str(k): int(v) for k, v in by_name.items()}


def test_every_kind_of_record_ends_up_where_it_belongs(cluster: Cluster) -> None:
    worker = cluster.start()
    worker.wait_ready()
    own = [tweet("México", "MX"), tweet(), tweet()]
    cluster.produce([*own, own[0], b'{"texto": "Calor", "pais": "mexico"}', b"garbage", None])
    stats = cluster.wait_settled(worker)

    assert (stats["messages"], stats["dead"], stats["repeats"]) == (4, 2, 1)
    assert stats["countries"] == {"México": 2, "Guatemala": 2}
    assert (stats["workers"], stats["complete"]) == (1, True)
    assert sum(p["offset"] + 1 for p in stats["partitions"].values()) == 7
    # By Kafka's time: what the records say of theirs does not matter.
    assert stats["last_minute"] == {"messages": 4, "countries": {"México": 2, "Guatemala": 2}}
    for name in ("M%C3%A9xico", "mx", "MEX"):
        of_country = json.loads(worker.get(f"/stats/{name}")[1])
        assert of_country == {"country": "México", "code": "MX", "messages": 2, "last_minute": 2}
    assert worker.get("/stats/Atlantis")[0] == 404
    assert worker.get("/healthz")[0] == 200
    check_head(worker.port, "/stats", "/stats/MX", "/stats/Atlantis", "/healthz", "/metrics", "/partitions")
    metrics = worker.get("/metrics")[1]
    assert 'weather_streams_lag_records{partition="2"} 0.0' in metrics
    told = re.findall(r'^weather_streams_tweets_total{code="GT",.*} (.*)$', metrics, re.MULTILINE)
    assert sum(map(float, told)) == 2

    documents = {document["_id"]: document for document in cluster.tweets.find()}
    assert len(documents) == 4
    stored = documents[own[0].id]
    assert (stored["text"], stored["country"], stored["code"]) == ("Llueve", "México", "MX")
    assert (stored["partition"], stored["offset"]) == (0, 0)
    assert stored["accepted_at"].replace(tzinfo=UTC).timestamp() == 1_700_000_000
    assert stored["stored_at"] > stored["accepted_at"]
    assert stored["kinds"] == ["rain"]
    assert {document["lexicon"] for document in documents.values()} == {recogniser().version}

    letters = {letter.value: dict(letter.headers) for letter in cluster.dead_letters(2)}
    assert set(letters) == {b"garbage", b""}
    of_garbage = {
        name.removeprefix("__streams.errors."): value for name, value in letters[b"garbage"].items()
    }
    assert of_garbage.pop("message").startswith(b"not JSON")
    assert of_garbage == {
        "exception": b"msgspec.DecodeError",
        "topic": cluster.settings.topic.encode(),
        "partition": b"2",
        "offset": b"1",
    }

    counters = {"messages": 4, "dead": 2, "repeats": 1}, {"México": 2, "Guatemala": 2}
    until(lambda: _counters(cluster) == counters, "Redis has it", worker)
    cluster.redis.flushall()
    until(lambda: _counters(cluster) == counters, "a wiped Redis is whole again", worker)
    assert worker.terminate() == 0


def test_tallies_that_are_lost_are_counted_again_though_nothing_new_comes(cluster: Cluster) -> None:
    """What was acknowledged lies before the end of the log, so Kafka itself has nothing more to deliver."""
    same = tweet()
    first = cluster.start()
    cluster.produce([*(tweet() for _ in range(50)), same, same, b"garbage"])
    first.wait_ready()
    until(lambda: first.stats().get("messages") == 51, "everything is counted", first)
    assert first.terminate() == 0
    cluster.lose_tallies()
    second = cluster.start()
    second.wait_ready()
    until(lambda: second.stats().get("messages") == 51, "everything is counted again", second)
    stats = cluster.wait_settled(second)
    assert (stats["messages"], stats["repeats"], stats["dead"]) == (51, 1, 1)
    assert cluster.tweets.count_documents({}) == 51
    until(lambda: _counters(cluster)[0] == {"messages": 51, "dead": 1, "repeats": 1}, "Redis has it", second)


def test_workers_that_come_go_and_die_under_load_count_everything_once(cluster: Cluster) -> None:
    """1 → 2 → 1 → 2 workers: one killed, one stopped, while a client sends, and sends some twice."""
    chance = random.Random(7)
    sent: list[Tweet] = []
    repeats, garbage = 0, 0
    done = threading.Event()

    def load() -> None:
        nonlocal repeats, garbage
        while not done.is_set():
            values: list[Value] = []
            for _ in range(300):
                draw = chance.random()
                if draw < 0.02:
                    values.append(b"garbage")
                    garbage += 1
                elif draw < 0.06 and sent:
                    values.append(chance.choice(sent))
                    repeats += 1
                else:
                    country = chance.choice(_COUNTRIES)
                    new = Tweet(
                        str(uuid.UUID(int=chance.getrandbits(128))), "Llueve", country.name, country.code, 1
                    )
                    values.append(new)
                    sent.append(new)
            chance.shuffle(values)
            cluster.produce(values)
            # No more than is counted meanwhile, also on a slow machine.
            done.wait(0.5)

    first = cluster.start()
    first.wait_ready()
    client = threading.Thread(target=load)
    client.start()
    try:
        second = cluster.start()
        until(lambda: second.stats().get("workers") == 2, "there are two workers", second)
        first.process.send_signal(signal.SIGKILL)
        until(lambda: second.stats().get("workers") == 1, "the dead one's partitions are taken over", second)
        third = cluster.start()
        until(lambda: third.stats().get("workers") == 2, "there are two workers again", third)
        assert second.terminate() == 0
        until(lambda: third.stats().get("workers") == 1, "the stopped one's partitions are taken over", third)
    finally:
        done.set()
        client.join()

    stats = cluster.wait_settled(third)
    expected = {"messages": len(sent), "dead": garbage, "repeats": repeats}
    by_name = dict(Counter(one.country for one in sent))
    assert {key: stats[key] for key in expected} == expected
    assert stats["countries"] == by_name
    assert cluster.tweets.count_documents({}) == len(sent)
    until(lambda: _counters(cluster) == (expected, by_name), "Redis has it", third)
    assert third.terminate() == 0


def test_partitions_change_hands_while_a_store_is_away(cluster: Cluster, mongo_server: Mongo) -> None:
    """A worker that waits for a store with a batch in its hands must not hold up the rebalance."""
    first = cluster.start()
    first.wait_ready()
    mongo_server.kill()
    try:
        cluster.produce(tweet() for _ in range(300))
        until(lambda: _retries(first) > 0, "the first worker waits for MongoDB", first)
        assert first.get("/healthz")[0] == 200
        second = cluster.start()
        until(lambda: second.stats().get("workers") == 2, "there are two workers", second)
        until(lambda: _retries(second) > 0, "the second worker waits, too", second)
    finally:
        mongo_server.start()
    assert cluster.wait_settled(second)["messages"] == 300
    assert cluster.tweets.count_documents({}) == 300
    assert (first.terminate(), second.terminate()) == (0, 0)


def test_a_slow_mongodb_holds_the_backlog_back_and_nothing_else(
    cluster: Cluster, mongo_server: Mongo
) -> None:
    """What waits for it stays in Kafka: neither does the worker grow, nor does Kafka take it for dead."""
    assert mongo_server.port
    with delaying(mongo_server.port, delay_seconds=2.0) as proxy:
        worker = cluster.start(WEATHER_MONGO_URL=f"mongodb://127.0.0.1:{proxy.port}")
        worker.wait_ready()
        process = psutil.Process(worker.process.pid)
        backlog = [tweet(text="Llueve " * 200) for _ in range(20_000)]
        before, rebalances = process.memory_info().rss, _metric(worker, "rebalances_total")
        cluster.produce(backlog)

        most = 0
        stored: set[int] = set()

        def several_batches_are_stored() -> bool:
            nonlocal most
            most = max(most, process.memory_info().rss)
            stored.add(cluster.tweets.count_documents({}))
            return len(stored) > 3

        until(several_batches_are_stored, "several batches are stored", worker)
        assert 0 < _metric(worker, "lag_records") <= len(backlog)
        assert worker.get("/healthz")[0] == 200
        assert most - before < sum(len(one.text) for one in backlog)
        assert _metric(worker, "rebalances_total") == rebalances

        proxy.delay_seconds = 0.0
        assert cluster.wait_settled(worker)["messages"] == len(backlog)
        assert (_metric(worker, "rebalances_total"), _metric(worker, "lag_records")) == (rebalances, 0)
        assert worker.terminate() == 0
    assert cluster.tweets.count_documents({}) == len(backlog)
    assert _counters(cluster)[0]["messages"] == len(backlog)


def _retries(worker: Worker) -> float:
    return _metric(worker, 'store_retries_total{store="mongo"}')


def _metric(worker: Worker, name: str) -> float:
    """The value of a metric, summed over the labels that are not in the name."""
    lines = worker.get("/metrics")[1].splitlines()
    return sum(float(line.split()[-1]) for line in lines if line.startswith(f"weather_streams_{name}"))


def test_kafka_may_die_and_come_back(cluster: Cluster, kafka: Kafka) -> None:
    worker = cluster.start()
    worker.wait_ready()
    cluster.produce(tweet() for _ in range(1000))
    kafka.kill()
    until(lambda: worker.stats() or True, "it answers while Kafka is away", worker)
    assert worker.get("/healthz")[0] == 200
    kafka.start()
    cluster.produce(tweet() for _ in range(1000))
    until(lambda: worker.stats().get("messages") == 2000, "everything is counted", worker)
    assert cluster.tweets.count_documents({}) == 2000


def test_a_worker_waits_for_a_kafka_that_is_not_there_yet(cluster: Cluster) -> None:
    worker = cluster.start(WEATHER_KAFKA_BOOTSTRAP_SERVERS="127.0.0.1:1")
    until(lambda: "Kafka is not ready" in worker.log_file.read_text(), "it says so", worker)
    assert worker.get("/healthz")[0] == 200
    assert worker.terminate() != 1
