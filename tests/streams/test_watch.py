import asyncio

import pytest
from mode import Service
from prometheus_client import CollectorRegistry
from pymongo.errors import AutoReconnect

from streams.persistence import Persistence
from streams.tally import Loss, Tally
from streams.watch import Watch
from weather_tweets.metrics import StreamsMetrics


class Consumer:
    """The log as a consumer sees it, and the processor that sends it back."""

    def __init__(self) -> None:
        self.assigned = {0}
        self.end_offset = 10
        self.at = 10
        self.offset = 9
        self.busy = False
        self.rewinds = 0
        self.first_offset = 0
        self.former_end_offset = 0
        self.written = 0
        self.topic_id = "id"
        self.tally_of = "id"
        self.begun_with: dict[str, int] | None = None
        self.epoch = 0
        self.losses: list[Loss] = []
        self.nothings: list[tuple[int, int]] = []
        self.settled = True
        self.broker_answers = True

    def partitions(self) -> set[int]:
        return set(self.assigned)

    async def ends(self, partitions: set[int]) -> dict[int, int]:
        return dict.fromkeys(partitions, self.end_offset)

    async def position(self, partition: int) -> int:  # noqa: ARG002
        return self.at

    async def beginning(self, partition: int) -> int:  # noqa: ARG002
        return self.first_offset

    def former_end(self, partition: int) -> int:  # noqa: ARG002
        return self.former_end_offset

    def written_to(self, partition: int) -> int:  # noqa: ARG002
        return self.written

    async def deliver_nothing(self, partition: int, *, start: int, end: int) -> None:  # noqa: ARG002
        self.nothings.append((start, end))

    async def reachable(self) -> bool:
        return self.broker_answers

    async def rewind(self, partition: int, tally: Tally) -> None:  # noqa: ARG002
        self.rewinds += 1

    def tally(self, _: int) -> Tally:
        return Tally(
            offset=self.offset,
            messages=self.offset + 1,
            topic_id=self.tally_of,
            begun_with=self.begun_with,
            epoch=self.epoch,
            losses=self.losses,
            countries={"GT": self.offset + 1},
        )


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def consumer() -> Consumer:
    return Consumer()


@pytest.fixture
def watch(clock: Clock, consumer: Consumer, monkeypatch: pytest.MonkeyPatch) -> Watch:
    monkeypatch.setattr(Service, "started", True)
    return Watch(
        log=consumer,  # type: ignore[arg-type]
        tallies=consumer.tally,
        processor=consumer,  # type: ignore[arg-type]
        persistence=Persistence(StreamsMetrics(CollectorRegistry()), lambda: True),
        settled=lambda: consumer.settled,
        progress_timeout_seconds=30.0,
        clock=clock,
    )


async def _rounds(watch: Watch, clock: Clock, count: int) -> None:
    for _ in range(count):
        await watch._round()
        clock.now += 1.0
        watch._settled_at = clock.now


async def test_without_lag_a_worker_is_well_however_long_nothing_happens(watch: Watch, clock: Clock) -> None:
    await _rounds(watch, clock, 100)
    assert (watch.lags(), watch.trouble()) == ({0: 0}, "")


async def test_lag_without_progress_is_trouble_and_progress_ends_it(
    watch: Watch, clock: Clock, consumer: Consumer
) -> None:
    consumer.end_offset = consumer.at = 50
    consumer.busy = True
    await _rounds(watch, clock, 25)
    assert watch.trouble() == ""
    await _rounds(watch, clock, 10)
    assert "40 records behind" in watch.trouble()
    consumer.offset += 1
    await _rounds(watch, clock, 1)
    assert watch.trouble() == ""


async def test_waiting_for_a_store_or_for_kafka_is_no_trouble(
    watch: Watch, clock: Clock, consumer: Consumer
) -> None:
    consumer.end_offset = consumer.at = 50
    consumer.busy = True
    await _rounds(watch, clock, 40)
    assert watch.trouble() != ""
    away = asyncio.Event()

    async def write() -> None:
        if not away.is_set():
            away.set()
            raise AutoReconnect

    writing = asyncio.create_task(watch._persistence.until_done("mongo", write))
    await away.wait()
    assert watch.trouble() == ""
    await writing
    assert watch.trouble() != ""
    watch._kafka_away = True
    assert watch.trouble() == ""


