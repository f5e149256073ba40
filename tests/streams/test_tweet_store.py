"""Against the real server: the stored document decides which record of an id is the message."""

import asyncio
import uuid
from collections.abc import AsyncIterator
from typing import Any, cast

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic import SecretStr
from pymongo.errors import AutoReconnect, BulkWriteError

from streams.decoding import Batch
from streams.tally import UNKNOWN_LIFE
from streams.tweet_store import Stored, TweetStore
from tests.streams.records import tweet
from weather_tweets.settings import MongoSettings


def _batch(ids: list[str], *, first: int = 0, partition: int = 0) -> Batch:
    offsets = list(range(first, first + len(ids)))
    tweets = [tweet(id_=id_) for id_ in ids]
    return Batch("messages", partition, first, offsets[-1], tweets, offsets, ())


def _ids(count: int) -> list[str]:
    return [str(uuid.uuid4()) for _ in range(count)]


def _settings(mongo_url: str) -> MongoSettings:
    return MongoSettings(url=SecretStr(mongo_url), database=f"t{uuid.uuid4().hex[:12]}")


def _connect(mongo_url: str) -> TweetStore:
    return TweetStore.connect(_settings(mongo_url))


@pytest.fixture
async def store(mongo_url: str) -> AsyncIterator[TweetStore]:
    store = _connect(mongo_url)
    yield store
    await store.close()


async def test_new_tweets_are_no_repeats_and_are_none_when_they_come_again(store: TweetStore) -> None:
    batch = _batch(_ids(300))
    assert (await store.store(batch)).repeats == frozenset()
    assert (await store.store(batch)).repeats == frozenset()
    # Cut differently, with new ones behind.
    rest = batch._replace(tweets=batch.tweets[100:], offsets=batch.offsets[100:])
    assert (await store.store(rest)).repeats == frozenset()


async def test_a_retry_of_a_client_is_a_repeat_each_time_it_is_asked(store: TweetStore) -> None:
    ids = _ids(3)
    await store.store(_batch(ids))
    retry = _batch([*_ids(2), ids[1]], first=3)
    assert (await store.store(retry)).repeats == {5}
    assert (await store.store(retry)).repeats == {5}


async def test_the_same_ids_at_the_same_places_of_another_life_of_the_topic_are_repeats(
    store: TweetStore,
) -> None:
    batch = _batch(_ids(3))._replace(life=7)
    assert (await store.store(batch)).repeats == frozenset()
    assert (await store.store(batch)).repeats == frozenset()
    assert (await store.store(batch._replace(life=8))).repeats == {0, 1, 2}


async def test_where_a_life_is_not_known_it_is_the_same(store: TweetStore) -> None:
    """Version 0.1 took no note of it; nor do brokers older than ids of topics."""
    older, newer = _batch(_ids(3)), _batch(_ids(3))._replace(life=7)
    await store.store(older)
    await store.store(newer)
    assert (await store.store(older._replace(life=7))).repeats == frozenset()
    assert (await store.store(newer._replace(life=0))).repeats == frozenset()


async def test_an_id_twice_in_a_batch_is_a_message_at_its_first_place(store: TweetStore) -> None:
    once, twice = _ids(2)
    batch = _batch([twice, once, twice, twice])
    assert (await store.store(batch)).repeats == {2, 3}
    assert (await store.store(batch)).repeats == {2, 3}


async def test_what_is_stored_of_a_range_of_offsets_is_told_by_country(store: TweetStore) -> None:
    await store.store(_batch(_ids(6), first=10))
    await store.store(_batch(_ids(3), first=10, partition=1))
    assert await store.stored_between(0, 12, 15, 0) == {"GT": 3}
    assert await store.stored_between(0, 16, 20, 0) == {}


async def test_what_is_stored_of_other_lives_of_the_topic_is_told_by_country(store: TweetStore) -> None:
    for life in (7, 8, UNKNOWN_LIFE):
        await store.store(_batch(_ids(2), first=life)._replace(life=life))
    assert await store.stored_in_other_lives(0, 7) == {"GT": 2}
    assert await store.stored_in_other_lives(0, 9) == {"GT": 4}
    assert await store.stored_in_other_lives(1, 7) == {}


