"""A world of one seed: made, lived through by its schedule, brought to rest, and looked at."""

import asyncio
import logging
from collections import Counter
from collections.abc import Sequence
from contextlib import suppress
from copy import deepcopy
from functools import singledispatchmethod
from random import Random
from typing import Any, NamedTuple

import msgspec

from tests.simulation import schedule
from tests.simulation.agreement import disagreements
from tests.simulation.changelog import Changelog
from tests.simulation.group import Group
from tests.simulation.history import Documents
from tests.simulation.mongodb import Database
from tests.simulation.network import Network
from tests.simulation.redis_hashes import Hashes
from tests.simulation.schedule import Action
from tests.simulation.topic import Entry, Topic, Transaction
from tests.simulation.virtual_time import StandstillError, VirtualTimeLoop
from tests.simulation.worker import PUBLISH_SECONDS, Surroundings, Worker
from weather_tweets.metrics import StreamsMetrics
from weather_tweets.tweet import Tweet, encode

REST_SECONDS = 120.0
"""How long the world may take, when nothing happens to it any more, until all is counted."""

RESTART_SECONDS = 15.0
"""How long a worker that begins anew may take to drain."""

_MILLISECONDS_APART = 12 * 60_000
"""Between two tweets: some fall into the same hour, and many hours have some."""

_COUNTRIES = (("Guatemala", "GT"), ("México", "MX"), ("Japón", "JP"))


class Outcome(NamedTuple):
    """What became of a world."""

    failures: list[str]
    guards: Counter[str]
    """How often each guard fired."""
    trace: list[str]
    """What happened, for whoever looks for the cause; the same for the same seed."""


def live(seed: int, actions: Sequence[Action], metrics: StreamsMetrics) -> Outcome:
    """Lives through a world; `metrics` may be those of earlier ones."""
    loop = VirtualTimeLoop()
    before = _readings(metrics)
    logging.disable(logging.ERROR)
    try:
        return loop.run_until_complete(_live(seed, actions, metrics, before))
    except StandstillError as error:
        return Outcome([str(error)], Counter(), [])
    finally:
        logging.disable(logging.NOTSET)
        loop.close()


async def _live(
    seed: int, actions: Sequence[Action], metrics: StreamsMetrics, before: Counter[str]
) -> Outcome:
    world = World(seed, metrics)
    await world.live_through(actions)
    await world.come_to_rest()
    world.failures += disagreements(world.surroundings, world.tallies())
    await world.end()
    guards = _readings(metrics) - before + world.guards
    return Outcome(world.failures, guards, world.trace)


