"""Against the real server: old tweets go, and whatever happens, what was counted of them stays."""

import asyncio
from collections import Counter
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import msgspec
import pytest
from pymongo.errors import AutoReconnect, DuplicateKeyError

from streams import purging
from streams.decoding import Batch
from streams.history_store import HEAD, HOUR
from streams.purging import Purging
from streams.retention import OvertakenError, RetentionStore, Retired, hour_of
from streams.tally import Tally, life_of
from tests.streams.histories import NOW, Database, Worker, some_tweets
from weather_tweets.tweet import Tweet

_DAYS = 2
_SINCE = hour_of(NOW - timedelta(days=_DAYS))


class Stores(RetentionStore):
    """That may die after so many deletions."""

    dies_after: int | None = None

    async def delete(self, documents: Sequence[dict[str, Any]]) -> int:
        if self.dies_after is not None:
            self.dies_after -= 1
            if self.dies_after < 0:
                raise AutoReconnect("gone")
        return await super().delete(documents)


@pytest.fixture(autouse=True)
def in_small_steps(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(purging, "TWEETS_AT_ONCE", 7)
    monkeypatch.setattr(purging, "PAUSE_FACTOR", 0.0)


def _stores(database: Database) -> Stores:
    tweets = database.tweets.collection
    return Stores(tweets.database.get_collection("retention", write_concern=tweets.write_concern), tweets)


def _purging(worker: Worker, database: Database, stores: Stores | None = None, days: int = _DAYS) -> Purging:
    return Purging(
        days,
        retention=stores or _stores(database),
        history=database.history,
        partitions=lambda: worker.partitions,
        tallies=lambda _: worker.tally,
        settled=lambda: True,
        metrics=worker.metrics,
        now=lambda: NOW,
    )


def _week(count: int = 120) -> list[Tweet]:
    return some_tweets(count, timedelta(days=5))


def _old(count: int) -> list[Tweet]:
    """Of hours that are to go."""
    old = [tweet for tweet in _week(20 * count) if tweet.at < _SINCE.timestamp() * 1000]
    return old[:count]


def _by_code(tweets: list[Tweet]) -> Counter[str]:
    return Counter(tweet.code for tweet in tweets)


async def _counted(database: Database, tweets: list[Tweet]) -> Worker:
    worker = Worker(database)
    await worker.count(tweets)
    await worker.writing.write()
    return worker


async def _agrees(database: Database, tweets: list[Tweet]) -> Retired | None:
    """That the history has them all, and that each is either stored or known to be gone."""
    counted = await database.counted(HOUR)
    by_code = Counter[str]()
    for (_, code), sum_ in counted.items():
        by_code[code] += sum_["tweets"]
    assert by_code == _by_code(tweets)
    stored = await database.stored(HOUR)
    assert {key: counted[key] for key in stored if key[0] >= _SINCE.replace(tzinfo=None)} == {
        key: sum_ for key, sum_ in stored.items() if key[0] >= _SINCE.replace(tzinfo=None)
    }
    retired = await _stores(database).of(0)
    kept = {"$nor": [retired.query()]} if retired else {}
    left = Counter([d["code"] async for d in database.tweets.collection.find(kept)])
    assert left + (retired.by_code if retired else Counter()) == _by_code(tweets)
    return retired


def _same(one: Tally, other: Tally) -> bool:
    return msgspec.json.encode(one.to_table()) == msgspec.json.encode(other.to_table())


async def _deleted(database: Database, tweets: list[Tweet]) -> int:
    return len(tweets) - await database.tweets.collection.count_documents({})


async def test_old_tweets_go_and_the_history_stays(database: Database) -> None:
    tweets = _week()
    worker = await _counted(database, tweets)
    before = await database.counted(HOUR)
    assert await _purging(worker, database).purge()

    assert await database.counted(HOUR) == before
    retired = await _agrees(database, tweets)
    kept = [t for t in tweets if t.at >= _SINCE.timestamp() * 1000]
    assert {d["_id"] async for d in database.tweets.collection.find()} == {t.id for t in kept}
    assert retired
    assert retired.by_code == _by_code(tweets) - _by_code(kept)
    assert _same(retired.tally, worker.tally)
    (purged,) = worker.metrics.purged.collect()
    assert purged.samples[0].value == len(tweets) - len(kept)

    assert await _purging(worker, database).purge()
    assert await _stores(database).of(0) == retired


async def test_where_nothing_is_old_nothing_is_written(database: Database) -> None:
    worker = await _counted(database, some_tweets(30))
    assert await _purging(worker, database).purge()
    assert await _stores(database).of(0) is None
    assert "retention" not in await database.tweets.collection.database.list_collection_names()


async def test_a_history_that_is_begun_anew_keeps_the_hours_whose_tweets_are_gone(database: Database) -> None:
    tweets = _week()
    worker = await _counted(database, tweets)
    await _purging(worker, database).purge()
    await database.documents.delete_many({"step": HEAD})
    other = Worker(database, worker.tally)
    await other.writing.write()
    await _agrees(database, tweets)

    more = _week(40)
    await other.count(more)
    await other.writing.write()
    await database.documents.delete_many({"step": HEAD})
    await Worker(database, other.tally).writing.write()
    await _agrees(database, tweets + more)


async def test_two_who_begin_the_history_anew_at_once_keep_the_hours_that_stay(database: Database) -> None:
    tweets = _week()
    worker = await _counted(database, tweets)
    await _purging(worker, database).purge()
    begun = [database.history.begin(0, life_of("first")) for _ in range(2)]
    failed = [e for e in await asyncio.gather(*begun, return_exceptions=True) if isinstance(e, Exception)]
    assert all(isinstance(error, DuplicateKeyError) for error in failed)
    assert len(failed) < 2
    other = Worker(database, worker.tally)
    for _ in range(2):
        await other.writing.write()
    await other.count(more := _week(60))
    await other.writing.write()
    await _agrees(database, tweets + more)


async def test_a_late_tweet_of_an_hour_that_is_gone_is_counted_once_and_goes(database: Database) -> None:
    tweets, late = _week(), _old(5)
    worker = await _counted(database, tweets)
    await _purging(worker, database).purge()
    await worker.count(late)
    await _agrees_but_for(database, tweets, late)
    await worker.writing.write()
    await _agrees(database, tweets + late)
    await _purging(worker, database).purge()
    await _agrees(database, tweets + late)
    assert not await database.tweets.collection.find_one({"_id": {"$in": [tweet.id for tweet in late]}})
    await database.documents.delete_many({"step": HEAD})
    await Worker(database, worker.tally).writing.write()
    await _agrees(database, tweets + late)


async def _agrees_but_for(database: Database, tweets: list[Tweet], late: list[Tweet]) -> None:
    """A tweet that the history has not counted yet is kept, however old it is."""
    worker = Worker(database, Tally(topic_id="first", offset=len(tweets) + len(late) - 1, messages=1))
    await _purging(worker, database).purge()
    ids = [tweet.id for tweet in late]
    assert await database.tweets.collection.count_documents({"_id": {"$in": ids}}) == len(ids)


@pytest.mark.parametrize("deletions", [0, 1, 4])
async def test_who_takes_over_deletes_what_was_left(database: Database, deletions: int) -> None:
    tweets = _week()
    worker = await _counted(database, tweets)
    stores = _stores(database)
    stores.dies_after = deletions
    with pytest.raises(AutoReconnect):
        await _purging(worker, database, stores).purge()
    await _agrees(database, tweets)
    other = Worker(database, worker.tally)
    await other.count(more := _week(20))
    await other.writing.write()
    assert await _purging(other, database).purge()
    await _agrees(database, tweets + more)
    oldest = database.tweets.collection.find().sort("accepted_at", 1).limit(1)
    assert [d["accepted_at"] >= _SINCE.replace(tzinfo=None) async for d in oldest] == [True]


async def test_two_who_delete_at_once_count_what_goes_once(database: Database) -> None:
    tweets = _week()
    worker = await _counted(database, tweets)
    stores = _stores(database)
    stores.dies_after = 0
    with pytest.raises(AutoReconnect):
        await _purging(worker, database, stores).purge()
    first = await stores.of(0)
    assert first
    with pytest.raises(OvertakenError):
        await stores.move(None, first)
    second = await stores.move(first, first._replace(before=first.before))
    with pytest.raises(OvertakenError):
        await stores.move(first, second)
    assert await _purging(worker, database).purge()
    await _agrees(database, tweets)


async def test_nothing_is_deleted_while_the_history_is_counted_from_the_tweets(database: Database) -> None:
    tweets = _week()
    worker = await _counted(database, tweets)
    await database.history.begin(0, life_of("first"))
    assert not await _purging(worker, database).purge()
    assert await _deleted(database, tweets) == 0
    await Worker(database, worker.tally).writing.write()
    assert await _purging(worker, database).purge()
    assert await _deleted(database, tweets) > 0
    await _agrees(database, tweets)


async def test_what_the_history_lacks_is_not_deleted(database: Database) -> None:
    tweets = _week()
    worker = await _counted(database, tweets)
    await database.documents.delete_one({"step": HOUR, "at": {"$lt": _SINCE}})
    assert not await _purging(worker, database).purge()
    old = [tweet for tweet in tweets if tweet.at < _SINCE.timestamp() * 1000]
    assert await _deleted(database, tweets) < len(old)


async def test_the_answer_about_other_lives_has_what_is_kept_no_longer(database: Database) -> None:
    tweets = _week()
    worker = await _counted(database, tweets)
    second = life_of("second")
    assert await database.tweets.stored_in_other_lives(0, second) == _by_code(tweets)
    for dies_after in (1, None):
        stores = _stores(database)
        stores.dies_after = dies_after
        try:
            await _purging(worker, database, stores).purge()
        except AutoReconnect:
            assert dies_after
        assert await database.tweets.stored_in_other_lives(0, second) == _by_code(tweets)
        assert await database.tweets.stored_in_other_lives(0, life_of("first")) == {}


async def test_the_tally_to_begin_with_had_counted_what_is_gone_and_no_more(database: Database) -> None:
    tweets = _week()
    worker = await _counted(database, tweets)
    assert await database.tweets.checkpoint(0) is None
    await _purging(worker, database).purge()
    checkpoint = await database.tweets.checkpoint(0)
    assert checkpoint
    assert _same(checkpoint, worker.tally)


async def test_a_tally_that_fell_back_has_nothing_deleted_until_it_is_there_again(database: Database) -> None:
    tweets = _week()
    worker = await _counted(database, tweets)
    await _purging(worker, database).purge()
    right = await _stores(database).of(0)
    worker.tally = Tally(topic_id="first", offset=3, messages=4)
    assert not await _purging(worker, database).purge()
    assert await _stores(database).of(0) == right


async def test_a_record_that_is_delivered_again_after_its_tweet_is_gone_is_stored_and_deleted_again(
    database: Database,
) -> None:
    """Its tally was lost: it counts once in it, and in the history it was counted before."""
    tweets = _week()
    worker = await _counted(database, tweets)
    await _purging(worker, database).purge()
    batch = Batch("messages", 0, 0, len(tweets) - 1, tweets, range(len(tweets)), (), life_of("first"))
    assert not (await database.tweets.store(batch)).repeats
    await _agrees(database, tweets)
    assert await _purging(worker, database).purge()
    assert await _deleted(database, tweets) > 0
    await _agrees(database, tweets)
