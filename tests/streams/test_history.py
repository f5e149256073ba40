"""Against the real server: whatever happens, the history counts what is stored, each tweet once."""

import asyncio
import random
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Any

import pytest
from pymongo.errors import AutoReconnect

from streams import history_writing
from streams.decoding import Batch
from streams.history import History
from streams.history_store import HEAD, HOUR, MINUTE
from streams.tally import Tally, life_of
from streams.tweet_store import Stored
from tests.streams.histories import NOW, Database, Worker, some_tweets
from weather_tweets.tweet import Tweet


async def test_what_is_counted_is_in_its_hour_and_its_minute(database: Database) -> None:
    worker = Worker(database)
    for _ in range(3):
        await worker.count(some_tweets(40))
        await worker.writing.write()
    await database.agrees()
    counted = await database.counted(HOUR)
    assert sum(sum_["tweets"] for sum_ in counted.values()) == 120
    assert sum(sum_["kinds"]["rain"] for sum_ in counted.values()) > 10
    assert worker.history.behind_seconds() == 0.0


async def test_the_metrics_say_which_weather_was_counted_where(database: Database) -> None:
    worker = Worker(database)
    await worker.count(some_tweets(40))
    await worker.writing.write()
    counted: Counter[tuple[str, str]] = Counter()
    for (_, code), sum_ in (await database.counted(HOUR)).items():
        counted.update({(code, kind): tweets for kind, tweets in sum_["kinds"].items()})
    (told,) = worker.metrics.kinds.collect()
    assert {
        (sample.labels["code"], sample.labels["kind"]): sample.value
        for sample in told.samples
        if sample.name.endswith("_total")
    } == counted


async def test_minutes_are_kept_for_two_days_and_hours_for_ever(database: Database) -> None:
    worker = Worker(database)
    await worker.count(some_tweets(40, timedelta(days=30)))
    await database.documents.insert_one({"_id": "old", "step": MINUTE, "at": NOW - timedelta(days=3)})
    await worker.writing.write()
    assert await database.counted(HOUR) == await database.stored(HOUR)
    kept = {at for at, _ in await database.counted(MINUTE)}
    assert len(kept) < 10
    assert not await database.documents.find_one({"_id": "old"})


async def test_who_takes_over_counts_what_was_not_written(database: Database) -> None:
    one = Worker(database)
    await one.count(some_tweets(50))
    await one.writing.write()
    await one.count(some_tweets(50))
    other = Worker(database, one.tally)
    await other.count(some_tweets(50))
    await other.writing.write()
    await database.agrees()


async def test_who_takes_over_counts_it_although_nothing_comes(database: Database) -> None:
    one = Worker(database)
    await one.count(some_tweets(50))
    other = Worker(database, one.tally)
    assert other.history.behind_seconds() == 0.0
    await other.writing.write()
    await database.agrees()


async def test_only_what_was_not_written_is_read_again(database: Database) -> None:
    one = Worker(database)
    await one.count(some_tweets(500))
    await one.writing.write()
    await one.count(some_tweets(7))
    read: list[int] = []
    stored = database.history.stored

    async def noting(*args: Any) -> Any:
        told = await stored(*args)
        read.append(len(told))
        return told

    database.history.stored = noting  # type: ignore[method-assign,assignment]
    await Worker(database, one.tally).writing.write()
    assert read == [7]
    await database.agrees()


async def test_a_zombie_that_goes_on_changes_nothing(database: Database) -> None:
    zombie = Worker(database)
    await zombie.count(some_tweets(10))
    await zombie.writing.write()
    same = some_tweets(60)
    await zombie.count(same[:20])
    owner = Worker(database, zombie.tally)
    await zombie.count(same[20:40])
    await owner.count(same[20:60])
    await owner.writing.write()
    await zombie.writing.write()
    await zombie.count(same[40:50])
    await zombie.writing.write()
    await database.agrees()
    await owner.count(some_tweets(20))
    await asyncio.gather(owner.writing.write(), zombie.writing.write())
    await owner.writing.write()
    await database.agrees()


async def test_repeats_are_not_counted(database: Database) -> None:
    worker = Worker(database)
    tweets = some_tweets(30)
    await worker.count(tweets)
    await worker.count([*some_tweets(5), *tweets[:10], *some_tweets(5)])
    await worker.writing.write()
    await database.agrees()


async def test_a_tally_that_fell_back_counts_nothing_twice(database: Database) -> None:
    worker = Worker(database)
    tweets = some_tweets(90)
    await worker.count(tweets[:30])
    fallen = worker.tally
    await worker.count(tweets[30:60])
    await worker.writing.write()
    other = Worker(database, fallen)
    await other.count(tweets[30:40])
    await other.writing.write()
    await other.count(tweets[40:75])
    await other.count(tweets[75:])
    for _ in range(2):
        await other.writing.write()
    await database.agrees()


async def test_a_deleted_history_is_made_anew(database: Database) -> None:
    worker = Worker(database)
    await worker.count(some_tweets(50))
    await worker.writing.write()
    await database.documents.drop()
    await worker.count(some_tweets(20))
    await worker.writing.write()
    await database.agrees()
    assert await database.documents.find_one({"step": HEAD})


