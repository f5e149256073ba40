"""Once a second: how far behind is each partition, is there progress, is the consumer where it should be?"""

import logging
import time
from collections.abc import Callable, Mapping

from mode import Service

from streams.consumed_log import ConsumedLog, is_to_move
from streams.persistence import Persistence
from streams.processing import Processor
from streams.tally import Tally

_log = logging.getLogger(__name__)

ROUND_SECONDS = 1.0

STRAY_SECONDS = 2.0
"""How long the consumer may stand beyond an idle tally before it is sent back."""

LOOK_BACK_SECONDS = 5.0
"""How long after an assignment it is looked for late messages of earlier epochs; then ever more seldom."""

FEW_OFFSETS = 10_000
"""While the topic was never made anew it is looked back only with so few: there is little to look through."""

OPEN_SECONDS = 10.0
"""How long a transaction may hold up a partition before that is said."""

UNSETTLED_FACTOR = 2
"""A rebalance may last as long as the slowest write of any worker: this often the time without progress."""


class Watch(Service):
    """Watches the partitions of this worker. All state is about them alone."""

    def __init__(
        self,
        *,
        log: ConsumedLog,
        tallies: Callable[[int], Tally],
        processor: Processor,
        persistence: Persistence,
        settled: Callable[[], bool],
        progress_timeout_seconds: float,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """`settled` says that no rebalance or recovery is going on."""
        super().__init__()
        self._clock = clock
        self._log_of = log
        self._tallies = tallies
        self._processor = processor
        self._persistence = persistence
        self._settled = settled
        self._progress_timeout_seconds = progress_timeout_seconds
        self._partitions: set[int] = set()
        self._ends: dict[int, int] = {}
        """By partition the offset that the next record will get."""
        self._stable: dict[int, int] = {}
        """By partition the offset up to which records may be read: behind it a transaction is open."""
        self._offsets: dict[int, tuple[int, float]] = {}
        """By partition the tally's offset, and since when it has been that."""
        self._held_since: dict[int, float] = {}
        """By partition, since when nothing can be read because a transaction is open."""
        self._look_back: dict[int, tuple[float, float]] = {}
        """By partition, when it will be looked back, and how long after the time before."""
        self._progress_at = self._settled_at = self._clock()
        self._kafka_away = False

    @Service.task
    async def _run(self) -> None:
        while not self.should_stop:
            try:
                if self._settled():
                    self._settled_at = self._clock()
                    await self._round()
                    self._kafka_away = False
                else:
                    # Whoever stood still comes back with a rebalance, perhaps after having stored something.
                    self._look_back.clear()
                    self._kafka_away = not await self._log_of.reachable()
            except Exception as error:  # noqa: BLE001 (in a rebalance Faust and aiokafka raise about anything)
                _log.debug("nothing to be seen: %r", error)
                self._kafka_away = not await self._log_of.reachable()
            await self.sleep(ROUND_SECONDS)

    def lag(self, partition: int) -> int:
        """Records of the partition that are not counted yet."""
        return max(self._ends.get(partition, 0) - self._position(partition), 0)

    def _position(self, partition: int) -> int:
        """The offset after what was counted of the present log."""
        tally = self._tallies(partition)
        topic_id = self._log_of.topic_id
        of_another = bool(tally.topic_id and topic_id and tally.topic_id != topic_id)
        return 0 if of_another else tally.offset + 1

    def lags(self) -> dict[int, int]:
        """`lag` of each partition of this worker whose end is known: an unknown lag is not none."""
        return {partition: self.lag(partition) for partition in self._partitions if partition in self._ends}

    def lost(self) -> dict[int, int]:
        """By partition of this worker, the records that its log no longer had when they should be counted."""
        return {partition: self._tallies(partition).lost for partition in self._partitions}

    def messages(self) -> dict[int, Mapping[str, int]]:
        """By partition of this worker, its messages by country's code; none while that may be half the truth.

        So in a rebalance, when partitions go and come, and while their tallies are being recovered.
        """
        if not self._settled():
            return {}
        return {partition: self._tallies(partition).countries for partition in self._log_of.partitions()}

    async def refresh(self) -> None:
        """Asks Kafka for the ends now. Raises `KafkaError`, `TimeoutError`."""
        self._partitions = self._log_of.partitions()
        await self._ask_for_ends()

    async def _ask_for_ends(self) -> None:
        self._stable = await self._log_of.ends(self._partitions)
        self._ends = {p: max(end, self._log_of.written_to(p)) for p, end in self._stable.items()}

    def held_up(self) -> dict[str, str]:
        """A sentence for each thing because of which records cannot be read, by what it is."""
        now = self._clock()
        held = sorted(p for p, since in self._held_since.items() if now - since >= OPEN_SECONDS)
        if not held:
            return {}
        return {"transaction": f"a producer has left a transaction open in {', '.join(map(str, held))}"}

    def waiting_for(self) -> str:
        """What is waited for, and why; empty if nothing is."""
        return "kafka: it does not answer" if self._kafka_away else self._persistence.waiting_for

    def trouble(self) -> str:
        """Why the worker is stuck, empty if it is not: there is lag, nothing moves, nobody is waited for."""
        if self.waiting_for() or not self.started:
            return ""
        now = self._clock()
        unsettled_seconds = now - self._settled_at
        if unsettled_seconds >= self._progress_timeout_seconds * UNSETTLED_FACTOR:
            return f"no partitions were assigned and recovered for {unsettled_seconds:.0f} s"
        idle_seconds = now - self._progress_at
        lag = sum(lag for partition, lag in self.lags().items() if partition not in self._held_since)
        if lag and idle_seconds >= self._progress_timeout_seconds:
            return f"{lag} records behind and no progress for {idle_seconds:.0f} s"
        return ""

    async def _round(self) -> None:
        partitions = self._partitions = self._log_of.partitions()
        for notes in (self._ends, self._offsets, self._held_since, self._look_back):
            for partition in notes.keys() - partitions:
                del notes[partition]
        now = self._clock()
        self._note_progress(now)
        await self._ask_for_ends()
        self._note_open_transactions(now)
        if not sum(self.lags().values()):
            self._progress_at = now
        for partition in partitions:
            await self._bring_along(partition)
            await self._have_it_look_back(partition, now)
            await self._bring_back_a_stray(partition, now)

    def _note_progress(self, now: float) -> None:
        for partition in self._partitions:
            offset = self._tallies(partition).offset
            if self._offsets.get(partition, (None, 0.0))[0] != offset:
                self._offsets[partition] = offset, now
                self._progress_at = now

    def _note_open_transactions(self, now: float) -> None:
        for partition in self._partitions:
            read_all = self._stable.get(partition, 0) <= self._position(partition)
            if read_all and self.lag(partition):
                self._held_since.setdefault(partition, now)
            else:
                self._held_since.pop(partition, None)

    async def _bring_along(self, partition: int) -> None:
        """Has a tally move to the topic's present epoch, though nothing comes that could be counted in it."""
        if is_to_move(self._log_of, partition, self._tallies(partition)):
            end = self._position(partition)
            await self._log_of.deliver_nothing(partition, start=end, end=end)

    async def _have_it_look_back(self, partition: int, now: float) -> None:
        """Has messages counted that somebody stored after the tally had given them up.

        As lost, or with an earlier epoch. Or before, if that tally was lost, and nothing comes in the present
        epoch either.
        """
        tally = self._tallies(partition)
        of_earlier_epochs = tally.begun_with is not None and (tally.epoch or tally.offset < FEW_OFFSETS)
        if tally.accounted and not of_earlier_epochs and not tally.losses:
            return
        due_at, pause = self._look_back.setdefault(partition, (now + LOOK_BACK_SECONDS, LOOK_BACK_SECONDS))
        if now >= due_at:
            self._look_back[partition] = now + 2 * pause, 2 * pause
            end = self._position(partition)
            await self._log_of.deliver_nothing(partition, start=end, end=end)

    async def _bring_back_a_stray(self, partition: int, now: float) -> None:
        """Sends the consumer back where it has read on without the records having been counted.

        That is no hole in front of a batch, since no batch comes: the tally fell back in a recovery, or a
        batch was thrown away in a rebalance, and it was the partition's last. As often as needed: a stretch
        without records is delivered as a batch, too, so what does not come was not looked at.
        """
        offset, since = self._offsets[partition]
        if now - since < STRAY_SECONDS or not self.lag(partition) or self._processor.busy:
            return
        if partition in self._held_since:
            return
        position = await self._log_of.position(partition)
        if position is None or position <= offset + 1 or offset != self._tallies(partition).offset:
            return
        if self._offsets[partition] != (offset, since) or self._processor.busy:
            return
        beginning = await self._log_of.beginning(partition)
        if beginning > offset + 1:
            # The log has lost what was to be counted, and perhaps all there was.
            await self._log_of.deliver_nothing(partition, start=beginning, end=beginning)
            return
        self._offsets[partition] = offset, now
        await self._processor.rewind(partition, self._tallies(partition))
