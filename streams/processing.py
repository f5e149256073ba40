"""What happens to a batch, in which order, and why the counts are exact.

Order: dead letters → MongoDB → tally (with its offset, into the changelog) → Redis → acknowledgement. Each
step is finished before the next begins; partitions are independent of one another. A worker may die between
any two steps, or be thought dead and go on for a while (a zombie):

- *Dead letters sent, the rest not*: the batch comes again, the letters are sent again with the same partition
  and offset in their headers; they are counted by the tally, once.
- *MongoDB written, tally not*: the batch comes again, perhaps cut differently. Its ids are taken, by
  documents that bear the records' own partition and offset: they count as messages, now. An id that another
  record took (a client's retry, in this partition or another, before or at the same time) bears that one's
  position: it counts as a repeat, however often it is asked (`tweet_store`).
- *Tally written, Redis not*: whoever has the partition next publishes the whole tally (`counters`).
- *Tally written, acknowledgement not*: the batch comes again and lies at or below the tally's offset: it is
  skipped.
- *Acknowledged, tally lost* (the changelog's last record did not make it, recovery stopped short of it, or a
  zombie wrote an older tally over it): the next batch starts beyond `offset + 1`, or nothing comes although
  the consumer stands beyond it: the consumer goes back, and MongoDB's answers are what they were.
- *Acknowledged, tally lost, and the log's beginning with it* (retention): what MongoDB has of these offsets
  was a message; the others are lost.
- *A zombie goes on* beside the new owner: both get the same answers from MongoDB and count the same; Redis
  only grows; its acknowledgements are refused by Kafka.

- *The topic is made anew* while a batch is in hand, or before that is known: what was counted of the new log
  under the old tally is counted again in the new epoch; MongoDB's documents bear the topic's life, and say
  that it is repeats. A zombie that goes on in the old epoch writes an old tally: the new owner begins the
  epoch again, with the same answers.

So the tally is, at every offset, a function of the log and of what MongoDB stored, and of nothing else.
"""

import asyncio
import logging
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping
from typing import Protocol

from aiokafka.errors import KafkaError

from streams.decoding import Batch, DeadLetter
from streams.last_minute import LastMinute
from streams.persistence import Persistence
from streams.tally import NOTHING_YET, Continuity, Counts, Tally, continuity, life_of
from weather_tweets.metrics import StreamsMetrics

_log = logging.getLogger(__name__)

SEEK_AGAIN_SECONDS = 1.0
"""Faust's own seek after a rebalance can override ours: while the hole persists it is tried again."""

RECREATED_AFTER_SECONDS = 2.0
"""How long a log has to end below the tally before it counts as made anew: a new leader may not yet know its
end (KIP-207)."""

BEHIND_SECONDS = 10.0
"""How long a worker may not know that the topic was made anew; it looks every two seconds (`topic_life`)."""


class Log(Protocol):
    """The topic as the consumer sees it. Methods that ask Kafka raise `KafkaError` or `TimeoutError`."""

    @property
    def topic_id(self) -> str:
        """Kafka's id of the topic whose records are read, empty while it is not known."""

    @property
    def made_anew(self) -> bool:
        """Whether the topic is another one than the consumer began with."""

    def former_end(self, partition: int) -> int:
        """Where the log of the epoch before is known to have ended, 0 if that is not known."""

    async def beginning(self, partition: int) -> int:
        """The first offset that there still is."""

    async def end(self, partition: int) -> int:
        """The offset up to which records may be read."""

    async def seek(self, partition: int, offset: int) -> None:
        """Goes on reading at `offset`."""


class Tweets(Protocol):
    async def store(self, batch: Batch) -> frozenset[int]:
        """Stores tweets; returns the offsets of the repeats."""

    async def stored_in_other_lives(self, partition: int, life: int) -> Mapping[str, int]:
        """By country's code, how many tweets of the partition are stored that another life gave."""

    async def stored_between(self, partition: int, first: int, before: int, life: int) -> Mapping[str, int]:
        """By country's code, how many tweets of these offsets, in that life of the topic, are stored."""


class Letters(Protocol):
    async def send(self, partition: int, letters: list[DeadLetter]) -> None:
        """Sends dead letters and waits until they are safe."""


