"""The order of a batch's steps and what becomes of it when records are missing, repeated or lost."""

import asyncio
import random
from collections import Counter
from collections.abc import Sequence

import pytest
import redis
from hypothesis import given
from hypothesis import strategies as st
from prometheus_client import CollectorRegistry
from pymongo.errors import AutoReconnect, OperationFailure

from streams import persistence as persistence_module
from streams.decoding import Batch, DeadLetter, decoder
from streams.history import History
from streams.persistence import AbandonedError, HopelessError, Persistence
from streams.processing import Processor
from streams.tally import Loss, Tally, life_of
from streams.tweet_store import Stored
from tests.streams.records import record_batch, tweet
from weather_tweets.metrics import StreamsMetrics
from weather_tweets.tweet import Tweet

decode = decoder()


class CrashError(Exception):
    """The worker dies here."""


class World:
    """A log, a table and the stores, in memory; notes what happens, and can fail at any step."""

    def __init__(self) -> None:
        self.topic_id = ""
        self.made_anew = False
        self.present = ""
        """The id of the topic that Kafka has; empty for the one that is read."""
        self.of_other_lives: dict[str, int] = {}
        self.kept_no_longer: Tally | None = None
        self.former_end_offset = 0
        self.beginning_offset = 0
        self.end_offset = 1_000
        self.sought: list[tuple[int, int]] = []
        self.stored: dict[str, tuple[int, int]] = {}
        self.tallies: dict[int, Tally] = {}
        self.letters: set[tuple[int, int]] = set()
        self.steps: list[str] = []
        self.fails: dict[str, list[Exception]] = {}
        self.now = 100.0
        self.wanted = True
        self.metrics = StreamsMetrics(CollectorRegistry())
        self.history = History()
        self.processor = Processor(
            history=self.history,
            log=self,
            tallies=Table(self),
            letters=Letters(self),
            tweets=self,
            publisher=self,
            persistence=Persistence(self.metrics, lambda: self.wanted),
            metrics=self.metrics,
            sleep=self.sleep,
            clock=lambda: self.now,
        )

    def step(self, name: str) -> None:
        self.steps.append(name)
        if self.fails.get(name):
            raise self.fails[name].pop(0)

    async def sleep(self, _: float) -> None:
        self.step("sleep")

    async def is_present(self, topic_id: str) -> bool:
        return topic_id == (self.present or self.topic_id)

    def former_end(self, partition: int) -> int:  # noqa: ARG002
        return self.former_end_offset

    async def beginning(self, partition: int) -> int:  # noqa: ARG002
        return self.beginning_offset

    async def end(self, partition: int) -> int:  # noqa: ARG002
        return self.end_offset

    async def seek(self, partition: int, offset: int) -> None:
        self.sought.append((partition, offset))

    async def store(self, batch: Batch) -> Stored:
        for one, offset in zip(batch.tweets, batch.offsets, strict=True):
            self.stored.setdefault(one.id, (batch.partition, offset))
        self.step("mongo")
        repeats = frozenset(
            offset
            for one, offset in zip(batch.tweets, batch.offsets, strict=True)
            if self.stored[one.id] != (batch.partition, offset)
        )
        return Stored(repeats, [()] * len(batch.tweets))

    async def stored_in_other_lives(self, partition: int, life: int) -> dict[str, int]:  # noqa: ARG002
        return self.of_other_lives

    async def checkpoint(self, partition: int) -> Tally | None:  # noqa: ARG002
        return self.kept_no_longer

    async def stored_between(
        self,
        partition: int,
        first: int,
        before: int,
        life: int,  # noqa: ARG002
    ) -> Counter[str]:
        self.step("stored")
        found = [o for p, o in self.stored.values() if p == partition and first <= o < before]
        return Counter({"GT": len(found)}) if found else Counter()

    async def publish(self, partition: int, tally: Tally, codes: Sequence[str]) -> None:  # noqa: ARG002
        self.step("redis")


