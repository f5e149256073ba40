import pytest

from weather_tweets.local.redis import Redis


@pytest.fixture(scope="session")
def redis_server_url(redis_server: Redis) -> str:
    """URL of the Redis server, not emptied: for tests that run many examples."""
    return redis_server.url
