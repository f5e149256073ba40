"""What Redis refuses, and whether waiting helps.

Judged by the class of redis-py's exception: it cuts the code by which Redis names a refusal off the message,
where it has a class for it. Where it has none, the code is still there.
"""

from redis.asyncio import Redis
from redis.exceptions import (
    AskError,
    AuthenticationError,
    AuthenticationWrongNumberOfArgsError,
    AuthorizationError,
    BusyLoadingError,
    ClusterCrossSlotError,
    ClusterDownError,
    ConnectionError,  # noqa: A004 (redis-py's own)
    MasterDownError,
    NoPermissionError,
    NoScriptError,
    OutOfMemoryError,
    ReadOnlyError,
    RedisError,
    ResponseError,
    TimeoutError,  # noqa: A004
    TryAgainError,
)

OF_A_REPLICA = (ReadOnlyError, MasterDownError)
"""Refusals by a server that is no primary (any more): the connection is to the wrong one (`hang_up`)."""

# A more special class before the more general one that it is of.
_PASSING: dict[type[RedisError], str] = {
    OutOfMemoryError: "its memory is full (maxmemory)",
    ReadOnlyError: "it is a replica, which nothing is written to",
    MasterDownError: "it is a replica that has lost its primary",
    ClusterDownError: "its cluster is down",
    BusyLoadingError: "it is still loading its data",
    TryAgainError: "its cluster is moving keys",
    NoScriptError: "it has forgotten the script",
}
_HOPELESS: dict[type[RedisError], str] = {
    AuthenticationError: "it does not take the user and password of WEATHER_REDIS_URL",
    AuthenticationWrongNumberOfArgsError: "it does not take the user and password of WEATHER_REDIS_URL",
    AuthorizationError: "the user of WEATHER_REDIS_URL may not do this",
    NoPermissionError: "the user of WEATHER_REDIS_URL may not do this (ACL)",
    ClusterCrossSlotError: "it is a Redis Cluster, but the counters need one Redis that has all keys",
    AskError: "it is a Redis Cluster, but the counters need one Redis that has all keys",
}
_PASSING_CODES = {
    "MISCONF": "it cannot save its data to disk, and takes none until it can",
    "NOREPLICAS": "it has fewer replicas than it must have (min-replicas-to-write)",
    "BUSY": "somebody's script keeps it busy",
}


def is_passing(error: RedisError) -> bool:
    """Whether the refusal passes without anybody's touching this process."""
    if isinstance(error, tuple(_HOPELESS)):
        return False
    if isinstance(error, (*_PASSING, ConnectionError, TimeoutError)):
        return True
    return isinstance(error, ResponseError) and _code(error) in _PASSING_CODES


def reason(error: Exception) -> str:
    """Why it refuses (or is away), in words for who has to mend it."""
    for kind, words in (*_HOPELESS.items(), *_PASSING.items()):
        if isinstance(error, kind):
            return f"{words}: {error}"
    words = _PASSING_CODES.get(_code(error), "")
    return f"{words}: {error}" if words else f"{type(error).__name__}: {error}"


async def hang_up(redis: Redis) -> None:
    """Closes all connections: after a fail-over they are to the demoted primary, and new ones are not."""
    await redis.connection_pool.disconnect()


def _code(error: Exception) -> str:
    return str(error).partition(" ")[0]