class Table:
    def __init__(self, world: World) -> None:
        self._world = world

    def get(self, partition: int) -> Tally:
        return self._world.tallies.get(partition, Tally())

    def set(self, partition: int, tally: Tally) -> None:
        self._world.step("tally")
        self._world.tallies[partition] = tally


class Letters:
    def __init__(self, world: World) -> None:
        self._world = world

    async def send(self, partition: int, letters: Sequence[DeadLetter]) -> None:
        self._world.letters.update((partition, letter.offset) for letter in letters)
        self._world.step("dead")


@pytest.fixture
def world() -> World:
    return World()


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """No pauses between attempts."""
    monkeypatch.setattr(persistence_module, "FIRST_PAUSE_SECONDS", 0.0)


async def test_a_batch_goes_to_the_dead_letters_mongo_the_tally_and_redis_in_this_order(world: World) -> None:
    assert await world.processor.process(decode(record_batch([tweet(), b"garbage"])))
    assert world.steps == ["dead", "mongo", "tally", "redis"]
    assert world.tallies[0] == Tally(offset=1, messages=1, countries={"GT": 1}, dead=1)


async def test_what_was_counted_before_is_acknowledged_and_nothing_else(world: World) -> None:
    world.tallies[0] = Tally(offset=5, messages=6)
    assert await world.processor.process(decode(record_batch([tweet()] * 3, first=3)))
    assert world.steps == []
    assert world.metrics.redelivered._value.get() == 3


async def test_of_a_batch_that_was_counted_in_part_the_rest_is_counted(world: World) -> None:
    world.tallies[0] = Tally(offset=1, messages=2, countries={"MX": 2})
    assert await world.processor.process(decode(record_batch([tweet(), tweet(), tweet()])))
    assert world.tallies[0] == Tally(offset=2, messages=3, countries={"MX": 2, "GT": 1})


async def test_the_same_id_twice_in_a_batch_is_one_message_and_one_repeat(world: World) -> None:
    same = tweet()
    assert await world.processor.process(decode(record_batch([same, tweet(), same])))
    assert (world.tallies[0].messages, world.tallies[0].repeats) == (2, 1)


async def test_the_same_id_in_two_partitions_is_one_message_and_one_repeat(world: World) -> None:
    same = tweet()
    for partition in (0, 1):
        assert await world.processor.process(decode(record_batch([same], partition=partition)))
    assert [world.tallies[p].messages for p in (0, 1)] == [1, 0]
    assert [world.tallies[p].repeats for p in (0, 1)] == [0, 1]


async def test_a_hole_sends_the_consumer_back_and_the_batch_is_not_acknowledged(world: World) -> None:
    world.tallies[0] = Tally(offset=4, messages=5)
    assert not await world.processor.process(decode(record_batch([tweet()], first=8)))
    assert world.sought == [(0, 5)]
    assert world.steps == []


async def test_while_the_hole_persists_it_is_sought_again_once_a_second(world: World) -> None:
    world.tallies[0] = Tally(offset=4, messages=5)
    for world.now in (100.0, 100.5, 100.9, 101.1):
        assert not await world.processor.process(decode(record_batch([tweet()], first=8)))
    assert world.sought == [(0, 5), (0, 5)]


async def test_records_that_the_log_itself_has_lost_are_mourned_and_passed_over(world: World) -> None:
    world.tallies[0] = Tally(offset=4, messages=5)
    world.beginning_offset = 8
    assert await world.processor.process(decode(record_batch([tweet()], first=8)))
    assert world.tallies[0] == Tally(
        offset=8, messages=6, countries={"GT": 1}, lost=3, losses=(Loss(5, 8, {}),)
    )
    assert world.metrics.lost._value.get() == 3
    assert world.sought == []


