"""Writes the history once a second, and counts from the stored tweets what is missing in it.

A stretch that begins where the documents end is added to them. Where it does not (the partition was another
worker's, the worker died, an answer was lost, somebody else wrote, the tally took tweets from MongoDB), the
stored tweets between the two are counted first. So a worker that takes a partition over reads what was not
written yet, about a second's tweets, and not the hour.

Tweets of all lives of the topic are looked through, from a certain offset on, when there is no history (never
was, or somebody deleted it), when the topic was made anew (what there still is of its former life), and when
messages are stored as of an unknown life. Where it may be that the history lacks tweets in front of its end,
it is begun anew as a whole. The tally tells: where both go equally far, the history has as many tweets as the
tally has messages, or somebody stored some late.
"""

import asyncio
import logging
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime

from mode import Service
from pymongo.errors import PyMongoError

from streams.history import History, Stretch
from streams.history_store import Head, HistoryStore, OvertakenError, Told, additions_of
from streams.persistence import AbandonedError, Persistence
from streams.tally import NOTHING_YET, Tally, life_of
from weather_tweets import countries
from weather_tweets.metrics import StreamsMetrics

_log = logging.getLogger(__name__)

ROUND_SECONDS = 1.0

BEHIND_SECONDS = 10.0
"""How long what was counted may wait before that is said."""

_FORGET_MINUTES_SECONDS = 60.0
_LAST_SECONDS = 3.0
_OFFSETS_AT_ONCE = 2_000
_WORTH_SAYING_OFFSETS = 50_000