class _AwayWhenAsked:
    """A collection that has all ids, and no server that tells where."""

    async def insert_many(self, documents: list[Any], *, ordered: bool) -> None:  # noqa: ARG002
        failures = [{"index": index, "code": 11000} for index in range(len(documents))]
        raise BulkWriteError({"writeErrors": failures, "writeConcernErrors": []})

    async def find(self, *_: Any) -> AsyncIterator[Any]:
        raise AutoReconnect("away")
        yield


async def test_a_server_that_is_away_when_it_is_asked_for_positions_is_waited_for_as_ever() -> None:
    """Two queries at once fail, and the error is not hidden in a group of errors."""
    store = TweetStore(cast(Any, None), cast(Any, _AwayWhenAsked()))
    with pytest.raises(AutoReconnect):
        await store.store(_batch(_ids(120)))


async def test_an_id_in_two_partitions_of_two_workers_at_once_is_one_message(mongo_url: str) -> None:
    settings = _settings(mongo_url)
    one, other = TweetStore.connect(settings), TweetStore.connect(settings)
    ids = _ids(40)
    batches = {one: _batch(ids, partition=0), other: _batch(ids[::-1], partition=1, first=7)}
    verdicts = await asyncio.gather(*(store.store(batch) for store, batch in batches.items()))
    assert sum(len(stored.repeats) for stored in verdicts) == 40
    assert await asyncio.gather(*(store.store(batch) for store, batch in batches.items())) == verdicts
    await one.close()
    await other.close()


async def test_what_is_stored_keeps_its_kinds(store: TweetStore) -> None:
    """Whatever version stored it, and whatever the one that gets it again would find."""
    batch = _batch(_ids(3))
    assert (await store.store(batch)).kinds == [("rain",)] * 3
    await store.collection.update_one({"_id": batch.tweets[1].id}, {"$set": {"kinds": ["snow"]}})
    await store.collection.update_one({"_id": batch.tweets[2].id}, {"$unset": {"kinds": ""}})
    again = await store.store(batch)
    assert (again.kinds, again.elsewhere) == ([("rain",), ("snow",), ()], False)


async def test_a_message_that_an_older_version_stored_is_told(store: TweetStore) -> None:
    batch = _batch(_ids(3))
    await store.store(batch)
    assert await store.store(batch._replace(life=7)) == Stored(frozenset(), [("rain",)] * 3, elsewhere=True)


async def test_an_id_in_two_partitions_of_one_worker_at_once_is_one_message(store: TweetStore) -> None:
    ids = _ids(40)
    batches = [
        _batch([*ids, *_ids(3)], partition=0),
        _batch([*_ids(2), *ids[::-1]], partition=1, first=7),
        # The same offsets as in partition 0: the position decides, not the offset.
        _batch(ids, partition=2),
    ]
    repeats = [frozenset(), set(range(9, 49)), set(range(40))]
    first = await asyncio.gather(*(store.store(batch) for batch in batches))
    assert [stored.repeats for stored in first] == repeats
    # And in another order, when they come again.
    again = await asyncio.gather(*(store.store(batch) for batch in reversed(batches)))
    assert [stored.repeats for stored in again[::-1]] == repeats


async def test_a_document_that_somebody_else_put_there_makes_its_record_a_repeat(store: TweetStore) -> None:
    (id_,) = _ids(1)
    await store.collection.insert_one({"_id": id_})
    assert (await store.store(_batch([id_]))).repeats == {0}


@settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(log=st.lists(st.integers(0, 5), min_size=1, max_size=10), data=st.data())
def test_however_often_and_in_whatever_cuts_it_is_asked_the_answers_are_the_same(
    mongo_url: str, log: list[int], data: st.DataObject
) -> None:
    cuts = [
        tuple(sorted(data.draw(st.tuples(*[st.integers(0, len(log))] * 2))))
        for _ in range(data.draw(st.integers(1, 5)))
    ]

    async def run() -> None:
        store = _connect(mongo_url)
        names = _ids(6)
        try:
            verdicts: dict[int, bool] = {}
            done = 0
            for start, end in [*cuts, (0, len(log))]:
                # Batches come in order, or again; nothing is skipped.
                start, end = min(start, done), max(start, end)
                if start == end:
                    continue
                done = max(done, end)
                batch = _batch([names[i] for i in log[start:end]], first=start)
                repeats = (await store.store(batch)).repeats
                for offset in range(start, end):
                    assert verdicts.setdefault(offset, offset in repeats) is (offset in repeats)
            assert sum(not repeat for repeat in verdicts.values()) == len(set(log))
        finally:
            await store.close()

    asyncio.run(run())