async def test_of_records_that_the_log_has_lost_those_that_were_stored_are_messages(world: World) -> None:
    """The changelog lost its last records, and retention took what they had counted."""
    world.tallies[0] = Tally(offset=4, messages=5)
    world.beginning_offset = 8
    world.stored = {"somebody": (0, 5), "somebody else": (0, 7), "of another partition": (1, 6)}
    assert await world.processor.process(decode(record_batch([tweet()], first=8)))
    assert world.tallies[0] == Tally(
        offset=8, messages=8, countries={"GT": 3}, lost=1, losses=(Loss(5, 8, {"GT": 2}),)
    )
    assert world.metrics.lost._value.get() == 1


async def test_what_the_log_has_lost_is_found_although_the_consumer_was_just_sent_back(world: World) -> None:
    world.tallies[0] = Tally(offset=4, messages=5)
    await world.processor.rewind(0, world.tallies[0])
    world.beginning_offset = 8
    assert await world.processor.process(decode(record_batch([tweet()], first=8)))
    assert world.tallies[0].lost == 3


async def test_what_the_log_loses_while_a_batch_has_it_is_counted_and_not_lost(world: World) -> None:
    for first, beginning in ((2, 3), (2, 9)):
        world.tallies[0] = Tally()
        world.beginning_offset = beginning
        assert await world.processor.process(decode(record_batch([tweet(), tweet()], first=first)))
        tally = world.tallies[0]
        assert (tally.offset, tally.messages, tally.lost, tally.empty) == (3, 2, 2, 0)


async def test_behind_what_the_log_has_lost_a_hole_is_still_a_hole(world: World) -> None:
    world.tallies[0] = Tally(offset=4, messages=5)
    world.beginning_offset = 8
    assert not await world.processor.process(decode(record_batch([tweet()], first=12)))
    assert world.sought == [(0, 8)]


async def test_offsets_without_records_in_a_log_that_was_read_through_are_no_hole(world: World) -> None:
    """Control records of a transaction, or what compaction took."""
    world.tallies[0] = Tally(offset=4, messages=5)
    assert await world.processor.process(decode(record_batch([tweet()], first=8, start=5)))
    assert (world.tallies[0].messages, world.tallies[0].empty) == (6, 3)


async def test_what_was_stored_and_then_compacted_away_is_a_message_and_counted_again(world: World) -> None:
    world.tallies[0] = Tally(offset=4, messages=5)
    world.stored |= {"superseded": (0, 5), "of another": (1, 6), "counted": (0, 4)}
    last = tweet()
    world.stored[last.id] = (0, 6)
    assert await world.processor.process(decode(record_batch([tweet(), last], first=7, start=5)))
    # 5 and 6 are in MongoDB alone, 7 is a message, 8 repeats 6.
    tally = world.tallies[0]
    assert (tally.offset, tally.messages, tally.repeats, tally.accounted) == (8, 5 + 3, 1, 9)
    # The history, which has it by the hour, reads them all from MongoDB.
    stretch = world.history.stretches[0]
    assert (stretch.start, stretch.cells) == (8, {})


async def test_without_gaps_mongo_is_not_asked_what_else_there_is(world: World) -> None:
    assert await world.processor.process(decode(record_batch([tweet(), b"garbage", tweet()])))
    assert "stored" not in world.steps


async def test_what_was_stored_late_of_an_earlier_epoch_is_counted_when_it_is_looked_back(
    world: World,
) -> None:
    world.topic_id = "new"
    world.tallies[0] = Tally(offset=4, messages=5, countries={"GT": 5}, topic_id="old")
    assert await world.processor.process(decode(record_batch([tweet()])))
    world.of_other_lives = {"GT": 6}
    assert await world.processor.process(decode(record_batch([tweet()], first=1)))
    assert world.tallies[0].messages == 7
    assert await world.processor.process(decode(record_batch([], first=2, start=2)))
    assert (world.tallies[0].messages, world.tallies[0].countries) == (8, {"GT": 8})
    assert not world.history.stretches[0].joined
    assert await world.processor.process(decode(record_batch([], first=2, start=2)))
    assert (world.tallies[0].messages, world.tallies[0].accounted) == (8, 8)


