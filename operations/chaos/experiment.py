"""A chaos run: load → faults → settle → proof."""

import asyncio
import logging
import time
from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from aiokafka.errors import KafkaError
from pymongo import MongoClient
from redis.exceptions import RedisError

from operations import audit
from operations.chaos import telling
from operations.chaos.client import Client, Ledger
from operations.chaos.faults import strike
from operations.chaos.field import Field
from operations.chaos.health import Health
from operations.chaos.monitor import Monitor
from operations.chaos.repertoire import Entry
from operations.chaos.report import NOTICEABLE_SECONDS, FaultReport, Report
from operations.chaos.schedule import GAP_SECONDS, Fault, draw
from operations.deep_audit.run import Progress
from operations.deep_audit.run import deep_audit as audit_deeply
from operations.local import kafka_cluster
from operations.local.folder import Folder
from weather_tweets.settings import MongoSettings

_log = logging.getLogger(__name__)

CLIENTS = 24
RATE_PER_SECOND = 240.0
"""Enough that every partition gets tweets all the time, little enough that two cores are not the fault."""

_SETTLE_SECONDS = 90.0
_WARM_UP_SECONDS = 2.0
# Beyond what it lasts by itself; a roll of three brokers takes most of it.
_STRIKE_SECONDS = 240.0
_AFTERMATH_SECONDS = 10.0
"""How long after its end a fault may still be told of."""

_GUARDS = {
    "redelivered records skipped": "weather_streams_records_redelivered_total",
    "rewinds": "weather_streams_rewinds_total",
    "lost records counted as such": "weather_streams_records_lost_total",
    "writes tried again": "weather_streams_store_retries_total",
    "rebalances": "weather_streams_rebalances_total",
    "tweets sent again by the gateway": "weather_gateway_tweets_resent_total",
}
_SLOW = ("delay", "throttle", "drip")
_DAMAGES = ("delete", "raise", "retype", "wipe")


class _Struck(NamedTuple):
    fault: Fault
    target: str
    began_at: float
    """Of the load, not of the machine: seconds since it began."""
    moment: float
    ended: float
    failed: str


class _Watched(NamedTuple):
    """What was seen of the run, moments as `time.monotonic()` has them."""

    began: float
    ended: float
    ledger: Ledger
    monitor: Monitor
    health: Health
    struck: list[_Struck]


def run(
    folder: Folder,
    sources: audit.Sources,
    gateway: str,
    *,
    seconds: float,
    seed: int,
    entries: Sequence[Entry],
    on_fault: Callable[[Fault], None] = lambda _: None,
    on_audit: Callable[[], None] = lambda: None,
) -> Report:
    """Lets faults of these kinds strike a running stack for `seconds`, under load, and proves the promise.

    Takes some minutes more until everything has settled and every record was compared. Raises
    `audit.StoreUnreachableError` if the stores do not agree to be read before or after, `ControlError` if
    the supervisor cannot do its share.
    """
    # It reports every attempt to reach a broker that we ourselves have killed.
    logging.getLogger("aiokafka").setLevel(logging.CRITICAL)
    prometheus = telling.observe(folder)
    before = audit.audit(sources, wait_seconds=_SETTLE_SECONDS)
    known = _stored_ids(sources.mongo)
    seen = asyncio.run(
        _under_load(folder, sources, gateway, seconds, draw(seed, seconds, entries), seed, on_fault)
    )
    on_audit()
    after = audit.audit(sources, wait_seconds=_SETTLE_SECONDS)
    found = audit_deeply(sources, Progress(lambda _, __: None, lambda _, __: None))
    stored = Counter(_stored_ids(sources.mongo))
    stored.subtract(known)
    ids = {id_ for id_, count in stored.items() if count > 0}
    counted = after.redis_total - before.redis_total
    ledger = seen.ledger
    return Report(
        seed=seed,
        acknowledged=len(ledger.acknowledged),
        stored=len(ids),
        lost=len(ledger.acknowledged - ids),
        duplicated=sum(count - 1 for count in stored.values() if count > 1) + max(0, counted - len(ids)),
        never_sent=len(ids - ledger.sent),
        wrong_ids=ledger.wrong_ids,
        unsettled=len(ledger.sent - ledger.acknowledged),
        repeats=after.repeats - before.repeats,
        agree=before.agree and after.agree,
        deep_differences=found.differences,
        watched=prometheus is not None,
        guards=_guards(seen, prometheus, before, after),
        refusals=ledger.refusals,
        faults=_faults(seen, prometheus),
    )