class HistoryWriting(Service):
    """Keeps the history of this worker's partitions, for as long as it has them."""

    def __init__(
        self,
        *,
        history: History,
        store: HistoryStore,
        partitions: Callable[[], set[int]],
        tallies: Callable[[int], Tally],
        persistence: Persistence,
        settled: Callable[[], bool],
        metrics: StreamsMetrics,
        clock: Callable[[], float] = time.monotonic,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        """`partitions` are this worker's; `settled` says that no rebalance or recovery is going on."""
        super().__init__()
        self._history = history
        self._store = store
        self._partitions = partitions
        self._tallies = tallies
        self._persistence = persistence
        self._settled = settled
        self._metrics = metrics
        self._clock = clock
        self._now = now
        self._one_at_a_time = asyncio.Lock()
        self._forgot_at = -_FORGET_MINUTES_SECONDS
        self._agreed: dict[int, int] = {}
        """By partition whose history was compared, how many messages the tally has where that ends."""
        self._missing: dict[int, int] = {}
        """By partition, how many of the tally's messages are known to be stored no more."""
        self._looked_at: dict[int, int] = {}
        """By partition whose tweets are being looked through, the offset up to which they were."""

    @Service.task
    async def _run(self) -> None:
        while not self.should_stop:
            if self._settled():
                try:
                    await self._persistence.until_done("history", self.write, wanted=self._settled)
                except AbandonedError:
                    self._history.keep(())
            self._metrics.history_behind.set(self._history.behind_seconds())
            await self.sleep(ROUND_SECONDS)

    def waiting_for(self) -> dict[str, str]:
        """A sentence if the history is behind."""
        if self._looked_at:
            where = ", ".join(f"{p} up to offset {offset}" for p, offset in sorted(self._looked_at.items()))
            return {"history": f"history: it is counted from the stored tweets, partition {where}"}
        behind_seconds = self._history.behind_seconds()
        if behind_seconds < BEHIND_SECONDS:
            return {}
        return {"history": f"history: what was counted in the last {behind_seconds:.0f} s is not in it yet"}

    async def write(self) -> None:
        """Brings the documents of all partitions to where the tallies are. Raises `PyMongoError`."""
        async with self._one_at_a_time:
            partitions = self._partitions()
            self._history.keep(partitions)
            await self._write(partitions)
            if self._clock() - self._forgot_at >= _FORGET_MINUTES_SECONDS:
                await self._store.forget_minutes(self._now())
                self._forgot_at = self._clock()

    async def write_last(self) -> None:
        """Writes what can be written soon; the rest is for who comes after us."""
        try:
            async with asyncio.timeout(_LAST_SECONDS), self._one_at_a_time:
                await self._write(set(self._history.stretches))
        except (PyMongoError, TimeoutError) as error:
            _log.warning("the last second is not in the history yet: %r", error)

    async def _write(self, partitions: set[int]) -> None:
        heads = await self._store.heads(partitions) if partitions else {}
        ready: list[tuple[Head, Stretch]] = []
        to_check: list[tuple[Head, int, int]] = []
        for partition in sorted(partitions):
            if not self._has_begun(partition):
                continue
            head = heads.get(partition)
            if head is None or not _meet(head, self._stretch(partition)):
                head = await self._join(partition, head)
            stretch = self._history.stretches.get(partition)
            if not (head and stretch and stretch.joined):
                continue
            tally = self._tallies(partition)
            if partition in self._agreed:
                self._agreed[partition] += stretch.cells.total()
            if tally.offset == stretch.last and self._agreed.get(partition) != tally.messages:
                to_check.append((head, stretch.last, tally.messages))
            if stretch.last > stretch.start:
                ready.append((head, self._history.take(partition)))
        await self._add(ready)
        for head, last, messages in to_check:
            await self._check(head, last, messages)

    async def _check(self, head: Head, last: int, messages: int) -> None:
        """Begins the history anew if it lacks tweets of the `messages` that it has to have up to `last`.

        They were stored late, by a worker that stood still, and counted since.
        """
        partition = head.partition
        stretch = self._history.stretches.get(partition)
        if stretch is None or not stretch.joined or stretch.start != last:
            return
        missing = messages - (await self._store.counted(head)).total()
        head = head._replace(upto={**head.upto, stretch.life: last})
        known = self._missing.get(partition, 0)
        if missing > known and await self._store.lacks(head, all_before=stretch.life):
            _log.warning("partition %d: tweets were stored late, its history is counted anew", partition)
            await self._store.begin(partition, stretch.life)
            if self._history.stretches.get(partition) is stretch:
                self._history.begin(partition, stretch.life, stretch.last)
        # Not before: what MongoDB failed to answer is asked again.
        self._missing[partition], self._agreed[partition] = max(missing, 0), messages

    async def _add(self, ready: list[tuple[Head, Stretch]]) -> None:
        """Writes stretches that were taken; those that are not written are counted from the tweets again."""
        if not ready:
            return
        now = self._now()
        try:
            overtaken = await self._store.add(
                [
                    addition
                    for head, s in ready
                    for addition in additions_of(head, s.cells, s.life, start=s.start, last=s.last, now=now)
                ]
            )
            await self._store.move(
                [(head, {s.life: s.last}) for head, s in ready if head.partition not in overtaken]
            )
        except OvertakenError:
            overtaken = {head.partition for head, _ in ready}
        except PyMongoError:
            self._part(ready)
            raise
        self._part([(head, stretch) for head, stretch in ready if head.partition in overtaken])
        self._tell([stretch for head, stretch in ready if head.partition not in overtaken])

    def _tell(self, written: list[Stretch]) -> None:
        """Has the metrics say it, too: once a second here, not once a batch."""
        told: Counter[tuple[str, str]] = Counter()
        for stretch in written:
            for (_, code, kinds), tweets in stretch.cells.items():
                for kind in kinds:
                    told[code, kind] += tweets
        names = countries.by_code()
        for (code, kind), tweets in told.items():
            self._metrics.kinds.labels(code, names.get(code, countries.UNKNOWN).name, kind).inc(tweets)

    def _part(self, unwritten: list[tuple[Head, Stretch]]) -> None:
        for head, stretch in unwritten:
            following = self._history.stretches.get(head.partition)
            if following:
                following.joined = False
                following.since = stretch.since

    def _has_begun(self, partition: int) -> bool:
        """Whether the tally says what is counted, and of which life.

        Before that, what is stored of the first batch would be taken for another life's, and for all of it.
        """
        tally = self._tallies(partition)
        return bool(tally.topic_id or tally.accounted)

    def _stretch(self, partition: int) -> Stretch:
        """The partition's stretch, a new one where the tally is not where it ends.

        That is so at first, after another worker had the partition, or if the tally moved without a batch.
        """
        tally, stretch = self._tallies(partition), self._history.stretches.get(partition)
        life = life_of(tally.topic_id)
        if stretch is None or stretch.life != life or stretch.last < tally.offset:
            return self._history.begin(partition, life, tally.offset)
        return stretch

    async def _join(self, partition: int, head: Head | None) -> Head | None:
        """Counts what is stored between the documents and the stretch; None if that has to be tried again."""
        stretch = self._stretch(partition)
        if head is None or await self._is_of_no_use(head, stretch.life):
            _log.warning("partition %d: its history is counted from the stored tweets", partition)
            head = await self._store.begin(partition, stretch.life)
        try:
            if head.scan is None and (after := await self._where_to_look(head, stretch)) is not None:
                head = await self._store.scanned(head, {}, after, life=stretch.life)
            if head.scan is not None:
                head = await self._look_through(head, head.scan, stretch)
            head = await self._follow(head, stretch)
        except OvertakenError:
            return None
        finally:
            self._looked_at.pop(partition, None)
        if self._history.stretches.get(partition) is not stretch:
            return None
        stretch.joined, stretch.elsewhere = True, False
        self._agreed.pop(partition, None)
        if (upto := _goes_to(head, stretch.life)) > stretch.start:
            if not self._history.go_on_after(partition, upto).joined:
                return await self._join(partition, head)
        elif stretch.last == stretch.start:
            stretch.since = None
        return head

    async def _is_of_no_use(self, head: Head, life: int) -> bool:
        """Whether there may be tweets in front of where the history of some life ends that it does not have.

        Of another's life, a batch may have been half stored when it was looked at. And who does not know yet
        that the topic was made anew may take its records for those of the life before.
        """
        if life in head.others:
            return True
        if head.scan is not None:
            return head.scan_life != life
        return life not in head.upto and await self._store.lacks(head)

    async def _where_to_look(self, head: Head, stretch: Stretch) -> int | None:
        """After which offset the tweets of all lives have to be looked through, None if they need not."""
        if stretch.elsewhere:
            return NOTHING_YET
        others = head.upto.keys() - {stretch.life}
        if stretch.life in head.upto or not (others or self._tallies(head.partition).epoch):
            return None
        # Of a life that ended soon perhaps not even the tally knows.
        if await self._store.any_of_other_lives(head.partition, {*head.upto, stretch.life}):
            return NOTHING_YET
        return min((_goes_to(head, life) for life in others), default=None)

    async def _look_through(self, head: Head, after: int, stretch: Stretch) -> Head:
        """Counts the tweets of all lives; those of the stretch's own only as far as all of them are seen."""
        async for end, told in self._stored(head.partition, after, None):
            if life_of(self._tallies(head.partition).topic_id) != stretch.life:
                raise OvertakenError(f"partition {head.partition} is in another life")
            self._looked_at[head.partition] = end
            own_end = min(end, stretch.start)
            own = _goes_to(head, stretch.life) >= after
            told = [o for o in told if (own and o.offset <= own_end if o.life == stretch.life else True)]
            # No further than what was found: an older version may go on with a life that we do not know.
            upto = {one.life: one.offset for one in sorted(told, key=_by_offset)}
            if own:
                upto[stretch.life] = max(own_end, _goes_to(head, stretch.life))
            await self._count(head, told, upto)
            head = await self._store.scanned(head, upto, end, life=stretch.life)
            after = end
        return await self._store.scanned(head, {}, None, life=stretch.life)

    async def _follow(self, head: Head, stretch: Stretch) -> Head:
        """Counts the tweets of the stretch's life that are between the documents and it."""
        life, first = stretch.life, _goes_to(head, stretch.life)
        async for end, told in self._stored(head.partition, first, stretch.start):
            own = [one for one in told if one.life == life]
            await self._count(head, own, {life: end})
            await self._store.move([(head, {life: end})])
            if end - first > _WORTH_SAYING_OFFSETS:
                self._looked_at[head.partition] = end
        return head._replace(upto={**head.upto, life: max(first, stretch.start)})

    async def _stored(
        self, partition: int, after: int, upto: int | None
    ) -> AsyncIterator[tuple[int, list[Told]]]:
        """What is stored after an offset, in pages: each is all there is up to an offset.

        Offsets of which nothing is stored, of which there may be billions, are stepped over; the last page
        ends at `upto` if that is given.
        """
        width, step = _OFFSETS_AT_ONCE, 8
        while upto is None or after < upto:
            end = after + width if upto is None else min(after + width, upto)
            if width == _OFFSETS_AT_ONCE:
                told = await self._store.stored(partition, after, end)
                found = bool(told)
            else:
                told, found = [], await self._store.any_stored(partition, after, end)
            if told or (end == upto and not found):
                yield end, told
                after = end
            elif found:
                width //= step
            elif upto is None and not await self._store.any_stored(partition, end, None):
                return
            else:
                after, width = end, width * step

    async def _count(self, head: Head, told: list[Told], upto: dict[int, int]) -> None:
        additions = await self._store.additions(head, told, upto, self._now())
        if await self._store.add(additions):
            raise OvertakenError(f"partition {head.partition}")


def _meet(head: Head, stretch: Stretch) -> bool:
    follows = stretch.joined and _goes_to(head, stretch.life) == stretch.start
    return follows and head.scan is None and stretch.life not in head.others


def _goes_to(head: Head, life: int) -> int:
    return head.upto.get(life, NOTHING_YET)


def _by_offset(told: Told) -> int:
    return told.offset