async def test_what_somebody_else_stored_without_a_time_is_counted_too(database: Database) -> None:
    worker = Worker(database)
    await worker.count(some_tweets(10))
    await database.tweets.collection.insert_one({"_id": "another's", "partition": 0, "offset": 3, "life": 77})
    await worker.writing.write()
    counted = await database.counted(HOUR)
    assert sum(sum_["tweets"] for sum_ in counted.values()) == 11
    assert counted[datetime(1970, 1, 1), "ZZ"]["tweets"] == 1


async def test_tweets_of_a_version_that_knew_neither_kinds_nor_lives_are_counted(database: Database) -> None:
    worker = Worker(database)
    old = some_tweets(30)
    await worker.count(old)
    fields = {"life": "", "kinds": "", "lexicon": ""}
    await database.tweets.collection.update_many({}, {"$unset": fields})
    # Some were not counted by the old version: they come again.
    worker = Worker(database, Tally(offset=19, messages=20, topic_id=""))
    await worker.writing.write()
    worker.tally = worker.tally._replace(topic_id="first")
    await worker.count([*old[20:], *some_tweets(10)])
    await worker.writing.write()
    await worker.count(some_tweets(10))
    await worker.writing.write()
    await database.agrees()


async def test_a_topic_that_is_made_anew_begins_a_further_life(database: Database) -> None:
    old = Worker(database)
    await old.count(some_tweets(60))
    await old.writing.write()
    await old.count(some_tweets(15))
    new = Worker(database, old.tally.made_anew("second", end=0))
    await new.count(some_tweets(30))
    await new.writing.write()
    await database.agrees()
    # One that is behind, and does not know.
    await old.count(some_tweets(5))
    await old.writing.write()
    await new.count(some_tweets(30))
    await new.writing.write()
    await database.agrees()


async def test_a_batch_that_is_half_stored_when_the_history_begins_is_counted_whole(
    database: Database,
) -> None:
    worker = Worker(database, Tally())
    tweets = some_tweets(20)
    await database.store(tweets, "first", every=2)
    await worker.writing.write()
    worker.tally = Tally(topic_id="first")
    await worker.count(tweets)
    await worker.writing.write()
    await database.agrees()


async def test_who_is_behind_does_not_say_how_far_the_present_life_goes(database: Database) -> None:
    behind, present = Worker(database, Tally(topic_id="old")), Worker(database)
    tweets = some_tweets(20)
    await database.store(tweets, "first", every=2)
    await behind.count(some_tweets(5))
    await behind.writing.write()
    await present.count(tweets)
    await present.writing.write()
    await database.agrees()


async def test_what_one_has_begun_to_look_through_another_life_does_not_go_on_with(
    database: Database,
) -> None:
    one = Worker(database)
    await one.count(some_tweets(20))
    head = await database.history.begin(0, life_of("first"))
    await database.history.scanned(head, {life_of("first"): -1}, 1999, life=life_of("first"))
    other = Worker(database, one.tally.made_anew("second", end=0))
    await other.count(some_tweets(10))
    await other.writing.write()
    await database.agrees()


async def test_a_life_that_ended_before_it_was_counted_is_looked_for(database: Database) -> None:
    first = Worker(database)
    await first.count(some_tweets(20))
    await first.writing.write()
    await database.store(some_tweets(10), "second")
    third = Worker(database, first.tally.made_anew("third", end=0))
    await third.count(some_tweets(5))
    await third.writing.write()
    await database.agrees()


async def test_what_is_stored_late_of_an_earlier_life_is_counted(database: Database) -> None:
    late = some_tweets(20)
    await database.store(late, "first", every=2)
    worker = Worker(database, Tally(topic_id="first").made_anew("second", end=0))
    await worker.count(some_tweets(10))
    await worker.writing.write()
    await database.store(late, "first")
    worker.tally = worker.tally.with_late({"GT": 20})
    worker.history.begin(0, life_of("second"), worker.tally.offset)
    await worker.count(some_tweets(10))
    for _ in range(2):
        await worker.writing.write()
    await database.agrees()


async def test_who_takes_over_sees_by_the_tally_that_tweets_were_stored_late(database: Database) -> None:
    """As lost they were stepped over; a worker that stood still stored them; who counted that has died."""
    late = some_tweets(3)
    worker = Worker(database, Tally(topic_id="first").without(before=3))
    await worker.count(some_tweets(10))
    await worker.writing.write()
    await database.store(late, "first")
    other = Worker(database, worker.tally.with_found([{"GT": 3}]))
    for _ in range(2):
        await other.writing.write()
    await database.agrees()


