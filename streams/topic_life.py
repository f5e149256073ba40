"""What people do to topics while a worker runs: they delete them, make them anew, add partitions.

The consumer would take note of it late or never. Every few seconds the topics are compared with those that
the worker began with:

- the topic was made anew: its next epoch begins (`tally`), and the worker starts again;
- it has more partitions: the worker starts again, and gives the changelog as many before it subscribes;
- it is gone: that is said, and waited for;
- the topic of dead letters is gone: it is made again;
- the changelog is gone, or has lost a tally: it is made again, and the tally written to it.
"""

import logging
import time
from collections.abc import Callable
from typing import Protocol

from aiokafka.errors import KafkaError
from mode import Service

from streams.consumed_log import ConsumedLog, is_to_move
from streams.tally import Tally
from streams.topic_identity import Topic, Topics
from streams.topics import ensure_changelog
from weather_tweets.kafka import ensure_topics
from weather_tweets.settings import KafkaSettings

_log = logging.getLogger(__name__)

ROUND_SECONDS = 2.0

SETTLE_SECONDS = 10.0
"""How long the tallies may take to move to a new epoch before the worker starts again all the same."""


class Tallies(Protocol):
    """The table of tallies, and its changelog."""

    def get(self, partition: int) -> Tally: ...

    def write_again(self, partition: int) -> None:
        """Writes the tally to the changelog as it is."""


class TopicLife(Service):
    """Compares the topics with those that the worker began with."""

    def __init__(
        self,
        settings: KafkaSettings,
        changelog: str,
        *,
        topics: Topics,
        log: ConsumedLog,
        tallies: Tallies,
        settled: Callable[[], bool],
        restart: Callable[[str], None],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """`settled` says that no rebalance or recovery is going on; `restart` begins anew, for a reason."""
        super().__init__()
        self._settings = settings
        self._changelog = changelog
        self._topics = topics
        self._log_of = log
        self._tallies = tallies
        self._settled = settled
        self._restart = restart
        self._clock = clock
        self._began_with: Topic | None = None
        self._anew_at: float | None = None
        self._restarting = False
        self._without: set[int] = set()
        """Partitions of the changelog that had no records, though there were tallies of them."""
        self.waiting_for: dict[str, str] = {}
        """By topic (`topic`, `dead_topic`, `changelog`) what is wrong with it."""

    def begin(self, topic: Topic) -> None:
        """Takes the topic, as it is when the worker subscribes, for what the others are compared with."""
        self._began_with = topic
        self._log_of.begin_epoch(topic.id)

    @Service.task
    async def _run(self) -> None:
        while not self.should_stop:
            await self.sleep(ROUND_SECONDS)
            if self._restarting:
                continue
            try:
                await self._round()
            except (KafkaError, OSError, TimeoutError) as error:
                _log.debug("the topics cannot be looked at: %r", error)
            except Exception as error:  # noqa: BLE001 (in a rebalance Faust and aiokafka raise about anything)
                _log.warning("the topics cannot be looked at: %r", error)

    async def on_stop(self) -> None:
        await self._topics.close()

    async def _round(self) -> None:
        settings = self._settings
        ends = self._log_of.known_ends()
        found = await self._topics.describe((settings.topic, settings.dead_topic, self._changelog))
        self._compare(found.get(settings.topic), ends)
        if settings.topic not in found:
            return
        await self._keep_dead_letters(settings.dead_topic in found)
        await self._keep_changelog(found.get(self._changelog), found[settings.topic].partitions)

    def _compare(self, topic: Topic | None, ends: dict[int, int]) -> None:
        name, before = self._settings.topic, self._began_with
        if topic is None:
            self.waiting_for["topic"] = f"Kafka has no topic {name}"
            return
        self.waiting_for.pop("topic", None)
        if before is None:
            return
        if topic.id == self._log_of.topic_id:
            self._log_of.confirm_ends(ends)
        else:
            _log.error("the topic %s was made anew", name)
            self._log_of.begin_epoch(topic.id)
            self._anew_at = self._clock()
        if self._anew_at is not None:
            self.waiting_for["topic"] = f"the topic {name} was made anew"
            if not self._of_the_old() or self._clock() - self._anew_at > SETTLE_SECONDS:
                self._start_again(f"the topic {name} was made anew")
        elif topic.partitions != before.partitions:
            self.waiting_for["topic"] = (
                f"the topic {name} has {topic.partitions} partitions, not all are read"
            )
            self._start_again(f"the topic {name} had {before.partitions} partitions, now {topic.partitions}")

    def _of_the_old(self) -> bool:
        """Whether tallies of this worker are still to move to the new epoch."""
        log = self._log_of
        return any(is_to_move(log, partition, self._tallies.get(partition)) for partition in log.partitions())

    def _start_again(self, reason: str) -> None:
        self._restarting = True
        self._restart(reason)

    async def _keep_dead_letters(self, found: bool) -> None:
        if found:
            self.waiting_for.pop("dead_topic", None)
            return
        self.waiting_for["dead_topic"] = f"Kafka has no topic {self._settings.dead_topic}"
        _log.error("the topic %s is gone, making it again", self._settings.dead_topic)
        await ensure_topics(self._settings)

    async def _keep_changelog(self, changelog: Topic | None, partitions: int) -> None:
        if changelog is None or changelog.partitions < partitions:
            self.waiting_for["changelog"] = f"Kafka has no topic {self._changelog} of {partitions} partitions"
            _log.error("the topic %s is gone or too small, making it so", self._changelog)
            await ensure_changelog(self._settings, self._changelog)
            return
        self.waiting_for.pop("changelog", None)
        if not self._settled():
            return
        counted = {p for p in self._log_of.partitions() if self._tallies.get(p).accounted}
        without = await self._log_of.empty_partitions(self._changelog, counted)
        # The first tally of a partition may be on its way there: only what is missing twice is missing.
        missing, self._without = without & self._without, without
        for partition in missing:
            _log.error("partition %d: the changelog has lost its tally, writing it again", partition)
            self._tallies.write_again(partition)
