"""A worker: the real core, from the decoded batch to the stores, in a simulated process.

What is simulated is Faust and its consumer: fetching, the queue in front of the agent, generations, the table
and its changelog, acknowledgements. The processor, lanes, group commit, tally, counters, tweet store, their
persistence and the watch are the program's own.
"""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from contextvars import ContextVar
from datetime import UTC, datetime
from random import Random
from typing import Any, NamedTuple, cast

import msgspec
from aiokafka.errors import RequestTimedOutError

from streams.counters import Counters
from streams.decoding import Batch, DeadLetter, decoder
from streams.history import History
from streams.history_store import HistoryStore
from streams.history_writing import HistoryWriting
from streams.lanes import process_in_lanes
from streams.persistence import AbandonedError, Persistence
from streams.processing import Processor
from streams.publishing import Publishing
from streams.tally import Tally
from streams.topic_identity import Topic as Description
from streams.topic_life import TopicLife
from streams.transport import Record, RecordBatch
from streams.tweet_store import TweetStore
from streams.watch import Watch
from tests.simulation.changelog import Changelog
from tests.simulation.group import SESSION_SECONDS, Group
from tests.simulation.history import Documents
from tests.simulation.history import History as HistoryCollection
from tests.simulation.mongodb import Collection, Database
from tests.simulation.network import Host, Network
from tests.simulation.redis_hashes import Client, Hashes
from tests.simulation.topic import Topic
from weather_tweets.metrics import StreamsMetrics
from weather_tweets.settings import KafkaSettings

PUBLISH_SECONDS = 3.0
NOW = datetime(2023, 11, 15, 12, tzinfo=UTC)
"""The day on which the tweets are accepted, so that their minutes are kept."""

_LOOK_SECONDS = 0.05

_decode = decoder()
_generation_in_hand: ContextVar[int] = ContextVar("generation")


class Surroundings(NamedTuple):
    """What the workers share."""

    topic: Topic
    group: Group
    changelog: Changelog
    dead_letters: list[tuple[str, int, int]]
    """Topic id, partition and offset of every letter that arrived."""
    database: Database
    history: Documents
    hashes: Hashes
    network: Network
    metrics: StreamsMetrics
    chance: Random
    restart: Callable[["Worker"], None]
    """Stops a worker and starts it again."""
    fail: Callable[[str], None]
    """Told of what may never happen."""


class _Event(NamedTuple):
    generation: int
    batch: Batch


