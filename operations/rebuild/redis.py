"""Has the workers write Redis' counts anew: they publish the whole of their tables every few seconds."""

from redis import Redis

from operations.audit import STORE_SECONDS
from weather_tweets import redis_keys
from weather_tweets.settings import RedisSettings


def forget(settings: RedisSettings) -> None:
    """Deletes what was published of what was processed, in one step. Raises `redis.RedisError`.

    Also a tally that is ahead of the tables, which no worker would replace. What was accepted stays.
    """
    with Redis.from_url(settings.url.get_secret_value(), socket_timeout=STORE_SECONDS) as client:
        client.delete(
            redis_keys.COUNTRIES,
            redis_keys.TOTALS,
            redis_keys.COUNTRY_CODES,
            *client.scan_iter(match=f"{redis_keys.TALLY}*", count=1_000),
        )
