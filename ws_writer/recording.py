"""Keeps Redis and the counts in step, whatever becomes of Redis."""

import asyncio
import logging
import time
from collections import deque
from collections.abc import Callable
from contextlib import suppress

from redis import RedisError

from weather_tweets import redis_refusals
from weather_tweets.metrics import WriterMetrics
from weather_tweets.tweet import Tweet
from ws_writer.accepted import Accepted
from ws_writer.batch import Batch, RateEntry
from ws_writer.processed import Processed
from ws_writer.rate import Rate
from ws_writer.store import RATE_SECONDS, LiveStore, Standing
from ws_writer.view import RECENT_IN_SNAPSHOT, LiveView

logger = logging.getLogger(__name__)

# Batches grow instead of becoming more: at most 20 writes a second.
_WRITE_PAUSE_SECONDS = 0.05
# How often Redis is asked for what others wrote, while somebody watches.
_WATCHED_POLL_SECONDS = 0.1
_BACKOFF_SECONDS = (0.1, 2.0)

# What a Redis that is away, loading, full or not ours makes of a call.
_STORE_ERRORS = (RedisError, OSError, ValueError)


class Recorder:
    """The one task that speaks to Redis: one write at a time, tried again until Redis has it."""

    def __init__(
        self,
        store: LiveStore,
        accepted: Accepted,
        processed: Processed,
        rate: Rate,
        view: LiveView,
        metrics: WriterMetrics,
        on_change: Callable[[], None],
        is_watched: Callable[[], bool],
    ) -> None:
        self._store = store
        self._accepted = accepted
        self._processed = processed
        self._rate = rate
        self._view = view
        self._metrics = metrics
        self._on_change = on_change
        self._is_watched = is_watched
        self._deadline = 0.0
        self._wake = asyncio.Event()
        self._ending = asyncio.Event()
        self._is_caught_up = False
        self._new_rate: deque[RateEntry] = deque(maxlen=RATE_SECONDS)
        self._own_ids: deque[str] = deque(maxlen=4 * RECENT_IN_SNAPSHOT)
        # What Redis is given again when somebody takes it away.
        self._last_tweets: deque[Tweet] = deque(maxlen=store.recent_tweets)
        self._last_rate: deque[RateEntry] = deque(maxlen=RATE_SECONDS)
        self.is_connected = False
        self.waiting_for = ""
        """Why Redis does not take what is to be written; empty while it does."""

    def notice(self) -> None:
        """There is something to write."""
        self._wake.set()

    def tick(self, entry: RateEntry) -> None:
        """A second has ended: its rate is written, with all known counts, so that a wiped Redis heals."""
        self._new_rate.append(entry)
        self._wake.set()

    async def run(self) -> None:
        """Writes until `end`, and then what is left."""
        failures = 0
        while not self._ending.is_set():
            try:
                await self._round()
            except _STORE_ERRORS as error:
                self._failed(error, failures)
                await self._pause(min(_BACKOFF_SECONDS[1], _BACKOFF_SECONDS[0] * 2**failures))
                failures = min(failures + 1, 10)
                continue
            failures = 0
            await self._pause(_WRITE_PAUSE_SECONDS)
            await self._wait_for_work()
        await self._write_the_rest()

    def end(self, timeout_seconds: float) -> None:
        """No more comes: what is left may take this long, the rest is given up and counted as dropped."""
        self._deadline = time.monotonic() + timeout_seconds
        self._ending.set()
        self._wake.set()

    async def _write_the_rest(self) -> None:
        while self._accepted.waiting and time.monotonic() < self._deadline:
            try:
                await self._round()
            except _STORE_ERRORS as error:
                self._failed(error, 1)
                await asyncio.sleep(_BACKOFF_SECONDS[0])
        if self._accepted.waiting:
            logger.error("%d tweets are lost to the live view: Redis is away", self._accepted.waiting)
            self._metrics.dropped.inc(self._accepted.waiting)

    async def _round(self) -> None:
        self._wake.clear()
        if not self._is_caught_up:
            await self._catch_up()
        batch = self._accepted.take()
        entries = list(self._new_rate)
        known = self._accepted.stored_messages
        # Once a second everything is raised to what is known, else only what the batch touches.
        raised = (
            self._accepted.stored
            if entries
            else {code: self._accepted.stored.get(code, 0) for code in batch.countries}
        )
        started = time.perf_counter()
        standing = await self._store.publish(batch, known=known, known_countries=raised, rate=entries)
        self._metrics.redis_seconds.observe(time.perf_counter() - started)
        self._metrics.ingested.inc(batch.messages)
        for _ in entries:
            self._new_rate.popleft()
        await self._restore(standing, batch, entries)
        self._own_ids.extend(tweet.id for tweet in list(batch.recent)[-RECENT_IN_SNAPSHOT:])
        self._accept(standing)
        if standing.accepted != known + batch.messages:
            await self._hear_others()
        if not self.is_connected:
            self.is_connected = True
            self.waiting_for = ""
            logger.info("Redis is there: %d accepted, %d processed", standing.accepted, standing.processed)

    async def _restore(self, standing: Standing, batch: Batch, entries: list[RateEntry]) -> None:
        """Remembers what was written, and writes the history again of which Redis had less than we knew."""
        tweets_missing = standing.recent is not None and standing.recent < len(self._last_tweets)
        rate_missing = standing.rate is not None and standing.rate < len(self._last_rate)
        self._last_tweets.extend(batch.recent)
        self._last_rate.extend(entries)
        if tweets_missing or rate_missing:
            await self._store.restore(
                self._last_tweets if tweets_missing else (), self._last_rate if rate_missing else ()
            )

    def _accept(self, standing: Standing) -> None:
        self._accepted.confirm(standing.accepted, standing.countries)
        before = self._processed.messages
        self._processed.observe(standing.processed, standing.processed_countries, time.monotonic())
        if self._processed.messages != before:
            self._on_change()

    async def _catch_up(self) -> None:
        """Goes on from what is in Redis: after a start, the counts and the history of before."""
        # Keys of another type are freed, so that they can be read.
        await self._store.publish(self._accepted.nothing(), known=0, known_countries={}, rate=[])
        standing = await self._store.standing()
        recent = await self._store.recent(RECENT_IN_SNAPSHOT)
        rate = await self._store.rate(self._rate.entries.maxlen or 0)
        self._accepted.learn(standing.accepted, standing.countries)
        self._processed.observe(standing.processed, standing.processed_countries, time.monotonic())
        # The rate has told of what was accepted in the meantime.
        told = sum(accepted for _, accepted, _ in self._new_rate)
        accepted, _ = self._processed.and_accepted(standing.accepted + told, standing.countries)
        self._rate.restart(accepted, standing.processed, rate)
        self._view.remember(recent)
        self._own_ids.extend(tweet.id for tweet in recent)
        self._last_tweets.extend(reversed(recent))
        self._last_rate.extend(rate)
        self._is_caught_up = True
        self._on_change()

    async def _hear_others(self) -> None:
        """Other writers (of other pods) wrote too: their counts and tweets are shown as well."""
        standing = await self._store.standing()
        known = set(self._own_ids)
        tweets = [tweet for tweet in await self._store.recent(RECENT_IN_SNAPSHOT) if tweet.id not in known]
        self._accepted.learn(standing.accepted, standing.countries)
        self._own_ids.extend(tweet.id for tweet in tweets)
        self._view.arrive(tweets[::-1])
        self._on_change()

    def _failed(self, error: Exception, failures: int) -> None:
        self.waiting_for = why = redis_refusals.reason(error)
        if self.is_connected or failures == 0:
            logger.warning("Redis is waited for, with %d tweets: %s", self._accepted.waiting, why)
        self.is_connected = False

    async def _pause(self, seconds: float) -> None:
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._ending.wait()

    async def _wait_for_work(self) -> None:
        """Until there is something to write, or it is time to ask what was processed."""
        with suppress(TimeoutError):
            async with asyncio.timeout(_WATCHED_POLL_SECONDS if self._is_watched() else None):
                await self._wake.wait()
