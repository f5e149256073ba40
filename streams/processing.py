"""What happens to a batch, in which order, and why the counts are exact.

Order: dead letters → MongoDB → tally (with its offset, into the changelog) → Redis → acknowledgement. Each
step is finished before the next begins; partitions are independent of one another. The history is noted with
the tally, and written to MongoDB up to a second later, beside this order (`history_writing`). A worker may
die between any two steps, or be thought dead and go on for a while (a zombie):

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
- *Stored, and then compacted away* before it was counted, or counted again: what MongoDB has of offsets that
  have no record any more was a message, too.
- *A zombie goes on* beside the new owner: both get the same answers from MongoDB and count the same; Redis
  only grows; its acknowledgements are refused by Kafka. What it stores after the new owner has counted it as
  lost is found when the tally looks back at its losses, which `watch` sees to.

- *Tally lost, and its tweets are kept no longer*: MongoDB has no answers for them. It begins with the tally
  that had counted the last of them, which was written before they were deleted (`retention`).

- *Acknowledged, history not written*: whoever has the partition next counts from MongoDB's tweets what is
  beyond the history's own position. Each of its documents says how far it goes in every life of the topic,
  and takes a stretch only if that begins where it ends: late, repeated and stale writers change nothing.

- *The topic is made anew* while a batch is in hand, or before that is known: what was counted of the new
  log under the old tally is counted again in the new epoch; MongoDB's documents bear the topic's life, and
  say that it is repeats. A zombie that goes on in the old epoch writes an old tally: the new owner begins
  the epoch again, with the same answers. Who is behind moves no tally back: the epoch that it would begin
  has to be the present one still when MongoDB has answered what the others have. A tweet of an old epoch
  that it stores only then is counted when it is looked back, which `watch` sees to.

So the tally is, at every offset, a function of the log and of what MongoDB stored, and of nothing else.
"""

import asyncio
import logging
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping
from typing import Protocol

from aiokafka.errors import KafkaError, UnknownTopicOrPartitionError

from streams.decoding import Batch, DeadLetter
from streams.history import History
from streams.last_minute import LastMinute
from streams.persistence import Persistence
from streams.tally import NOTHING_YET, Continuity, Counts, Tally, continuity, life_of
from streams.tweet_store import Stored
from weather_tweets.metrics import StreamsMetrics

_log = logging.getLogger(__name__)

SEEK_AGAIN_SECONDS = 1.0
"""Faust's own seek after a rebalance can override ours: while the hole persists it is tried again."""

RECREATED_AFTER_SECONDS = 2.0
"""How long a log has to end below the tally before it counts as made anew: a new leader may not yet know its
end (KIP-207)."""


class Log(Protocol):
    """The topic as the consumer sees it. Methods that ask Kafka raise `KafkaError` or `TimeoutError`."""

    @property
    def topic_id(self) -> str:
        """Kafka's id of the topic whose records are read, empty while it is not known."""

    @property
    def made_anew(self) -> bool:
        """Whether the topic is another one than the consumer began with."""

    async def is_present(self, topic_id: str) -> bool:
        """Whether Kafka still has the topic with this id, at the moment of its answer.

        A broker that is behind may not pass for Kafka.
        """

    def former_end(self, partition: int) -> int:
        """Where the log of the epoch before is known to have ended, 0 if that is not known."""

    async def beginning(self, partition: int) -> int:
        """The first offset that there still is."""

    async def end(self, partition: int) -> int:
        """The offset up to which records may be read."""

    async def seek(self, partition: int, offset: int) -> None:
        """Goes on reading at `offset`."""


