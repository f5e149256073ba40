"""How many tweets the streams have processed, as Redis tells it: the last store that a batch reaches."""

import time

from redis import Redis

from weather_tweets import redis_keys


class NotProcessedError(RuntimeError):
    """The streams did not process what was accepted in time."""


def total(redis: Redis) -> int:
    """Tweets processed since Redis was empty. Raises `redis.exceptions.RedisError`."""
    return int(redis.hget(redis_keys.TOTALS, "messages") or 0)


def wait_for(redis: Redis, tweets: int, *, timeout_seconds: float, poll_seconds: float) -> float:
    """When the total got so high, in seconds since the epoch, late by at most `poll_seconds`.

    Raises `NotProcessedError`, and `redis.exceptions.RedisError` as `total` does.
    """
    deadline = time.monotonic() + timeout_seconds
    while total(redis) < tweets:
        if time.monotonic() > deadline:
            raise NotProcessedError(f"not all tweets were processed within {timeout_seconds:g} s")
        time.sleep(poll_seconds)
    return time.time()
