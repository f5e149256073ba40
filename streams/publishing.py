"""Publishes the whole tallies after an assignment and every few seconds, so that Redis heals."""

import time
from collections.abc import Callable

from mode import Service

from streams.counters import Counters
from streams.persistence import AbandonedError, Persistence
from streams.tally import Tally

_ROUND_SECONDS = 0.5


class Publishing(Service):
    """Publishes the counts of this worker's partitions, for as long as it has them."""

    def __init__(
        self,
        *,
        counters: Counters,
        partitions: Callable[[], set[int]],
        partition_count: Callable[[], int],
        tallies: Callable[[int], Tally],
        persistence: Persistence,
        settled: Callable[[], bool],
        publish_seconds: float,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """`partitions` are this worker's, of the `partition_count` that there are.

        `settled` says that no rebalance or recovery is going on.
        """
        super().__init__()
        self._counters = counters
        self._partitions = partitions
        self._partition_count = partition_count
        self._tallies = tallies
        self._persistence = persistence
        self._settled = settled
        self._publish_seconds = publish_seconds
        self._clock = clock
        self._published: set[int] = set()
        self._published_at = -publish_seconds

    @Service.task
    async def _run(self) -> None:
        while not self.should_stop:
            if self._settled():
                await self._round()
            await self.sleep(min(_ROUND_SECONDS, self._publish_seconds))

    async def _round(self) -> None:
        now = self._clock()
        partitions = self._partitions()
        if partitions <= self._published and now - self._published_at < self._publish_seconds:
            self._published = partitions
            return
        try:
            await self._persistence.until_done("redis", self._publish, wanted=self._settled)
        except AbandonedError:
            return
        self._published = partitions
        self._published_at = now

    async def _publish(self) -> None:
        tallies = {partition: self._tallies(partition) for partition in self._partitions()}
        await self._counters.publish_all(tallies, self._partition_count())
