"""What every sink must stand: however a log reaches it, it holds in the end what one run gives it.

Every property is a way in which batches come to the sinks in real life, brought about with real workers on
real Kafka, MongoDB and Redis, and SIGKILL; all sinks go through it together and are judged one by one.
"""

from collections.abc import Callable
from typing import Any

import pytest
from redis import Redis as RedisClient

from operations.local.kafka import Kafka
from operations.local.redis import Redis
from tests.streams.cluster import Cluster, Value
from tests.streams.records import tweet
from tests.streams.sinks import SINKS, Sink

_PARTITIONS = 2
_PER_PARTITION = 60


def _value(partition: int, number: int) -> Value:
    """Of every ten records one is no tweet, and one a client's retry of what came two or twelve before it."""
    country, code = [("Guatemala", "GT"), ("México", "MX"), ("Perú", "PE")][number % 3]
    if number % 10 == 4:
        return b"no tweet: %d" % number
    if number % 10 == 7:
        number -= 12 if number > 10 and number % 20 == 7 else 2
    return tweet(
        country, code, id_=f"00000000-0000-4000-8000-{partition:04}{number:08}", text=f"Llueve, N.º {number}"
    )


_LOG = [[_value(partition, number) for number in range(_PER_PARTITION)] for partition in range(_PARTITIONS)]


def _produce(cluster: Cluster, start: int = 0, end: int = _PER_PARTITION) -> None:
    for partition, values in enumerate(_LOG):
        cluster.produce(values[start:end], partition)


def _run(cluster: Cluster, **environment: str) -> None:
    """One worker, until it has counted everything."""
    worker = cluster.start(**environment)
    worker.wait_ready()
    cluster.wait_settled(worker)
    assert worker.terminate() == 0


def _pieces(records: int) -> dict[str, str]:
    return {"WEATHER_STREAMS_FETCH_MAX_RECORDS": str(records)}


def once(cluster: Cluster) -> None:
    _produce(cluster)
    _run(cluster)


def in_pieces(cluster: Cluster) -> None:
    _produce(cluster)
    _run(cluster, **_pieces(1))


def twice_with_its_tally(cluster: Cluster) -> None:
    """The acknowledgement was lost: everything is delivered again."""
    once(cluster)
    cluster.forget_acknowledgements()
    _run(cluster)


def twice_without_its_tally(cluster: Cluster) -> None:
    """The tally was lost, too: everything is written again."""
    once(cluster)
    cluster.lose_tallies()
    _run(cluster)


def overlapping(cluster: Cluster) -> None:
    """What was written comes again in batches that are cut elsewhere and go beyond it.

    First with a tally that knows too little of it, then (a recount would hide what that does) with one that
    knows all.
    """
    _produce(cluster, end=30)
    _run(cluster, **_pieces(7))
    cluster.set_tallies_back()
    _produce(cluster, start=30, end=45)
    _run(cluster, **_pieces(19))
    cluster.forget_acknowledgements()
    _produce(cluster, start=45)
    _run(cluster, **_pieces(13))


def deaths_between_the_steps(cluster: Cluster) -> None:
    """One worker after the other dies: before the first sink has a batch, and after each one has it."""
    _produce(cluster)
    for dies in [f"before {SINKS[0].name}", *(f"after {sink.name}" for sink in SINKS)]:
        worker = cluster.start("tests.streams.dying_worker", DIES=dies, **_pieces(8))
        worker.wait_killed()
    _run(cluster)


def two_writers_at_once(cluster: Cluster) -> None:
    """Two workers have all partitions, and neither knows of the other: each is the other's zombie."""
    _produce(cluster, end=20)
    workers = [
        cluster.start(**_pieces(pieces), WEATHER_STREAMS_APP_ID=app_id)
        for app_id, pieces in ((cluster.settings.topic, 3), (f"{cluster.settings.topic}-other", 5))
    ]
    for worker in workers:
        worker.wait_ready()
    _produce(cluster, start=20)
    one, other = [cluster.wait_settled(worker) for worker in workers]
    assert one["countries"] == other["countries"]
    assert one["repeats"] == other["repeats"]
    for worker in workers:
        assert worker.terminate() == 0


PROPERTIES = (
    in_pieces,
    twice_with_its_tally,
    twice_without_its_tally,
    overlapping,
    deaths_between_the_steps,
    two_writers_at_once,
)

Run = Callable[[Callable[[Cluster], None]], dict[str, Any]]


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory, kafka: Kafka, redis_server: Redis, mongo_url: str) -> Run:
    """What each sink holds, by its name, after the log came in this way; on empty stores."""

    def run(way: Callable[[Cluster], None]) -> dict[str, Any]:
        with RedisClient.from_url(redis_server.url) as redis:
            redis.flushall()
        folder = tmp_path_factory.mktemp(way.__name__)
        cluster = Cluster(folder, kafka.bootstrap_servers, redis_server.url, mongo_url, _PARTITIONS)
        # Seldom enough that no whole publication mends what a batch's own did wrong.
        cluster.environment["WEATHER_STREAMS_PUBLISH_SECONDS"] = "600"
        try:
            way(cluster)
            return {sink.name: sink.content(cluster) for sink in SINKS}
        finally:
            cluster.close()

    return run


@pytest.fixture(scope="module")
def expected(run: Run) -> dict[str, Any]:
    return run(once)


@pytest.fixture(scope="module", params=PROPERTIES, ids=lambda way: way.__name__)
def held(request: pytest.FixtureRequest, run: Run) -> dict[str, Any]:
    return run(request.param)


def test_one_run_gives_every_sink_its_part(expected: dict[str, Any]) -> None:
    """So that the matrix below does not compare nothing with nothing."""
    dead, repeats = (_PARTITIONS * _PER_PARTITION // 10,) * 2
    messages = _PARTITIONS * _PER_PARTITION - dead - repeats
    assert len(expected["dead letters"]) == dead
    assert len(expected["MongoDB"]) == messages
    assert sum(tally["messages"] for tally in expected["tally"]) == messages
    assert sum(tally["repeats"] for tally in expected["tally"]) == repeats
    assert int(expected["Redis"]["totals"]["messages"]) == messages
    counted = [counts for hour in expected["history"].values() for counts in hour.values()]
    assert sum(counts["tweets"] for counts in counted) == messages


@pytest.mark.parametrize("sink", SINKS, ids=lambda sink: sink.name)
def test_holds_what_one_run_gives(sink: Sink, expected: dict[str, Any], held: dict[str, Any]) -> None:
    assert held[sink.name] == expected[sink.name]