class Worker:
    """From its start to its end; who is started again is a new one."""

    def __init__(self, name: str, surroundings: Surroundings) -> None:
        self.name = name
        self.host = Host()
        self.outdated: tuple[float, Description] | None = None
        """Until when the topic is described to it as it was, and how."""
        self._world = surroundings
        self._tasks: list[asyncio.Task[None]] = []
        self._queue: asyncio.Queue[_Event] = asyncio.Queue(maxsize=1)
        self._flows = False
        self._generation = 0
        self.positions: dict[int, int] = {}
        """Up to where the assigned partitions were read."""
        self._acknowledged: dict[int, int] = {}
        self._in_hand = 0
        self._unwritten: list[tuple[int, bytes]] = []
        self.table = Table(self._unwritten.append)
        network, metrics = surroundings.network, surroundings.metrics
        persistence = Persistence(metrics, self._wanted)
        redis: Any = Client(surroundings.hashes, network, self.host)
        collection: Any = Collection(surroundings.database, network, self.host)
        counters = Counters(redis, PUBLISH_SECONDS)
        self.topics = _Topics(surroundings, self)
        self._log = log = _Log(self, surroundings)
        partitions = len(surroundings.topic.partitions)
        loop = asyncio.get_running_loop()
        history = History(loop.time)
        self._processor = Processor(
            log=log,
            tallies=self.table,
            letters=_Letters(surroundings, self.host),
            tweets=TweetStore(cast(Any, None), collection),
            publisher=counters,
            history=history,
            persistence=persistence,
            metrics=metrics,
            clock=loop.time,
        )
        self._history_writing = HistoryWriting(
            history=history,
            store=HistoryStore(
                cast(Any, HistoryCollection(surroundings.history, network, self.host)), collection
            ),
            partitions=log.partitions,
            tallies=self.table.get,
            persistence=persistence,
            settled=lambda: self._flows,
            metrics=metrics,
            clock=loop.time,
            now=lambda: NOW,
        )
        self.watch = Watch(
            log=cast(Any, log),
            tallies=self.table.get,
            processor=self._processor,
            persistence=persistence,
            settled=lambda: self._flows,
            progress_timeout_seconds=60.0,
            clock=loop.time,
        )
        self._publishing = Publishing(
            counters=counters,
            partitions=log.partitions,
            partition_count=lambda: partitions,
            tallies=self.table.get,
            persistence=persistence,
            settled=lambda: self._flows,
            publish_seconds=PUBLISH_SECONDS,
            clock=loop.time,
        )

        self._topic_life = TopicLife(
            KafkaSettings(),
            "changelog",
            topics=cast(Any, self.topics),
            log=cast(Any, log),
            tallies=self.table,
            settled=lambda: self._flows,
            restart=lambda _: surroundings.restart(self),
            clock=loop.time,
        )
        self._topic_life.begin(surroundings.topic.description)

    def start(self) -> None:
        for coroutine in (
            self._belong(),
            self._fetch(),
            self._agent(),
            self._commit(),
            self._write_changelog(),
            cast(Any, TopicLife._run)(self._topic_life),
            cast(Any, Watch._run)(self.watch),
            cast(Any, Publishing._run)(self._publishing),
            cast(Any, HistoryWriting._run)(self._history_writing),
        ):
            task = asyncio.get_running_loop().create_task(coroutine)
            task.add_done_callback(self._ended)
            self._tasks.append(task)

    async def kill(self) -> None:
        """SIGKILL: what was sent arrives, nothing else happens."""
        self.host.dead = True
        self.host.thaw()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def stop(self) -> None:
        """SIGTERM: finishes what is in hand, writes and acknowledges it, and leaves."""
        await self._give_partitions_up()
        self._world.group.leave(self.name)
        await self.kill()

    @property
    def settled(self) -> bool:
        """Whether it has partitions and has counted all that is in them."""
        return self._flows and not self._in_hand and self._queue.empty() and not self._unwritten

    def _ended(self, task: "asyncio.Task[None]") -> None:
        if not self.host.dead and not task.cancelled():
            self._world.fail(f"{self.name} ended: {task.exception()!r}")

    def _wanted(self) -> bool:
        return self._flows and _generation_in_hand.get() == self._generation

    async def _belong(self) -> None:
        """Takes part in the group: heartbeats, and joins anew when it has to."""
        group = self._world.group
        while True:
            await self.host.running()
            await self._give_partitions_up()
            self._take_over(*await group.join(self.name))
            while group.heartbeat(self.name):
                await asyncio.sleep(self._world.chance.uniform(0.5, 1.0))
                await self.host.running()

    async def _give_partitions_up(self) -> None:
        self._flows = False
        self._drop_queue()
        kept_seconds = 0.0
        while self._in_hand:
            await asyncio.sleep(_LOOK_SECONDS)
            await self.host.running()
            kept_seconds += _LOOK_SECONDS
            # Somebody would not join in time, and be taken for dead.
            self._world.group.heartbeat(self.name)
        await self.host.running()
        if kept_seconds > SESSION_SECONDS:
            self._world.fail(f"{self.name} kept its partitions for {kept_seconds:.0f} s for a store's sake")
        self._flush()
        self._acknowledge()

    def _take_over(self, generation: int, partitions: frozenset[int]) -> None:
        chance, changelog = self._world.chance, self._world.changelog
        self._drop_queue()
        # Faust's recovery was seen to end one record short.
        self.table.values = {
            partition: msgspec.json.decode(value)
            for partition in sorted(partitions)
            if (value := changelog.last(partition, but=chance.random() < 0.02))
        }
        kept = self.positions
        self.positions = {}
        for partition in sorted(partitions):
            self.positions[partition] = self._world.group.acknowledged.get(partition, 0)
            # Faust's way back to what was acknowledged was seen to be overtaken by what it had fetched.
            if partition in kept and chance.random() < 0.1:
                self.positions[partition] = kept[partition]
        self._generation = generation
        self._flows = True

    def _drop_queue(self) -> None:
        while not self._queue.empty():
            self._queue.get_nowait()

    async def _fetch(self) -> None:
        chance = self._world.chance
        while True:
            await asyncio.sleep(chance.uniform(0.05, 0.4))
            await self.host.running()
            partitions = sorted(self.positions)
            chance.shuffle(partitions)
            for partition in partitions:
                if self._flows and partition in self.positions:
                    await self._fetch_from(partition)

    async def _fetch_from(self, partition: int) -> None:
        if partition >= len(self._world.topic.partitions):
            return
        log, start = self._world.topic.partitions[partition], self.positions[partition]
        if not log.beginning <= start <= log.end:
            start = log.beginning
        records, end = log.read(start, self._world.chance.randint(1, 6))
        self.positions[partition] = end
        if end > start:
            await self.deliver(cast(Any, records), partition=partition, start=start, end=end)

    async def deliver(self, records: Sequence[Record], *, partition: int, start: int, end: int) -> None:
        batch = RecordBatch(records, topic="messages", partition=partition, start=start, end=end)
        await self._queue.put(_Event(self._generation, _decode(batch)))

    async def _agent(self) -> None:
        await process_in_lanes(self._events(), lambda event: event.batch.partition, self._process)

    async def _events(self) -> AsyncIterator[_Event]:
        while True:
            event = await self._queue.get()
            if not self._flows or event.generation != self._generation:
                continue
            _generation_in_hand.set(event.generation)
            self._in_hand += 1
            yield event

    async def _process(self, event: _Event) -> None:
        partition = event.batch.partition
        before, end = self.table.get(partition), self._log.former_end(partition)
        try:
            with contextlib.suppress(AbandonedError):
                if await self._processor.process(event.batch):
                    self._acknowledged[partition] = event.batch.last + 1
        finally:
            self._in_hand -= 1
        after, end = self.table.get(partition), min(end, self._log.former_end(partition))
        if after.topic_id not in ("", before.topic_id) and after.earlier < before.earlier + end:
            self._world.fail(f"of {end} offsets of a former log not all are in a count: {before}, {after}")

    async def _commit(self) -> None:
        while True:
            await asyncio.sleep(1.0)
            await self.host.running()
            self._acknowledge()

    def _acknowledge(self) -> None:
        if self._acknowledged:
            self._world.group.commit(self.name, self._generation, self._acknowledged)
            self._acknowledged = {}

    async def _write_changelog(self) -> None:
        while True:
            await asyncio.sleep(self._world.chance.choice([0.01, 0.1, 2.0]))
            await self.host.running()
            self._flush()

    def _flush(self) -> None:
        for partition, value in self._unwritten:
            self._world.changelog.append(partition, value)
        self._unwritten.clear()


