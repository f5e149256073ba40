"""Writing to a store that may be away: again and again, until it is done, hopeless, or not ours any more."""

import asyncio
import logging
from collections import Counter
from collections.abc import Awaitable, Callable
from contextlib import AbstractContextManager, nullcontext
from typing import TypeVar

from aiokafka.errors import KafkaError
from faust.exceptions import ProducerSendError
from pymongo.errors import (
    BulkWriteError,
    ConfigurationError,
    ConnectionFailure,
    ExecutionTimeout,
    OperationFailure,
    PyMongoError,
    WaitQueueTimeoutError,
    WriteConcernError,
)
from redis import RedisError

from streams.tweet_store import DocumentVanishedError
from weather_tweets import redis_refusals
from weather_tweets.metrics import StreamsMetrics

T = TypeVar("T")
_log = logging.getLogger(__name__)

FIRST_PAUSE_SECONDS = 0.05
LONGEST_PAUSE_SECONDS = 1.0
"""Short, so that processing resumes within a second of the store's return."""

DOUBTFUL_ATTEMPTS = 30
"""How often something is tried that fails for a reason that seldom passes by itself, about half a minute."""


class AbandonedError(Exception):
    """The partitions are being given away: whoever gets them does the work."""


class HopelessError(Exception):
    """Trying again will not help; the process should end and be looked at."""


class Persistence:
    """Tries writes until they succeed.

    `wanted` says whether the work is still this worker's; it is asked between two attempts.
    """

    def __init__(
        self,
        metrics: StreamsMetrics,
        wanted: Callable[[], bool],
        step: Callable[[str], AbstractContextManager[object]] = nullcontext,
    ) -> None:
        """`step` is entered around every attempt, with the store's name: its span, where traces are on."""
        self._step = step
        self._metrics = metrics
        self._wanted = wanted
        self._waiting: Counter[str] = Counter()
        """By store that is away, how many writes are tried again."""
        self._why: dict[str, str] = {}
        self._given_up: set[str] = set()

    @property
    def waiting_for(self) -> str:
        """A store that is waited for just now, and why; empty if none is."""
        return next((f"{store}: {self._why[store]}" for store, writes in self._waiting.items() if writes), "")

    async def until_done(
        self, store: str, write: Callable[[], Awaitable[T]], wanted: Callable[[], bool] | None = None
    ) -> T:
        """The result of the first attempt that succeeds.

        `wanted` is asked instead of the general one, where the work is not a batch's. Raises `AbandonedError`
        when the work is no longer wanted, `HopelessError` when it cannot succeed.
        """
        wanted = wanted or self._wanted
        attempts = 0
        pause = FIRST_PAUSE_SECONDS
        try:
            while True:
                try:
                    with self._metrics.store_seconds.labels(store).time(), self._step(store):
                        return await write()
                except _STORE_ERRORS as error:
                    attempts += 1
                    if not is_passing(error) and attempts >= DOUBTFUL_ATTEMPTS:
                        words = f"{store} refuses, and goes on to: {reason(error)}"
                        # Several writes of it may come to the same end in the same moment.
                        if store not in self._given_up:
                            self._given_up.add(store)
                            _log.critical("%s. This worker ends; nothing is lost", words)
                        raise HopelessError(words) from error
                    self._metrics.store_retries.labels(store).inc()
                    self._why[store] = reason(error)
                    if attempts == 1:
                        if not self._waiting[store]:
                            _log.warning("%s is waited for: %s", store, self._why[store])
                        self._waiting[store] += 1
                if not wanted():
                    raise AbandonedError
                await asyncio.sleep(pause)
                pause = min(pause * 2, LONGEST_PAUSE_SECONDS)
                if not wanted():
                    raise AbandonedError
        finally:
            if attempts:
                self._waiting[store] -= 1
                if not self._waiting[store]:
                    _log.warning("%s: no longer waiting, after %d attempts", store, attempts)


def is_passing(error: Exception) -> bool:
    """Whether an error is of the kind that passes: a server away, full of work, changing roles."""
    match error:
        case BulkWriteError():
            codes = {failure["code"] for failure in error.details["writeErrors"]}
            return not codes - _PASSING_CODES
        case WriteConcernError() | ExecutionTimeout() | ConnectionFailure() | WaitQueueTimeoutError():
            return True
        case ConfigurationError():
            return False
        case OperationFailure():
            return error.code in _PASSING_CODES or error.has_error_label("RetryableWriteError")
        case RedisError():
            return redis_refusals.is_passing(error)
        case KafkaError():
            return bool(error.retriable) or not error.errno or error.errno < 0
        case _:
            return True


_STORE_ERRORS = (
    PyMongoError,
    RedisError,
    KafkaError,
    ProducerSendError,
    DocumentVanishedError,
    OSError,
)

# https://github.com/mongodb/specifications/blob/master/source/retryable-writes/retryable-writes.md, and
# duplicate keys, which come together with one of them.
_PASSING_CODES = frozenset({
    6, 7, 89, 91, 134, 189, 262, 9001, 10107, 11000, 11600, 11602, 13435, 13436, 50, 64, 100,
})  # fmt: skip


def reason(error: Exception) -> str:
    """Why a write failed, in a line for who has to mend it."""
    if isinstance(error, RedisError):
        return redis_refusals.reason(error)[:300]
    return f"{type(error).__name__}: {error}"[:300]
