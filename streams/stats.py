"""Stats of the whole cluster, from any worker: each tells of its own partitions, and all are asked.

Who has which partition every worker knows from Faust's assignor.
"""

import asyncio
import logging
import time
from collections import Counter
from collections.abc import Callable, Mapping
from typing import Any

import aiohttp
import msgspec

from streams.processing import Processor
from streams.tally import Tally
from streams.watch import Watch
from weather_tweets import countries

_log = logging.getLogger(__name__)

ANSWER_SECONDS = 2.0
"""How long another worker may take to answer."""


class PartitionStats(msgspec.Struct):
    """What a worker tells about one of its partitions; countries are codes."""

    offset: int
    messages: int
    dead: int
    repeats: int
    empty: int
    lost: int
    epoch: int
    earlier: int
    countries: dict[str, int]
    last_minute: dict[str, int]
    lag: int


class WorkerStats(msgspec.Struct):
    """What a worker tells about itself; not `settled` while its tables are being recovered.

    `held_up` are sentences that say why there are records that it does not count.
    """

    settled: bool
    partitions: dict[int, PartitionStats]
    held_up: list[str] = []


class ClusterStats:
    """Asks all workers, itself included."""

    def __init__(
        self,
        *,
        own_url: str,
        worker_urls: Callable[[], list[str]],
        partition_count: Callable[[], int],
        settled: Callable[[], bool],
        tallies: Callable[[int], Tally],
        processor: Processor,
        watch: Watch,
        held_up: Callable[[], Mapping[str, str]],
        session: Callable[[], aiohttp.ClientSession],
    ) -> None:
        self._own_url = own_url
        self._worker_urls = worker_urls
        self._partition_count = partition_count
        self._settled = settled
        self._tallies = tallies
        self._processor = processor
        self._watch = watch
        self._held_up = held_up
        self._session = session
        self._decode = msgspec.json.Decoder(WorkerStats).decode

    async def own(self) -> WorkerStats:
        """Stats of this worker, with lags as Kafka has them now (or had them last, when it is away)."""
        if not self._settled():
            return WorkerStats(settled=False, partitions={}, held_up=list(self._held_up().values()))
        try:
            await self._watch.refresh()
        except Exception as error:  # noqa: BLE001 (stale lags are better than no stats)
            _log.debug("lags are not fresh: %r", error)
        now = time.time()
        partitions = {}
        for partition, lag in self._watch.lags().items():
            tally = self._tallies(partition)
            window = self._processor.last_minutes.get(partition)
            partitions[partition] = PartitionStats(
                offset=tally.offset,
                messages=tally.messages,
                dead=tally.dead,
                repeats=tally.repeats,
                empty=tally.empty,
                lost=tally.lost,
                epoch=tally.epoch,
                earlier=tally.earlier,
                countries=dict(tally.countries),
                last_minute=window.counts(now) if window else {},
                lag=lag,
            )
        return WorkerStats(self._settled(), partitions, list(self._held_up().values()))

    async def cluster(self) -> dict[str, Any]:
        """Stats of all workers, as `/stats` shows them (docs/contracts.md)."""
        answers = [
            answer
            for answer in await asyncio.gather(*(self._ask(url) for url in self._worker_urls()))
            if answer is not None
        ]
        partitions = {p: stats for answer in answers for p, stats in answer.partitions.items()}
        held_up = sorted({reason for answer in answers for reason in answer.held_up})
        complete = (
            bool(partitions)
            and not held_up
            and all(answer.settled for answer in answers)
            and set(partitions) == set(range(self._partition_count()))
        )
        totals: Counter[str] = Counter()
        last_minute: Counter[str] = Counter()
        for stats in partitions.values():
            totals.update(stats.countries)
            last_minute.update(stats.last_minute)
        return {
            **{
                count: sum(getattr(stats, count) for stats in partitions.values())
                for count in ("messages", "dead", "repeats", "empty", "lost", "earlier")
            },
            "countries": _by_name(totals),
            "last_minute": {"messages": last_minute.total(), "countries": _by_name(last_minute)},
            "partitions": {
                str(partition): {
                    field: getattr(stats, field)
                    for field in (
                        "offset",
                        "messages",
                        "dead",
                        "repeats",
                        "empty",
                        "lost",
                        "epoch",
                        "earlier",
                        "lag",
                    )
                }
                for partition, stats in sorted(partitions.items())
            },
            "workers": len(answers),
            "complete": complete,
            "held_up": held_up,
        }

    async def _ask(self, url: str) -> WorkerStats | None:
        if url.rstrip("/") == self._own_url.rstrip("/"):
            return await self._own_answer()
        try:
            async with (
                asyncio.timeout(ANSWER_SECONDS),
                self._session().get(f"{url.rstrip('/')}/partitions") as response,
            ):
                response.raise_for_status()
                return self._decode(await response.read())
        # A session that is closed while this worker ends is a RuntimeError.
        except (aiohttp.ClientError, TimeoutError, OSError, RuntimeError, msgspec.MsgspecError) as error:
            _log.warning("worker %s does not answer: %r", url, error)
            return None

    async def _own_answer(self) -> WorkerStats | None:
        try:
            return await self.own()
        except Exception:  # noqa: BLE001 (it is told with its traceback)
            # The others' answers are worth showing; that something is missing the status says.
            _log.exception("this worker cannot tell of its partitions")
            return None


def _by_name(by_code: Mapping[str, int]) -> dict[str, int]:
    known = countries.by_code()
    return {
        (known[code].name if code in known else code): count
        for code, count in sorted(by_code.items(), key=lambda item: -item[1])
    }