class Publisher(Protocol):
    async def publish(self, partition: int, tally: Tally, codes: list[str]) -> None:
        """Publishes the counts of a partition for some countries."""


class Processor:
    """Takes the batches of this worker's partitions: of several at once, of each one after the other."""

    def __init__(
        self,
        *,
        log: Log,
        tallies: "Tallies",
        letters: Letters,
        tweets: Tweets | None,
        publisher: Publisher | None,
        persistence: Persistence,
        metrics: StreamsMetrics,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Without `tweets` or `publisher` nothing is written to these stores; for measurements."""
        self._log_of = log
        self._tallies = tallies
        self._letters = letters
        self._tweets = tweets
        self._publisher = publisher
        self._persistence = persistence
        self._metrics = metrics
        self._sleep = sleep
        self._clock = clock
        self._sought_at: dict[int, float] = {}
        self._behind_since: dict[int, float] = {}
        self.last_minutes: dict[int, LastMinute] = {}
        """The windows of the partitions that were seen."""
        self._in_hand = 0

    @property
    def busy(self) -> bool:
        """Whether any batch is being processed."""
        return self._in_hand > 0

    async def process(self, batch: Batch) -> bool:
        """Processes a batch; returns whether it may be acknowledged.

        Raises `AbandonedError` and `HopelessError`; the batch must not be acknowledged then.
        """
        self._in_hand += 1
        try:
            return await self._process(batch)
        except (KafkaError, TimeoutError) as error:
            # Whether it may be counted cannot be found out just now: it comes again.
            _log.warning("partition %d: a batch is left for later: %r", batch.partition, error)
            return False
        finally:
            self._in_hand -= 1

    async def _process(self, batch: Batch) -> bool:
        partition = batch.partition
        tally = self._tallies.get(partition)
        if tally.topic_id != self._log_of.topic_id:
            tally = await self._of_this_epoch(partition, tally)
        if self._log_of.made_anew:
            # What was fetched may still be of the topic before: whoever begins anew reads it again.
            return False
        if life_of(self._log_of.topic_id) in tally.former:
            if not self._is_present_for_good(partition):
                return False
            tally = tally.begun_again(self._log_of.topic_id, await self._of_other_lives(partition))
            self._tallies.set(partition, tally)
        self._behind_since.pop(partition, None)
        standing = continuity(tally, start=batch.start, last=batch.last)
        if standing is Continuity.OLD:
            if not await self._was_recreated(partition, tally):
                self._metrics.redelivered.inc(len(batch.tweets) + len(batch.dead))
                return True
            if self._log_of.topic_id:
                # It has another id, which will soon be known.
                return False
            tally = await self._made_anew(partition, tally, end=0)
            standing = continuity(tally, start=batch.start, last=batch.last)
        if standing is Continuity.HOLE:
            beginning = await self._log_of.beginning(partition)
            if beginning > tally.offset + 1:
                tally = await self._mourned(partition, tally, beginning)
            if batch.start > tally.offset + 1:
                await self.rewind(partition, tally)
                return False
        await self._count(batch.after(tally.offset), tally)
        return True

    async def rewind(self, partition: int, tally: Tally) -> None:
        """Has the consumer go back to where the tally ends, at most once a second."""
        if self._went_back_lately(partition):
            return
        self._sought_at[partition] = self._clock()
        self._metrics.rewinds.inc()
        _log.warning("partition %d: going back to offset %d", partition, tally.offset + 1)
        await self._log_of.seek(partition, tally.offset + 1)

    def _went_back_lately(self, partition: int) -> bool:
        sought_at = self._sought_at.get(partition)
        return sought_at is not None and self._clock() - sought_at < SEEK_AGAIN_SECONDS

    async def _count(self, batch: Batch, tally: Tally) -> None:
        partition = batch.partition
        repeats: frozenset[int] = frozenset()
        if batch.dead:
            dead = list(batch.dead)
            await self._persistence.until_done("dead", lambda: self._letters.send(partition, dead))
        if batch.tweets and self._tweets:
            tweets = self._tweets
            batch = batch._replace(life=life_of(tally.topic_id))
            repeats = await self._persistence.until_done("mongo", lambda: tweets.store(batch))
        messages = (
            [t for t, o in zip(batch.tweets, batch.offsets, strict=True) if o not in repeats]
            if repeats
            else batch.tweets
        )
        by_code = Counter([tweet.code for tweet in messages])
        counted = tally.counted(
            Counts(len(messages), by_code, len(batch.dead), len(repeats)), last=batch.last
        )
        self._tallies.set(partition, counted)
        self.last_minutes.setdefault(partition, LastMinute()).add(messages, by_code, time.time())
        if self._publisher:
            publisher, codes = self._publisher, list(by_code)
            await self._persistence.until_done("redis", lambda: publisher.publish(partition, counted, codes))
        processed = self._metrics.processed
        processed.labels("message").inc(len(messages))
        if batch.dead:
            processed.labels("dead").inc(len(batch.dead))
        if repeats:
            processed.labels("repeat").inc(len(repeats))

    async def _of_this_epoch(self, partition: int, tally: Tally) -> Tally:
        topic_id = self._log_of.topic_id
        if not topic_id or life_of(topic_id) in tally.former:
            return tally
        if tally.topic_id or await self._was_recreated(partition, tally):
            return await self._made_anew(partition, tally, end=self._log_of.former_end(partition))
        # It has not counted anything yet, or is of a version that took no note of the id.
        adopted = tally._replace(topic_id=topic_id)
        if not tally.accounted and (stored := await self._of_other_lives(partition)):
            # They were counted by a tally that is lost, and their topic is gone.
            adopted = tally.made_anew(topic_id, end=0, stored=stored)
            self._tallies.set(partition, adopted)
        return adopted

    def _is_present_for_good(self, partition: int) -> bool:
        """Whether the topic that is read, though the tally calls it a former one, is the present one.

        Whoever is behind knows within seconds. If we are not, a worker that was has moved the tally back.
        """
        since = self._behind_since.setdefault(partition, self._clock())
        return self._clock() - since >= BEHIND_SECONDS

    async def _was_recreated(self, partition: int, tally: Tally) -> bool:
        """Whether the log ends below the tally, and still does a while later."""
        if tally.offset == NOTHING_YET:
            return False
        if await self._log_of.end(partition) > tally.offset:
            return False
        await self._sleep(RECREATED_AFTER_SECONDS)
        return await self._log_of.end(partition) <= tally.offset

    async def _of_other_lives(self, partition: int) -> Mapping[str, int]:
        """By country's code, the messages of the topic's earlier lives, whatever tally counted them."""
        if not self._tweets:
            return {}
        tweets, life = self._tweets, life_of(self._log_of.topic_id)
        return await self._persistence.until_done(
            "mongo", lambda: tweets.stored_in_other_lives(partition, life)
        )

    async def _mourned(self, partition: int, tally: Tally, beginning: int) -> Tally:
        """The tally with what the log no longer has: what of it was stored before, and the rest as lost."""
        stored: Mapping[str, int] = {}
        if self._tweets:
            tweets, first, life = self._tweets, tally.offset + 1, life_of(tally.topic_id)
            stored = await self._persistence.until_done(
                "mongo", lambda: tweets.stored_between(partition, first, beginning, life)
            )
        mourned = tally.without(before=beginning, stored=stored)
        lost = mourned.lost - tally.lost
        self._metrics.lost.inc(lost)
        _log.error(
            "partition %d: the log has lost %d records from offset %d before they were counted",
            partition, lost, tally.offset + 1,
        )  # fmt: skip
        self._tallies.set(partition, mourned)
        return mourned

    async def _made_anew(self, partition: int, tally: Tally, *, end: int) -> Tally:
        stored = await self._of_other_lives(partition) if self._log_of.topic_id else {}
        anew = tally.made_anew(self._log_of.topic_id, end=end, stored=stored)
        lost = anew.lost - tally.lost
        self._metrics.lost.inc(lost)
        _log.error(
            "partition %d: the topic was made anew; of the old one %d records after %d were not counted",
            partition, lost, tally.offset,
        )  # fmt: skip
        self._tallies.set(partition, anew)
        return anew


class Tallies(Protocol):
    """The table of tallies."""

    def get(self, partition: int) -> Tally:
        """The tally of a partition, an empty one if it has none."""

    def set(self, partition: int, tally: Tally) -> None:
        """Sets the tally of the partition whose batch is being processed."""
