from collections.abc import Iterator
from pathlib import Path

import pytest

from operations.local.kafka import Kafka
from operations.local.redis import Redis
from tests.streams.cluster import Cluster


@pytest.fixture(scope="session")
def redis_server_url(redis_server: Redis) -> str:
    """URL of the Redis server, not emptied: for tests that run many examples."""
    return redis_server.url


@pytest.fixture
def cluster(tmp_path: Path, kafka: Kafka, redis_url: str, mongo_url: str) -> Iterator[Cluster]:
    """A topic and stores of the test's own; workers that are still running at its end are killed."""
    cluster = Cluster(tmp_path, kafka.bootstrap_servers, redis_url, mongo_url)
    yield cluster
    cluster.close()