async def test_a_rebalance_without_end_is_trouble(watch: Watch, clock: Clock) -> None:
    clock.now += 59.0
    assert watch.trouble() == ""
    clock.now += 2.0
    assert "no partitions were assigned" in watch.trouble()


async def test_a_consumer_that_has_read_on_without_the_tally_is_sent_back_until_it_is_counted(
    watch: Watch, clock: Clock, consumer: Consumer
) -> None:
    consumer.offset = 4
    await _rounds(watch, clock, 4)
    assert consumer.rewinds == 1
    assert watch.lag(0) == 5
    # That nothing came does not say that there is nothing: it may have been thrown away again.
    await _rounds(watch, clock, 2)
    assert (consumer.rewinds, consumer.nothings) == (2, [])
    assert watch.lag(0) == 5


async def test_what_the_log_no_longer_has_is_settled_though_nothing_comes(
    watch: Watch, clock: Clock, consumer: Consumer
) -> None:
    consumer.offset, consumer.first_offset = 4, 10
    await _rounds(watch, clock, 3)
    assert (consumer.rewinds, consumer.nothings) == (0, [(10, 10)])


async def test_a_tally_of_a_topic_made_anew_is_brought_along_though_nothing_comes(
    watch: Watch, clock: Clock, consumer: Consumer
) -> None:
    consumer.tally_of, consumer.end_offset = "old", 3
    await _rounds(watch, clock, 1)
    assert consumer.nothings == [(0, 0)]
    assert watch.lags() == {0: 3}


async def test_what_a_topic_had_of_which_nothing_was_counted_is_settled_when_it_is_made_anew(
    watch: Watch, clock: Clock, consumer: Consumer
) -> None:
    consumer.tally_of, consumer.offset, consumer.end_offset = "", -1, 0
    await _rounds(watch, clock, 1)
    assert consumer.nothings == []
    consumer.former_end_offset = 3
    await _rounds(watch, clock, 1)
    assert consumer.nothings == [(0, 0)]


async def test_an_open_transaction_is_said_after_a_while_and_is_no_trouble(
    watch: Watch, clock: Clock, consumer: Consumer
) -> None:
    consumer.written = 14
    await _rounds(watch, clock, 5)
    assert (watch.lags(), watch.held_up()) == ({0: 4}, {})
    await _rounds(watch, clock, 40)
    assert "transaction" in watch.held_up()
    assert watch.trouble() == ""
    assert (consumer.rewinds, consumer.nothings) == (0, [])
    consumer.end_offset, consumer.offset = 14, 13
    await _rounds(watch, clock, 1)
    assert watch.held_up() == {}


async def test_a_consumer_is_not_sent_back_while_a_batch_is_being_processed(
    watch: Watch, clock: Clock, consumer: Consumer
) -> None:
    consumer.offset = 4
    consumer.busy = True
    await _rounds(watch, clock, 10)
    assert consumer.rewinds == 0


async def test_of_partitions_that_were_given_away_nothing_is_told(
    watch: Watch, clock: Clock, consumer: Consumer
) -> None:
    await _rounds(watch, clock, 3)
    consumer.assigned = set()
    await _rounds(watch, clock, 1)
    assert watch.lags() == {}


def test_the_messages_are_those_of_the_partitions_that_there_are_at_this_moment(
    watch: Watch, consumer: Consumer
) -> None:
    assert watch.messages() == {0: {"GT": 10}}
    consumer.assigned = {1}
    assert watch.messages() == {1: {"GT": 10}}


def test_no_messages_are_told_while_tallies_are_being_recovered(watch: Watch, consumer: Consumer) -> None:
    consumer.settled = False
    assert watch.messages() == {}


@pytest.mark.parametrize(
    ("epoch", "offset", "losses", "looks"),
    [
        (1, 99_999, [], True),
        (0, 9, [], True),
        (0, 99_999, [], False),
        (0, 99_999, [Loss(0, 9, {})], True),
    ],
)
async def test_it_is_looked_back_soon_after_an_assignment_and_then_ever_more_seldom(
    watch: Watch,
    clock: Clock,
    consumer: Consumer,
    epoch: int,
    offset: int,
    losses: list[Loss],
    looks: bool,
) -> None:
    consumer.begun_with, consumer.epoch, consumer.offset, consumer.losses = {}, epoch, offset, losses
    consumer.end_offset = consumer.at = offset + 1
    await _rounds(watch, clock, 100)
    assert consumer.nothings == [(offset + 1, offset + 1)] * (4 if looks else 0)