async def _under_load(
    folder: Folder,
    sources: audit.Sources,
    gateway: str,
    seconds: float,
    faults: Sequence[Fault],
    seed: int,
    on_fault: Callable[[Fault], None],
) -> _Watched:
    client = Client(f"{gateway}/input", clients=CLIENTS, rate_per_second=RATE_PER_SECOND, seed=seed)
    monitor, health = Monitor(sources.kafka, sources.redis), Health(folder)
    sending = asyncio.create_task(client.run(_SETTLE_SECONDS))
    tasks = [sending, asyncio.create_task(monitor.run()), asyncio.create_task(health.run())]
    field = Field(
        folder,
        kafka_cluster.administrator(folder, sources.kafka),
        sources.redis,
        client,
        monitor.all_counted,
        monitor.made_anew,
    )
    struck: list[_Struck] = []
    try:
        await asyncio.sleep(_WARM_UP_SECONDS)
        began = time.monotonic()
        ready_at = began
        for fault in faults:
            # One that took longer than was drawn puts the next one off: each gets its time to recover.
            await asyncio.sleep(max(began + fault.at, ready_at) - time.monotonic())
            if time.monotonic() > began + seconds:
                break
            on_fault(fault)
            struck.append(await _struck(field, fault, began))
            ready_at = struck[-1].ended + GAP_SECONDS[0]
        await asyncio.sleep(max(0.0, began + seconds - time.monotonic()))
        client.stop()
        await sending
        try:
            await monitor.all_counted()
        except TimeoutError as error:
            # What is not counted by now the audit will tell.
            _log.warning("%s", error)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
    return _Watched(began, time.monotonic(), client.ledger, monitor, health, struck)


async def _struck(field: Field, fault: Fault, began: float) -> _Struck:
    target, moment, failed = fault.target, time.monotonic(), ""
    try:
        async with asyncio.timeout(fault.seconds + _STRIKE_SECONDS):
            target, moment = await strike(field, fault)
    except (KafkaError, RedisError, OSError, TimeoutError) as error:
        # The last fault may still keep away what this one needs.
        failed = repr(error)
    return _Struck(fault, target, moment - began, moment, time.monotonic(), failed)


def _faults(seen: _Watched, prometheus: telling.Prometheus | None) -> list[FaultReport]:
    # Prometheus has the time of day.
    offset = time.time() - time.monotonic()
    nexts = [one.moment for one in seen.struck[1:]] + [seen.ended]
    reports = []
    for one, following in zip(seen.struck, nexts, strict=True):
        end = max(one.moment + 1, min(one.ended + _AFTERMATH_SECONDS, following))
        gap = max(
            seen.ledger.longest_gap(one.moment, end),
            seen.monitor.longest_gap(one.moment, end),
            # What is only slow is noticed by what it does.
            0.0 if one.fault.kind in _SLOW else one.fault.seconds,
        )
        reports.append(
            FaultReport(
                at=round(one.began_at, 1),
                kind=one.fault.kind,
                target=one.target,
                seconds=one.fault.seconds,
                accepting_after_seconds=_after(one, seen.ledger.accepting_since(one.moment)),
                processing_after_seconds=_after(one, seen.monitor.processing_since(one.moment)),
                noticeable=gap >= NOTICEABLE_SECONDS,
                metrics=prometheus.metrics(one.moment + offset, end + offset) if prometheus else [],
                health=seen.health.between(one.moment, end),
                alerts=prometheus.alerts(one.moment + offset, end + offset) if prometheus else [],
                failed=one.failed,
            )
        )
    return reports


def _after(struck: _Struck, moment: float | None) -> float | None:
    return None if moment is None else round(moment - struck.moment, 2)


def _guards(
    seen: _Watched, prometheus: telling.Prometheus | None, before: audit.Counts, after: audit.Counts
) -> dict[str, int]:
    offset = time.time() - time.monotonic()
    healed = sum(one.fault.kind in _DAMAGES and not one.failed for one in seen.struck) if after.agree else 0
    guards = {
        "repeats recognised": after.repeats - before.repeats,
        "offsets of earlier lives kept": after.earlier - before.earlier,
        "offsets without a record counted": after.empty - before.empty,
        "damages to Redis healed": healed,
    }
    if prometheus:
        guards |= {
            name: prometheus.rise(metric, seen.began + offset, seen.ended + offset)
            for name, metric in _GUARDS.items()
        }
    return guards


def _stored_ids(settings: MongoSettings) -> list[str]:
    with MongoClient[dict[str, Any]](settings.url.get_secret_value()) as client:
        collection = client[settings.database][settings.collection]
        return [document["_id"] for document in collection.find({}, {"_id": 1}, batch_size=10_000)]
