"""Deletes the tweets that are older than they are to be kept, an hour at a time.

Who has a partition deletes its tweets. First it is written what is kept no longer (`retention`), and only of
what the history has counted; then it is deleted, bit by bit. Whoever dies in between leaves the rest to the
next owner. While a partition's history is being counted from the stored tweets nothing of it is deleted: who
begins it anew takes its head away, and then reads which hours are to stay as they are; we write which hours
these are, and then look whether there is a head.
"""

import logging
import time
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from mode import Service
from pymongo.errors import PyMongoError

from streams.history_store import Head, HistoryStore
from streams.persistence import reason
from streams.retention import HOUR, OvertakenError, RetentionStore, Retired, added, hour_of
from streams.tally import NOTHING_YET, Tally, life_of
from weather_tweets.metrics import StreamsMetrics

_log = logging.getLogger(__name__)

ROUND_SECONDS = 60.0
AGAIN_SECONDS = 5.0
TWEETS_AT_ONCE = 500
"""Small enough that a worker's insert waits some tens of milliseconds for it at most."""
PAUSE_FACTOR = 2.0
"""A pause is so many times as long as what was before it: two thirds of MongoDB's time are for others."""


class _NotYetError(Exception):
    """Why tweets that are to go cannot go yet."""


class Purging(Service):
    """Deletes the old tweets of this worker's partitions, for as long as it has them."""

    def __init__(
        self,
        days: int,
        *,
        retention: RetentionStore,
        history: HistoryStore,
        partitions: Callable[[], set[int]],
        tallies: Callable[[int], Tally],
        settled: Callable[[], bool],
        metrics: StreamsMetrics,
        clock: Callable[[], float] = time.monotonic,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        """`settled` says that no rebalance or recovery is going on, and that the indexes are there."""
        super().__init__()
        self._kept = timedelta(days=days)
        self._retention = retention
        self._history = history
        self._partitions = partitions
        self._tallies = tallies
        self._settled = settled
        self._metrics = metrics
        self._clock = clock
        self._now = now
        self._behind_since: dict[int, float] = {}
        """By partition, since when there have been tweets that should be gone."""

    @Service.task
    async def _run(self) -> None:
        while not self.should_stop:
            done = False
            if self._settled():
                try:
                    done = await self.purge()
                except OvertakenError as error:
                    _log.info("somebody else deletes old tweets: %s", error)
                except (PyMongoError, OSError) as error:
                    _log.warning("old tweets cannot be deleted now: %s", reason(error))
            self._tell()
            await self.sleep(ROUND_SECONDS if done else AGAIN_SECONDS)

    async def purge(self) -> bool:
        """Deletes what is to go of all partitions; whether nothing of it is left.

        Raises `PyMongoError`, `OvertakenError`.
        """
        done = True
        partitions = self._partitions()
        for partition in self._behind_since.keys() - partitions:
            del self._behind_since[partition]
        for partition in sorted(partitions):
            if await self._purge(partition):
                self._behind_since.pop(partition, None)
            else:
                done = False
            self._tell()
        return done

    async def _purge(self, partition: int) -> bool:
        """Whether nothing is left of a partition that should be gone."""
        retired = await self._retention.of(partition)
        while not self.should_stop and self._settled() and partition in self._partitions():
            head = (await self._history.heads([partition])).get(partition)
            if head is None or head.scan is not None:
                # Its history has not begun, or is counted from the stored tweets.
                return not self._tallies(partition).accounted
            if retired and not await self._delete(retired):
                return False
            try:
                following = await self._following(partition, retired, head)
            except _NotYetError as error:
                self._behind_since.setdefault(partition, self._clock())
                _log.warning("partition %d: old tweets are not deleted yet: %s", partition, error)
                return False
            if following is None:
                return True
            self._behind_since.setdefault(partition, self._clock())
            retired = await self._retention.move(retired, following)
        return False

    async def _following(self, partition: int, retired: Retired | None, head: Head) -> Retired | None:
        """What is kept no longer after the next step, None if there is none to make."""
        tally = self._tallies(partition)
        life = life_of(tally.topic_id)
        counted = min(tally.offset, head.upto.get(life, NOTHING_YET))
        former = retired.upto if retired else {}
        if counted < former.get(life, NOTHING_YET):
            raise _NotYetError("the tally was lost, and is on its way back")
        upto = {
            **former,
            **{of: max(end, former.get(of, end)) for of, end in head.upto.items()},
            life: counted,
        }
        limit = hour_of(self._now() - self._kept)
        first = retired.before if retired else None
        late = await self._retention.count(partition, None, first, upto, retired) if first else {}
        hour = await self._history.first_hour(partition, first, limit)
        if hour is None and not late:
            return None
        before = hour + HOUR if hour else first or limit
        going = await self._retention.count(partition, first, before, upto, retired)
        not_counted = sum(going.values(), Counter[str]()) - await self._history.counted(head, first, before)
        if not_counted:
            raise _NotYetError(f"the history lacks {not_counted.total()} of those before {before}")
        return Retired(partition, before, upto, added(retired.gone if retired else {}, (late, going)), tally)

    async def _delete(self, retired: Retired) -> bool:
        """Deletes what is kept no longer; whether all of it is gone."""
        async for some in self._retention.still_there(retired, TWEETS_AT_ONCE):
            began = self._clock()
            self._metrics.purged.inc(await self._retention.delete(some))
            await self.sleep(PAUSE_FACTOR * (self._clock() - began))
            if self.should_stop or not self._settled():
                return False
        return True

    def _tell(self) -> None:
        now = self._clock()
        self._metrics.retention_behind.set(
            max((now - since for since in self._behind_since.values()), default=0.0)
        )