async def test_whether_tweets_are_missing_is_asked_again_when_mongodb_did_not_answer(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    worker = Worker(database, Tally(topic_id="first").without(before=3))
    await worker.count(some_tweets(10))
    await worker.writing.write()
    await database.store(some_tweets(3), "first")
    worker.tally = worker.tally.with_found([{"GT": 3}])

    async def lacks(*_: object, **__: object) -> bool:
        raise AutoReconnect("the answer was lost")

    with monkeypatch.context() as away:
        away.setattr(worker.writing._store, "lacks", lacks)
        with pytest.raises(AutoReconnect):
            await worker.writing.write()
    for _ in range(2):
        await worker.writing.write()
    await database.agrees()


async def test_what_was_deleted_is_not_looked_for_again_and_again(database: Database) -> None:
    worker = Worker(database)
    await worker.count(some_tweets(10))
    await database.tweets.collection.delete_many({"offset": {"$lt": 5}})
    for _ in range(3):
        await worker.writing.write()
    await database.documents.delete_many({})
    for _ in range(3):
        await worker.writing.write()
    await database.agrees()
    made = (await database.history.heads([0]))[0].made
    for _ in range(2):
        worker.history.begin(0, life_of("first"), worker.tally.offset)
        await worker.writing.write()
    assert (await database.history.heads([0]))[0].made == made


async def test_records_that_were_taken_for_those_of_the_life_before_are_counted(database: Database) -> None:
    """The tally fell back, and the topic was made anew: its records come at offsets that are written."""
    worker = Worker(database)
    tweets = some_tweets(20)
    await worker.count(tweets[:10])
    fallen = worker.tally
    await worker.count([*tweets[10:12], *tweets[:3]])
    await worker.writing.write()
    other = Worker(database, fallen._replace(offset=11))
    await other.count(some_tweets(5))
    await other.writing.write()
    other.tally = other.tally.made_anew("second", end=0)
    await other.count(some_tweets(5))
    await other.writing.write()
    await database.agrees()


async def test_what_the_tally_takes_from_mongodb_is_in_the_history(database: Database) -> None:
    """The log lost its beginning (retention); what was stored of it nevertheless counts."""
    worker = Worker(database)
    await worker.count(some_tweets(10))
    await worker.writing.write()
    await Worker(database, worker.tally).count(some_tweets(10))
    worker.tally = worker.tally.without(before=5_000_000).with_found([{"GT": 10}])
    await worker.count(some_tweets(10))
    await worker.writing.write()
    await database.agrees()


async def test_more_than_a_page_is_counted_anew(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(history_writing, "_OFFSETS_AT_ONCE", 7)
    worker = Worker(database)
    await worker.count(some_tweets(100), first=0)
    worker.tally = worker.tally._replace(offset=3_000)
    await worker.count(some_tweets(100))
    await Worker(database, worker.tally).writing.write()
    await database.agrees()


class _Failing:
    """A collection whose requests fail now and then: before they are done, or after."""

    def __init__(self, collection: Any, chance: random.Random) -> None:
        self._collection = collection
        self._chance = chance
        self.failures = 0

    def find(self, *args: Any) -> Any:
        return self._collection.find(*args)

    def __getattr__(self, name: str) -> Callable[..., Any]:
        async def request(*args: Any, **kwargs: Any) -> Any:
            draw = self._chance.random()
            self.failures += draw < 0.3
            if draw < 0.15:
                raise AutoReconnect("before")
            answer = await getattr(self._collection, name)(*args, **kwargs)
            if draw < 0.3:
                raise AutoReconnect("after")
            return answer

        return request


@pytest.mark.parametrize("seed", range(6))
async def test_whatever_dies_and_whoever_else_writes_it_counts_what_is_stored(
    database: Database, seed: int
) -> None:
    chance = random.Random(seed)
    failing = _Failing(database.documents, chance)
    database.history._history = failing  # type: ignore[assignment]
    log: list[Tweet] = []
    workers = [Worker(database)]
    for _ in range(60):
        worker = chance.choice(workers)
        match chance.randrange(9):
            case 0 | 1 | 2:
                while len(log) < worker.tally.offset + 1 + 30:
                    log += some_tweets(30)
                first = worker.tally.offset + 1
                await worker.count(log[first : first + chance.randint(1, 30)])
            case 3 | 4 | 5 | 6:
                with suppress(AutoReconnect):
                    await worker.writing.write()
            case 7:
                tally = max((worker.tally for worker in workers), key=lambda tally: tally.offset)
                workers = [*workers[-1:], Worker(database, tally)]
            case 8 if chance.random() < 0.3:
                await database.documents.drop()
    database.history._history = database.documents
    last = max(workers, key=lambda worker: worker.tally.offset)
    for _ in range(3):
        await last.writing.write()
    assert failing.failures > 3
    await database.agrees()


def test_stretches_that_cannot_be_written_take_no_more_than_so_much_memory(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("streams.history.MOST_CELLS", 100)
    history = History()
    for first in range(0, 1000, 50):
        tweets = [Tweet(str(n), "", "", "GT", n * 60_000) for n in range(first, first + 50)]
        batch = Batch("messages", 0, first, first + 49, tweets, range(first, first + 50), ())
        history.add(batch, Stored(frozenset(), [()] * 50), life=1)
        assert len(history.stretches[0].cells) <= 100
    assert not history.stretches[0].joined
