"""Whatever is done to Redis' keys, under load, with several workers and a zombie, heals."""

import random
import signal
import threading
import uuid
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from redis.exceptions import RedisError

from operations.local.kafka import Kafka
from tests.refusing_redis import RefusingRedis
from tests.streams.cluster import Cluster, until
from weather_tweets import countries
from weather_tweets.tweet import Tweet

_CODES = ("MX", "GT", "JP", "ES", "ZZ")
_KEYS = ("countries", "totals", "countries:codes", "tally:0", "tally:1", "tally:2")


@pytest.fixture
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RefusingRedis]:
    server = RefusingRedis(tmp_path_factory.mktemp("redis"))
    server.start()
    yield server
    server.kill()


def _evict(server: RefusingRedis) -> None:
    server.set("maxmemory-policy", "allkeys-lru")
    server.set("maxmemory", "1")
    server.set("maxmemory", "0")


def _damage(server: RefusingRedis, chance: random.Random) -> None:
    key = chance.choice(_KEYS)
    field = chance.choice(["messages", "position", "México", "country:México"])
    with server.client() as client:
        deeds: list[Callable[[], Any]] = [
            lambda: client.delete(key),
            lambda: client.set(key, "7"),
            lambda: (client.delete(key), client.rpush(key, "7")),
            lambda: client.hset(
                key, field, chance.choice(["0", "99999", "-1", "mucho", "99 9 4102444800.0"])
            ),
            lambda: client.hdel(key, field),
            lambda: client.rename(key, chance.choice(_KEYS)),
            lambda: client.flushall(),
            lambda: client.script_flush(),
            lambda: _evict(server),
        ]
        try:
            chance.choice(deeds)()
        except RedisError:
            return  # of another type already, or not there


def test_damage_under_load_with_several_workers_and_a_zombie_heals(
    tmp_path_factory: pytest.TempPathFactory, kafka: Kafka, server: RefusingRedis, mongo_url: str
) -> None:
    chance = random.Random(11)
    cluster = Cluster(tmp_path_factory.mktemp("cluster"), kafka.bootstrap_servers, server.url, mongo_url)
    expected: Counter[str] = Counter()
    done = threading.Event()

    def load() -> None:
        while not done.is_set():
            tweets = []
            for _ in range(60):
                country = countries.by_code()[chance.choice(_CODES)]
                expected[country.name] += 1
                tweets.append(Tweet(str(uuid.uuid4()), "Llueve", country.name, country.code, 1))
            cluster.produce(tweets)
            done.wait(0.05)

    def vandal() -> None:
        with_their_own_chances = random.Random(13)
        while not done.is_set():
            _damage(server, with_their_own_chances)
            done.wait(0.1)

    try:
        first, zombie = cluster.start(), cluster.start()
        until(lambda: first.stats().get("workers") == 2, "there are two workers", first)
        others = [threading.Thread(target=load), threading.Thread(target=vandal)]
        for other in others:
            other.start()
        try:
            zombie.process.send_signal(signal.SIGSTOP)
            until(lambda: first.stats().get("workers") == 1, "its partitions are taken over", first)
            zombie.process.send_signal(signal.SIGCONT)
            until(lambda: first.stats().get("workers") == 2, "it is back", first)
        finally:
            done.set()
            for other in others:
                other.join()
        cluster.wait_settled(first)
        right = {name: str(count) for name, count in expected.items()}
        until(lambda: _hash(cluster, "countries") == right, "the countries are right", first)
        total = {"messages": str(expected.total())}
        until(lambda: _hash(cluster, "totals") == total, "the totals are right", first)
        until(lambda: len(_hash(cluster, "countries:codes")) > 200, "the codes are there", first)
        assert all(worker.process.poll() is None for worker in cluster.workers)
    finally:
        cluster.close()


def _hash(cluster: Cluster, key: str) -> dict[str, str]:
    try:
        fields: Any = cluster.redis.hgetall(key)
    except RedisError:  # of another type, still
        return {}
    return dict(fields)
