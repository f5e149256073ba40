"""Gives MongoDB the documents back that a plan names, each with the position that it had.

Nothing is kept of how far it came: what is missing is found out anew each time, so a rebuild that was killed
goes on where it was, and one that is repeated does nothing.
"""

import asyncio
from collections.abc import Callable

from operations import committed_log
from operations.rebuild.pace import Pace
from operations.rebuild.plan import Plan
from streams.decoding import Batch, reader
from streams.tally import life_of
from streams.tweet_store import TweetStore
from weather_tweets.settings import KafkaSettings, MongoSettings

_AT_ONCE = 1_000
"""Small enough that a worker's insert waits some tens of milliseconds for one of ours at most."""


async def restore(
    kafka: KafkaSettings, mongo: MongoSettings, plan: Plan, pace: Pace, on_progress: Callable[[int], None]
) -> int:
    """Inserts what is missing; returns how many ids a worker has given to another record meanwhile.

    Each of these came again from its client, was not found, and is counted twice for good, or until the
    tables are rebuilt. Raises `KafkaError`, `PyMongoError`, `StandstillError`.
    """
    store = TweetStore.connect(mongo)
    read = reader()
    wanted = {partition: set(of.offsets) for partition, of in plan.partitions.items()}
    lives = {partition: life_of(of.tally.topic_id) for partition, of in plan.partitions.items()}
    overtaken = 0

    async def take(partition: int, records: committed_log.Records) -> None:
        nonlocal overtaken
        meant = [record for record in records if record.offset in wanted[partition]]
        if not meant:
            return
        tweets = [read(kafka.topic, partition, record) for record in meant]
        offsets = [record.offset for record in meant]
        await asyncio.sleep(pace.pause_seconds(len(meant)))
        batch = Batch(
            kafka.topic, partition, offsets[0], offsets[-1], tweets, offsets, (), life=lives[partition]
        )
        overtaken += len((await store.store(batch)).repeats)
        on_progress(len(meant))

    extents = {p: committed_log.stretches(of.offsets) for p, of in plan.partitions.items()}
    try:
        await committed_log.read(kafka, kafka.topic, extents, take, at_once=_AT_ONCE)
    finally:
        await store.close()
    return overtaken