async def test_who_is_behind_does_not_take_a_later_life_for_an_earlier_one(world: World) -> None:
    world.topic_id, world.present, world.of_other_lives = "old", "new", {"GT": 3}
    assert not await world.processor.process(decode(record_batch([tweet()])))
    assert not world.tallies


async def test_who_learns_of_a_new_topic_while_it_asks_does_not_take_its_tweets_for_earlier_ones(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def learns(partition: int, life: int) -> dict[str, int]:  # noqa: ARG001
        world.topic_id = world.present = "new"
        return {"GT": 3}

    monkeypatch.setattr(world, "stored_in_other_lives", learns)
    world.topic_id = "old"
    assert not await world.processor.process(decode(record_batch([tweet()])))
    assert not world.tallies


async def test_what_was_stored_after_it_had_been_counted_as_lost_is_counted_when_it_is_looked_back(
    world: World,
) -> None:
    world.topic_id, world.beginning_offset = "id", 3
    assert await world.processor.process(decode(record_batch([tweet()], first=3, start=3)))
    assert (world.tallies[0].messages, world.tallies[0].lost) == (1, 3)
    world.stored |= {"a": (0, 1), "b": (0, 2)}
    for _ in range(2):
        assert await world.processor.process(decode(record_batch([], first=4, start=4)))
        assert (world.tallies[0].messages, world.tallies[0].lost) == (3, 1)
        assert (world.tallies[0].countries, world.tallies[0].accounted) == ({"GT": 3}, 4)
        assert not world.history.stretches[0].joined


async def test_a_new_log_under_an_old_tally_is_counted_from_its_beginning(world: World) -> None:
    world.tallies[0] = Tally(offset=99, messages=100)
    world.end_offset = 2
    assert await world.processor.process(decode(record_batch([tweet(), tweet()])))
    assert world.tallies[0] == Tally(
        offset=1, messages=102, countries={"GT": 2}, epoch=1, earlier=100, begun_with={}
    )


async def test_a_topic_with_another_id_is_counted_from_its_beginning_however_long_it_is(world: World) -> None:
    world.topic_id = "new"
    world.tallies[0] = Tally(offset=1, messages=2, topic_id="old")
    world.former_end_offset = 5
    assert await world.processor.process(decode(record_batch([tweet(), tweet(), tweet()])))
    assert world.tallies[0] == Tally(
        offset=2,
        messages=5,
        countries={"GT": 3},
        lost=3,
        epoch=1,
        topic_id="new",
        earlier=5,
        former=(life_of("old"),),
        begun_with={},
        given_up=3,
    )
    assert world.metrics.lost._value.get() == 3


async def test_what_a_topic_had_of_which_nothing_was_counted_is_lost_when_it_is_made_anew(
    world: World,
) -> None:
    world.topic_id, world.made_anew, world.former_end_offset = "new", True, 3
    assert not await world.processor.process(decode(record_batch([], first=0, end=0)))
    tally = world.tallies[0]
    assert (tally.topic_id, tally.lost, tally.earlier, tally.accounted) == ("new", 3, 3, 3)
    assert world.metrics.lost._value.get() == 3


async def test_a_consumer_that_reads_on_in_a_topic_made_anew_is_sent_to_its_beginning(world: World) -> None:
    world.topic_id = "new"
    world.tallies[0] = Tally(offset=1, messages=2, topic_id="old")
    assert not await world.processor.process(decode(record_batch([tweet()], first=2)))
    assert world.sought == [(0, 0)]
    assert (world.tallies[0].epoch, world.tallies[0].offset) == (1, -1)


async def test_a_tally_without_an_id_takes_the_topics_if_it_fits(world: World) -> None:
    world.topic_id = "id"
    world.tallies[0] = Tally(offset=0, messages=1)
    assert await world.processor.process(decode(record_batch([tweet()], first=1)))
    assert world.tallies[0] == Tally(offset=1, messages=2, countries={"GT": 1}, topic_id="id")
    world.tallies[1] = Tally(offset=2000, messages=2001)
    assert await world.processor.process(decode(record_batch([tweet()], partition=1)))
    assert (world.tallies[1].epoch, world.tallies[1].earlier, world.tallies[1].topic_id) == (1, 2001, "id")


async def test_a_worker_that_finds_the_topic_made_anew_moves_the_tally_and_counts_nothing(
    world: World,
) -> None:
    """What it has fetched may still be of the old topic."""
    world.topic_id, world.made_anew = "new", True
    world.tallies[0] = Tally(offset=1, messages=2, topic_id="old")
    assert not await world.processor.process(decode(record_batch([tweet()])))
    assert (world.tallies[0].epoch, world.tallies[0].messages, world.stored) == (1, 2, {})


async def test_a_worker_that_still_reads_a_former_topic_counts_nothing(world: World) -> None:
    world.topic_id, world.present = "old", "new"
    world.tallies[0] = tally = Tally(topic_id="old").made_anew("new", end=0)
    assert not await world.processor.process(decode(record_batch([tweet()])))
    assert (world.tallies[0], world.stored) == (tally, {})


async def test_messages_of_earlier_lives_are_in_the_tally_although_their_count_was_lost(world: World) -> None:
    world.topic_id, world.of_other_lives = "new", {"GT": 2}
    assert await world.processor.process(decode(record_batch([tweet()])))
    assert (world.tallies[0].messages, world.tallies[0].earlier, world.tallies[0].lost) == (3, 2, 0)


async def test_a_log_that_ends_below_the_tally_is_left_until_its_id_is_known(world: World) -> None:
    world.topic_id, world.end_offset = "id", 1
    world.tallies[0] = tally = Tally(offset=5, messages=6, topic_id="id")
    assert not await world.processor.process(decode(record_batch([tweet()])))
    assert world.tallies[0] == tally


async def test_a_stretch_without_records_is_counted_as_empty(world: World) -> None:
    world.tallies[0] = Tally(offset=4, messages=5)
    assert await world.processor.process(decode(record_batch([], first=5, end=8)))
    assert world.tallies[0] == Tally(offset=7, messages=5, empty=3)


async def test_a_batch_for_which_kafka_cannot_be_asked_is_left_for_later(world: World) -> None:
    world.tallies[0] = Tally(offset=4, messages=5)

    async def beginning(_: int) -> int:
        raise TimeoutError

    world.beginning = beginning  # type: ignore[method-assign, assignment]
    assert not await world.processor.process(decode(record_batch([tweet()], first=8)))
    assert world.steps == []


async def test_a_leader_that_does_not_know_its_end_yet_does_not_pass_for_a_new_log(world: World) -> None:
    world.tallies[0] = Tally(offset=99, messages=100)
    world.end_offset = 90

    async def wait(_: float) -> None:
        world.end_offset = 100

    world.processor._sleep = wait
    assert await world.processor.process(decode(record_batch([tweet()], first=80)))
    assert world.tallies[0].messages == 100


async def test_stores_that_are_away_are_waited_for(world: World) -> None:
    world.fails = {
        "mongo": [AutoReconnect("gone")] * 3,
        "redis": [redis.ConnectionError("gone"), redis.BusyLoadingError("loading")],
    }
    assert await world.processor.process(decode(record_batch([tweet()])))
    assert world.steps == ["mongo"] * 4 + ["tally"] + ["redis"] * 3
    assert world.tallies[0].messages == 1


async def test_a_batch_whose_partition_is_given_away_is_abandoned(world: World) -> None:
    world.fails = {"mongo": [AutoReconnect("gone")] * 3}
    world.wanted = False
    with pytest.raises(AbandonedError):
        await world.processor.process(decode(record_batch([tweet()])))
    assert world.tallies == {}


async def test_what_no_retry_can_help_is_hopeless_after_a_while(world: World) -> None:
    refusal = OperationFailure("not allowed", code=13)
    world.fails = {"mongo": [refusal] * 100}
    with pytest.raises(HopelessError, match="not allowed"):
        await world.processor.process(decode(record_batch([tweet()])))
    assert len(world.steps) == persistence_module.DOUBTFUL_ATTEMPTS
    assert world.tallies == {}


_ids = [str(i) * 36 for i in range(4)]
_logs = st.lists(st.sampled_from([*_ids, "dead"]), min_size=1, max_size=12)


@given(logs=st.tuples(_logs, _logs), chance=st.randoms(use_true_random=True))
def test_wherever_a_worker_dies_each_offset_is_counted_once_and_each_id_is_one_message(
    logs: tuple[list[str], list[str]], chance: random.Random
) -> None:
    """Two partitions that share ids; batches of any cut; a crash at any step, before or after it worked."""
    world = World()

    def next_offset(partition: int) -> int:
        return world.tallies.get(partition, Tally()).offset + 1

    async def run() -> None:
        positions = [0, 0]
        while unfinished := [p for p in (0, 1) if next_offset(p) < len(logs[p])]:
            world.now += 2
            partition = chance.choice(unfinished)
            log, position = logs[partition], positions[partition]
            if position >= len(log):
                # It read on without having counted: the watch brings it back.
                positions[partition] = next_offset(partition)
                continue
            last = chance.randint(position, len(log) - 1)
            world.fails = {chance.choice(["", "", "", "dead", "mongo", "tally", "redis"]): [CrashError()]}
            batch = record_batch(
                [
                    b"x" if value == "dead" else Tweet(value, "Llueve", "Perú", "PE", 1)
                    for value in log[position : last + 1]
                ],
                first=position,
                partition=partition,
            )
            try:
                if await world.processor.process(decode(batch)):
                    positions[partition] = last + 1
            except CrashError:
                # Who goes on begins wherever was acknowledged last, or beyond it.
                positions[partition] = chance.randint(0, len(log))
            for _, offset in world.sought:
                positions[partition] = offset
            world.sought.clear()

    asyncio.run(run())
    tallies = [world.tallies[p] for p in (0, 1)]
    for tally, log in zip(tallies, logs, strict=True):
        assert tally.offset == len(log) - 1
        assert tally.messages + tally.dead + tally.repeats == len(log)
        assert tally.dead == log.count("dead")
        assert Counter(tally.countries).total() == tally.messages
    assert (
        sum(t.messages for t in tallies)
        == len({v for log in logs for v in log} - {"dead"})
        == len(world.stored)
    )
    assert world.letters == {
        (p, offset) for p in (0, 1) for offset, value in enumerate(logs[p]) if value == "dead"
    }


async def test_a_lost_tally_begins_with_the_one_that_had_counted_what_is_kept_no_longer(world: World) -> None:
    world.kept_no_longer = Tally(offset=1, messages=1, countries={"MX": 1}, dead=1)
    assert await world.processor.process(decode(record_batch([tweet(), tweet(), tweet()])))
    assert world.tallies[0] == Tally(offset=2, messages=2, countries={"MX": 1, "GT": 1}, dead=1)


async def test_a_tally_that_has_counted_something_goes_on_from_there(world: World) -> None:
    world.tallies[0] = Tally(offset=1, messages=2, countries={"MX": 2})
    world.kept_no_longer = Tally(offset=5, messages=6, countries={"MX": 6})
    assert await world.processor.process(decode(record_batch([tweet(), tweet(), tweet()])))
    assert world.tallies[0].messages == 3