class Tweets(Protocol):
    async def store(self, batch: Batch) -> Stored:
        """Stores tweets; says which of them are repeats, and what the others' documents say."""

    async def stored_in_other_lives(self, partition: int, life: int) -> Mapping[str, int]:
        """By country's code, how many tweets of the partition are stored that another life gave."""

    async def checkpoint(self, partition: int) -> Tally | None:
        """The tally to begin with where it is lost, and tweets that it had counted are kept no longer."""

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
        history: History | None = None,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Without `tweets`, `publisher` or `history` nothing goes to these stores; for measurements."""
        self._log_of = log
        self._tallies = tallies
        self._letters = letters
        self._tweets = tweets
        self._publisher = publisher
        self._history = history
        self._persistence = persistence
        self._metrics = metrics
        self._sleep = sleep
        self._clock = clock
        self._sought_at: dict[int, float] = {}
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
        if not tally.accounted:
            tally = await self._begun(partition, tally)
        if tally.topic_id != self._log_of.topic_id:
            tally = await self._of_this_epoch(partition, tally)
        if self._log_of.made_anew:
            # What was fetched may still be of the topic before: whoever begins anew reads it again.
            return False
        if batch.last < batch.start:
            tally = await self._looked_back(partition, tally)
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
            # Only what is in nobody's hands: the log may have lost what this batch has by now.
            beginning = min(await self._log_of.beginning(partition), batch.start)
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
        life = life_of(tally.topic_id)
        stored = Stored(frozenset(), ())
        if batch.dead:
            dead = list(batch.dead)
            await self._persistence.until_done("dead", lambda: self._letters.send(partition, dead))
        if batch.tweets and self._tweets:
            tweets = self._tweets
            batch = batch._replace(life=life)
            stored = await self._persistence.until_done("mongo", lambda: tweets.store(batch))
        repeats = stored.repeats
        messages, appended = batch.tweets, batch.appended
        if repeats:
            counted_now = [i for i, offset in enumerate(batch.offsets) if offset not in repeats]
            messages = [batch.tweets[i] for i in counted_now]
            appended = [batch.appended[i] for i in counted_now]
        by_code = Counter([tweet.code for tweet in messages])
        if self._tweets and batch.last - tally.offset > len(batch.tweets) + len(batch.dead):
            by_code |= Counter(await self._stored_between(partition, tally.offset + 1, batch.last + 1, life))
        counted = tally.counted(
            Counts(by_code.total(), by_code, len(batch.dead), len(repeats)), last=batch.last
        )
        self._tallies.set(partition, counted)
        if self._history and by_code.total() == len(messages):
            self._history.add(batch, stored, life=life)
        elif self._history:
            # Of the others nobody has the text and the hour at hand.
            self._history.begin(partition, life, batch.last)
        self.last_minutes.setdefault(partition, LastMinute()).add(messages, appended, by_code, time.time())
        if self._publisher:
            publisher, codes = self._publisher, list(by_code)
            await self._persistence.until_done("redis", lambda: publisher.publish(partition, counted, codes))
        processed = self._metrics.processed
        processed.labels("message").inc(by_code.total())
        if batch.dead:
            processed.labels("dead").inc(len(batch.dead))
        if repeats:
            processed.labels("repeat").inc(len(repeats))

    async def _begun(self, partition: int, tally: Tally) -> Tally:
        """A tally that has counted nothing, or the one of when tweets were kept no longer."""
        if not self._tweets:
            return tally
        tweets = self._tweets
        checkpoint = await self._persistence.until_done("mongo", lambda: tweets.checkpoint(partition))
        if checkpoint is None:
            return tally
        _log.warning(
            "partition %d: its tally is lost; what is kept no longer was counted up to offset %d",
            partition, checkpoint.offset,
        )  # fmt: skip
        self._tallies.set(partition, checkpoint)
        return checkpoint

    async def _of_this_epoch(self, partition: int, tally: Tally) -> Tally:
        topic_id = self._log_of.topic_id
        if not topic_id:
            return tally
        end = self._log_of.former_end(partition)
        if tally.topic_id or end or await self._was_recreated(partition, tally):
            return await self._made_anew(partition, tally, end=end)
        # It has not counted anything yet, or is of a version that took no note of the id.
        if tally.accounted:
            return tally._replace(topic_id=topic_id)
        if stored := await self._of_other_lives(partition, topic_id):
            # They were counted by a tally that is lost, and their topic is gone.
            adopted = tally.made_anew(topic_id, end=0).with_late(stored)
            self._tallies.set(partition, adopted)
            return adopted
        return tally._replace(topic_id=topic_id, begun_with={})

    async def _looked_back(self, partition: int, tally: Tally) -> Tally:
        """The tally with what was stored after it had been given up: of earlier epochs, or as lost."""
        topic_id = self._log_of.topic_id
        if not topic_id or not self._tweets:
            return tally
        complete = await self._with_found(partition, tally)
        if tally.begun_with is not None:
            complete = complete.with_late(await self._of_other_lives(partition, topic_id))
        if complete.messages > tally.messages:
            _log.warning(
                "partition %d: %d messages that had been given up were stored late, and are counted now",
                partition, complete.messages - tally.messages,
            )  # fmt: skip
            self._tallies.set(partition, complete)
            if self._history:
                self._history.begin(partition, life_of(complete.topic_id), complete.offset)
        return complete

    async def _with_found(self, partition: int, tally: Tally) -> Tally:
        """The tally with what is stored of what it had counted as lost."""
        return tally.with_found([
            await self._stored_between(partition, loss.first, loss.before, life_of(tally.topic_id))
            for loss in tally.losses
        ])  # fmt: skip

    async def _was_recreated(self, partition: int, tally: Tally) -> bool:
        """Whether the log ends below the tally, and still does a while later."""
        if tally.offset == NOTHING_YET:
            return False
        if await self._log_of.end(partition) > tally.offset:
            return False
        await self._sleep(RECREATED_AFTER_SECONDS)
        return await self._log_of.end(partition) <= tally.offset

    async def _of_other_lives(self, partition: int, topic_id: str) -> Mapping[str, int]:
        """By country's code, the messages of all lives before this one, whatever tally counted them.

        Raises `UnknownTopicOrPartitionError` if this one is over: then some of them are of a later one.
        """
        if not self._tweets:
            return {}
        tweets, life = self._tweets, life_of(topic_id)
        stored = await self._persistence.until_done(
            "mongo", lambda: tweets.stored_in_other_lives(partition, life)
        )
        if not await self._log_of.is_present(topic_id):
            raise UnknownTopicOrPartitionError("the topic was made anew meanwhile")
        return stored

    async def _stored_between(self, partition: int, first: int, before: int, life: int) -> Mapping[str, int]:
        if not self._tweets:
            return {}
        tweets = self._tweets
        return await self._persistence.until_done(
            "mongo", lambda: tweets.stored_between(partition, first, before, life)
        )

    async def _mourned(self, partition: int, tally: Tally, beginning: int) -> Tally:
        """The tally with what the log no longer has: what of it was stored before, and the rest as lost."""
        mourned = await self._with_found(partition, tally.without(before=beginning))
        lost = mourned.lost - tally.lost
        self._metrics.lost.inc(lost)
        _log.error(
            "partition %d: the log has lost %d records from offset %d before they were counted",
            partition, lost, tally.offset + 1,
        )  # fmt: skip
        self._tallies.set(partition, mourned)
        return mourned

    async def _made_anew(self, partition: int, tally: Tally, *, end: int) -> Tally:
        topic_id = self._log_of.topic_id
        anew = tally.made_anew(topic_id, end=end)
        if topic_id:
            anew = anew.with_late(await self._of_other_lives(partition, topic_id))
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
