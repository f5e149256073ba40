import uuid
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from pydantic import SecretStr

from operations.local.kafka import Kafka
from operations.local.redis import Redis
from streams.index_keys import make_indexes
from streams.tweet_store import TweetStore
from tests.streams.cluster import Cluster
from tests.streams.histories import Database
from weather_tweets.settings import MongoSettings


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


@pytest.fixture
async def database(mongo_url: str) -> AsyncIterator[Database]:
    """Stores of the test's own, with their indexes."""
    settings = MongoSettings(url=SecretStr(mongo_url), database=f"t{uuid.uuid4().hex[:12]}")
    await make_indexes(settings)
    store = TweetStore.connect(settings)
    yield Database(store)
    await store.close()
