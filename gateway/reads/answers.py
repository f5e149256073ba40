"""One computation for all who ask the same at once, remembered for a second, and only so many at a time."""

import asyncio
import gzip
import logging
import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Hashable
from typing import NamedTuple

from pymongo.errors import ExecutionTimeout, NetworkTimeout, OperationFailure, PyMongoError, WTimeoutError

from gateway.problems import Problem, unavailable
from weather_tweets.metrics import GatewayMetrics

log = logging.getLogger(__name__)

FRESH_SECONDS = 1.0
_MOST_BYTES = 16 * 2**20
"""Of all answers that are remembered; the largest are some megabytes."""
_COMPRESSED_FROM_BYTES = 2048
# The fastest: what is saved is the network's time, not the disk's place.
_LEVEL = 1
_LINE = 8
"""So many times as many as are being answered may wait: a person who clicks about has four or five."""
_BUSY = "Too many questions are being answered."
_TOO_SLOW = (ExecutionTimeout, NetworkTimeout, WTimeoutError, TimeoutError)


class Answer(NamedTuple):
    """JSON, and where that is worth it the same in gzip."""

    body: bytes
    compressed: bytes | None


class _Question:
    """What is being answered, or waits for its turn."""

    def __init__(self, task: "asyncio.Task[Answer]") -> None:
        self.task = task
        self.asking = 0
        self.has_begun = False


class Answers:
    """The answers of one process: `most` at once, some more wait for their turn, and others are refused."""

    def __init__(
        self,
        metrics: GatewayMetrics,
        *,
        most: int,
        seconds: float,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """`seconds` is how long anybody waits for an answer."""
        self._refused = metrics.reads_refused
        self._most = most
        self._turns = asyncio.Semaphore(most)
        self._seconds = seconds
        self._clock = clock
        self._remembered: OrderedDict[Hashable, tuple[float, Answer]] = OrderedDict()
        self._bytes = 0
        self._questions: dict[Hashable, _Question] = {}
        self._away_until = 0.0

    async def get(self, question: Hashable, compute: Callable[[], Awaitable[bytes]]) -> Answer:
        """The answer to a question. Raises `Problem`: 503 where there is none in time."""
        self._forget()
        known = self._remembered.get(question)
        if known:
            return known[1]
        asked = self._questions.get(question) or self._begin(question, compute)
        asked.asking += 1
        try:
            # Whoever hangs up or loses patience takes nothing from the others.
            return await asyncio.wait_for(asyncio.shield(asked.task), self._seconds)
        except _TOO_SLOW:
            if not asked.has_begun:
                raise self._refusal("busy", _BUSY) from None
            raise self._refusal(
                "slow", "The answer took too long: ask for less (a country, a shorter time)."
            ) from None
        except PyMongoError as error:
            self._say_away(error)
            raise self._refusal("away", "MongoDB, where the tweets are, is away.") from None
        finally:
            asked.asking -= 1
            if not asked.asking and not asked.has_begun:
                # Nobody is left who would read it. One that has begun goes on: the database does, too.
                asked.task.cancel()

    async def close(self) -> None:
        """Ends what is being computed."""
        tasks = [asked.task for asked in self._questions.values()]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _begin(self, question: Hashable, compute: Callable[[], Awaitable[bytes]]) -> _Question:
        if self._clock() < self._away_until:
            raise self._refusal("away", "MongoDB, where the tweets are, is away.")
        if len(self._questions) >= self._most * (1 + _LINE):
            raise self._refusal("busy", _BUSY)
        task = asyncio.create_task(self._answer(question, compute), name="read")
        asked = self._questions[question] = _Question(task)
        task.add_done_callback(lambda done: self._end(question, done))
        return asked

    async def _answer(self, question: Hashable, compute: Callable[[], Awaitable[bytes]]) -> Answer:
        async with self._turns:
            self._questions[question].has_begun = True
            return await self._compute(question, compute)

    async def _compute(self, question: Hashable, compute: Callable[[], Awaitable[bytes]]) -> Answer:
        body = await compute()
        compressed = None
        if len(body) >= _COMPRESSED_FROM_BYTES:
            compressed = await asyncio.to_thread(gzip.compress, body, _LEVEL, mtime=0)
        answer = Answer(body, compressed)
        self._remembered[question] = (self._clock() + FRESH_SECONDS, answer)
        self._bytes += _size(answer)
        return answer

    def _end(self, question: Hashable, done: "asyncio.Task[Answer]") -> None:
        del self._questions[question]
        if not done.cancelled():
            # Nobody may be waiting any more.
            done.exception()

    def _forget(self) -> None:
        """The oldest come first: all are remembered for the same time."""
        now = self._clock()
        while self._remembered:
            question, (until, answer) = next(iter(self._remembered.items()))
            if until > now and self._bytes <= _MOST_BYTES:
                return
            del self._remembered[question]
            self._bytes -= _size(answer)

    def _say_away(self, error: PyMongoError) -> None:
        now = self._clock()
        if now >= self._away_until:
            # What it says may have somebody's address and password in it.
            code = f" {error.code}" if isinstance(error, OperationFailure) else ""
            log.warning("MongoDB cannot be read: %s%s", type(error).__name__, code)
        # So long nobody need wait to hear it.
        self._away_until = now + FRESH_SECONDS

    def _refusal(self, reason: str, detail: str) -> Problem:
        self._refused.labels(reason).inc()
        return unavailable(detail)


def _size(answer: Answer) -> int:
    return len(answer.body) + len(answer.compressed or b"")