class World:
    def __init__(self, seed: int, metrics: StreamsMetrics) -> None:
        self.failures: list[str] = []
        self.guards: Counter[str] = Counter()
        self.trace: list[str] = []
        self._loop = asyncio.get_running_loop()
        topic = Topic(schedule.PARTITIONS, Random(f"{seed}/topic"))
        group = Group(topic, Random(f"{seed}/group"))
        self.surroundings = Surroundings(
            topic=topic,
            group=group,
            changelog=Changelog(),
            dead_letters=[],
            database=Database(Random(f"{seed}/mongo")),
            history=Documents(Random(f"{seed}/history")),
            hashes=Hashes(self._loop.time, PUBLISH_SECONDS),
            network=Network(Random(f"{seed}/network")),
            metrics=metrics,
            chance=Random(f"{seed}/workers"),
            restart=self._restart,
            fail=self.failures.append,
        )
        self._topic = topic
        self._hashes = self.surroundings.hashes
        self._sent: list[str] = []
        self._workers: list[Worker] = []
        self._started = 0
        self._damages = 0
        self._later: set[asyncio.Task[None]] = set()
        for coroutine in (group.lead(), group.watch_members()):
            self._soon(coroutine)
        for _ in range(schedule.WORKERS):
            self._start_worker()

    async def live_through(self, actions: Sequence[Action]) -> None:
        for action in actions:
            await asyncio.sleep(max(action.at - self._loop.time(), 0.0))
            self._note(str(action))
            self._do(action)
        await asyncio.sleep(max(schedule.LASTS_SECONDS - self._loop.time(), 0.0))

    async def come_to_rest(self) -> None:
        """Takes all faults back, and waits until everything is counted and Redis was published anew."""
        self._note("rest")
        self.surroundings.network.bring_back()
        for worker in self._workers:
            worker.host.thaw()
        # Whoever is to come back is back then, and transactions have ended.
        await asyncio.sleep(schedule.LONGEST_SECONDS)
        deadline = self._loop.time() + REST_SECONDS
        calm_since = self._loop.time()
        while (now := self._loop.time()) < deadline and now - calm_since < 3 * PUBLISH_SECONDS:
            await asyncio.sleep(1.0)
            if not self._calm():
                calm_since = self._loop.time()
        if not self._calm():
            lags = {worker.name: worker.watch.lags() for worker in self._workers}
            self.failures.append(f"after {REST_SECONDS:.0f} s still not all is counted: {lags}")
        self.guards["moved to a new epoch"] += sum(tally.epoch for tally in self.tallies().values())
        self._note(f"end: {self.tallies()}, {self._hashes.keys}")

    async def end(self) -> None:
        for worker in self._workers:
            await worker.kill()
        for task in self._later:
            task.cancel()
        others = asyncio.all_tasks() - {asyncio.current_task()}
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)
        self.guards["zombie refused"] += self.surroundings.group.refused_commits
        letters = self.surroundings.dead_letters
        self.guards["dead letter twice"] += len(letters) - len(set(letters))
        if not self._damages:
            self.failures += [f"Redis was set back: {what}" for what in self._hashes.set_back[:3]]
        if not self.failures:
            self.guards["healed sum"] += self._damages
        self.guards["history overtaken"] += self.surroundings.history.overtaken
        self.guards["torn write"] += self.surroundings.database.torn_writes

    def tallies(self) -> dict[int, Any]:
        """The tally of each partition, by the worker that has it."""
        return {
            partition: worker.table.get(partition)
            for worker in self._workers
            for partition in sorted(worker.positions)
        }

    def _calm(self) -> bool:
        if not all(worker.settled for worker in self._workers):
            return False
        tallies = self.tallies()
        return len(tallies) == len(self._topic.partitions) and not any(
            worker.watch.lag(partition) for worker in self._workers for partition in worker.positions
        )

    def _note(self, what: str) -> None:
        self.trace.append(f"{self._loop.time():8.3f} {what}")

    def _soon(self, coroutine: Any) -> None:
        task = self._loop.create_task(coroutine)
        self._later.add(task)
        task.add_done_callback(self._later.discard)

    def _start_worker(self) -> None:
        self._started += 1
        worker = Worker(f"worker-{self._started}", self.surroundings)
        worker.start()
        self._workers.append(worker)

    def _partition(self, share: float) -> int:
        return int(share * len(self._topic.partitions))

    def _worker(self, share: float) -> Worker | None:
        return self._workers[int(share * len(self._workers))] if self._workers else None

    @singledispatchmethod
    def _do(self, action: Action) -> None:
        raise NotImplementedError(action)

    @_do.register
    def _send(self, action: schedule.Send) -> None:
        log = self._topic.partitions[self._partition(action.partition)]
        transaction = None
        if isinstance(action, schedule.SendInTransaction):
            transaction = Transaction()
            self._soon(self._end_transaction(transaction, log, action))
        for letter in action.what:
            log.append(self._entry(letter, action.share, transaction))

    async def _end_transaction(
        self, transaction: Transaction, log: Any, action: schedule.SendInTransaction
    ) -> None:
        await asyncio.sleep(action.seconds)
        transaction.committed = action.commits
        log.append(Entry(None, transaction=transaction))

    def _entry(self, letter: str, share: float, transaction: Transaction | None) -> Entry:
        if letter == "x":
            return Entry(b"garbage", transaction=transaction)
        if letter == "n" or not self._sent:
            number = len(self._sent)
            self._sent.append(f"00000000-0000-4000-8000-{number:012x}")
            id_ = self._sent[-1]
        else:
            id_ = self._sent[int(share * len(self._sent))]
        country, code = _COUNTRIES[int(id_[-4:], 16) % len(_COUNTRIES)]
        at = 1_700_000_000_000 + int(id_[-4:], 16) * _MILLISECONDS_APART
        return Entry(encode(Tweet(id_, "Llueve", country, code, at)), id_, transaction)

    @_do.register
    def _kill(self, action: schedule.Kill) -> None:
        self._end_worker(action.worker, action.back_after_seconds, kindly=False)

    @_do.register
    def _stop(self, action: schedule.Stop) -> None:
        self._end_worker(action.worker, action.back_after_seconds, kindly=True)

    def _end_worker(self, share: float, back_after_seconds: float, *, kindly: bool) -> None:
        if worker := self._worker(share):
            self._workers.remove(worker)
            self._soon(worker.stop() if kindly else worker.kill())
            self._soon(self._start_later(back_after_seconds))

    def _restart(self, worker: Worker) -> None:
        """As the process does that begins anew in its own place."""
        self.guards["restarted for its topic"] += 1
        if worker in self._workers:
            self._workers.remove(worker)
            self._soon(self._stop_and_start(worker))

    async def _stop_and_start(self, worker: Worker) -> None:
        with suppress(TimeoutError):
            async with asyncio.timeout(RESTART_SECONDS):
                await worker.stop()
        await worker.kill()
        self._start_worker()

    async def _start_later(self, seconds: float) -> None:
        await asyncio.sleep(seconds)
        self._start_worker()

    @_do.register
    def _freeze(self, action: schedule.Freeze) -> None:
        if worker := self._worker(action.worker):
            worker.host.freeze()
            self._loop.call_later(action.seconds, worker.host.thaw)

    @_do.register
    def _outdate(self, action: schedule.Outdate) -> None:
        if worker := self._worker(action.worker):
            worker.outdated = self._loop.time() + action.seconds, self._topic.description

    @_do.register
    def _add_worker(self, _: schedule.AddWorker) -> None:
        self._start_worker()

    @_do.register
    def _rebalance(self, _: schedule.Rebalance) -> None:
        self.surroundings.group.rebalance()

    @_do.register
    def _take_store_away(self, action: schedule.TakeStoreAway) -> None:
        self.surroundings.network.take_away(action.store, action.seconds)

    @_do.register
    def _lose_changelog_tail(self, action: schedule.LoseChangelogTail) -> None:
        self.surroundings.changelog.lose_tail(self._partition(action.partition), action.records)

    @_do.register
    def _retain(self, action: schedule.Retain) -> None:
        log = self._topic.partitions[self._partition(action.partition)]
        log.truncate(round(action.share * log.stable_end))

    @_do.register
    def _compact(self, action: schedule.Compact) -> None:
        partition = self._partition(action.partition)
        # Kafka compacts closed segments only: what is in them was counted long ago, or never seen.
        counted = self.surroundings.changelog.last(partition)
        before = msgspec.json.decode(counted)["offset"] + 1 if counted else 0
        self._topic.partitions[partition].compact(before)

    @_do.register
    def _add_partitions(self, action: schedule.AddPartitions) -> None:
        self._topic.grow(action.count)

    @_do.register
    def _make_topic_anew(self, action: schedule.MakeTopicAnew) -> None:
        # With fewer, nobody would have the tallies of the others.
        self._topic.make(max(action.partitions, len(self._topic.partitions)))
        self.surroundings.group.acknowledged.clear()
        for log in self._topic.partitions:
            for _ in range(action.records):
                log.append(self._entry("n", 0.0, None))

    @_do.register
    def _damage_key(self, action: schedule.DamageKey) -> None:
        before = deepcopy(self._hashes.keys)
        self._damage(action)
        self._damages += before != self._hashes.keys

    def _damage(self, action: schedule.DamageKey) -> None:
        fields = self._hashes.keys.get(action.key)
        if action.how == "delete":
            self._hashes.keys.pop(action.key, None)
        elif action.how == "retype":
            self._hashes.keys[action.key] = "not a hash any more"
        elif isinstance(fields, dict) and fields:
            field = next(iter(fields))
            with suppress(ValueError):
                fields[field] = str(int(fields[field]) + action.by)

    @_do.register
    def _drop_history(self, _: schedule.DropHistory) -> None:
        self.guards["history counted anew"] += bool(self.surroundings.history.by_id)
        self.surroundings.history.by_id.clear()

    @_do.register
    def _flush_redis(self, _: schedule.FlushRedis) -> None:
        self._damages += bool(self._hashes.keys)
        self._hashes.keys.clear()


def _readings(metrics: StreamsMetrics) -> Counter[str]:
    """The guards that the program counts itself."""
    return Counter({
        "redelivered skipped": int(metrics.redelivered._value.get()),
        "rewind": int(metrics.rewinds._value.get()),
        "repeat": int(metrics.processed.labels("repeat")._value.get()),
        "lost counted": int(metrics.lost._value.get()),
    })  # fmt: skip