class Table:
    """Faust's table: its values, and what is to be written into the changelog."""

    def __init__(self, changed: Callable[[tuple[int, bytes]], None]) -> None:
        self._changed = changed
        self.values: dict[int, dict[str, Any]] = {}

    def get(self, partition: int) -> Tally:
        return Tally.from_table(self.values.get(partition))

    def set(self, partition: int, tally: Tally) -> None:
        self.values[partition] = tally.to_table()
        self.write_again(partition)

    def write_again(self, partition: int) -> None:
        self._changed((partition, msgspec.json.encode(self.values[partition])))


class _Log:
    """The topic as the worker's consumer sees it."""

    def __init__(self, worker: Worker, world: Surroundings) -> None:
        self._worker = worker
        self._topic = world.topic
        self._network = world.network
        self._changelog = world.changelog
        self._ends: dict[int, int] = {}
        self._confirmed_ends: dict[int, int] = {}
        self._former_ends: dict[int, int] = {}
        self.made_anew = False
        self.topic_id = ""

    def begin_epoch(self, topic_id: str) -> None:
        self._former_ends, self._ends, self._confirmed_ends = self._confirmed_ends, {}, {}
        self.made_anew = bool(self.topic_id) and topic_id != self.topic_id
        self.topic_id = topic_id

    async def is_present(self, topic_id: str) -> bool:
        # All brokers are asked, and not all of them are behind.
        present: bool = await self._ask(lambda: self._topic.life.topic_id == topic_id)
        return present

    def known_ends(self) -> dict[int, int]:
        return dict(self._ends)

    def confirm_ends(self, ends: dict[int, int]) -> None:
        self._confirmed_ends = ends

    def former_end(self, partition: int) -> int:
        return self._former_ends.get(partition, 0)

    async def empty_partitions(self, _: str, partitions: set[int]) -> set[int]:
        return {partition for partition in partitions if self._changelog.last(partition) is None}

    def partitions(self) -> set[int]:
        return set(self._worker.positions)

    async def beginning(self, partition: int) -> int:
        beginning: int = await self._ask(lambda: self._topic.log(partition).beginning)
        return beginning

    async def end(self, partition: int) -> int:
        return (await self.ends({partition}))[partition]

    async def ends(self, partitions: set[int]) -> dict[int, int]:
        ends: dict[int, int] = await self._ask(
            lambda: {partition: self._topic.log(partition).stable_end for partition in sorted(partitions)}
        )
        self._ends |= ends
        return ends

    def written_to(self, partition: int) -> int:
        logs = self._topic.partitions
        return logs[partition].end if partition < len(logs) else 0

    async def deliver_nothing(self, partition: int, *, start: int, end: int) -> None:
        await self._worker.deliver((), partition=partition, start=start, end=end)

    async def position(self, partition: int) -> int | None:
        return self._worker.positions.get(partition)

    async def seek(self, partition: int, offset: int) -> None:
        if partition in self._worker.positions:
            self._worker.positions[partition] = offset

    async def reachable(self) -> bool:
        return True

    async def _ask(self, question: Callable[[], Any]) -> Any:
        return await self._network.request(self._worker.host, "kafka", question, RequestTimedOutError)


class _Topics:
    """Kafka's topics, of which one is of interest."""

    def __init__(self, world: Surroundings, worker: Worker) -> None:
        self._world = world
        self._worker = worker

    async def describe(self, names: Iterable[str]) -> dict[str, Description]:
        description = await self._world.network.request(
            self._worker.host, "kafka", self._description, RequestTimedOutError
        )
        return dict.fromkeys(names, description)

    def _description(self) -> Description:
        until, description = self._worker.outdated or (0.0, self._world.topic.description)
        return description if asyncio.get_running_loop().time() < until else self._world.topic.description


class _Letters:
    def __init__(self, world: Surroundings, host: Host) -> None:
        self._world = world
        self._host = host

    async def send(self, partition: int, letters: Sequence[DeadLetter]) -> None:
        topic_id = self._world.topic.life.topic_id
        arrived = [(topic_id, partition, letter.offset) for letter in letters]
        await self._world.network.request(
            self._host, "dead", lambda: self._world.dead_letters.extend(arrived), RequestTimedOutError
        )
