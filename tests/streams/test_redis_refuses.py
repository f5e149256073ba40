"""A worker whose Redis refuses: it waits and says for what, or ends and says why."""

import json
import uuid
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager

import pytest

from operations.local.kafka import Kafka
from tests import refusing_redis as refusing
from tests.refusing_redis import RefusingRedis
from tests.streams.cluster import Cluster, Worker, until
from tests.streams.delaying_proxy import delaying
from weather_tweets import redis_keys
from weather_tweets.tweet import Tweet


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RefusingRedis]:
    server = RefusingRedis(tmp_path_factory.mktemp("redis"))
    server.start()
    yield server
    server.kill()


@pytest.fixture(scope="module")
def cluster(
    tmp_path_factory: pytest.TempPathFactory, kafka: Kafka, server: RefusingRedis, mongo_url: str
) -> Iterator[Cluster]:
    """One worker for all refusals: what one leaves behind is the next one's start."""
    folder = tmp_path_factory.mktemp("cluster")
    cluster = Cluster(folder, kafka.bootstrap_servers, server.url, mongo_url)
    cluster.start().wait_ready()
    yield cluster
    cluster.close()


def _tweets(count: int) -> list[Tweet]:
    return [Tweet(str(uuid.uuid4()), "Llueve", "México", "MX", 1) for _ in range(count)]


def _health(worker: Worker) -> tuple[int, str, str]:
    status, body = worker.get("/healthz")
    health = json.loads(body) if body else {}
    return status, health.get("status", ""), health.get("reason", "")


def _total(cluster: Cluster) -> int:
    return int(cluster.redis.hget(redis_keys.TOTALS, "messages") or 0)


@pytest.mark.parametrize(
    ("state", "reason"),
    [
        (refusing.out_of_memory, "redis: its memory is full"),
        (refusing.read_only, "redis: it is a replica, "),
        (refusing.without_its_primary, "redis: it is a replica that has lost"),
        (refusing.unable_to_save, "redis: it cannot save"),
        (refusing.without_replicas, "redis: it has fewer replicas"),
        (refusing.busy, "redis: somebody's script"),
        (refusing.loading, "redis: it is still loading"),
    ],
)
@pytest.mark.parametrize("is_idle", [False, True], ids=["under load", "idle"])
def test_a_refusal_that_passes_is_waited_for_by_the_same_process(
    cluster: Cluster,
    server: RefusingRedis,
    state: Callable[[RefusingRedis], AbstractContextManager[None]],
    reason: str,
    *,
    is_idle: bool,
) -> None:
    (worker,) = cluster.workers
    before = worker.stats()["messages"]
    until(lambda: _total(cluster) == before, "all is well", worker)
    with state(server):
        if not is_idle:
            cluster.produce(_tweets(30))
        until(lambda: _health(worker)[2].startswith(reason), f"it says {reason}", worker)
        assert _health(worker)[:2] == (200, "waiting")
    if not is_idle:
        before += 30
    until(lambda: _total(cluster) == before, "Redis has all", worker)
    until(lambda: _health(worker) == (200, "ok", ""), "nothing is waited for", worker)
    assert worker.process.poll() is None


def test_scripts_that_are_forgotten_are_loaded_again(cluster: Cluster, server: RefusingRedis) -> None:
    (worker,) = cluster.workers
    before = _total(cluster)
    with refusing.without_scripts(server):
        cluster.produce(_tweets(30))
        until(lambda: _total(cluster) == before + 30, "Redis has all", worker)


def test_after_a_fail_over_the_new_primary_is_written_to(
    tmp_path_factory: pytest.TempPathFactory, kafka: Kafka, mongo_url: str
) -> None:
    """The connections that there are stay with the demoted one, as behind the address of a service."""
    old, new = (RefusingRedis(tmp_path_factory.mktemp("redis")) for _ in range(2))
    old.start()
    new.start()
    try:
        with delaying(old.port, 0.0) as proxy:
            folder = tmp_path_factory.mktemp("cluster")
            url = f"redis://127.0.0.1:{proxy.port}/0"
            cluster = Cluster(folder, kafka.bootstrap_servers, url, mongo_url)
            try:
                worker = cluster.start()
                cluster.produce(_tweets(30))
                until(lambda: _total(cluster) == 30, "the old primary has all", worker)
                proxy.server_port = new.port
                old.do("REPLICAOF", "127.0.0.1", str(new.port))
                cluster.produce(_tweets(30))
                with new.client() as client:
                    until(lambda: client.hget("totals", "messages") == "60", "the new one has all", worker)
                until(lambda: _health(worker)[1] == "ok", "nothing is waited for", worker)
            finally:
                cluster.close()
    finally:
        old.kill()
        new.kill()


def test_a_password_that_is_not_taken_ends_the_worker_with_one_line_that_says_so(
    cluster: Cluster, server: RefusingRedis
) -> None:
    """Its successor may be told the new one."""
    (worker,) = cluster.workers
    cluster.produce(_tweets(30))
    with refusing.with_another_password(server):
        status = worker.process.wait(180)
    assert status == 1
    lines = worker.log_file.read_text().splitlines()
    (line,) = [line for line in lines if "WEATHER_REDIS_URL" in line and "waited for" not in line]
    assert (
        "redis refuses, and goes on to: it does not take the user and password of WEATHER_REDIS_URL" in line
    )
    assert "Traceback" not in worker.log_file.read_text()
